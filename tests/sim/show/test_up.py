"""What `tandem up` does beside its pair."""

import os
import shlex
import signal
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

from sim.show import up
from tests.sim.show.scripted_stage import ScriptedStage, picture


@pytest.fixture
def stage(tmp_path):
    return ScriptedStage(picture(), directory=tmp_path)


@pytest.fixture
def own_signals():
    """The handlers of a program in the foreground; gives those of this process back."""
    kept = {number: signal.getsignal(number) for number in up.ENDS}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


def test_a_running_pair_is_left_alone(stage):
    up._restart_dead(stage, {})
    assert stage.events == []
    assert all(not node.done for node in stage.pair.nodes.values())


def test_a_dead_node_is_told_at_once_and_started_again_later(stage, monkeypatch):
    alpha = stage.pair.nodes["alpha"]
    alpha.running, alpha.exit_status = False, -9
    dead_since = {}
    up._restart_dead(stage, dead_since)
    up._restart_dead(stage, dead_since)
    assert stage.events == ["alpha ended with status -9; starting it again soon"]
    assert alpha.done == []
    monkeypatch.setattr(up, "_RESTART_AFTER_S", 0.0)
    up._restart_dead(stage, dead_since)
    assert alpha.done == ["start"]
    assert stage.events[-1] == "alpha runs again: pid 4711"
    assert dead_since == {}


def test_a_node_somebody_else_started_again_is_not_started_twice(stage, monkeypatch):
    monkeypatch.setattr(up, "_RESTART_AFTER_S", 0.0)
    beta = stage.pair.nodes["beta"]
    dead_since = {"beta": 0.0}
    up._restart_dead(stage, dead_since)
    assert dead_since == {}
    assert beta.done == []


def test_the_written_environment_is_what_a_shell_in_another_terminal_needs(stage):
    path = up._environment(stage)
    wanted = ("TANDEM_URL", "TANDEM_TOKEN_FILE", "TANDEM_FAKE", "PATH", "TANDEM_FAKE_DYNAMICS")
    show = " ".join(f'"${name}"' for name in wanted)
    told = subprocess.run(
        ["sh", "-c", f". {shlex.quote(path)} && printf '%s\\n' {show}"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert told[0] == stage.pair.urls
    assert told[1] == str(stage.directory / "token")
    assert told[2] == "http://127.0.0.1:3"
    assert told[3].startswith(f"{Path(sys.executable).parent}:")
    assert told[4] == "http://127.0.0.1:3"


def test_every_source_gets_its_share_of_the_calls_and_is_told_by_its_address(tmp_path, monkeypatch):
    stage = ScriptedStage(picture(), directory=tmp_path, kinds=("dynamics", "zoom", "webex"))
    stage.pair.start = lambda: "alpha"

    def enough(_stage, _dead_since):
        raise KeyboardInterrupt

    monkeypatch.setattr(up, "_restart_dead", enough)
    with pytest.raises(KeyboardInterrupt):
        up._run(stage, 90.0, live=False)
    assert [one.fed for one in stage.served.all] == [[30.0]] * 3
    told = "\n".join(stage.events)
    assert "fake service zoom: http://127.0.0.1:4" in told
    env = (tmp_path / "env").read_text(encoding="utf-8")
    assert 'export TANDEM_FAKE="http://127.0.0.1:3"' in env
    assert 'export TANDEM_FAKE_WEBEX="http://127.0.0.1:5"' in env


def test_a_token_set_for_another_pair_does_not_win_over_that_of_the_show(stage, monkeypatch):
    for name in ("TANDEM_TOKEN", "TANDEM_CONFIG", "TANDEM_CA_FILE"):
        monkeypatch.setenv(name, "of another pair")
    path = up._environment(stage)
    told = subprocess.run(
        ["sh", "-c", f". {shlex.quote(path)} && env"], capture_output=True, text=True, check=True
    ).stdout
    assert "of another pair" not in told


def test_the_environment_is_named_briefly_from_where_the_caller_is(stage, monkeypatch):
    assert up._environment(stage) == str(stage.directory / "env")
    monkeypatch.chdir(stage.directory)
    assert up._environment(stage) == "env"


@pytest.mark.usefixtures("own_signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_every_way_of_stopping_ends_it_well_and_closes_the_stage(
    number, stage, monkeypatch, capsys
):
    closed = []

    class Closing(nullcontext):
        def __exit__(self, *details):
            os.kill(os.getpid(), signal.SIGHUP)  # the terminal is closed while everything ends
            closed.append(True)

    def opened(directory, audio, _display, *, kinds, web_ports, fake_ports, webhooks, tables):
        assert tables is None
        assert (directory, audio) == (stage.directory, Path("audio"))
        assert set(web_ports) == {"alpha", "beta"}
        assert set(fake_ports) == set(kinds) == {"dynamics"}
        assert not webhooks
        return Closing(stage)

    def runs(_stage, calls_per_minute, *, live, desks_with):
        assert (calls_per_minute, live, desks_with) == (30.0, False, None)
        os.kill(os.getpid(), number)
        pytest.fail("the signal did not come")

    monkeypatch.setattr(up, "Stage", opened)
    monkeypatch.setattr(up, "_run", runs)
    assert up.run_up(stage.directory, Path("audio"), 30.0) == 0
    assert closed == [True]
    assert "stopped" in capsys.readouterr().out


def test_whoever_starts_it_is_told_where_everything_is(stage, monkeypatch):
    stage.pair.start = lambda: "beta"

    def enough(_stage, _dead_since):
        raise KeyboardInterrupt

    monkeypatch.setattr(up, "_restart_dead", enough)
    with pytest.raises(KeyboardInterrupt):
        up._run(stage, 90.0, live=False)
    assert stage.served.all[0].fed == [90.0]
    told = "\n".join(stage.events)
    for needed in (
        "beta is primary; 90 calls a minute",
        "alpha: http://127.0.0.1:1  pid 4711",
        "fake service dynamics: http://127.0.0.1:3",
        f"in a browser: any of these addresses; the token is in {stage.pair.token_file}",
        "kill -9 4711",
        f"source {stage.directory / 'env'}",
    ):
        assert needed in told


def test_without_a_display_it_says_what_to_install_and_goes_on_without_screens(stage, monkeypatch):
    stage.pair.start = lambda: "alpha"
    looks = []

    def enough(_stage, _dead_since):
        looks.append(1)
        if len(looks) > 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(up, "_restart_dead", enough)
    monkeypatch.setattr(up, "can_show", lambda: False)
    with pytest.raises(KeyboardInterrupt):
        up._run(stage, 90.0, live=False, desks_with=Path("audio"))
    told = [event for event in stage.events if "apt-get install xvfb" in event]
    assert len(told) == 1
    assert (stage.directory / "desktop-secret").stat().st_mode & 0o777 == 0o600
