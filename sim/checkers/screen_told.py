"""What a trace tells of one node: what it knew of agents, and what it had of their screens. Instants on its clock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from recorder.scn.model import Span, Verdict
from recorder.tracing.rows import TraceRow
from sim.checkers.screen_follows_agent import PROMISE
from sim.checkers.violation import Violation

SURE_US: Final = 1_000_000
"""Of a desktop's clock that is less known nothing is said; neither of what touches by less."""

Run: TypeAlias = tuple[int, int]
"""First and last of frames that follow one another closely."""
Place: TypeAlias = tuple[str, str, int]
"""A leg: its agent, its call, its begin."""


@dataclass(frozen=True, slots=True)
class ToldLeg:
    """A leg as the node knew it."""

    agent: str
    call: str
    span: Span
    verdict: Verdict
    masks: tuple[Span, ...]

    @property
    def place(self) -> Place:
        """Which one."""
        return (self.agent, self.call, self.span.from_us)

    def touches(self, from_us: int, to_us: int) -> bool:
        """Whether it has an instant in [from_us, to_us]."""
        ends = self.span.to_us is None or self.span.to_us >= from_us
        return ends and self.span.from_us <= to_us


@dataclass(slots=True)
class ToldPart:
    """A file with frames."""

    agents: tuple[str, ...]
    stream: str
    row: int
    """That told it whole; of an open one, of its begin."""
    runs: list[Run]
    error_us: int
    """Of the desktop's clock."""
    whole: bool
    marked: bool = False
    archived: bool = False
    replaced: bool = False
    """Others were made of it."""

    @property
    def from_us(self) -> int:
        """First frame."""
        return self.runs[0][0]

    @property
    def to_us(self) -> int:
        """Last frame."""
        return self.runs[-1][1]

    @property
    def is_sure(self) -> bool:
        """Whether anything can be said of it: it is whole, and the desktop's clock was known."""
        return self.whole and self.error_us <= SURE_US

    def shows(self, mask: Span) -> bool:
        """Whether it has frames inside a masked span."""
        inside = (b > mask.from_us and (mask.to_us is None or a < mask.to_us) for a, b in self.runs)
        return self.is_sure and any(inside)

    def is_near(self, mask: Span) -> bool:
        """Whether it may have been rewritten for a masked span."""
        far_us = 2 * SURE_US
        ends = mask.to_us is None or mask.to_us + far_us >= self.from_us
        return ends and mask.from_us - far_us <= self.to_us


@dataclass(slots=True)
class Told:
    """One life of a node."""

    legs: dict[str, tuple[ToldLeg, ...]] = field(default_factory=dict[str, tuple[ToldLeg, ...]])
    """By agent, as they were told last."""
    kept: dict[Place, Span] = field(default_factory=dict[Place, Span])
    """How far it was ever told that an answered leg goes."""
    kept_us: dict[Place, int] = field(default_factory=dict[Place, int])
    over_us: dict[Place, int] = field(default_factory=dict[Place, int])
    refused_us: dict[Place, int] = field(default_factory=dict[Place, int])
    """Since when it knows that a leg was answered, is over, was refused."""
    masks: dict[str, list[tuple[int, Span]]] = field(
        default_factory=dict[str, list[tuple[int, Span]]]
    )
    """By agent: the row in which a mask was first told, and the mask."""
    parts: dict[str, ToldPart] = field(default_factory=dict[str, ToldPart])

    def tell(self, row: TraceRow, now_us: int) -> str:
        """Legs of an agent, which is returned."""
        agent = str(row.data.get("agent", ""))
        legs = self.legs[agent] = tuple(_leg(agent, one) for one in row.data.get("legs", ()))
        for leg in legs:
            _since(self.over_us, leg.place, now_us, so=leg.span.to_us is not None)
            _since(self.refused_us, leg.place, now_us, so=leg.verdict is Verdict.DELETED)
            if leg.verdict is Verdict.KEPT:
                self.kept_us.setdefault(leg.place, now_us)
                self.kept[leg.place] = _wider(self.kept.get(leg.place), leg.span, now_us)
            known = self.masks.setdefault(agent, [])
            new = [mask for mask in leg.masks if all(mask != one for _, one in known)]
            known += [(row.number, mask) for mask in new]
        return agent

    def legs_of(self, agents: Iterable[str]) -> Iterator[ToldLeg]:
        """Of all of them."""
        for agent in agents:
            yield from self.legs.get(agent, ())

    def kept_of(self, agents: Iterable[str]) -> Iterator[Span]:
        """As far as it ever was told."""
        among = set(agents)
        return (span for (agent, _, _), span in self.kept.items() if agent in among)

    def masks_shown(self, part: ToldPart) -> tuple[Span, ...]:
        """Masked spans, as they are told now, of which a part has frames."""
        masks = (mask for leg in self.legs_of(part.agents) for mask in leg.masks)
        return tuple(mask for mask in masks if part.shows(mask))

    def was_masked(self, part: ToldPart) -> bool:
        """Whether a mask was ever told for which the part may have been rewritten."""
        masks = (mask for agent in part.agents for _, mask in self.masks.get(agent, ()))
        return any(part.is_near(mask) for mask in masks)


def part_of(row: TraceRow, runs: list[Run], *, whole: bool) -> ToldPart:
    """A part that a row tells of."""
    return ToldPart(
        agents=tuple(map(str, row.data.get("agents", ()))),
        stream=str(row.data.get("stream", "")),
        row=row.number,
        runs=runs,
        error_us=int(row.data.get("error_us", 0)),
        whole=whole,
        marked=bool(row.data.get("kept")),
    )


def covers(known: Span, mask: Span) -> bool:
    """Whether a mask lies within another one."""
    if known.from_us > mask.from_us:
        return False
    return known.to_us is None or (mask.to_us is not None and mask.to_us <= known.to_us)


def wrong(what: str, items: Iterable[str]) -> Violation:
    """S7 is broken."""
    return Violation(PROMISE, what, tuple(dict.fromkeys(items)))


def _since(known: dict[Place, int], place: Place, now_us: int, *, so: bool) -> None:
    if so:
        known.setdefault(place, now_us)
    else:
        known.pop(place, None)


def _leg(agent: str, told: Mapping[str, Any]) -> ToldLeg:
    return ToldLeg(
        agent,
        str(told.get("call", "")),
        _span(told.get("from_us"), told.get("to_us")),
        Verdict(str(told.get("verdict", Verdict.UNDECIDED))),
        tuple(_span(*mask) for mask in told.get("masks", ())),
    )


def _span(from_us: Any, to_us: Any) -> Span:
    return Span(int(from_us or 0), None if to_us is None else int(to_us))


def _wider(before: Span | None, now: Span, now_us: int) -> Span:
    if before is None or now.to_us is None:
        return now
    until_us = now_us if before.to_us is None else before.to_us
    return Span(now.from_us, max(now.to_us, until_us))
