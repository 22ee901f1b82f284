"""Certificates at the end of a world: made by the product's own code, of all that was lived through."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from recorder.records.retention import Deletion, DeletionState
from sim.checkers.certified import Held, check_certified
from sim.checkers.violation import Violation
from sim.clockwork.clock import SimClock
from sim.clockwork.kernel import Epoch
from sim.truth import TruthItem

if TYPE_CHECKING:
    from sim.world.world import World

_GONE = frozenset({DeletionState.DELETED, DeletionState.AGAIN})


def certified(world: World, truth: Iterable[TruthItem]) -> Iterator[Violation]:
    """`truth`: what every node ought to know of. The world has settled."""
    center = world.data_center
    gone = policies(center.contacts.deletions)

    def deleted(source: str, session_key: str) -> str:
        return gone.get((source, session_key), "")

    clock = SimClock(kernel=world.kernel, epoch=Epoch("judge", 0))
    held = Held(center.contacts, center.objects, clock, deleted)
    yield from check_certified(tuple(truth), held)


def policies(deletions: Mapping[tuple[str, int], Deletion]) -> dict[tuple[str, str], str]:
    """Which policy deleted the contact of a source and session."""
    return {
        (one.source, one.session_key): one.policy
        for _, one in sorted(deletions.items())
        if one.state in _GONE
    }
