import os
import signal

import httpx
import pytest

from cluster.frames import Role
from cluster.status import PairStatus
from sim.served.local_pair import free_ports
from sim.served.node_process import NodeProcess
from tests.recorder.fake_node import TOKEN, FakeNode
from tests.waiting import wait_until


@pytest.fixture
def node(tmp_path):
    (port,) = free_ports(1)
    config = tmp_path / "a.toml"
    config.write_text("[node]\n", encoding="utf-8")
    made = NodeProcess("a", config, f"http://127.0.0.1:{port}", "hush", {"SECRET": "x"})
    yield made
    made.kill()
    made.close()


def test_before_it_is_started_it_neither_runs_nor_answers(node):
    assert not node.running
    assert node.exit_status is None
    assert node.view() is None
    assert node.role() is None
    assert node.tail() == ""
    assert node.stop() == 0
    node.signal(signal.SIGTERM)


def test_a_node_that_cannot_start_is_told_with_its_log(node):
    node.start()
    with pytest.raises(RuntimeError, match="ended with 2"):
        node.wait_for_role("primary")
    assert node.wait() == node.exit_status == 2
    assert node.stop() == 2
    assert "node.id" in node.tail()


def test_a_node_that_was_killed_says_by_which_signal(node):
    node.start()
    pid = node.pid
    assert node.running
    node.kill()
    assert node.exit_status == -signal.SIGKILL
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_the_tail_is_the_end_of_the_log(node):
    node.log.write_text("\n".join(str(number) for number in range(50)), encoding="utf-8")
    assert node.tail(2) == "48\n49"


@pytest.fixture
def answering(tmp_path):
    """A node that answers, and the process object that looks at it."""
    fake = FakeNode(name="a")
    with fake.served() as url:
        made = NodeProcess("a", tmp_path / "a.toml", url, TOKEN, {})
        yield fake, made
        made.close()


def test_the_role_is_the_nodes_own_word(answering):
    fake, node = answering
    assert node.role() == "primary"
    assert node.view()["cluster"] == "emea"
    fake.change("pair", PairStatus, role=Role.SECONDARY)
    assert node.wait_for_role("primary", "secondary") == "secondary"


def test_a_node_that_refuses_the_token_has_no_role(answering):
    fake, node = answering
    fake.token = "another"
    assert node.role() is None
    with pytest.raises(httpx.HTTPStatusError):
        node.get("/api/v1/cluster")


def test_commands_are_posted_with_their_body(answering):
    fake, node = answering
    assert node.post("/api/v1/switchover", {"to_node": "b"}).status_code == 200
    assert node.post("/api/v1/pause").status_code == 200
    assert [type(message).__name__ for message in fake.pair.told] == ["Switchover", "SetPaused"]


def test_a_role_that_never_comes_is_told_with_the_role_there_is(answering, monkeypatch):
    _, node = answering
    monkeypatch.setattr(NodeProcess, "running", True)
    node.log.write_text("what it logged", encoding="utf-8")
    with pytest.raises(TimeoutError, match=r"a is primary, not \('faulted',\):\nwhat it logged"):
        node.wait_for_role("faulted", timeout_s=0.05)


def sleeper(tmp_path, monkeypatch, code):
    """A process that does as `code` says, in the place of a node."""
    node = NodeProcess("a", tmp_path / "a.toml", "http://127.0.0.1:1", "hush", {"SECRET": "x"})
    script = tmp_path / "python"
    script.write_text(f"#!/bin/sh\n{code}\n", encoding="utf-8")
    script.chmod(0o755)
    monkeypatch.setattr("sim.served.node_process.sys.executable", str(script))
    return node


def test_stopping_asks_first_and_wakes_a_node_that_sleeps(tmp_path, monkeypatch):
    code = "trap 'echo bye; exit 7' TERM; echo up; while :; do sleep 0.01; done"
    node = sleeper(tmp_path, monkeypatch, code)
    node.start()
    wait_until(lambda: "up" in node.tail(), 5.0, "it runs")
    node.signal(signal.SIGSTOP)
    assert node.stop() == 7
    assert node.tail() == "up\nbye"
    assert not node.running
    node.close()


def test_a_node_that_does_not_heed_is_killed_in_the_end(tmp_path, monkeypatch):
    node = sleeper(tmp_path, monkeypatch, "trap '' TERM; echo up; while :; do sleep 0.01; done")
    monkeypatch.setattr(NodeProcess.wait, "__defaults__", (0.2,))
    node.start()
    wait_until(lambda: "up" in node.tail(), 5.0, "it runs")
    assert node.stop() == -signal.SIGKILL
    node.close()


def test_a_node_gets_its_secrets_and_what_a_test_adds(tmp_path, monkeypatch):
    node = sleeper(tmp_path, monkeypatch, 'echo "$SECRET $MORE $*"')
    node.start(extra_env={"MORE": "y"})
    assert node.wait() == 0
    assert node.tail() == f"x y -m recorder.cli.main node run --config {node.config}"
    node.start()
    node.wait()
    assert len(node.tail().splitlines()) == 2, "a second start goes on in the same log"
    node.close()
