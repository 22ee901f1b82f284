"""Who is connected, and what each desktop was told. Pure.

A desktop may be known by several agent keys, one of each source. An agent with two desktops is recorded on the one
that said hello last; a desktop that connects again takes the place of its old connection.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from recorder.scn.messages import DesktopHello, DesktopSaying
from recorder.scn.model import Leg, ScreenStream
from recorder.scn.verdicts import Wish, wish
from recorder.screen.offset import OffsetMeter
from recorder.screen.twins import Computer

TOLD_AGAIN_NS: Final = 10 * 10**9
"""A desktop that was told to record and does not is told again after this."""
EARLY_US: Final = 5_000_000


@dataclass(slots=True)
class Desktop:
    """One connection."""

    connection: str
    hello: DesktopHello
    since_ns: int
    heard_ns: int
    meter: OffsetMeter
    computer: Computer
    stream: ScreenStream | None = None
    """What it records, as far as this node heard."""
    told_record: bool | None = None
    told_ns: int = 0
    told_masked: bool | None = None
    question: int = 0
    asked: dict[int, int] = field(default_factory=dict[int, int])
    """When each question was asked, by number."""
    held: list[DesktopSaying] | None = None
    """What came before its clock was known; None once it is."""
    missing_ns: int | None = None
    """Since when it should record and does not."""

    @property
    def agents(self) -> tuple[str, ...]:
        """Agent keys."""
        return self.hello.agents


class Desktops:
    """Every connection that said hello."""

    def __init__(self) -> None:
        self._by_connection: dict[str, Desktop] = {}
        self._by_agent: dict[str, dict[str, Desktop]] = {}
        """And by connection: asked for every packet."""

    def __len__(self) -> int:
        return len(self._by_connection)

    def all(self) -> tuple[Desktop, ...]:
        """In the order of their hellos."""
        return tuple(self._by_connection.values())

    def get(self, connection: str) -> Desktop | None:
        """None for one that said no hello."""
        return self._by_connection.get(connection)

    def named(self, name: str) -> Desktop | None:
        """The one with this id."""
        return next((one for one in self.all() if one.hello.desktop == name), None)

    def add(self, desktop: Desktop) -> Desktop | None:
        """A new one; returns the connection whose place it takes."""
        old = self.named(desktop.hello.desktop)
        if old is not None:
            self.remove(old.connection)
        self._by_connection[desktop.connection] = desktop
        for agent in desktop.agents:
            self._by_agent.setdefault(agent, {})[desktop.connection] = desktop
        return old

    def remove(self, connection: str) -> Desktop | None:
        """It is gone."""
        gone = self._by_connection.pop(connection, None)
        for agent in gone.agents if gone is not None else ():
            theirs = self._by_agent.get(agent, {})
            theirs.pop(connection, None)
            if not theirs:
                self._by_agent.pop(agent, None)  # named twice, it is gone already
        return gone

    def of_agent(self, agent: str) -> tuple[Desktop, ...]:
        """Those of an agent; the last one records."""
        return tuple(self._by_agent.get(agent, {}).values())

    def recording_for(self, desktop: Desktop) -> tuple[str, ...]:
        """The agents whose screen this desktop is to record."""
        return tuple(agent for agent in desktop.agents if self.of_agent(agent)[-1] is desktop)

    def agents(self) -> tuple[str, ...]:
        """Everybody who has a desktop here, sorted."""
        return tuple(sorted(self._by_agent))


def legs_of(agents: tuple[str, ...], legs: Mapping[str, tuple[Leg, ...]]) -> tuple[Leg, ...]:
    """Of all of them."""
    return tuple(leg for agent in agents for leg in legs.get(agent, ()))


def wish_of(
    desktop: Desktop, desktops: Desktops, legs: Mapping[str, tuple[Leg, ...]], ahead_us: int
) -> Wish:
    """What a desktop is to do. `ahead_us`: of its clock."""
    mine = desktops.recording_for(desktop)
    known = legs_of(mine, legs)
    # A mask of any of its agents is one of the screen, whoever records.
    masked = wish(legs_of(desktop.agents, legs), None).masked
    if not mine:
        return Wish(record=False, masked=masked, calls=())
    since_us = None
    if desktop.stream is not None and not desktop.told_record:
        since_us = desktop.stream.t0_us - ahead_us - EARLY_US
    found = wish(known, since_us)
    return Wish(found.record, masked, found.calls)
