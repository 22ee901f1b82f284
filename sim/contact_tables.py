"""Contacts over plain dictionaries: a second telling of the database's rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from recorder.adapters.contact_db.commit import session_of
from recorder.adapters.contact_db.pages import bounded, decode_cursor, encode_cursor
from recorder.adapters.contact_db.rows import archived_ref, shown, sort_us
from recorder.consolidate.contact import consolidate
from recorder.model import BufferedItem, Interaction, MediaRef
from recorder.rows import ContactDetail, ContactList, ContactQuery, ContactRow, MediaRow


@dataclass(frozen=True, slots=True)
class _Media:
    contact_id: str
    item_key: str
    ref: MediaRef
    row: MediaRow


@dataclass
class ContactTables:
    """Contacts and what they hold. Not locked: one call at a time."""

    sessions: dict[str, dict[str, Interaction]] = field(
        default_factory=dict[str, dict[str, Interaction]]
    )
    """Interactions without media, by contact id and key."""
    media: dict[tuple[str, str], _Media] = field(default_factory=dict[tuple[str, str], _Media])
    rows: dict[str, ContactRow] = field(default_factory=dict[str, ContactRow])
    item_keys: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    """Of the items that are archived in a contact."""

    def extend(
        self, item: BufferedItem, names: Sequence[str], home: str, node: str, now_us: int
    ) -> None:
        """Put the media that are new, and join the interaction with what is there."""
        source, before = item.ref.source, len(self.media)
        for one, name in zip(item.media, names, strict=True):
            row = MediaRow(
                media_key=one.ref.key,
                kind=one.ref.kind.value,
                file_name=one.ref.file_name,
                media_type=one.media_type,
                size_bytes=one.size_bytes,
                sha256=one.sha256,
                object_key=name,
                duration_ms=one.ref.duration_ms,
                stored_us=now_us,
                stored_by=node,
                interaction_key=item.interaction.key,
            )
            stored = _Media(home, item.ref.key, archived_ref(one), row)
            self.media.setdefault((source, one.ref.key), stored)
        self.item_keys.setdefault(home, set()).add(item.ref.key)
        session = self.sessions.setdefault(home, {})
        media = tuple(archived_ref(one) for one in item.media)
        part = replace(item.interaction, session_key=session_of(item), media=media)
        contact = consolidate([*self._with_media(home), part])
        after = {one.key: replace(one, media=()) for one in contact.interactions}
        if after == session and len(self.media) == before:
            return
        self.sessions[home] = after
        stored_media = self._media_of(home)
        self.rows[home] = ContactRow(
            contact_id=home,
            source=source,
            session_key=session_of(item),
            started_us=contact.started_us,
            ended_us=contact.ended_us,
            direction=contact.direction,
            channel=contact.channel,
            subject=contact.subject,
            parties=shown(contact),
            interactions=len(contact.interactions),
            media=len(stored_media),
            size_bytes=sum(one.row.size_bytes for one in stored_media),
            updated_us=now_us,
        )

    def _media_of(self, home: str) -> list[_Media]:
        mine = [one for one in self.media.values() if one.contact_id == home]
        return sorted(mine, key=_media_order)

    def _with_media(self, home: str) -> list[Interaction]:
        stored = self._media_of(home)
        return [
            replace(one, media=tuple(m.ref for m in stored if m.row.interaction_key == one.key))
            for one in self.sessions.get(home, {}).values()
        ]

    def media_keys(self) -> dict[tuple[str, str], list[str]]:
        """By (source, item key)."""
        owned: dict[tuple[str, str], list[str]] = {}
        for (source, media_key), one in self.media.items():
            owned.setdefault((source, one.item_key), []).append(media_key)
        return owned

    def list_contacts(self, query: ContactQuery) -> ContactList:
        """Newest start first."""
        place = None if query.after is None else decode_cursor(query.after, int, str)
        rows = [
            row
            for row in self.rows.values()
            if (query.source is None or row.source == query.source)
            and (
                query.window is None or query.window.from_us <= _place(row)[0] < query.window.to_us
            )
            and (not query.text or self._mentions(row, query.text))
            and (place is None or list(_place(row)) < place)
        ]
        rows.sort(key=_place, reverse=True)
        limit = bounded(query.limit)
        more = len(rows) > limit
        return ContactList(
            tuple(rows[:limit]), encode_cursor(*_place(rows[limit - 1])) if more else None
        )

    def _mentions(self, row: ContactRow, text: str) -> bool:
        home, folded = row.contact_id, text.casefold()
        parties = [party for one in self.sessions[home].values() for party in one.parties]
        texts = [row.session_key, *(one.number for one in parties), *self.item_keys[home]]
        texts += [key for (_, key), one in self.media.items() if one.contact_id == home]
        return any(one.startswith(text) for one in texts) or any(
            one.name.casefold().startswith(folded) for one in parties
        )

    def detail(self, contact_id: str) -> ContactDetail | None:
        """By id, else by session key."""
        row = self.rows.get(contact_id)
        if row is None:
            same = [one for one in self.rows.values() if one.session_key == contact_id]
            row = min(same, key=lambda one: one.source, default=None)
        if row is None:
            return None
        return ContactDetail(
            row=row,
            interactions=consolidate(self._with_media(row.contact_id)).interactions,
            media=tuple(one.row for one in self._media_of(row.contact_id)),
        )


def _media_order(one: _Media) -> tuple[bool, int, str]:
    started_us = one.ref.started_us
    return (started_us is None, started_us or 0, one.ref.key)


def _place(row: ContactRow) -> tuple[int, str]:
    return (sort_us(row.started_us, row.ended_us), row.contact_id)
