"""The clocks of simulated nodes."""

import pytest

from sim.clockwork.clock import SimClock
from sim.clockwork.kernel import Kernel
from tests.by_hand import Inbox


@pytest.fixture
def kernel():
    return Kernel(seed=1)


@pytest.fixture
def clock(kernel):
    return SimClock(kernel=kernel, epoch=kernel.begin_epoch("a"))


def test_time_passes_only_with_the_kernel(kernel, clock):
    before_ns, before_us = clock.monotonic_ns(), clock.wall_us()
    kernel.run_for(1.5)
    assert clock.monotonic_ns() - before_ns == 1_500_000_000
    assert clock.wall_us() - before_us == 1_500_000


def test_the_monotonic_clocks_of_two_nodes_cannot_be_compared(kernel, clock):
    other = SimClock(kernel=kernel, epoch=kernel.begin_epoch("b"))
    assert abs(other.monotonic_ns() - clock.monotonic_ns()) > 1_000_000_000


def test_a_jump_of_the_calendar_moves_neither_timers_nor_the_other_node(kernel, clock):
    other = SimClock(kernel=kernel, epoch=kernel.begin_epoch("b"))
    inbox = Inbox()
    clock.call_later(1.0, inbox, "due")
    wall_us, monotonic_ns = clock.wall_us(), clock.monotonic_ns()
    clock.jump_wall(-600.0)
    assert clock.wall_us() == wall_us - 600_000_000
    assert other.wall_us() == wall_us
    assert clock.monotonic_ns() == monotonic_ns
    kernel.run_for(0.9)
    assert inbox.messages == []
    kernel.run_for(0.1)
    assert inbox.messages == ["due"]


def test_timers_of_a_crashed_node_never_fire(kernel, clock):
    inbox = Inbox()
    clock.call_later(1.0, inbox, "due")
    kernel.end_epoch("a")
    kernel.run_for(2)
    assert inbox.messages == []
