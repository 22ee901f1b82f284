"""A page of the walk that looks for what is due: little is read of contacts that are kept anyway."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, select, tuple_

from recorder.adapters.contact_db import tables
from recorder.adapters.contact_db.retention_facts import contact_record, facts_without_deletion
from recorder.adapters.contact_db.sql import among, strings, texts
from recorder.keep.facts import facts_from
from recorder.keep.rules import judge
from recorder.records.retention import Facts, Hold, Part, Rules, Verdict, Walk

_ASKED: Final = (
    "contact_id",
    "source",
    "session_key",
    "started_us",
    "ended_us",
    "sort_us",
    "updated_us",
    "channel",
    "direction",
)


@dataclass(frozen=True, slots=True)
class WalkPage:
    """What was read of a page."""

    looked_at: int
    old: tuple[Facts, ...]
    """Contacts that would be deleted but for holds, without an open deletion, the oldest first."""
    following: tuple[int, str] | None
    """Where the walk goes on."""


def page_of(
    connection: Connection, walk: Walk, rules: Rules, holds: Sequence[Hold], now_us: int
) -> WalkPage:
    """The next page, the oldest contacts first, from an index; as much of them as `rules` and `holds` ask for."""
    row = tables.contacts.c
    statement = (
        select(*(row[name] for name in _ASKED))
        .where(row.sort_us < walk.before_us)
        .order_by(row.sort_us, row.contact_id)
        .limit(walk.limit)
    )
    if walk.after is not None:
        statement = statement.where(tuple_(row.sort_us, row.contact_id) > tuple_(*walk.after))
    rows = connection.execute(statement).all()
    parts = _parts(connection, [one.contact_id for one in rows]) if _ask_parts(rules) else {}
    slight = (facts_from(contact_record(one), parts=parts.get(one.contact_id, ())) for one in rows)
    old = [
        one.contact_id
        for one in slight
        if judge(one, (), rules, now_us).verdict is not Verdict.KEPT
    ]
    named = any(hold.scope.text for hold in holds)
    found = facts_without_deletion(connection, old, named=named)
    full = {one.contact_id: one for one in found}
    last = rows[-1] if len(rows) == walk.limit else None
    return WalkPage(
        looked_at=len(rows),
        old=tuple(full[one] for one in old if one in full),
        following=None if last is None else (last.sort_us, last.contact_id),
    )


def _ask_parts(rules: Rules) -> bool:
    """Whether a policy asks anything that interactions of one contact may answer differently."""
    return any(
        one.match.channels or one.match.directions or one.match.attributes for one in rules.policies
    )


def _parts(connection: Connection, contact_ids: Sequence[str]) -> dict[str, list[Part]]:
    dialect, row = connection.dialect.name, tables.interactions.c
    statement = (
        select(row.contact_id, row.channel, row.direction, row.attributes)
        .where(among(dialect, row.contact_id, "ids"))
        .order_by(row.source, row.interaction_key)
    )
    found: dict[str, list[Part]] = {}
    for one in connection.execute(statement, {"ids": texts(dialect, contact_ids)}):
        part = Part(one.channel, one.direction, strings(one.attributes))
        found.setdefault(one.contact_id, []).append(part)
    return found
