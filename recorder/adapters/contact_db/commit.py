"""One transaction for a batch of finished items: the place where "nothing twice" becomes true.

Everything is an upsert on the source's own keys, and contacts are joins of all their parts, so a
batch may be committed again, by either node, in any order, and changes nothing the second time.
What does change a contact that is there makes its next revision, and keeps the one before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection, Engine

from recorder.adapters.contact_db import tables
from recorder.adapters.contact_db.bulk import write_rows
from recorder.adapters.contact_db.columns import clean, tidy
from recorder.adapters.contact_db.conflicts import IN_ORDER, only_lock
from recorder.adapters.contact_db.engine import WRITES
from recorder.adapters.contact_db.known import known_items
from recorder.adapters.contact_db.names import forget_names, name_values
from recorder.adapters.contact_db.put_again import put_again
from recorder.adapters.contact_db.revisions import (
    Superseded,
    superseded_values,
)
from recorder.adapters.contact_db.rows import (
    Values,
    archived_ref,
    contact_values,
    event_values,
    interaction_values,
    media_values,
    names_in,
    party_values,
    ref_values,
    segment_values,
)
from recorder.adapters.contact_db.sql import POSTGRES
from recorder.adapters.contact_db.standing import Group, Standing, read_standing
from recorder.consolidate.contact import consolidate, contact_id
from recorder.consolidate.delta import before
from recorder.model import BufferedItem, Interaction, ItemRef, ItemState
from recorder.records.contacts import CommitResult


@dataclass(frozen=True, slots=True)
class Stamp:
    """Who writes, and when."""

    node: str
    now_us: int


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
    with engine.connect().execution_options(**WRITES) as connection, connection.begin():
        if connection.dialect.name == POSTGRES:
            _lock_contacts(connection, groups, stamp)
        archived, deleted = _archived(connection, [item.ref for item in items])
        if deleted:
            left = _without(groups, deleted)
            put_again(connection, deleted, [home for home in groups if home not in left])
            groups = left
        standing = read_standing(connection, groups)
        batch = _Batch(stamp)
        for home, group in groups.items():
            batch.add(home, group, standing[home])
        batch.write(connection)
    keys = dict.fromkeys(item.ref.key for item in items)
    return CommitResult(
        new=tuple(key for key in keys if key not in archived),
        already=tuple(key for key in keys if key in archived),
    )


def _grouped(
    items: Sequence[BufferedItem], object_keys: Sequence[Sequence[str]]
) -> dict[str, Group]:
    """By contact id, in its order: everybody locks contacts in the same order.

    An item that is in the batch twice is taken once.
    """
    groups: dict[str, Group] = {}
    once = {
        (item.ref.source, item.ref.key, item.ref.version): (item, names)
        for item, names in zip(items, object_keys, strict=True)
    }
    for item, names in once.values():
        assert len(names) == len(item.media), "one object key per media file"
        home = home_of(item)
        group = groups.setdefault(home, Group(item.ref.source, session_of(item)))
        group.members.append((item, names))
    return {home: groups[home] for home in sorted(groups)}


def _archived(connection: Connection, refs: Sequence[ItemRef]) -> tuple[set[str], list[ItemRef]]:
    """Keys of the items that are archived in this version already; those of them that were deleted since."""
    known = known_items(connection, refs)
    archived = [
        (ref, row)
        for ref in refs
        if (row := known.get((ref.source, ref.key))) is not None
        and row.state == ItemState.ARCHIVED
        and row.version == clean(ref.version)
    ]
    return {ref.key for ref, _ in archived}, [ref for ref, row in archived if row.deleted]


def _without(groups: dict[str, Group], deleted: Sequence[ItemRef]) -> dict[str, Group]:
    """What was deleted stays so, whoever still had it in a buffer."""
    gone = {(ref.source, ref.key) for ref in deleted}
    left: dict[str, Group] = {}
    for home, group in groups.items():
        members = [one for one in group.members if (one[0].ref.source, one[0].ref.key) not in gone]
        if members:
            left[home] = Group(group.source, group.session_key, members)
    return left


def _lock_contacts(connection: Connection, groups: dict[str, Group], stamp: Stamp) -> None:
    """Two nodes that extend the same contact must do so one after the other."""
    rows: list[Values] = [
        {
            "contact_id": home,
            "source": group.source,
            "session_key": group.session_key,
            "sort_us": 0,
            "updated_us": stamp.now_us,
            "revision": 0,
        }
        for home, group in groups.items()
    ]
    write_rows(connection, tables.contacts, only_lock, rows)


@dataclass(frozen=True, slots=True)
class _Batch:
    """Rows by table, in an order that satisfies the foreign keys."""

    stamp: Stamp
    rows: dict[str, list[Values]] = field(
        default_factory=lambda: {table.name: [] for table in IN_ORDER}
    )
    forgotten: list[Values] = field(default_factory=list[Values])
    """Names that interactions have no longer."""

    def add(self, home: str, group: Group, standing: Standing) -> None:
        """Put the rows of one contact and its items."""
        stored, there = standing.stored, standing.row
        owner = {"source": group.source, "contact_id": home}
        revision = 1 if there is None else there.revision + 1
        sizes = {row.media_key: row.size_bytes for row in stored.media}
        known = len(sizes)
        self._items(group, owner, revision, sizes, standing.other_media)
        parts = [_part(item) for item, _ in group.members]
        if there is not None:  # that went through the database: compare like with like
            parts = [tidy(part) for part in parts]
        contact = consolidate([*stored.interactions, *parts])
        old = {one.key: replace(one, media=()) for one in stored.interactions}
        changed = [
            one
            for one in contact.interactions
            if old.get(one.key) != replace(one, media=())
            and clean(one.key) not in standing.other_interactions
        ]
        if there is not None:
            if not changed and len(sizes) == known:
                return
            steps = {
                one.key: before(old[one.key], one) if one.key in old else None for one in changed
            }
            was = Superseded(there, steps)
            self.rows["contact_revisions"].append(superseded_values(was))
        self.rows["contacts"].append(
            {
                **owner,
                **contact_values(contact, len({*old, *(one.key for one in changed)}), sizes),
                "session_key": group.session_key,
                "updated_us": self.stamp.now_us,
                "updated_by": self.stamp.node,
                "revision": revision,
            }
        )
        for one in changed:
            self._interaction(one, owner)
            if one.key in old:
                self._forget_names(old[one.key], one)

    def _forget_names(self, old: Interaction, new: Interaction) -> None:
        """A merge may replace the value of an attribute."""
        source = self.rows["interactions"][-1]["source"]
        for value in sorted(names_in(old.attributes) - names_in(new.attributes)):
            self.forgotten.append(name_values(value, source, new.key))

    def write(self, connection: Connection) -> None:
        """One statement for each table."""
        forget_names(connection, self.forgotten)
        # As record_found does: two transactions that lock the same items do so in one order.
        self.rows["items"].sort(key=lambda row: (row["source"], row["item_key"]))
        for table, conflict in IN_ORDER.items():
            write_rows(connection, table, conflict, self.rows[table.name])

    def _items(
        self,
        group: Group,
        owner: Values,
        revision: int,
        sizes: dict[str, int],
        others: frozenset[str],
    ) -> None:
        """Put the items and those of their media that are new; their sizes go into `sizes`."""
        for item, names in group.members:
            self._item(owner["contact_id"], item)
            for one, name in zip(item.media, names, strict=True):
                key = clean(one.ref.key)
                if key in sizes or key in others:
                    continue
                sizes[key] = one.size_bytes
                self.rows["media"].append(
                    {
                        **media_values(item, one, name),
                        "contact_id": owner["contact_id"],
                        "stored_us": self.stamp.now_us,
                        "stored_by": self.stamp.node,
                        "revision": revision,
                    }
                )

    def _interaction(self, interaction: Interaction, owner: Values) -> None:
        self.rows["interactions"].append(interaction_values(interaction, owner))
        self.rows["interaction_names"] += [
            name_values(value, owner["source"], interaction.key)
            for value in sorted(names_in(interaction.attributes))
        ]
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
