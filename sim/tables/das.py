"""The data access service in memory: a second telling of its rules."""

from __future__ import annotations

from recorder.adapters.contact_db.pages import bounded, decode_cursor, encode_cursor
from recorder.adapters.contact_db.rows import sort_us
from recorder.errors import DataCenterDown
from recorder.model import ItemState
from recorder.records.contacts import ContactRow, MediaRow
from recorder.records.das import ALWAYS, DasContact, DasItem, DasPage, DasQuery
from sim.tables.data_center import DataCenterFaults, MemoryContactStore


class MemoryDas:
    """Implements `recorder.ports.proof.Das` over the store of a MemoryContactDb. Any thread."""

    def __init__(
        self, store: MemoryContactStore, *, faults: DataCenterFaults | None = None
    ) -> None:
        self.faults = faults or DataCenterFaults()
        self._store = store

    def contacts(self, query: DasQuery) -> DasPage:
        """See Das."""
        self.faults.on_call("das_contacts")
        if self.faults.down:
            raise DataCenterDown("the contact database is not available for das_contacts")
        with self._store.lock:
            page = self._page(query)
        self.faults.on_done("das_contacts")
        return page

    def _page(self, query: DasQuery) -> DasPage:
        chosen = [row for row in self._store.contacts.rows.values() if self._is_asked(row, query)]
        by_id = bool(query.ids)
        order: dict[str, tuple[int, ...]] = {
            row.contact_id: () if by_id else (self._place(row, query),) for row in chosen
        }
        chosen.sort(key=lambda row: (order[row.contact_id], row.contact_id))
        if query.after is not None:
            place = decode_cursor(query.after, *([str] if by_id else [int, str]))
            chosen = [row for row in chosen if [*order[row.contact_id], row.contact_id] > place]
        limit = bounded(query.limit)
        told = chosen[:limit]
        cursor = None
        if len(chosen) > limit:
            cursor = encode_cursor(*order[told[-1].contact_id], told[-1].contact_id)
        return DasPage(tuple(self._contact(row, query) for row in told), cursor)

    def _is_asked(self, row: ContactRow, query: DasQuery) -> bool:
        window = query.window or ALWAYS
        if query.source is not None and row.source != query.source:
            return False
        if not window.from_us <= sort_us(row.started_us, row.ended_us) < window.to_us:
            return False
        names = {row.contact_id, row.session_key, *self._store.contacts.item_keys[row.contact_id]}
        return not query.ids or not names.isdisjoint(query.ids)

    def _place(self, row: ContactRow, query: DasQuery) -> int:
        window = query.window or ALWAYS
        old = [detail.row for detail in self._store.contacts.superseded.get(row.contact_id, [])]
        begins = (sort_us(one.started_us, one.ended_us) for one in (*old, row))
        return next(begin for begin in begins if window.from_us <= begin < window.to_us)

    def _contact(self, row: ContactRow, query: DasQuery) -> DasContact:
        return DasContact(
            row,
            tuple(self._items(row.contact_id)) if query.items else (),
            self._media(row.contact_id) if query.media else (),
        )

    def _items(self, home: str) -> list[DasItem]:
        mine = [
            row
            for row in self._store.items.rows.values()
            if row.contact_id == home and row.state == ItemState.ARCHIVED
        ]
        mine.sort(key=lambda row: row.ref.key)
        return [
            DasItem(row.ref.key, row.ref.version, row.ref.changed_us, row.archived_us)
            for row in mine
        ]

    def _media(self, home: str) -> tuple[MediaRow, ...]:
        detail = self._store.contacts.detail(home)
        return () if detail is None else detail.media
