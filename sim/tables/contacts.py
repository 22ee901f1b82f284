"""Contacts over plain dictionaries: a second telling of the database's rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from recorder.adapters.contact_db.commit import session_of
from recorder.adapters.contact_db.pages import bounded, decode_cursor, encode_cursor
from recorder.adapters.contact_db.rows import archived_ref, shown, sort_us
from recorder.consolidate.contact import consolidate
from recorder.keep.facts import facts_from
from recorder.model import BufferedItem, Interaction, MediaRef
from recorder.records.contacts import (
    ContactDetail,
    ContactList,
    ContactQuery,
    ContactRow,
    MediaRow,
    RevisionRow,
)
from recorder.records.retention import Facts, KeptMedia
from recorder.records.retention import Part as ContactPart

Part: TypeAlias = tuple[BufferedItem, Sequence[str]]
"""An item with the archive keys of its media."""
_FOUND_MAX = 10


@dataclass(frozen=True, slots=True)
class _Media:
    contact_id: str
    item_key: str
    ref: MediaRef
    row: MediaRow


@dataclass(frozen=True, slots=True)
class _Stamp:
    now_us: int
    node: str
    revision: int


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
    owners: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    """The contact that had an interaction first, by source and key."""
    superseded: dict[str, list[ContactDetail]] = field(
        default_factory=dict[str, list[ContactDetail]]
    )
    """Every contact as it was, the first revision first."""

    def extend(self, parts: Sequence[Part], home: str, node: str, now_us: int) -> None:
        """Put the media that are new, and join the interactions with what is there.

        All that one commit brings for a contact is one revision.
        """
        first, old = parts[0][0], self.rows.get(home)
        source, number = first.ref.source, 1 if old is None else old.revision + 1
        was, before = self.detail(home), len(self.media)
        told: list[Interaction] = []
        for item, names in parts:
            self._put_media(item, names, home, _Stamp(now_us, node, number))
            self.item_keys.setdefault(home, set()).add(item.ref.key)
            self.owners.setdefault((source, item.interaction.key), home)
            media = tuple(archived_ref(one) for one in item.media)
            told.append(replace(item.interaction, session_key=session_of(item), media=media))
        session = self.sessions.setdefault(home, {})
        contact = consolidate([*self._with_media(home), *told])
        after = {
            one.key: replace(one, media=())
            for one in contact.interactions
            if self.owners[source, one.key] == home
        }
        if old is not None and after == session and len(self.media) == before:
            return
        if was is not None:
            self.superseded.setdefault(home, []).append(was)
        self.sessions[home] = after
        stored_media = self._media_of(home)
        self.rows[home] = ContactRow(
            contact_id=home,
            source=source,
            session_key=session_of(first),
            started_us=contact.started_us,
            ended_us=contact.ended_us,
            direction=contact.direction,
            channel=contact.channel,
            subject=contact.subject,
            parties=shown(contact),
            interactions=len(after),
            media=len(stored_media),
            size_bytes=sum(one.row.size_bytes for one in stored_media),
            updated_us=now_us,
            revision=number,
            updated_by=node,
        )

    def _put_media(
        self, item: BufferedItem, names: Sequence[str], home: str, stamp: _Stamp
    ) -> None:
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
                stored_us=stamp.now_us,
                stored_by=stamp.node,
                interaction_key=item.interaction.key,
                revision=stamp.revision,
            )
            stored = _Media(home, item.ref.key, archived_ref(one), row)
            self.media.setdefault((item.ref.source, one.ref.key), stored)

    def _media_of(self, home: str) -> list[_Media]:
        mine = [one for one in self.media.values() if one.contact_id == home]
        return sorted(mine, key=_media_order)

    def _with_media(self, home: str) -> list[Interaction]:
        stored = self._media_of(home)
        return [
            replace(one, media=tuple(m.ref for m in stored if m.row.interaction_key == one.key))
            for one in self.sessions.get(home, {}).values()
        ]

    def take_out(self, home: str) -> None:
        """Everything of a contact goes."""
        self.rows.pop(home, None)
        for kept in (self.sessions, self.item_keys, self.superseded):
            kept.pop(home, None)
        self.media = {key: one for key, one in self.media.items() if one.contact_id != home}
        self.owners = {key: owner for key, owner in self.owners.items() if owner != home}

    def facts(self, home: str) -> Facts | None:
        """As rules and holds see it; None when it is not there."""
        row = self.rows.get(home)
        if row is None:
            return None
        session = [one for _, one in sorted(self.sessions[home].items())]
        parties = [party for one in session for party in one.parties]
        media = sorted((one for one in self.media.values() if one.contact_id == home), key=_by_key)
        return facts_from(
            row,
            parts=(ContactPart(one.channel, one.direction, one.attributes) for one in session),
            names=(one.name.casefold() for one in parties),
            numbers=(one.number for one in parties),
            item_keys=sorted(self.item_keys[home]),
            media=tuple(
                KeptMedia(one.row.media_key, one.row.object_key, one.row.size_bytes, one.row.sha256)
                for one in media
            ),
        )

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
            and (not query.agent or self._has_agent(row, query.agent))
            and (not query.number or self._has_number(row, query.number))
            and (place is None or list(_place(row)) < place)
        ]
        rows.sort(key=_place, reverse=True)
        limit = bounded(query.limit)
        more = len(rows) > limit
        return ContactList(
            tuple(rows[:limit]), encode_cursor(*_place(rows[limit - 1])) if more else None
        )

    def _has_agent(self, row: ContactRow, name: str) -> bool:
        return any(
            one.role != "customer" and one.name.casefold().startswith(name.casefold())
            for part in self.sessions[row.contact_id].values()
            for one in part.parties
        )

    def _has_number(self, row: ContactRow, number: str) -> bool:
        return any(
            one.number.startswith(number)
            for part in self.sessions[row.contact_id].values()
            for one in part.parties
        )

    def _mentions(self, row: ContactRow, text: str) -> bool:
        home, folded = row.contact_id, text.casefold()
        parties = [party for one in self.sessions[home].values() for party in one.parties]
        texts = [home, row.session_key, *(one.number for one in parties), *self.item_keys[home]]
        texts += [key for (_, key), one in self.media.items() if one.contact_id == home]
        return any(one.startswith(text) for one in texts) or any(
            one.name.casefold().startswith(folded) for one in parties
        )

    def detail(self, contact_id: str, revision: int | None = None) -> ContactDetail | None:
        """By id, else by session key."""
        row = self._named(contact_id)
        if row is None:
            return None
        if revision is not None and revision != row.revision:
            old = self.superseded.get(row.contact_id, [])
            return old[revision - 1] if 0 < revision <= len(old) else None
        parts = self._with_media(row.contact_id)
        return ContactDetail(
            row=row,
            interactions=consolidate(parts).interactions if parts else (),
            media=tuple(one.row for one in self._media_of(row.contact_id)),
        )

    def called(self, name: str) -> tuple[ContactRow, ...]:
        """By id, else by session key, else all that begin with it."""
        exact = self._named(name)
        if exact is not None or not name:
            return () if exact is None else (exact,)
        begin = [
            self.rows[home]
            for home in sorted(self.rows)
            if home.startswith(name) or self.rows[home].session_key.startswith(name)
        ]
        return tuple(begin[:_FOUND_MAX])

    def revisions(self, contact_id: str) -> tuple[RevisionRow, ...]:
        """The first one first."""
        last = self.detail(contact_id)
        if last is None:
            return ()
        details = [*self.superseded.get(last.row.contact_id, []), last]
        return tuple(map(_brought, [None, *details], details))

    def _named(self, name: str) -> ContactRow | None:
        same = [one for one in self.rows.values() if one.session_key == name]
        return self.rows.get(name) or min(same, key=lambda one: one.source, default=None)


def _brought(before: ContactDetail | None, after: ContactDetail) -> RevisionRow:
    held = (
        {} if before is None else {one.key: replace(one, media=()) for one in before.interactions}
    )
    files = set[str]() if before is None else {one.media_key for one in before.media}
    now = {one.key: replace(one, media=()) for one in after.interactions}
    return RevisionRow(
        row=after.row,
        added_interactions=tuple(sorted(now.keys() - held.keys())),
        changed_interactions=tuple(sorted(key for key in held if held[key] != now[key])),
        added_media=tuple(one.media_key for one in after.media if one.media_key not in files),
    )


def _by_key(one: _Media) -> str:
    return one.row.media_key


def _media_order(one: _Media) -> tuple[bool, int, str]:
    started_us = one.ref.started_us
    return (started_us is None, started_us or 0, one.ref.key)


def _place(row: ContactRow) -> tuple[int, str]:
    return (sort_us(row.started_us, row.ended_us), row.contact_id)
