"""One transaction for a batch of finished items: the place where "nothing twice" becomes true.

Everything is an upsert on the source's own keys, and contacts are joins of all their parts, so a
batch may be committed again, by either node, in any order, and changes nothing the second time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection, Engine, Table, and_, or_

from recorder.adapters.contact_db import tables
from recorder.adapters.contact_db.bulk import Conflict, Shape, write_rows
from recorder.adapters.contact_db.engine import WRITES
from recorder.adapters.contact_db.known import known_items
from recorder.adapters.contact_db.rows import (
    Values,
    archived_ref,
    contact_values,
    event_values,
    interaction_values,
    media_values,
    party_values,
    ref_values,
    segment_values,
)
from recorder.adapters.contact_db.sessions import Session, read_sessions
from recorder.adapters.contact_db.sql import POSTGRES, Upsert, in_sql
from recorder.adapters.contact_db.tables import clean, tidy
from recorder.consolidate.contact import consolidate, contact_id
from recorder.model import BufferedItem, Interaction, ItemRef, ItemState
from recorder.rows import CommitResult

NOTHING = Session((), ())


@dataclass(frozen=True, slots=True)
class Stamp:
    """Who writes, and when."""

    node: str
    now_us: int


@dataclass(frozen=True, slots=True)
class _Group:
    """The items of the batch that belong to one contact, each with its archive keys."""

    source: str
    session_key: str
    members: list[tuple[BufferedItem, Sequence[str]]] = field(
        default_factory=list[tuple[BufferedItem, Sequence[str]]]
    )


def session_of(item: BufferedItem) -> str:
    """Call session of an item: as it was described, for a listing may come too early to know it."""
    return item.interaction.session_key or item.ref.session_key


def home_of(item: BufferedItem) -> str:
    """Id of the contact an item belongs to."""
    return contact_id(clean(item.ref.source), clean(session_of(item)))


def commit_items(
    engine: Engine,
    items: Sequence[BufferedItem],
    object_keys: Sequence[Sequence[str]],
    stamp: Stamp,
) -> CommitResult:
    """Write the batch; `object_keys[i]` are the archive keys of `items[i].media`, in order."""
    if not items:
        return CommitResult((), ())
    groups = _grouped(items, object_keys)
    session_keys = {home: group.session_key for home, group in groups.items()}
    with engine.connect().execution_options(**WRITES) as connection, connection.begin():
        if connection.dialect.name == POSTGRES:
            _lock_contacts(connection, groups, stamp)
        archived = _archived(connection, [item.ref for item in items])
        stored = read_sessions(connection, session_keys)
        batch = _Batch(stamp)
        for home, group in groups.items():
            batch.add(home, group, stored.get(home, NOTHING))
        batch.write(connection)
    keys = dict.fromkeys(item.ref.key for item in items)
    return CommitResult(
        new=tuple(key for key in keys if key not in archived),
        already=tuple(key for key in keys if key in archived),
    )


def _grouped(
    items: Sequence[BufferedItem], object_keys: Sequence[Sequence[str]]
) -> dict[str, _Group]:
    """By contact id, in its order: everybody locks contacts in the same order.

    An item that is in the batch twice is taken once.
    """
    groups: dict[str, _Group] = {}
    once = {
        (item.ref.source, item.ref.key, item.ref.version): (item, names)
        for item, names in zip(items, object_keys, strict=True)
    }
    for item, names in once.values():
        assert len(names) == len(item.media), "one object key per media file"
        home = home_of(item)
        group = groups.setdefault(home, _Group(item.ref.source, session_of(item)))
        group.members.append((item, names))
    return {home: groups[home] for home in sorted(groups)}


def _archived(connection: Connection, refs: Sequence[ItemRef]) -> set[str]:
    """Keys of the items that are archived in this version already."""
    known = known_items(connection, refs)
    return {
        ref.key
        for ref in refs
        if (row := known.get((ref.source, ref.key))) is not None
        and row.state == ItemState.ARCHIVED
        and row.version == clean(ref.version)
    }


def _lock_contacts(connection: Connection, groups: dict[str, _Group], stamp: Stamp) -> None:
    """Two nodes that extend the same contact must do so one after the other."""
    rows: list[Values] = [
        {
            "contact_id": home,
            "source": group.source,
            "session_key": group.session_key,
            "sort_us": 0,
            "updated_us": stamp.now_us,
        }
        for home, group in groups.items()
    ]
    write_rows(connection, tables.contacts, _lock, rows)


@dataclass(frozen=True, slots=True)
class _Batch:
    """Rows by table, in an order that satisfies the foreign keys."""

    stamp: Stamp
    rows: dict[str, list[Values]] = field(
        default_factory=lambda: {table.name: [] for table in _ORDER}
    )

    def add(self, home: str, group: _Group, stored: Session) -> None:
        """Put the rows of one contact and its items."""
        sizes = {row.media_key: row.size_bytes for row in stored.media}
        before = len(sizes)
        for item, names in group.members:
            self._item(home, item)
            for one, name in zip(item.media, names, strict=True):
                key = clean(one.ref.key)
                if key in sizes:
                    continue
                sizes[key] = one.size_bytes
                self.rows["media"].append(
                    {
                        **media_values(item, one, name),
                        "contact_id": home,
                        "stored_us": self.stamp.now_us,
                        "stored_by": self.stamp.node,
                    }
                )
        parts = [_part(item) for item, _ in group.members]
        if stored.interactions:  # those went through the database: compare like with like
            parts = [tidy(part) for part in parts]
        contact = consolidate([*stored.interactions, *parts])
        old = {one.key: replace(one, media=()) for one in stored.interactions}
        changed = [
            one for one in contact.interactions if old.get(one.key) != replace(one, media=())
        ]
        if not changed and len(sizes) == before:
            return
        owner = {"source": group.source, "contact_id": home}
        self.rows["contacts"].append(
            {
                **owner,
                **contact_values(contact, list(sizes.values())),
                "session_key": group.session_key,
                "updated_us": self.stamp.now_us,
            }
        )
        for one in changed:
            self._interaction(one, owner)

    def write(self, connection: Connection) -> None:
        """One statement for each table."""
        # As record_found does: two transactions that lock the same items do so in one order.
        self.rows["items"].sort(key=lambda row: (row["source"], row["item_key"]))
        for table, conflict in _ORDER.items():
            write_rows(connection, table, conflict, self.rows[table.name])

    def _interaction(self, interaction: Interaction, owner: Values) -> None:
        self.rows["interactions"].append(interaction_values(interaction, owner))
        below = {**owner, "interaction_key": interaction.key}
        self.rows["parties"] += [party_values(one, below) for one in interaction.parties]
        self.rows["segments"] += [segment_values(one, below) for one in interaction.segments]

    def _item(self, home: str, item: BufferedItem) -> None:
        self.rows["items"].append(
            {
                **ref_values(replace(item.ref, session_key=session_of(item))),
                "state": ItemState.ARCHIVED.value,
                "attempts": item.attempts,
                "found_us": item.found_us,
                "found_by": self.stamp.node,
                "updated_us": self.stamp.now_us,
                "archived_us": self.stamp.now_us,
                "archived_by": self.stamp.node,
                "reason": "",
                "retry_at_us": None,
                "parked": False,
                "contact_id": home,
                "size_bytes": sum(one.size_bytes for one in item.media),
            }
        )
        self.rows["item_events"] += [event_values(event) for event in item.events]


def _part(item: BufferedItem) -> Interaction:
    """What this item tells of its contact, with the media as they are archived."""
    return replace(
        item.interaction,
        session_key=session_of(item),
        media=tuple(archived_ref(one) for one in item.media),
    )


# --- the statements ----------------------------------------------------------------------------------


def _lock(statement: Upsert, shape: Shape) -> Upsert:
    del shape
    same = {"contact_id": statement.excluded.contact_id}
    return statement.on_conflict_do_update(index_elements=["contact_id"], set_=same)


def first_stays(statement: Upsert, shape: Shape) -> Upsert:
    """Rows that exist stay as they are."""
    return statement.on_conflict_do_nothing(index_elements=_keys(shape))


def _last_stays(statement: Upsert, shape: Shape) -> Upsert:
    kept = {*_keys(shape), "contact_id"}
    new = {name: statement.excluded[name] for name in shape.names if name not in kept}
    return statement.on_conflict_do_update(index_elements=_keys(shape), set_=new)


def _archive_item(statement: Upsert, shape: Shape) -> Upsert:
    """Archived is the end: but a version found later must not be ended by the one before it."""
    row, new = tables.items.c, statement.excluded
    kept = {"source", "item_key", "found_us", "found_by"}
    values = {name: new[name] for name in shape.names if name not in kept}
    fresh = or_(row.version != new.version, row.state != in_sql(ItemState.ARCHIVED))
    mine = or_(row.version == new.version, row.changed_us <= new.changed_us)
    return statement.on_conflict_do_update(
        index_elements=_keys(shape), set_=values, where=and_(fresh, mine)
    )


def _keys(shape: Shape) -> list[str]:
    return [column.name for column in shape.table.primary_key.columns]


_ORDER: Mapping[Table, Conflict] = {
    tables.contacts: _last_stays,
    tables.interactions: _last_stays,
    tables.parties: _last_stays,
    tables.segments: _last_stays,
    tables.media: first_stays,
    tables.items: _archive_item,
    tables.item_events: first_stays,
}
