"""What the Data Center already has of the items in a listing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, or_

from recorder.adapters.contact_db.columns import clean
from recorder.adapters.contact_db.lookups import items_by_key
from recorder.adapters.contact_db.sql import in_sql
from recorder.adapters.contact_db.tables import items
from recorder.model import ItemRef, ItemState

FINAL = tuple(state.value for state in ItemState if state.is_final)
"""Words of the column `state` that are ends."""
is_final: ColumnElement[bool] = or_(*(items.c.state == in_sql(word) for word in FINAL))
"""As a condition on `items`, fit for statements that run for many rows."""
_AT_ONCE = 5_000
_ASKED = ("source", "item_key", "version", "state", "parked", "contact_id")


@dataclass(frozen=True, slots=True)
class Known:
    """What decides whether an item is still to be fetched."""

    version: str
    state: str
    parked: bool
    deleted: bool
    """Archived once, and deleted since by a retention policy."""

    def finishes(self, ref: ItemRef) -> bool:
        """Whether the poller may pass this item by; parked items come back by themselves."""
        return self.version == clean(ref.version) and (self.parked or self.state in FINAL)


def known_items(connection: Connection, refs: Sequence[ItemRef]) -> dict[tuple[str, str], Known]:
    """By (source, key) as given. One query for up to 5,000 items of a source."""
    by_source: dict[str, dict[str, None]] = {}
    for ref in refs:
        by_source.setdefault(clean(ref.source), {})[clean(ref.key)] = None
    found: dict[tuple[str, str], Known] = {}
    for source, every in by_source.items():
        keys = list(every)
        for start in range(0, len(keys), _AT_ONCE):
            some = keys[start : start + _AT_ONCE]
            for row in items_by_key(connection, source, some, _ASKED):
                deleted = row.state == ItemState.ARCHIVED and row.contact_id is None
                known = Known(row.version, row.state, row.parked, deleted)
                found[row.source, row.item_key] = known
    return {
        (ref.source, ref.key): known
        for ref in refs
        if (known := found.get((clean(ref.source), clean(ref.key)))) is not None
    }
