"""What retention reads of contacts and deletions in memory. Pure; not locked: one call at a time."""

from __future__ import annotations

from recorder.adapters.contact_db.rows import sort_us
from recorder.records.retention import Deletion, DeletionState, Facts, Hold, Walk
from sim.tables.contacts import ContactTables
from sim.tables.data_center import MemoryContactStore


def page_of(
    contacts: ContactTables, walk: Walk
) -> tuple[tuple[Facts, ...], tuple[int, str] | None]:
    """The next page of a walk, the oldest first, and where it goes on."""
    places = sorted(
        (sort_us(row.started_us, row.ended_us), home) for home, row in contacts.rows.items()
    )
    chosen = [
        place
        for place in places
        if place[0] < walk.before_us and (walk.after is None or place > walk.after)
    ][: walk.limit]
    facts = (contacts.facts(home) for _, home in chosen)
    following = chosen[-1] if chosen and len(chosen) == walk.limit else None
    return tuple(one for one in facts if one is not None), following


def own_objects(contacts: ContactTables, one: Deletion) -> tuple[str, ...]:
    """Objects of its files that no other contact's file rests in; after it is deleted, no file at all."""
    again = one.state is DeletionState.AGAIN
    shared = {
        media.row.object_key
        for media in contacts.media.values()
        if again or media.contact_id != one.contact_id
    }
    keys = dict.fromkeys(media.object_key for media in one.media)
    return tuple(key for key in keys if key not in shared)


def too_late(store: MemoryContactStore, hold: Hold) -> tuple[str, ...]:
    """The contact a hold names, when it was deleted before."""
    name = hold.scope.contact_id
    found = {
        one.contact_id
        for one in store.deletions.values()
        if name in {one.contact_id, one.session_key}
        and one.state in {DeletionState.DELETED, DeletionState.AGAIN}
    }
    return tuple(sorted(one for one in found if one not in store.contacts.rows))


def gone_since(store: MemoryContactStore, from_us: int, after: str) -> tuple[str, ...]:
    """Contacts whose deletion ended, and that are not there again."""
    found = {
        one.contact_id
        for one in store.deletions.values()
        if one.state is DeletionState.DELETED
        and one.ended_us is not None
        and one.ended_us >= from_us
    }
    return tuple(sorted(one for one in found if one > after and one not in store.contacts.rows))
