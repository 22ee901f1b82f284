"""Places in the code where a crash is interesting, for tests that crash there.

What writes to disk or commits takes a `Trap` and calls it with the point's name just before the act.
The default does nothing. A test or the simulator injects a trap that raises or crashes. For tests on
real processes, the environment sets one: with `TANDEM_TRAPS_ALLOWED=1`, `TANDEM_TRAP=rename:3` makes
the process kill itself (SIGKILL, so nothing is cleaned up) the third time it is about to rename.

Points: append, fsync, rename (call buffer and journal); put, sync, commit, note, discard (archiving).
`TANDEM_TRAP=raise_in:pair:40` lets the actor `pair` raise instead, at its fortieth message.
"""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from cluster.ports import Behaviour
from recorder.errors import ConfigError

Trap: TypeAlias = Callable[[str], None]

RAISE_IN = "raise_in"
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
    act = _kill
    if name == RAISE_IN:
        actor, _, last = count.rpartition(":")
        name, count, act = f"{RAISE_IN}:{actor}", last, _raise
    known = name in POINTS or (act is _raise and name != f"{RAISE_IN}:")
    if not known or not (count or "1").isdecimal():
        raise ConfigError(
            f"TANDEM_TRAP={wanted}: no such trap",
            hint=f"Use POINT or POINT:COUNT with one of {', '.join(POINTS)}, "
            f"or {RAISE_IN}:ACTOR:COUNT.",
        )
    return _at(name, int(count or "1"), act)


class TrapSprung(Exception):
    """Raised by a trap in an actor; nobody handles it."""


class TrappedBehaviour:
    """A behaviour with a trap before each of its messages."""

    def __init__(self, behaviour: Behaviour[Any], name: str, trap: Trap) -> None:
        self._behaviour = behaviour
        self._point = f"{RAISE_IN}:{name}"
        self._trap = trap

    def on_start(self) -> None:
        """As the behaviour does."""
        self._behaviour.on_start()

    def on_message(self, message: Any) -> None:
        """Past the trap, if it lets the message through."""
        self._trap(self._point)
        self._behaviour.on_message(message)

    def on_stop(self) -> None:
        """As the behaviour does."""
        self._behaviour.on_stop()


def trapped(behaviour: Behaviour[Any], name: str, trap: Trap) -> Behaviour[Any]:
    """The behaviour of the actor `name`, with the trap before its messages when there is one."""
    return behaviour if trap is no_trap else TrappedBehaviour(behaviour, name, trap)


def _at(point: str, count: int, act: Callable[[str], None]) -> Trap:
    reached = itertools.count(1)

    def trap(here: str) -> None:
        if here == point and next(reached) == count:
            act(point)

    return trap


def _kill(point: str) -> None:
    del point
    os.kill(os.getpid(), signal.SIGKILL)


def _raise(point: str) -> None:
    raise TrapSprung(point)
