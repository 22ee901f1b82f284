"""What a node does when the system or an operator sends it a signal."""

import signal
import time

import pytest

from sim.ucaas.clocks import monotonic_ns
from tests.waiting import wait_until

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def running(make_module_world):
    return make_module_world()


@pytest.fixture
def world(running):
    running.mend()
    return running


def log_of(node):
    return node.log.read_text(encoding="utf-8", errors="replace")


def wait_for_log(node, word, timeout_s=5.0):
    wait_until(lambda: word in log_of(node), timeout_s, f"{node.name} logs {word}")


def test_sigterm_hands_the_role_over_and_ends_with_status_zero(world):
    primary, secondary = world.primary_and_secondary()
    world.calls(10, over_s=2.0)
    world.wait_for_poll(primary, since_ns=monotonic_ns())
    world.disrupted("switchover", primary)
    told_ns = monotonic_ns()
    primary.signal(signal.SIGTERM)
    assert primary.wait(10.0) == 0
    assert world.wait_for_poll(secondary, since_ns=told_ns) < 1.0 + 1.0
    secondary.wait_for_role("primary")
    world.settle_and_check()


def test_sigterm_of_the_secondary_disturbs_nobody(world):
    primary, secondary = world.primary_and_secondary()
    world.calls(6, over_s=1.0)
    secondary.signal(signal.SIGTERM)
    assert secondary.wait(10.0) == 0
    world.settle_and_check()
    primary.wait_for_role("primary")


def test_a_second_sigterm_ends_a_node_that_waits_for_its_peer_at_once(world):
    primary, secondary = world.primary_and_secondary()
    world.disrupted("silence", primary)
    secondary.signal(signal.SIGSTOP)
    primary.signal(signal.SIGTERM)
    wait_for_log(primary, "stopping")
    asked = time.monotonic()  # noqa: TID251 - real time is the subject
    primary.signal(signal.SIGTERM)
    assert primary.wait(5.0) == 1
    assert time.monotonic() - asked < 1.0  # noqa: TID251
    assert "stopping_at_once" in log_of(primary)
    secondary.signal(signal.SIGCONT)
    secondary.wait_for_role("primary")
    world.mend()
    world.settle_and_check()


def test_a_broken_configuration_is_refused_and_the_node_goes_on(world):
    primary, secondary = world.primary_and_secondary()
    good = primary.config.read_text(encoding="utf-8")
    primary.config.write_text(good + "\n[nodes]\nid = 1\n", encoding="utf-8")
    primary.signal(signal.SIGHUP)
    wait_for_log(primary, "reload_refused")
    assert "nodes" in log_of(primary).partition("reload_refused")[2]
    primary.config.write_text(good, encoding="utf-8")
    primary.signal(signal.SIGHUP)
    wait_for_log(primary, "reloaded")
    world.calls(3)
    world.settle_and_check()
    assert world.primary_and_secondary() == (primary, secondary)


def test_a_changed_log_level_counts_without_a_restart(world):
    primary, _ = world.primary_and_secondary()
    good = primary.config.read_text(encoding="utf-8")
    primary.config.write_text(good + '\n[log]\nlevel = "debug"\n', encoding="utf-8")
    before = len(log_of(primary))
    primary.signal(signal.SIGHUP)
    wait_until(lambda: "changed=['log']" in log_of(primary)[before:], 5.0, "the change is named")
    primary.config.write_text(good, encoding="utf-8")


def test_sigusr1_shows_what_every_thread_does_and_the_node_goes_on(world):
    primary, secondary = world.primary_and_secondary()
    primary.signal(signal.SIGUSR1)
    wait_for_log(primary, "Current thread")
    wait_for_log(primary, "_actor_loop")
    assert world.primary_and_secondary() == (primary, secondary)
