"""Waiting for a condition with a deadline, for tests on real threads and processes."""

import time
from collections.abc import Callable

PATIENCE_S = 30.0
"""So long is waited at least: tests run beside each other, and a busy computer is no failure."""


def wait_until(
    condition: Callable[[], object], timeout_s: float, what: str, *, every_s: float = 0.01
) -> None:
    """Return as soon as `condition()` is true; fail the test, naming `what`, after `timeout_s` or PATIENCE_S."""
    timeout_s = max(timeout_s, PATIENCE_S)
    end = time.monotonic() + timeout_s  # noqa: TID251 - real time is the subject
    while not condition():
        if time.monotonic() > end:  # noqa: TID251
            raise AssertionError(f"not within {timeout_s} s: {what}")
        time.sleep(every_s)  # noqa: TID251 - polling with a deadline, not a guess at a race


def holds_for(
    seconds: float, condition: Callable[[], object], what: str, *, every_s: float = 0.1
) -> None:
    """Fail the test, naming `what`, as soon as `condition()` is not true within so many seconds."""
    end = time.monotonic() + seconds  # noqa: TID251 - real time is the subject
    while time.monotonic() < end:  # noqa: TID251
        assert condition(), f"no longer: {what}"
        time.sleep(every_s)  # noqa: TID251 - looks again until the time is over
