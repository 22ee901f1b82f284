"""Real time, for programs that measure it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def now_ns() -> int:
    """The monotonic clock of this machine, the same in every process."""
    return time.monotonic_ns()  # noqa: TID251 - measuring real time is the purpose


def pause(seconds: float) -> None:
    """Do nothing for so long."""
    time.sleep(seconds)  # noqa: TID251 - as above


def seconds_since(start_ns: int) -> float:
    """How long ago an instant of `now_ns` was."""
    return (now_ns() - start_ns) / 1e9


def until(look: Callable[[], T], timeout_s: float, what: str, *, every_s: float = 0.02) -> T:
    """The first true value of `look()`. Raises TimeoutError naming `what`."""
    start_ns = now_ns()
    while not (found := look()):
        if seconds_since(start_ns) > timeout_s:
            raise TimeoutError(f"not within {timeout_s:g} s: {what}")
        pause(every_s)
    return found
