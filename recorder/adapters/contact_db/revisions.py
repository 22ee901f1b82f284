"""Revisions of contacts: every commit that changes a contact makes the next one, and the old ones stay.

The rows of a contact are its newest revision. When it is superseded, one row keeps how the contact was
listed, and what the next revision changes in its interactions, as it was. Media never change, and each
names the revision that brought it. So revision N is what is there now, with everything taken back that came
after N; and a file more of an interaction costs some hundred bytes, however large the contact is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pydantic import TypeAdapter
from sqlalchemy import Connection, select

from recorder.adapters.contact_db import tables
from recorder.adapters.contact_db.rows import AnyRow, Values, sort_us
from recorder.consolidate.delta import Before, taken_back
from recorder.model import Interaction
from recorder.records.contacts import ContactRow, RevisionRow


@dataclass(frozen=True, slots=True)
class Superseded:
    """A revision that another one came after."""

    row: ContactRow
    before: Mapping[str, Before | None]
    """By key, the interactions that the next revision changed; None for what was not there."""


_DOCUMENT = TypeAdapter(Superseded)


def superseded_values(old: Superseded) -> Values:
    """A row of `contact_revisions`."""
    return {
        "contact_id": old.row.contact_id,
        "revision": old.row.revision,
        "at_us": old.row.updated_us,
        "node": old.row.updated_by,
        "sort_us": sort_us(old.row.started_us, old.row.ended_us),
        "document": _DOCUMENT.dump_json(old).decode(),
    }


def read_superseded(
    connection: Connection, contact_id: str, revision: int
) -> tuple[Superseded, ...]:
    """Those of a contact from `revision` on, the first one first."""
    row = tables.contact_revisions.c
    statement = (
        select(row.document)
        .where(row.contact_id == contact_id, row.revision >= revision)
        .order_by(row.revision)
    )
    found = connection.execute(statement).scalars()
    return tuple(_DOCUMENT.validate_json(document) for document in found)


def interactions_in(
    revision: int, current: Iterable[Interaction], superseded: Sequence[Superseded]
) -> tuple[Interaction, ...]:
    """The interactions of that revision, but for their media; `current` are those of the newest.

    `superseded` may hold steps that `current` does not know of yet: to take back twice is to take back once.
    """
    held = {one.key: one for one in current}
    for later in sorted(superseded, key=lambda one: one.row.revision, reverse=True):
        if later.row.revision >= revision:
            for key, step in later.before.items():
                now = held.pop(key, None)
                if now is not None and step is not None:
                    held[key] = taken_back(now, step)
    return tuple(held.values())


def told_revisions(
    row: ContactRow,
    superseded: Sequence[Superseded],
    interactions: Sequence[Interaction],
    media: Sequence[AnyRow],
) -> tuple[RevisionRow, ...]:
    """What each revision brought; `interactions` and `media` are those of the newest, `row`."""
    old = [one for one in superseded if one.row.revision < row.revision]
    first = [one.key for one in interactions_in(1, interactions, superseded)]
    brought: dict[int, Mapping[str, Before | None]] = {1: dict.fromkeys(first)}
    brought |= {one.row.revision + 1: one.before for one in old}
    return tuple(
        RevisionRow(
            row=one,
            added_interactions=_keys(brought[one.revision], there=False),
            changed_interactions=_keys(brought[one.revision], there=True),
            added_media=tuple(m.media_key for m in media if m.revision == one.revision),
        )
        for one in (*(one.row for one in old), row)
    )


def _keys(brought: Mapping[str, Before | None], *, there: bool) -> tuple[str, ...]:
    return tuple(sorted(key for key, old in brought.items() if (old is not None) is there))
