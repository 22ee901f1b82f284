"""Reading whole sessions: the interactions of contacts, with everything they hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from sqlalchemy import Connection, Executable, Table, select

from recorder.adapters.contact_db import tables
from recorder.adapters.contact_db.rows import AnyRow, media_ref_of, party_of, segment_of
from recorder.adapters.contact_db.sql import among, strings, texts
from recorder.model import Interaction


@dataclass(frozen=True, slots=True)
class Session:
    """What is stored of one contact."""

    interactions: tuple[Interaction, ...]
    """By key; `media` is what is archived."""
    media: tuple[AnyRow, ...]
    """Rows of `media`, in order of start, then key."""

    def keys(self, table: Table) -> frozenset[str]:
        """Of its interactions or media."""
        if table is tables.interactions:
            return frozenset(one.key for one in self.interactions)
        return frozenset(row.media_key for row in self.media)


def read_sessions(connection: Connection, session_keys: Mapping[str, str]) -> dict[str, Session]:
    """Stored sessions by contact id; `session_keys` maps contact id to session key. Four queries.

    A contact may have media and no interactions: those were in another contact already.
    """
    if not session_keys:
        return {}
    ids = texts(connection.dialect.name, list(session_keys))
    owned = _by_contact(_read(connection, tables.interactions, ids))
    parties = _by_interaction(_read(connection, tables.parties, ids))
    segments = _by_interaction(_read(connection, tables.segments, ids))
    media_rows = sorted(_read(connection, tables.media, ids), key=_media_order)
    media = _by_interaction(media_rows)
    media_by_contact = _by_contact(media_rows)
    sessions: dict[str, Session] = {}
    for contact_id in session_keys:
        rows = owned.get(contact_id, [])
        interactions: list[Interaction] = []
        for row in sorted(rows, key=lambda row: row.interaction_key):
            place = (row.source, row.interaction_key)
            interactions.append(
                Interaction(
                    key=row.interaction_key,
                    session_key=session_keys[contact_id],
                    channel=row.channel,
                    direction=row.direction,
                    started_us=row.started_us,
                    ended_us=row.ended_us,
                    subject=row.subject,
                    parties=tuple(party_of(party) for party in parties.get(place, ())),
                    segments=tuple(segment_of(segment) for segment in segments.get(place, ())),
                    media=tuple(media_ref_of(one) for one in media.get(place, ())),
                    attributes=strings(row.attributes),
                    not_recordable=row.not_recordable,
                )
            )
        sessions[contact_id] = Session(
            tuple(interactions), tuple(media_by_contact.get(contact_id, ()))
        )
    return sessions


@cache
def _select(dialect: str, table: Table) -> Executable:
    return (
        select(table)
        .where(among(dialect, table.c.contact_id, "contact_ids"))
        .order_by(*table.primary_key.columns)
    )


def _read(connection: Connection, table: Table, ids: object) -> Sequence[AnyRow]:
    statement = _select(connection.dialect.name, table)
    return connection.execute(statement, {"contact_ids": ids}).all()


def _by_contact(rows: Sequence[AnyRow]) -> dict[str, list[AnyRow]]:
    grouped: dict[str, list[AnyRow]] = {}
    for row in rows:
        grouped.setdefault(row.contact_id, []).append(row)
    return grouped


def _by_interaction(rows: Sequence[AnyRow]) -> dict[tuple[str, str], list[AnyRow]]:
    grouped: dict[tuple[str, str], list[AnyRow]] = {}
    for row in rows:
        grouped.setdefault((row.source, row.interaction_key), []).append(row)
    return grouped


def _media_order(row: AnyRow) -> tuple[bool, int, str]:
    return (row.started_us is None, row.started_us or 0, row.media_key)
