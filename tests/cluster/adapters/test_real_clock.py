"""The machine's clocks and the one timer thread."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from cluster.adapters.real_clock import RealClock
from tests.by_hand import Inbox
from tests.waiting import wait_until


@pytest.fixture
def clock():
    clock = RealClock()
    yield clock
    clock.stop()


def timer_threads():
    return [thread for thread in threading.enumerate() if thread.name == "timers"]


def test_the_monotonic_clock_runs_on_while_the_process_is_stopped():
    program = (
        "from cluster.adapters.real_clock import RealClock\n"
        "clock = RealClock()\n"
        "before = clock.monotonic_ns()\n"
        "print('ready', flush=True)\n"
        "input()\n"
        "print(clock.monotonic_ns() - before)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": "."},
    ) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGSTOP)
        here = RealClock()
        end_ns = here.monotonic_ns() + 300_000_000
        wait_until(lambda: here.monotonic_ns() > end_ns, 5, "the other process stands still")
        process.send_signal(signal.SIGCONT)
        out, _ = process.communicate("\n", timeout=10)
    assert int(out) >= 300_000_000


def test_one_thread_serves_all_timers_and_ends_with_stop(clock):
    inbox = Inbox()
    before = len(timer_threads())
    for number in range(100):
        clock.call_later(0.01, inbox, number)
    assert len(timer_threads()) == before + 1
    wait_until(lambda: len(inbox.messages) == 100, 5, "all timers")
    assert inbox.messages == list(range(100))
    clock.stop()
    assert len(timer_threads()) == before


def test_a_clock_without_timers_has_no_thread():
    before = len(timer_threads())
    RealClock()
    assert len(timer_threads()) == before


def test_a_nearer_timer_wakes_the_thread_from_a_longer_wait(clock):
    inbox = Inbox()
    clock.call_later(3600.0, inbox, "far")
    clock.call_later(0.01, inbox, "near")
    wait_until(lambda: inbox.messages == ["near"], 5, "the nearer timer")


def test_nothing_is_told_after_stop(clock):
    inbox = Inbox()
    clock.call_later(0.02, inbox, "pending")
    clock.stop()
    clock.call_later(0.0, inbox, "late").cancel()
    end_ns = clock.monotonic_ns() + 50_000_000
    wait_until(lambda: clock.monotonic_ns() > end_ns, 5, "the time passes")
    assert inbox.messages == []


def test_a_receiver_may_set_the_next_timer_and_even_stop_the_clock(clock):
    class Chain(Inbox):
        def tell(self, message):
            super().tell(message)
            if message < 3:
                clock.call_later(0.0, self, message + 1)
            else:
                clock.stop()

    chain = Chain()
    clock.call_later(0.0, chain, 0)
    wait_until(lambda: chain.messages == [0, 1, 2, 3], 5, "the chain")


def test_cancelled_timers_do_not_pile_up(clock):
    inbox = Inbox()
    for _ in range(10_000):
        clock.call_later(120.0, inbox, "claim expired").cancel()
    assert len(clock._heap) < 200


def test_cancelled_timers_between_live_ones_are_passed_over(clock):
    inbox = Inbox()
    timers = [clock.call_later(0.001 * number, inbox, number) for number in range(200)]
    for timer in timers[100:]:
        timer.cancel()
    clock.call_later(0.25, inbox, "end")
    wait_until(lambda: "end" in inbox.messages, 5, "the last timer")
    assert inbox.messages == [*range(100), "end"]
    assert clock._cancelled == 0
