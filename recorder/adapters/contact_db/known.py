"""What the Data Center already has of the items in a listing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from sqlalchemy import ColumnElement, Connection, Executable, bindparam, or_, select

from recorder.adapters.contact_db.sql import among, in_sql, texts
from recorder.adapters.contact_db.tables import clean, items
from recorder.model import ItemRef, ItemState

FINAL = tuple(state.value for state in ItemState if state.is_final)
"""Words of the column `state` that are ends."""
is_final: ColumnElement[bool] = or_(*(items.c.state == in_sql(word) for word in FINAL))
"""As a condition on `items`, fit for statements that run for many rows."""
_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Known:
    """What decides whether an item is still to be fetched."""

    version: str
    state: str
    parked: bool

    def finishes(self, ref: ItemRef) -> bool:
        """Whether the poller may pass this item by; parked items come back by themselves."""
        return self.version == clean(ref.version) and (self.parked or self.state in FINAL)


def known_items(connection: Connection, refs: Sequence[ItemRef]) -> dict[tuple[str, str], Known]:
    """By (source, key) as given. One query for up to 5,000 items of one source."""
    keys: dict[str, list[str]] = {}
    for ref in refs:
        keys.setdefault(ref.source, []).append(ref.key)
    known: dict[tuple[str, str], Known] = {}
    dialect = connection.dialect.name
    for source, wanted in keys.items():
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            rows = connection.execute(
                _select(dialect), {"of_source": source, "item_keys": texts(dialect, some)}
            )
            found = {row.item_key: Known(row.version, row.state, row.parked) for row in rows}
            known.update({(source, key): found[clean(key)] for key in some if clean(key) in found})
    return known


@cache
def _select(dialect: str) -> Executable:
    row = items.c
    return select(row.item_key, row.version, row.state, row.parked).where(
        row.source == bindparam("of_source"), among(dialect, row.item_key, "item_keys")
    )
