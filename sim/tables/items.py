"""The ledger of items over plain dictionaries: a second telling of the database's rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from recorder.adapters.contact_db.commit import session_of
from recorder.adapters.contact_db.pages import bounded, decode_cursor, encode_cursor
from recorder.adapters.contact_db.rows import late_s
from recorder.model import BufferedItem, ItemEvent, ItemOutcome, ItemRef, ItemState
from recorder.ports.recording import CLOCK_AHEAD_US
from recorder.records.contacts import ItemList, ItemQuery, ItemRow
from recorder.why.story import in_order

_FOUND_MAX = 100
_FINAL = {state.value for state in ItemState if state.is_final}


@dataclass
class ItemTables:
    """Items and their events. Not locked: the caller sees to it that one call runs at a time."""

    rows: dict[tuple[str, str], ItemRow] = field(default_factory=dict[tuple[str, str], ItemRow])
    events: dict[tuple[str, str, int], ItemEvent] = field(
        default_factory=dict[tuple[str, str, int], ItemEvent]
    )

    def unfinished(self, refs: Sequence[ItemRef]) -> tuple[ItemRef, ...]:
        """Neither final nor parked in this version."""
        return tuple(ref for ref in refs if not self._finished(ref))

    def _finished(self, ref: ItemRef) -> bool:
        row = self.rows.get((ref.source, ref.key))
        if row is None or row.ref.version != ref.version:
            return False
        return row.parked or row.state in _FINAL

    def found(
        self,
        refs: Sequence[ItemRef],
        events: Sequence[ItemEvent],
        node: str,
        now_us: int,
        *,
        late: bool = False,
    ) -> None:
        """New rows, and new versions that are not older than the row; if `late`, that are newer."""
        found_us = {(event.source, event.item_key): event.at_us for event in reversed(events)}
        last = {(ref.source, ref.key): ref for ref in refs}
        for ref in last.values():
            old = self.rows.get((ref.source, ref.key))
            if old is None or _is_newer(ref, old, late=late):
                at_us = found_us.get((ref.source, ref.key), now_us)
                self._put(_over(old, _row(ref, ItemState.FOUND, at_us, node, now_us)))
        self.add_events(events)

    def is_archived(self, ref: ItemRef) -> bool:
        """In this version."""
        row = self.rows.get((ref.source, ref.key))
        return (
            row is not None and row.state == ItemState.ARCHIVED and row.ref.version == ref.version
        )

    def is_deleted(self, ref: ItemRef) -> bool:
        """Archived in this version, and deleted since."""
        return self.is_archived(ref) and self.rows[ref.source, ref.key].contact_id is None

    def take_out(self, contact_id: str, reason: str, now_us: int) -> list[tuple[str, str]]:
        """Its items stay archived and say why there is nothing of them; returns which, in order."""
        keys = sorted(place for place, row in self.rows.items() if row.contact_id == contact_id)
        for place in keys:
            row = replace(self.rows[place], contact_id=None)
            if row.state == ItemState.ARCHIVED:
                row = replace(row, reason=reason, updated_us=now_us)
            self.rows[place] = row
        return keys

    def archive(self, item: BufferedItem, home: str, node: str, now_us: int) -> None:
        """Archived is the end, but of this version or of an older one only."""
        old = self.rows.get((item.ref.source, item.ref.key))
        self.add_events(item.events)
        if self.is_archived(item.ref):
            return
        same = old is not None and old.ref.version == item.ref.version
        if old is None or same or _takes_its_place(item.ref, item.found_us, old):
            ref = replace(item.ref, session_key=session_of(item))
            new = _row(ref, ItemState.ARCHIVED, item.found_us, node, now_us)
            new = replace(new, attempts=item.attempts, archived_us=now_us, archived_by=node)
            size_bytes = sum(one.size_bytes for one in item.media)
            self._put(_found_as(old, replace(new, contact_id=home, size_bytes=size_bytes)))

    def outcome(self, outcome: ItemOutcome, node: str, now_us: int) -> None:
        """Unless archived, or final and this is a failure."""
        old = self.rows.get((outcome.ref.source, outcome.ref.key))
        if old is None or _overrules(outcome, old):
            new = replace(
                _row(outcome.ref, outcome.state, outcome.found_us, node, now_us),
                reason=outcome.reason,
                attempts=outcome.attempts,
                retry_at_us=outcome.retry_at_us,
                parked=outcome.parked,
            )
            self._put(_found_as(old, _over(old, new)))
        self.add_events(outcome.events)

    def add_events(self, events: Iterable[ItemEvent]) -> None:
        """A repeated event is the same event."""
        for event in events:
            self.events.setdefault((event.node, event.boot, event.number), event)

    def due(self, source: str, now_us: int, limit: int) -> tuple[ItemRow, ...]:
        """Parked ones, the longest due first."""
        ready = [
            ((row.retry_at_us, row.ref.key), row)
            for row in self.rows.values()
            if row.parked
            and row.ref.source == source
            and row.retry_at_us is not None
            and (row.retry_at_us <= now_us or row.updated_us > now_us + CLOCK_AHEAD_US)
        ]
        return tuple(row for _, row in sorted(ready, key=lambda one: one[0])[:limit])

    def retry(self, source: str, key: str, now_us: int) -> bool:
        """FAILED and GONE only."""
        row = self.rows.get((source, key))
        if row is None or row.state not in {ItemState.FAILED, ItemState.GONE}:
            return False
        state = ItemState.FAILED.value
        self._put(replace(row, state=state, parked=True, retry_at_us=now_us, updated_us=now_us))
        return True

    def _put(self, row: ItemRow) -> None:
        self.rows[row.ref.source, row.ref.key] = row

    # -- people ----

    def list_items(self, query: ItemQuery) -> ItemList:
        """Newest change first."""
        place = None if query.after is None else decode_cursor(query.after, int, str, str)
        rows = [
            row
            for row in self.rows.values()
            if (query.source is None or row.ref.source == query.source)
            and (not query.states or ("parked" if row.parked else row.state) in query.states)
            and (query.parked is None or row.parked == query.parked)
            and (place is None or list(_place(row)) < place)
        ]
        rows.sort(key=_place, reverse=True)
        limit = bounded(query.limit)
        more = len(rows) > limit
        return ItemList(
            tuple(rows[:limit]), encode_cursor(*_place(rows[limit - 1])) if more else None
        )

    def find_items(
        self, source: str | None, key: str, media: Mapping[tuple[str, str], Sequence[str]]
    ) -> tuple[ItemRow, ...]:
        """Exactly so, else beginning with it; `media` holds the media keys by item."""
        names = {
            place: (row.ref.key, row.ref.session_key, *media.get(place, ()))
            for place, row in sorted(self.rows.items(), key=lambda one: one[0])
            if source is None or place[0] == source
        }
        exact = [place for place, known in names.items() if key in known]
        chosen = exact or [
            place for place, known in names.items() if any(one.startswith(key) for one in known)
        ]
        return tuple(self.rows[place] for place in chosen[:_FOUND_MAX])

    def story(self, source: str, key: str) -> tuple[ItemEvent, ...]:
        """In the order of `recorder.why.story`."""
        return in_order(
            one for one in self.events.values() if (one.source, one.item_key) == (source, key)
        )

    def counts(self) -> dict[tuple[str, str], int]:
        """By (source, state)."""
        counts: dict[tuple[str, str], int] = {}
        for row in self.rows.values():
            place = (row.ref.source, "parked" if row.parked else row.state)
            counts[place] = counts.get(place, 0) + 1
        return {place: counts[place] for place in sorted(counts)}


def _row(ref: ItemRef, state: ItemState, found_us: int, node: str, now_us: int) -> ItemRow:
    return ItemRow(
        ref=ref,
        state=state.value,
        reason="",
        attempts=0,
        found_us=found_us,
        found_by=node,
        updated_us=now_us,
        archived_us=None,
        archived_by="",
        retry_at_us=None,
        parked=False,
        contact_id=None,
        size_bytes=0,
        late_s=late_s(found_us, ref.changed_us),
    )


def _over(old: ItemRow | None, new: ItemRow) -> ItemRow:
    """The new row, with what the old one tells of an earlier archiving."""
    if old is None:
        return new
    return replace(
        new,
        archived_us=old.archived_us,
        archived_by=old.archived_by,
        contact_id=old.contact_id,
        size_bytes=old.size_bytes,
    )


def _found_as(old: ItemRow | None, new: ItemRow) -> ItemRow:
    """The new row, of the same version found when and by whom the old one was."""
    if old is None or old.ref.version != new.ref.version:
        return new
    late = late_s(old.found_us, new.ref.changed_us)
    return replace(new, found_us=old.found_us, found_by=old.found_by, late_s=late)


def _is_newer(ref: ItemRef, old: ItemRow, *, late: bool) -> bool:
    changed_us = old.ref.changed_us + late
    return ref.version != old.ref.version and ref.changed_us >= changed_us


def _takes_its_place(ref: ItemRef, found_us: int, old: ItemRow) -> bool:
    """Of two versions that changed at one instant the one found later came later."""
    if ref.version == old.ref.version:
        return False
    return (ref.changed_us, found_us) >= (old.ref.changed_us, old.found_us)


def _overrules(outcome: ItemOutcome, old: ItemRow) -> bool:
    if outcome.ref.version != old.ref.version:
        return _takes_its_place(outcome.ref, outcome.found_us, old)
    if old.state == ItemState.ARCHIVED:
        return False
    return outcome.state != ItemState.FAILED or old.state not in _FINAL


def _place(row: ItemRow) -> tuple[int, str, str]:
    return (row.updated_us, row.ref.source, row.ref.key)
