"""Legal holds: no faults, but they come at any instant, and nothing that they cover may go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from recorder.errors import DataCenterDown
from recorder.records.retention import DeletionState, Hold, Scope
from sim.clockwork.clock import SimClock
from sim.clockwork.kernel import Epoch
from sim.tables.retention import MemoryRetentionDb
from sim.world.incident import Fault
from sim.world.rules.rule import End, Hits, Rule, one_of

if TYPE_CHECKING:
    from sim.world.world import World

_NS: Final = 1_000_000_000
_AGAIN_S: Final = 0.02
"""A hold waits for whoever is in the middle of a deletion."""


class _Operator:
    """Places one hold, and releases it."""

    def __init__(self, world: World, scope: Scope) -> None:
        center = world.data_center
        self._kernel = world.kernel
        self._scope = scope
        self._name = f"H-{world.counts['fault hold']:04d}"
        self._over = False
        self._db = MemoryRetentionDb(
            center.retention_tables,
            center.contacts,
            node="",
            clock=SimClock(kernel=world.kernel, epoch=Epoch("operator", 0)),
        )

    def place(self) -> None:
        """As soon as nobody deletes."""
        if self._over:
            return
        at_us = self._kernel.now_ns // 1000
        try:
            self._db.place_hold(Hold(self._name, "a case", self._scope, at_us, "operator"))
        except DataCenterDown:
            self._again(self.place)

    def release(self) -> None:
        """Once it is over; a hold that was never placed is none."""
        self._over = True
        try:
            self._db.release_hold(self._name, "operator", "closed")
        except DataCenterDown:
            self._again(self.release)

    def _again(self, action: End) -> None:
        self._kernel.schedule(round(_AGAIN_S * _NS), action, label="a hold waits")


def hold(world: World, fault: Fault) -> End:
    """Hold the contact that is nearest to its deletion, or all of the first source."""
    scope = Scope(source=world.service.source)
    if fault.text("covers", "contact") == "contact":
        name = _nearest(world)
        scope = Scope(contact_id=name) if name else scope
    operator = _Operator(world, scope)
    operator.place()
    return operator.release


def _nearest(world: World) -> str:
    store = world.data_center.contacts
    due = [
        (one.state is not DeletionState.DELETING, one.due_us, one.contact_id)
        for one in store.deletions.values()
        if one.state in {DeletionState.DUE, DeletionState.DELETING}
        and one.contact_id in store.contacts.rows
    ]
    if due:
        return min(due)[2]
    oldest = [(row.started_us or 0, name) for name, row in store.contacts.rows.items()]
    return min(oldest)[1] if oldest else ""


RULES: Final[Mapping[str, Rule]] = {
    "hold": Rule(
        hold,
        Hits.WORLD,
        "A legal hold is placed (`tandem hold place`), and released at the end.",
        (10.0, 30.0, 90.0),
        {
            "covers": one_of(
                "contact",
                "source",
                what="contact: the one that is nearest to its deletion; source: all of the first source",
            )
        },
    ),
}
