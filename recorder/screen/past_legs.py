"""What the Data Center knows of the agents of parts that an earlier life left. A part of the actor `ScreenRecorder`.

A node may come back after days: what was heard meanwhile of its parts, a mask above all, is on record and not at
hand any more. So nothing that was found leaves the buffer before this was looked up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from typing import Any, Final, TypeAlias

from cluster.ports import Address, Clock, Outcome, Workers
from recorder.errors import DataCenterError
from recorder.model import Window
from recorder.ports.screens import AgentEventDb
from recorder.scn.model import AgentEvent, Leg
from recorder.screen.legs import Limits, fold
from recorder.screen.parts import Part

RETRY_NS: Final = 2 * 10**9
PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class PastAsked:
    """A part that was found."""

    part_key: str
    agents: tuple[str, ...]
    from_us: int
    to_us: int


Past: TypeAlias = tuple[tuple[str, tuple[Leg, ...]], ...]
"""Legs by part."""


@dataclass(frozen=True, slots=True)
class PastTold:
    """Somebody looked; None when the database did not answer."""

    outcome: Outcome[Past | None]


@dataclass(slots=True, kw_only=True)
class PastLegs:
    """Of the parts that were found in this life."""

    db: AgentEventDb
    limits: Limits
    lane: Workers
    me: Address[Any]
    clock: Clock
    _wanted: dict[str, PastAsked] = field(default_factory=dict[str, PastAsked])
    _known: dict[str, tuple[Leg, ...]] = field(default_factory=dict[str, tuple[Leg, ...]])
    _busy: bool = False
    _tried_ns: int | None = None

    def want(self, parts: Iterable[Part]) -> None:
        """These were found."""
        for part in parts:
            self._wanted[part.key] = PastAsked(
                part.key, part.head.stream.agents, part.from_us, part.to_us
            )
        self.go_on()

    def go_on(self) -> None:
        """Ask, unless it was asked just now."""
        now_ns = self.clock.monotonic_ns()
        early = self._tried_ns is not None and now_ns - self._tried_ns < RETRY_NS
        if self._busy or early or not self._wanted:
            return
        self._busy, self._tried_ns = True, now_ns
        asked = tuple(self._wanted.values())[:PAGE]
        job = partial(past_legs, self.db, self.limits, asked, self.clock.wall_us())
        self.lane.submit(job, self.me, PastTold)

    def told(self, past: Past | None) -> None:
        """Take it up; what nobody answered is asked again."""
        self._busy = False
        for key, legs in past or ():
            del self._wanted[key]
            self._known[key] = legs
        if past:
            self._tried_ns = None
        self.go_on()

    def is_known(self, part_key: str) -> bool:
        """Whether it was looked up."""
        return part_key in self._known

    def beside(self, part_key: str, at_hand: tuple[Leg, ...]) -> tuple[Leg, ...]:
        """All legs of a part's agents: what is at hand of a call is newer than what was looked up."""
        past = self._known.get(part_key)
        if not past:
            return at_hand
        calls = {(leg.agent_key, leg.call) for leg in at_hand}
        return (*(leg for leg in past if (leg.agent_key, leg.call) not in calls), *at_hand)

    def forget(self, parts: Iterable[str]) -> None:
        """Parts that are in the buffer; of the others nothing is needed any more."""
        there = set(parts)
        self._known = {key: legs for key, legs in self._known.items() if key in there}
        self._wanted = {key: one for key, one in self._wanted.items() if key in there}


def past_legs(
    db: AgentEventDb, limits: Limits, asked: Sequence[PastAsked], now_us: int
) -> Past | None:
    """Job: raises nothing but bugs."""
    around_us = limits.talking_us + limits.ringing_us + limits.wrap_up_us
    found: list[tuple[str, tuple[Leg, ...]]] = []
    try:
        for part in asked:
            window = Window(max(0, part.from_us - around_us), part.to_us + around_us)
            events = sorted(db.of_agents(part.agents, window), key=_agent)
            legs = (fold(those, limits, now_us).legs for _, those in groupby(events, key=_agent))
            found.append((part.part_key, tuple(leg for some in legs for leg in some)))
    except DataCenterError:
        return None
    return tuple(found)


def _agent(event: AgentEvent) -> str:
    return event.agent_key
