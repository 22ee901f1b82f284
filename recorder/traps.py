"""Places in the code where a crash is interesting, for tests that crash there.

What writes to disk or commits takes a `Trap` and calls it with the point's name just before the act.
The default does nothing. A test or the simulator injects a trap that raises or crashes. For tests on
real processes, the environment sets one: with `TANDEM_TRAPS_ALLOWED=1`, `TANDEM_TRAP=rename:3` makes
the process kill itself (SIGKILL, so nothing is cleaned up) the third time it is about to rename.

Points: append, fsync, rename (call buffer and journal); put, sync, commit, note, discard (archiving).
"""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Callable, Mapping
from typing import TypeAlias

from recorder.errors import ConfigError

Trap: TypeAlias = Callable[[str], None]

POINTS = ("append", "fsync", "rename", "put", "sync", "commit", "note", "discard")


def no_trap(point: str) -> None:
    """Nothing happens at `point`."""
    del point


def trap_from(environ: Mapping[str, str]) -> Trap:
    """The trap the environment asks for, or `no_trap`. Raises ConfigError when it asks wrongly."""
    wanted = environ.get("TANDEM_TRAP", "")
    if not wanted or environ.get("TANDEM_TRAPS_ALLOWED") != "1":
        return no_trap
    name, _, count = wanted.partition(":")
    if name not in POINTS or not (count or "1").isdecimal():
        raise ConfigError(
            f"TANDEM_TRAP={wanted}: no such trap",
            hint=f"Use POINT or POINT:COUNT with one of {', '.join(POINTS)}.",
        )
    return _kill_at(name, int(count or "1"))


def _kill_at(name: str, count: int) -> Trap:
    reached = itertools.count(1)

    def trap(point: str) -> None:
        if point == name and next(reached) == count:
            os.kill(os.getpid(), signal.SIGKILL)

    return trap
