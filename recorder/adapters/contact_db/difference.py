"""What of a listing is missing in the contact database: two questions for thousands of items.

Most of a period is archived just as it is listed, so what is archived of that time is read in one walk along an
index, which costs a fraction of looking for every key. Only what was not met there is asked for by its key, and the
answer to that question alone says what is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, TextClause, text

from recorder.adapters.contact_db.columns import clean
from recorder.adapters.contact_db.sql import POSTGRES, to_json
from recorder.model import ItemRef
from recorder.records.recoveries import Difference


def difference(connection: Connection, refs: Sequence[ItemRef]) -> Difference:
    """Items of one source. What is archived in this version, or in one that took its place, is here."""
    if not refs:
        return Difference(0, 0, ())
    source = refs[0].source
    assert all(ref.source == source for ref in refs), "a listing is of one source"
    not_recordable = 0
    missing: list[ItemRef] = []
    unmet = refs if len(refs) < WALK_AT else _unmet(connection, source, refs)
    if unmet:
        for row in connection.execute(*_question(connection.dialect.name, source, unmet)):
            if row.ends:
                not_recordable += 1
            else:
                place: int = row.place
                missing.append(unmet[place])
    here = len(refs) - not_recordable - len(missing)
    return Difference(here, not_recordable, tuple(missing))


# --- along the index -------------------------------------------------------------------------------

WALK_AT = 500
"""From so many items on; a few are sooner looked for one by one."""
_MORE = 2
"""So many times as many rows as were listed are read at most, however many lie in their time."""
# The state is no part of the inner question: a planner that knows nothing of the table yet would take the index by
# state, and read all that is archived of the source.
_MET = text("""
SELECT item_key, version FROM (
SELECT item_key, version, state FROM items
WHERE source = :source AND changed_us BETWEEN :from_us AND :to_us
ORDER BY source, changed_us LIMIT :at_most) AS met WHERE state = 'archived'
""")


def _unmet(connection: Connection, source: str, refs: Sequence[ItemRef]) -> list[ItemRef]:
    """Those that are not archived in this very version at an instant of this listing."""
    instants = [ref.changed_us for ref in refs]
    given = {
        "source": clean(source),
        "from_us": min(instants),
        "to_us": max(instants),
        "at_most": _MORE * len(refs),
    }
    met = {(key, version) for key, version in connection.execute(_MET, given)}
    return [ref for ref in refs if (clean(ref.key), clean(ref.version)) not in met]


# --- by their keys ---------------------------------------------------------------------------------

_COMPARED = """
SELECT given.place, CASE WHEN i.state = 'not_recordable' AND {same} THEN 1 ELSE 0 END AS ends
FROM {given} LEFT JOIN {found}
WHERE i.state IS NULL OR NOT (i.state = 'archived' AND {same})
ORDER BY given.place
"""
_SAME = (
    "(i.version = given.version OR (i.version <> given.version "
    "AND i.changed_us >= given.changed_us))"
)
_OF_SQLITE = """(
SELECT key AS place, value ->> 0 AS item_key, value ->> 1 AS version, value ->> 2 AS changed_us
FROM json_each(:given)) AS given"""
# One text is far quicker to send than three arrays.
_OF_POSTGRES = """(
SELECT place - 1 AS place, value ->> 0 AS item_key, value ->> 1 AS version,
CAST(value ->> 2 AS bigint) AS changed_us
FROM json_array_elements(CAST(:given AS json)) WITH ORDINALITY AS each(value, place)) AS given"""
_ITEM_OF_SQLITE = "items i ON i.item_key = given.item_key AND i.source = :source"
# Its planner would rather hash all items of the source than look for so many keys: by LIMIT it has to look.
_ITEM_OF_POSTGRES = """LATERAL (
SELECT state, version, changed_us FROM items
WHERE items.item_key = given.item_key AND items.source = :source LIMIT 1) AS i ON true"""


@cache
def _compared(dialect: str) -> TextClause:
    given, found = (
        (_OF_POSTGRES, _ITEM_OF_POSTGRES) if dialect == POSTGRES else (_OF_SQLITE, _ITEM_OF_SQLITE)
    )
    return text(_COMPARED.format(same=_SAME, given=given, found=found))


def _question(
    dialect: str, source: str, refs: Sequence[ItemRef]
) -> tuple[TextClause, dict[str, Any]]:
    given = to_json([(clean(ref.key), clean(ref.version), ref.changed_us) for ref in refs])
    return _compared(dialect), {"given": given, "source": clean(source)}
