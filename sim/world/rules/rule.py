"""What a rule is: how a fault begins and ends, whom it may hit, for how long, and with which options."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final, TypeAlias

from sim.world.incident import NODES, Fault, Value

if TYPE_CHECKING:
    from sim.world.world import World

End: TypeAlias = Callable[[], None]
Begin: TypeAlias = "Callable[[World, Fault], End | None]"
Check: TypeAlias = Callable[[Value], None]
"""Raises ValueError that completes "<option> ..."."""


class Hits(StrEnum):
    """What the target of a fault names."""

    NODE = "node"
    """A node; both without one, or the one that reaches the point it waits for."""
    LINK = "direction"
    """What one node sends to the other, `alpha>beta`; both directions without one."""
    WORLD = "nothing"
    """There is only one; no target is taken."""


_ONE, _OTHER = NODES
TARGETS: Final[Mapping[Hits, tuple[str, ...]]] = {
    Hits.NODE: (*NODES, ""),
    Hits.LINK: (f"{_ONE}>{_OTHER}", f"{_OTHER}>{_ONE}", ""),
    Hits.WORLD: ("",),
}


@dataclass(frozen=True, slots=True)
class Option:
    """A parameter of a rule."""

    draw: tuple[Value, ...]
    """Values worth trying, the mildest first; to leave the option out is always right."""
    check: Check
    what: str
    """For people: meaning, unit and default."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of fault. Begins and ends count, they never save and restore: faults may overlap."""

    begin: Begin
    """Lets it begin; returns how to end it, None for one that is over at once."""
    hits: Hits
    what: str
    """For people: one sentence."""
    durations_s: tuple[float, ...] = ()
    """Durations worth trying, the mildest first; none for one that is over at once."""
    options: Mapping[str, Option] = field(default_factory=dict[str, Option])
    check: Callable[[Fault, Sequence[str]], None] = lambda _fault, _sources: None
    """Takes the sources of the incident too. Raises ValueError for options that are wrong together."""

    @property
    def targets(self) -> tuple[str, ...]:
        """Every legal target."""
        return TARGETS[self.hits]


def number(*draw: float, what: str, low: float = 0.0, high: float = math.inf) -> Option:
    """An option that is a number within [low, high]."""

    def check(value: Value) -> None:
        try:
            given = math.nan if isinstance(value, bool) else float(value)
        except ValueError:
            given = math.nan
        if not math.isfinite(given):
            raise ValueError(f"must be a number, not {value!r}")
        if not low <= given <= high:
            raise ValueError(f"must be between {low:g} and {high:g}, not {value!r}")

    return Option(draw, check, what)


def share(*draw: float, what: str, high: float = 0.9) -> Option:
    """An option that is a share, from 0 to `high`."""
    return number(*draw, what=what, high=high)


def one_of(*words: str, what: str) -> Option:
    """An option that is one of some words."""

    def check(value: Value) -> None:
        if value not in words:
            raise ValueError(f"must be one of {', '.join(words)}, not {value!r}")

    return Option(words, check, what)


def flag(what: str) -> Option:
    """An option that is on or off."""

    def check(value: Value) -> None:
        if value not in {True, False}:
            raise ValueError(f"must be true or false, not {value!r}")

    return Option((True,), check, what)


def nodes_of(fault: Fault) -> tuple[str, ...]:
    """The nodes that a fault of Hits.NODE is about."""
    return (fault.target,) if fault.target else NODES


def ways_of(fault: Fault) -> tuple[tuple[str, str], ...]:
    """The directions (source, target) that a fault of Hits.LINK is about."""
    if not fault.target:
        return (_ONE, _OTHER), (_OTHER, _ONE)
    source, _, target = fault.target.partition(">")
    return ((source, target),)
