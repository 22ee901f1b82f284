"""Retention in a world: rules that were agreed to, and a guard over every object and contact that goes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from recorder.records.retention import Deletion, Facts, Hold, Plan, Surveyed
from sim.checkers.holds_respected import check_deletion, check_gone
from sim.checkers.violation import Violation
from sim.truth import TruthItem
from sim.world.incident import NODES

if TYPE_CHECKING:
    from sim.world.world import World

MANY: Final = 1_000_000
"""Contacts of the plan that was confirmed before the run: the interlock is not what is tried here."""


class RetentionGuard:
    """One per world; where nothing may be deleted it has nothing to do."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._tables = world.data_center.retention_tables
        self._contacts = world.data_center.contacts
        self._objects = world.data_center.objects
        self.deleted = 0
        """Contacts."""
        self.held = 0
        """Holds placed."""
        rules = world.machines[NODES[0]].config.retention.rules()
        self.is_on = bool(rules.policies)
        if self.is_on:
            shown = Surveyed(contacts=MANY)
            self._tables.plans["P-0"] = Plan("P-0", 0, "world", rules, shown, 1, "world")
            self._tables.gone = self._gone
            self._tables.held = self._held
            self._objects.deleted = self._erased

    def at_the_end(self) -> Iterator[Violation]:
        """What is gone was decided upon, and nothing of it is left."""
        if self.is_on:
            yield from check_gone(
                self._contacts.items.rows.values(), self._decisions(), self._objects.objects
            )

    def without_deleted(self, truth: Iterable[TruthItem]) -> Iterator[TruthItem]:
        """What of the truth must still be there."""
        rows = self._contacts.items.rows
        gone = {place for place, row in rows.items() if self._contacts.items.is_deleted(row.ref)}
        return (item for item in truth if not self.is_on or (item.source, item.key) not in gone)

    def _decisions(self) -> tuple[Deletion, ...]:
        return tuple(self._contacts.deletions.values())

    def _held(self, hold: Hold) -> None:
        del hold
        self.held += 1

    def _erased(self, key: str) -> None:
        """An object went; its contact's rows are still there, unless it came again."""
        for one in self._contacts.contacts.media.values():
            if one.row.object_key == key:
                self._check(f"object {key}", self._contacts.contacts.facts(one.contact_id))

    def _gone(self, one: Deletion, contact: Facts) -> None:
        self.deleted += 1
        self._check("a contact", contact)
        left = [
            media.object_key for media in contact.media if media.object_key in self._objects.objects
        ]
        if left:
            self._world.broken(
                Violation("holds_respected", "a contact went before its objects", tuple(left)),
                (one.contact_id,),
            )

    def _check(self, what: str, contact: Facts | None) -> None:
        if contact is None:
            return
        now_us = self._world.data_center.now_us()
        for violation in check_deletion(
            what, contact, self._decisions(), self._tables.holds.values(), now_us
        ):
            self._world.broken(violation)
