"""The process of a node, with a node that does nothing: signals, readiness, reload, and every way it ends."""

import json
import logging
import queue
import resource
import signal
import socket
import sys
import threading

import pytest
import structlog

from cluster.errors import NodeIdTaken
from cluster.ports import Endpoint
from cluster.status import PairStatus, SupervisorStatus
from recorder import daemon
from recorder.adapters.sd_notify import notify
from recorder.errors import ConfigError, SchemaTooNew
from recorder.status import IngestStatus
from tests.recorder.fake_node import FakeNode

CONFIG = """
[node]
id = "alpha"
data = "alpha"

[data_center]
database = "sqlite:///center/contacts.db"
archive = "center/archive"

[log]
format = "json"
"""


class Ended(BaseException):
    """The process would have ended with this status."""

    def __init__(self, status):
        super().__init__(status)
        self.status = status


class IdleNode:
    """Stands for recorder.node.Node. Each look at its figures does the next step: a signal, or a call."""

    made = None

    def __init__(self, config, *, on_crash, trap, trace=None):
        self.trace = trace
        IdleNode.made = self
        self.config = config
        self.on_crash = on_crash
        self.trap = trap
        self.done = []
        self.web_endpoint = Endpoint("127.0.0.1", 8440)
        self.peer_endpoint = Endpoint("0.0.0.0", 7440)  # noqa: S104 - shown only
        self.may_stop_after = 1

    steps = ()
    shown = FakeNode()

    @property
    def control(self):
        self._next()
        return IdleNode.shown.control()

    def _next(self):
        if IdleNode.steps and not signal.sigpending() & set(daemon._HANDLED):
            step, *IdleNode.steps = IdleNode.steps
            step() if callable(step) else signal.pthread_kill(threading.get_ident(), step)

    def start(self):
        self.done.append("start")
        self._next()

    def begin_stop(self):
        self.done.append("begin_stop")

    def may_stop(self):
        self._next()
        self.may_stop_after -= 1
        return self.may_stop_after < 0

    def stop(self):
        self.done.append("stop")


@pytest.fixture(autouse=True)
def as_before():
    """Gives signals, logging and hooks of this process back."""
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    hook = threading.excepthook
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    while signal.sigtimedwait(daemon._HANDLED, 0):
        pass
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    threading.excepthook = hook
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "node.toml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


@pytest.fixture
def run(config, monkeypatch):
    """Runs a node through some steps; SIGTERM comes last where none of them stops it."""
    monkeypatch.setattr(daemon, "Node", IdleNode)
    monkeypatch.setattr(daemon, "_STOPPING_LOOK_S", 0.001)
    monkeypatch.setattr(daemon, "_LOOK_EVERY_S", 0.01)
    monkeypatch.setattr(daemon.os, "_exit", exits)
    monkeypatch.setattr(IdleNode, "shown", FakeNode())

    def ran(*steps):
        stops = {signal.SIGTERM, signal.SIGINT}.intersection(steps)
        IdleNode.steps = [*steps] if stops else [*steps, signal.SIGTERM]
        return daemon.run_node(config)

    return ran


def exits(status):
    raise Ended(status)


@pytest.fixture
def systemd(tmp_path, monkeypatch):
    """Gives what systemd was told since the last look, as one list of assignments."""
    said = queue.SimpleQueue()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))

        def read():
            while (datagram := listener.recv(4096)) != b"over":
                said.put(datagram.decode())

        def told():
            assert notify("until here")
            return [line for text in iter(said.get, "until here") for line in text.splitlines()]

        reader = threading.Thread(target=read)  # noqa: TID251 - stands for another process
        reader.start()
        yield told
        notify("over")
        reader.join()


def logged(capfd):
    """Events in the log, by name."""
    lines = capfd.readouterr().err.splitlines()
    events = [json.loads(line) for line in lines if line.startswith("{")]
    return {event["event"]: event for event in events}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_node_told_to_stop_hands_over_and_ends_well(number, run, capfd):
    assert run(number) == 0
    assert IdleNode.made.done == ["start", "begin_stop", "stop"]
    events = logged(capfd)
    assert list(events) == ["node_started", "stopping", "node_stopped"]
    assert events["node_started"]["web"] == "127.0.0.1:8440"
    assert events["stopping"]["signal"] == signal.Signals(number).name


def test_a_node_stops_only_when_it_may(run):
    run(lambda: setattr(IdleNode.made, "may_stop_after", 7))
    assert IdleNode.made.may_stop_after == -1


def test_a_node_that_never_may_stops_after_a_limit(run, monkeypatch):
    monkeypatch.setattr(daemon, "_STOP_LIMIT_S", 0.05)
    assert run(lambda: setattr(IdleNode.made, "may_stop_after", 10**9)) == 0
    assert IdleNode.made.done[-1] == "stop"


def test_a_second_signal_ends_it_at_once(run, capfd):
    with pytest.raises(Ended) as ended:
        run(
            lambda: setattr(IdleNode.made, "may_stop_after", 10**9),
            signal.SIGTERM,
            signal.SIGTERM,
        )
    assert ended.value.status == daemon.EXIT_STOPPED_AT_ONCE == 1
    assert IdleNode.made.done == ["start", "begin_stop"]
    assert "stopping_at_once" in logged(capfd)


def test_systemd_hears_of_the_start_the_state_and_the_end(run, systemd):
    run(signal.SIGHUP)
    told = systemd()
    assert told[0] == "READY=1"
    assert "STATUS=primary, term 7, lag 12s, 3 in hand" in told
    assert told[-2:] == ["STOPPING=1", "STATUS=handing over"]


def test_a_paused_pair_is_shown_to_systemd(run, systemd):
    IdleNode.shown.change("pair", PairStatus, paused=True)
    run(signal.SIGHUP)
    assert "STATUS=primary, term 7, lag 12s, 3 in hand, PAUSED" in systemd()


def test_a_node_that_knows_no_figures_yet_says_so(run, systemd):
    IdleNode.shown.board = type(IdleNode.shown.board)()
    IdleNode.shown.board.publish("pair", FakeNode().board.read("pair", PairStatus))
    run(signal.SIGHUP)
    assert "STATUS=primary, term 7, lag unknown, 0 in hand" in systemd()


def test_the_watchdog_is_fed_only_while_every_actor_answers(run, systemd):
    run(signal.SIGHUP)
    assert "WATCHDOG=1" in systemd()
    IdleNode.shown.change("supervisor", SupervisorStatus, silent=("pair",))
    run(signal.SIGHUP)
    assert "WATCHDOG=1" not in systemd()


def test_before_the_pair_has_a_state_none_is_told(run, systemd):
    IdleNode.shown.board = type(IdleNode.shown.board)()
    IdleNode.shown.board.publish("ingest", IngestStatus(8, 2, 1, 21, True, "", 100, 4, 5_000_000))
    run(signal.SIGHUP)
    assert not [line for line in systemd() if line.startswith("STATUS=primary")]


def test_a_reload_applies_the_log_and_names_what_needs_a_restart(run, config, capfd, systemd):
    changed = CONFIG + 'level = "error"\n\n[poll]\ninterval_s = 7.0\n'
    run(lambda: config.write_text(changed, encoding="utf-8"), signal.SIGHUP, signal.SIGHUP)
    events = logged(capfd)
    assert "reloaded" not in events
    assert logging.getLogger().level == logging.ERROR
    told = systemd()
    assert told.count("RELOADING=1") == 2
    assert told.count("READY=1") == 3


def test_a_reload_says_what_changed(run, config, capfd):
    changed = CONFIG.replace('"json"', '"json"\nlevel = "debug"') + "\n[poll]\ninterval_s = 7.0\n"

    def change():
        config.write_text(changed, encoding="utf-8")
        signal.pthread_kill(threading.get_ident(), signal.SIGHUP)

    run(change)
    event = logged(capfd)["reloaded"]
    assert sorted(event["changed"]) == ["log", "poll"]
    assert event["needs_restart"] == ["poll"]


def test_what_needs_a_restart_is_named_again_at_the_next_reload(run, config, capfd):
    changed = CONFIG + 'level = "debug"\n\n[poll]\ninterval_s = 7.0\n'
    run(
        lambda: config.write_text(changed, encoding="utf-8"),
        signal.SIGHUP,
        signal.SIGHUP,
    )
    assert logged(capfd)["reloaded"]["changed"] == ["poll"]


def test_a_broken_file_changes_nothing_and_the_node_goes_on(run, config, capfd, systemd):
    broken = CONFIG + 'colour = "red"\nlevel = "error"\n'

    def damage():
        config.write_text(broken, encoding="utf-8")
        signal.pthread_kill(threading.get_ident(), signal.SIGHUP)

    assert run(damage) == 0
    event = logged(capfd)["reload_refused"]
    assert "log.colour" in event["problem"]
    assert event["hint"]
    assert logging.getLogger().level == logging.INFO
    assert systemd().count("READY=1") == 2


def test_a_file_that_is_gone_changes_nothing(run, config, capfd):
    def remove():
        config.unlink()
        signal.pthread_kill(threading.get_ident(), signal.SIGHUP)

    assert run(remove) == 0
    assert str(config) in logged(capfd)["reload_refused"]["problem"]


def test_the_stacks_of_all_threads_are_shown_on_request(run, capfd):
    assert run(signal.SIGUSR1) == 0
    assert "most recent call first" in capfd.readouterr().err


def test_a_node_with_a_wrong_configuration_is_never_made(run, config):
    config.write_text("[node]\nid = 'alpha'\n", encoding="utf-8")
    IdleNode.made = None
    with pytest.raises(ConfigError, match=r"node\.data"):
        run()
    assert IdleNode.made is None


def test_python_without_assertions_is_refused(config, monkeypatch):
    monkeypatch.setattr(daemon.sys, "flags", type("Flags", (), {"optimize": 1}))
    with pytest.raises(ConfigError, match="python -O") as refused:
        daemon.run_node(config)
    assert "PYTHONOPTIMIZE" in refused.value.hint


# --- crashes ---


@pytest.fixture
def crashed(monkeypatch, capfd):
    """Crashes an actor; the exit status, and what was said."""
    monkeypatch.setattr(daemon.os, "_exit", exits)

    def crash(error):
        with pytest.raises(Ended) as ended:
            daemon.crash("ingester", error)
        return ended.value.status, capfd.readouterr().err

    return crash


def test_a_crash_names_the_actor_and_what_to_do(crashed, systemd):
    status, said = crashed(RuntimeError("no such thing"))
    assert status == 70
    assert "the actor ingester failed: RuntimeError('no such thing')" in said
    assert "Start it again" in said
    assert systemd() == ["STATUS=crashed in ingester"]


@pytest.mark.parametrize(
    "error",
    [
        SchemaTooNew("the schema is newer", hint="install 2.0"),
        NodeIdTaken("alpha is somebody else", hint="choose another id"),
    ],
)
def test_what_a_restart_does_not_mend_is_a_usage_error_without_a_stack(error, crashed):
    status, said = crashed(error)
    assert status == 2
    assert said == f"tandem: {error}\n        {error.hint}\n"


def test_a_crash_that_cannot_be_told_ends_the_process_all_the_same(crashed, monkeypatch):
    class Closed:
        def write(self, _text):
            raise ValueError("I/O operation on closed file")

        flush = write

    monkeypatch.setattr(sys, "stderr", Closed())
    assert crashed(RuntimeError("x"))[0] == 70


def test_an_exception_in_a_thread_nobody_watches_is_a_crash(run, monkeypatch):
    fallen = []
    monkeypatch.setattr(daemon, "crash", lambda actor, error: fallen.append((actor, error)))
    problem = RuntimeError("in a timer")

    def fall():
        raise problem

    def in_a_thread():
        thread = threading.Thread(target=fall, name="timer")  # noqa: TID251 - the subject
        thread.start()
        thread.join()

    run(in_a_thread)
    assert fallen == [("timer", problem)]


def test_an_actor_of_the_node_crashes_the_process(run):
    run()
    with pytest.raises(Ended) as ended:
        IdleNode.made.on_crash("pair", RuntimeError("x"))
    assert ended.value.status == 70


def test_a_trap_is_set_only_where_the_environment_allows_it(run, monkeypatch):
    monkeypatch.setenv("TANDEM_TRAP", "nowhere")
    assert run() == 0
    monkeypatch.setenv("TANDEM_TRAPS_ALLOWED", "1")
    with pytest.raises(ConfigError, match="no such trap"):
        run()


def test_a_node_may_open_as_many_files_as_the_system_allows():
    before = soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 512), hard))
    try:
        assert daemon.allow_open_files() == hard
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (hard, hard)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
