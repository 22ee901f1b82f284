"""What an earlier process said of an instant, on the clock of this one."""

from hypothesis import given
from hypothesis import strategies as st

from recorder.desktop.boot_clock import BootClock
from recorder.desktop.desktop_clock import DesktopClock, moved_us

S = 1_000_000
HOURS = st.integers(-48 * 3600 * S, 48 * 3600 * S)
"""How wrong a calendar may be."""


class Computer:
    """Its true time, and what its clocks show."""

    def __init__(self):
        self.true_us, self.booted_us, self.asleep_us, self.wrong_us = 10**15, 10**15, 0, 0
        self.boots = 1

    @property
    def boot(self):
        return f"boot-{self.boots}"

    def since_us(self):
        return self.true_us - self.booted_us

    def monotonic_ns(self):
        return (self.true_us - self.booted_us - self.asleep_us) * 1000

    def wall_us(self):
        return self.true_us + self.wrong_us

    def sleep(self, seconds):
        self.true_us += seconds * S
        self.asleep_us += seconds * S

    def start_again(self):
        self.booted_us, self.asleep_us = self.true_us, 0
        self.boots += 1


def told_and_known(computer, then, now, at_true_us, told_us):
    """Where a frame is placed on this clock, and where its true instant is on it."""
    placed = told_us + moved_us(then, now)
    return placed, now.desktop_us - (computer.true_us - at_true_us)


@given(HOURS, HOURS, st.integers(0, 10**6), st.integers(0, 10**6))
def test_whatever_is_set_meanwhile_a_frame_keeps_its_instant(first, second, awake_s, asleep_s):
    computer = Computer()
    computer.wrong_us = first
    clock = DesktopClock(computer, computer)
    computer.true_us += 60 * S
    frame_true_us, frame_us = computer.true_us, clock.now_us()
    then = clock.mark()
    computer.wrong_us = second
    computer.true_us += awake_s * S
    computer.sleep(asleep_s)
    again = DesktopClock(computer, computer)
    placed, known = told_and_known(computer, then, again.mark(), frame_true_us, frame_us)
    assert placed == known


@given(HOURS, HOURS)
def test_over_a_start_of_the_computer_the_calendar_is_believed(first, second):
    """It was wrong when the service began, was set, and stayed so."""
    computer = Computer()
    computer.wrong_us = first
    clock = DesktopClock(computer, computer)
    computer.wrong_us = second
    computer.true_us += 60 * S
    frame_true_us, frame_us = computer.true_us, clock.now_us()
    then = clock.mark()
    computer.true_us += 600 * S
    computer.start_again()
    again = DesktopClock(computer, computer)
    placed, known = told_and_known(computer, then, again.mark(), frame_true_us, frame_us)
    assert placed == known


def test_without_a_name_of_the_boot_the_calendar_is_believed():
    computer = Computer()
    clock = DesktopClock(computer)
    then = clock.mark()
    computer.wrong_us = 5 * S
    assert moved_us(then, DesktopClock(computer).mark()) == 0


def test_the_real_one_runs_and_names_the_boot():
    one = BootClock()
    before = one.since_us()
    assert 0 < before <= one.since_us()
    assert one.boot == BootClock().boot
