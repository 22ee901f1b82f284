"""Two computers under one desktop's id: which of them keeps the place, and what an operator is told. Pure.

A desktop that connects again takes the place of its old connection, and a service that was started again takes that
of its former life. Two computers with one id would so push each other off for ever: where one that was pushed off
comes back again and again, the first of them stays, and the others are turned away as long as it is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from recorder.model import Finding, Level
from recorder.scn.messages import DesktopHello

DESKTOP_TWICE: Final = "desktop_twice"
RETURNS_MAX: Final = 3
WITHIN_NS: Final = 60 * 10**9
"""Somebody who was pushed off comes back so often, within so long: then there are two of them."""
QUIET_NS: Final = 180 * 10**9
"""It is over so long after the last try; who was turned away tries every 30 seconds."""
BOTH_NS: Final = 30 * 10**9
"""So long one id may be connected to both nodes: a connection that broke may look alive for ten seconds."""
_HOST_CHARS_MAX: Final = 100
_HINT: Final = (
    "Give each computer a desktop.id and a token of its own; one that was copied from another has its id. "
    "Until then screens of one of them are missing, or those of both are mixed."
)


@dataclass(frozen=True, slots=True)
class Computer:
    """Who said hello."""

    life: str
    """Of its process; an older desktop does not tell, then it is where it came from."""
    host: str
    address: str

    @property
    def words(self) -> str:
        """For people."""
        return f"{self.host[:_HOST_CHARS_MAX]} at {self.address or 'an unknown address'}"


def computer_of(hello: DesktopHello, address: str) -> Computer:
    """Who that is."""
    return Computer(hello.life or f"{hello.host}@{address}", hello.host, address)


@dataclass(slots=True)
class _Story:
    """Of one id, since somebody was pushed off."""

    first: Computer
    pushed: dict[str, None] = field(default_factory=dict[str, None])
    """By their lives."""
    returns_ns: list[int] = field(default_factory=list[int])
    last_ns: int = 0
    twice_ns: int | None = None
    """When the last sign came that there are two; None while there is none."""
    other: Computer | None = None


class Twins:
    """What was seen lately."""

    def __init__(self) -> None:
        self._stories: dict[str, _Story] = {}
        self._both: dict[str, int] = {}
        """Connected to both nodes, since when."""

    def came(self, desktop: str, new: Computer, there: Computer, now_ns: int) -> Computer | None:
        """`new` says hello while `there` is connected: the one that stays if `new` is to be turned away."""
        if new.life == there.life:
            return None
        story = self._stories.setdefault(desktop, _Story(there))
        story.last_ns = now_ns
        if new.life in story.pushed:
            recent = [at for at in story.returns_ns if now_ns - at < WITHIN_NS]
            story.returns_ns = [*recent, now_ns]
        if len(story.returns_ns) >= RETURNS_MAX or story.twice_ns is not None:
            story.twice_ns = now_ns
            story.other = there if new.life == story.first.life else new
            if new.life != story.first.life:
                return there
        story.pushed[there.life] = None
        return None

    def beside(
        self, here: Iterable[str], elsewhere: frozenset[str] | None, now_ns: int
    ) -> tuple[str, ...]:
        """Ids that are connected to both nodes for long. `elsewhere`: to the other one, None while unknown."""
        both = [name for name in here if name in (elsewhere or ())]
        self._both = {name: self._both.get(name, now_ns) for name in both}
        return tuple(name for name, since in self._both.items() if now_ns - since >= BOTH_NS)

    def findings(self, now_ns: int) -> list[Finding]:
        """Ids for which two computers push each other off here."""
        self._stories = {
            name: story
            for name, story in self._stories.items()
            if now_ns - story.last_ns < (WITHIN_NS if story.twice_ns is None else QUIET_NS)
        }
        return [
            _finding(
                name,
                f"Two computers call themselves {name}: {story.first.words} came first and is recorded while "
                f"it is there, {story.other.words} is turned away.",
            )
            for name, story in self._stories.items()
            if story.other is not None
        ]


def at_both(name: str, here: Computer, peer: str) -> Finding:
    """Each of them is connected to another node, so neither is pushed off."""
    return _finding(
        name,
        f"Two computers call themselves {name}: {here.words} is connected to this node, another one to {peer}. "
        "Both are recorded, as if they were one.",
    )


def turned_away(name: str, stays: Computer) -> Sequence[str]:
    """What it is told, and the next step."""
    return (
        f"another computer is the desktop {name}: {stays.words}",
        "Give this one a desktop.id and a token of its own.",
    )


def _finding(name: str, what: str) -> Finding:
    return Finding(DESKTOP_TWICE, Level.ERROR, name, what, _HINT)
