"""Exhaustive tiers: every instant, or every pair, of something small. A statement, not a probability."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations_with_replacement
from typing import Final

from sim.search.palette import PALETTE
from sim.search.quiet import quiet
from sim.world.incident import Fault, Incident
from sim.world.world import World

_NS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of a run, in seconds since its start."""

    from_s: float
    to_s: float


def event_instants(incident: Incident, window: Window) -> tuple[int, ...]:
    """The distinct instants (ns) within `window` at which anything happens in `incident`."""
    instants: dict[int, None] = {}
    with quiet():
        world = World(incident)
        event = world.digest.event

        def noted(now_ns: int, label: str) -> None:
            instants[now_ns] = None
            event(now_ns, label)

        world.kernel.watch(noted)
        world.run()
    return tuple(ns for ns in instants if window.from_s * _NS <= ns < window.to_s * _NS)


def crash_at_every_event(
    base: Incident, window: Window, crash: Fault, *, every: int = 1
) -> Iterator[Incident]:
    """`base` with `crash` struck just before each event of `window`; of each `every`-th alone.

    A crash before an event is one after the event before it, so no place between two events is left out.
    """
    for ns in event_instants(base, window)[::every]:
        yield base.with_faults(*base.faults, replace(crash, at_s=ns / _NS))


def pairs_on_a_grid(
    base: Incident, faults: Sequence[Fault], offsets_s: Sequence[float], *, from_s: float
) -> Iterator[Incident]:
    """`base` with each pair of faults: the first at `from_s`, the second each offset later."""
    for one, two in combinations_with_replacement(faults, 2):
        for first, second in ((one, two), (two, one))[: 1 if one == two else 2]:
            for offset_s in offsets_s:
                pair = (replace(first, at_s=from_s), replace(second, at_s=from_s + offset_s))
                yield base.with_faults(*base.faults, *pair)


def every_kind(for_s: float) -> tuple[Fault, ...]:
    """A plain fault of each kind that a search draws for one source, for about `for_s` where it lasts."""
    return tuple(
        Fault(
            colour.kind,
            "" if "" in colour.targets else colour.targets[0],
            for_s=min(colour.durations_s, key=lambda one: abs(one - for_s)),
        )
        for colour in PALETTE
    )


def beside_each(
    base: Incident, one: Fault, others: Sequence[Fault], *, from_s: float, offset_s: float
) -> Iterator[Incident]:
    """`base` with `one` at `from_s` and, each in a run of its own, one of the others `offset_s` later."""
    for other in others:
        pair = (replace(one, at_s=from_s), replace(other, at_s=from_s + offset_s))
        yield base.with_faults(*base.faults, *pair)
