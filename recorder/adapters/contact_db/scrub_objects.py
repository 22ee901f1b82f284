"""What the contact database says should be in the archive: files of media, parts of screens, renditions in use with their files.

Of the renditions of a contact the newest one is in use: those before it may be gone, and each can be made again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, String, cast, literal, select

from recorder.adapters.contact_db.proof_tables import deletions
from recorder.adapters.contact_db.retention_facts import facts_of, holds_in_force
from recorder.adapters.contact_db.screen_tables import renditions, screen_parts
from recorder.adapters.contact_db.screens_of_contacts import own_parts
from recorder.adapters.contact_db.sql import among, texts
from recorder.adapters.contact_db.tables import media
from recorder.keep.holds import covering
from recorder.records.retention import DeletionState
from recorder.records.scrub import ScrubObject
from recorder.scn.rendition_keys import RENDITIONS, SCREENS

_KEYS: Final = "object_keys"
_OBJECT: Final = "object_key"
_BYTES: Final = ("size_bytes", "sha256")


def keys_behind(connection: Connection, after: str, limit: int) -> tuple[str, ...]:
    """The next objects, in order of their keys; each once, however many rows name it."""
    found: set[str] = set()
    for key, statement in _kinds():
        listed = statement.with_only_columns(key).where(key > after)
        found |= set(connection.execute(listed.distinct().order_by(key).limit(limit)).scalars())
    return tuple(sorted(found)[:limit])


def objects_named(connection: Connection, keys: Sequence[str]) -> dict[str, list[ScrubObject]]:
    """Objects by key, as each row that names them tells them."""
    dialect = connection.dialect.name
    given = {_KEYS: texts(dialect, keys)}
    found: dict[str, list[ScrubObject]] = {}
    for key, statement in _kinds():
        for row in connection.execute(statement.where(among(dialect, key, _KEYS)), given):
            one = ScrubObject(*row)
            found.setdefault(one.object_key, []).append(one)
    return {key: sorted(some, key=_by_row) for key, some in found.items()}


def _by_row(one: ScrubObject) -> tuple[str, str]:
    return (one.source, one.media_key)


def held_contacts(connection: Connection, contact_ids: Sequence[str]) -> frozenset[str]:
    """Those of these contacts that a hold covers."""
    holds = holds_in_force(connection)
    if not holds:
        return frozenset()
    facts = [facts_of(connection, one) for one in dict.fromkeys(contact_ids) if one]
    return frozenset(
        one.contact_id for one in facts if one is not None and covering(one, holds) is not None
    )


def without_going(
    connection: Connection, found: dict[str, list[ScrubObject]]
) -> dict[str, list[ScrubObject]]:
    """Without what a deletion has begun to take away."""
    row = deletions.c
    statement = select(row.contact_id).where(row.state == DeletionState.DELETING.value)
    going = frozenset(connection.execute(statement).scalars())
    if not going:
        return found
    screens = any(one.source == SCREENS for some in found.values() for one in some)
    parts = {
        part.object_key
        for contact_id in (sorted(going) if screens else ())
        for part in own_parts(connection, contact_id)
    }
    left = {
        key: [one for one in some if one.contact_id not in going]
        for key, some in found.items()
        if key not in parts
    }
    return {key: some for key, some in left.items() if some}


def _kinds() -> tuple[tuple[ColumnElement[str], Select[Any]], ...]:
    """For each kind of object the column of its key, and its columns in the order of ScrubObject."""
    row, part, made = media.c, screen_parts.c, renditions.c
    newer = renditions.alias("newer")
    is_newest = ~(
        select(newer.c.number)
        .where(newer.c.contact_id == made.contact_id, newer.c.number > made.number)
        .exists()
    )
    of_media = [row[name] for name in (_OBJECT, "source", "media_key", "contact_id", *_BYTES)]
    of_part = [
        part.object_key,
        literal(SCREENS),
        part.part_key,
        literal(""),
        part.size_bytes,
        part.sha256,
    ]
    number = made.contact_id + "/" + cast(made.number, String)

    def of_made(name: str, key: ColumnElement[str], *told: ColumnElement[Any]) -> Select[Any]:
        columns = [key, literal(RENDITIONS), number + name, made.contact_id, *told]
        return select(*columns).where(is_newest, told[-1] != "")

    return (
        (row.object_key, select(*of_media)),
        (part.object_key, select(*of_part).where(part.forgotten == "")),
        (made.object_key, of_made("", made.object_key, made.size_bytes, made.sha256)),
        (
            made.peaks_key,
            of_made("/peaks", made.peaks_key, made.peaks_bytes, made.peaks_sha256),
        ),
        (
            made.timeline_key,
            of_made("/timeline", made.timeline_key, made.timeline_bytes, made.timeline_sha256),
        ),
    )
