"""What a node that was away archives once more although it was deleted meanwhile."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, select, update

from recorder.adapters.contact_db.proof_tables import deletions
from recorder.adapters.contact_db.sql import among, texts
from recorder.adapters.contact_db.tables import contacts, items
from recorder.model import ItemRef
from recorder.records.retention import DeletionState


def put_again(connection: Connection, refs: Sequence[ItemRef], homes: Sequence[str]) -> None:
    """Their files were put into the archive before the commit: the deletions take them away again.

    `homes` are contacts of which nothing else is committed: what was made to lock them goes.
    """
    dialect, row = connection.dialect.name, contacts.c
    only_locked = (among(dialect, row.contact_id, "homes"), row.revision == 0)
    connection.execute(delete(contacts).where(*only_locked), {"homes": texts(dialect, homes)})
    keys = select(items.c.reason).where(
        among(dialect, items.c.item_key, "keys"), items.c.contact_id.is_(None)
    )
    given = {"keys": texts(dialect, [ref.key for ref in refs])}
    reasons = set(connection.execute(keys, given).scalars())
    for reason in sorted(reasons):
        contact_id, _, number = reason.rpartition(" ")[2].rpartition("/")
        if number.isdecimal():
            connection.execute(
                update(deletions)
                .where(deletions.c.contact_id == contact_id, deletions.c.number == int(number))
                .where(deletions.c.state == DeletionState.DELETED.value)
                .values(state=DeletionState.AGAIN.value)
            )
