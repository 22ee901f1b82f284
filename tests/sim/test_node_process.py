import os
import signal

import pytest

from sim.local_pair import free_ports
from sim.node_process import NodeProcess


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
