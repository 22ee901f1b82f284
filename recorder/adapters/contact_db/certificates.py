"""Certificates in SQL, and the rows they are about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Engine, Select, func, select, tuple_

from recorder.adapters.contact_db.columns import clean
from recorder.adapters.contact_db.engine import WRITES
from recorder.adapters.contact_db.errors import translated
from recorder.adapters.contact_db.pages import bounded, decode_cursor, encode_cursor
from recorder.adapters.contact_db.proof_tables import (
    certificates,
    deletions,
    recoveries,
    recovery_items,
    signing_keys,
)
from recorder.adapters.contact_db.rows import AnyRow
from recorder.adapters.contact_db.sql import among, insert, texts
from recorder.adapters.contact_db.tables import items, media
from recorder.consolidate.contact import contact_id
from recorder.model import Window
from recorder.records.certificates import (
    CertificateHead,
    CertificateList,
    CertificateQuery,
    LeafMedia,
    ProofRow,
    PublishedKey,
    StoredCertificate,
)
from recorder.records.recoveries import Stage

_DELETED = ("deleted", "again")
"""States of a deletion that took the files away."""
_HEAD = tuple(
    certificates.c[name]
    for name in ("source", "day", "number", "made_us", "made_by", "verdict", "root", "leaves")
)
_ITEM = tuple(
    items.c[name]
    for name in (
        "item_key",
        "version",
        "changed_us",
        "session_key",
        "state",
        "parked",
        "reason",
        "found_us",
        "archived_us",
        "contact_id",
    )
)


class SqlCertificateDb:
    """Implements recorder.ports.certificates.CertificateDb over an engine of `open_engine`. Any thread."""

    def __init__(self, engine: Engine, *, cluster: str) -> None:
        self._engine = engine
        self._cluster = cluster

    def day_rows(
        self, source: str, window: Window, after: tuple[int, str] | None, limit: int
    ) -> tuple[ProofRow, ...]:
        """Along the index by source and instant."""
        row = items.c
        # The place is a lower bound too: SQLite walks its index from the bound that comes first.
        begin_us = window.from_us if after is None else max(window.from_us, after[0])
        where = [
            row.source == source,
            row.changed_us >= begin_us,
            row.changed_us < window.to_us,
        ]
        if after is not None:
            where.append(tuple_(row.changed_us, row.item_key) > tuple_(*after))
        statement = (
            select(*_ITEM)
            .where(*where)
            .order_by(row.changed_us, row.item_key)
            .limit(bounded(limit))
        )
        return self._rows(source, statement, {})

    def rows_of(self, source: str, items: Sequence[str]) -> tuple[ProofRow, ...]:
        """By key."""
        dialect = self._engine.dialect.name
        row = _ITEM[0].table.c
        statement = select(*_ITEM).where(
            among(dialect, row.item_key, "items"), row.source == source
        )
        return self._rows(source, statement, {"items": texts(dialect, items)})

    def last(self, source: str, day: str) -> CertificateHead | None:
        """From the end of the primary key."""
        with translated("looking for a certificate"), self._engine.connect() as connection:
            found = connection.execute(_newest(select(*_HEAD), source, day)).one_or_none()
        return None if found is None else _head_of(found)

    def add(self, certificate: StoredCertificate) -> bool:
        """Nothing is ever overwritten."""
        with (
            translated("keeping a certificate"),
            self._engine.connect().execution_options(**WRITES) as connection,
            connection.begin(),
        ):
            return add_certificate(connection, certificate)

    def certificate(self, source: str, day: str, number: int | None) -> StoredCertificate | None:
        """Whole."""
        row = certificates.c
        statement = _newest(
            select(*_HEAD, row.document, row.signature, row.packed_leaves), source, day
        )
        if number is not None:
            statement = statement.where(row.number == number)
        with translated("reading a certificate"), self._engine.connect() as connection:
            found = connection.execute(statement).one_or_none()
        if found is None:
            return None
        return StoredCertificate(
            _head_of(found), found.document, found.signature, bytes(found.packed_leaves)
        )

    def certificates(self, query: CertificateQuery) -> CertificateList:
        """Without what they are about."""
        row, limit = certificates.c, bounded(query.limit)
        place = (row.made_us, row.source, row.day, row.number)
        statement = select(*_HEAD).order_by(*(column.desc() for column in place)).limit(limit + 1)
        if query.source is not None:
            statement = statement.where(row.source == query.source)
        if query.day is not None:
            statement = statement.where(row.day == query.day)
        if query.after is not None:
            cursor = decode_cursor(query.after, int, str, str, int)
            statement = statement.where(tuple_(*place) < tuple_(*cursor))
        with translated("listing certificates"), self._engine.connect() as connection:
            rows = tuple(_head_of(found) for found in connection.execute(statement))
        if len(rows) <= limit:
            return CertificateList(rows, None)
        last = rows[limit - 1]
        return CertificateList(
            rows[:limit], encode_cursor(last.made_us, last.source, last.day, last.number)
        )

    def publish(self, key: PublishedKey) -> None:
        """The first instant stays."""
        values = {
            "cluster": self._cluster,
            "node": key.node,
            "key_id": key.key_id,
            "public_key": key.public_key,
            "since_us": key.since_us,
        }
        with (
            translated("publishing a key"),
            self._engine.connect().execution_options(**WRITES) as connection,
            connection.begin(),
        ):
            statement = insert(connection.dialect.name, signing_keys).on_conflict_do_nothing()
            connection.execute(statement, values)

    def published_keys(self) -> tuple[PublishedKey, ...]:
        """Of this cluster."""
        row = signing_keys.c
        statement = (
            select(signing_keys)
            .where(row.cluster == self._cluster)
            .order_by(row.node, row.since_us, row.key_id)
        )
        with translated("reading the published keys"), self._engine.connect() as connection:
            return tuple(
                PublishedKey(one.node, one.key_id, one.public_key, one.since_us)
                for one in connection.execute(statement)
            )

    def _rows(
        self, source: str, statement: Select[Any], given: dict[str, object]
    ) -> tuple[ProofRow, ...]:
        with translated("reading items for a certificate"), self._engine.connect() as connection:
            found = connection.execute(statement, given).all()
            if not found:
                return ()
            files = _media(connection, source, found)
            brought = _recovered(connection, source, [one.item_key for one in found])
            deleted = _deleted(connection, source, [row for row in found if _is_bare(row, files)])
        return tuple(
            ProofRow(
                item=one.item_key,
                version=one.version,
                changed_us=one.changed_us,
                state=one.state,
                parked=bool(one.parked),
                reason=one.reason,
                found_us=one.found_us,
                archived_us=one.archived_us,
                media=tuple(files.get(one.item_key, ())),
                recovery=brought.get(one.item_key, ""),
                deleted=deleted.get(contact_id(clean(source), one.session_key), "")
                if _is_bare(one, files)
                else "",
            )
            for one in found
        )


def add_certificate(connection: Connection, certificate: StoredCertificate) -> bool:
    """Whether it was written; the caller's transaction."""
    head = certificate.head
    values = {
        "source": head.source,
        "day": head.day,
        "number": head.number,
        "made_us": head.made_us,
        "made_by": head.made_by,
        "verdict": head.verdict,
        "root": head.root,
        "leaves": head.leaves,
        "document": certificate.statement,
        "signature": certificate.signature,
        "packed_leaves": certificate.packed_leaves,
    }
    statement = insert(connection.dialect.name, certificates).on_conflict_do_nothing()
    found = connection.execute(statement.returning(certificates.c.number), values)
    return found.one_or_none() is not None


def _newest(statement: Select[Any], source: str, day: str) -> Select[Any]:
    row = certificates.c
    return (
        statement.where(row.source == source, row.day == day).order_by(row.number.desc()).limit(1)
    )


def _is_bare(row: AnyRow, files: dict[str, list[LeafMedia]]) -> bool:
    """Archived once, and without a file now."""
    return row.archived_us is not None and row.item_key not in files


def _media(
    connection: Connection, source: str, found: Sequence[AnyRow]
) -> dict[str, list[LeafMedia]]:
    """By item. Files are found by the contact their item is in."""
    row, dialect = media.c, connection.dialect.name
    statement = (
        select(row.item_key, row.media_key, row.sha256, row.size_bytes, row.object_key)
        .where(among(dialect, row.contact_id, "homes"), row.source == source)
        .order_by(row.media_key)
    )
    homes = sorted({one.contact_id for one in found if one.contact_id is not None})
    wanted = {one.item_key for one in found}
    files: dict[str, list[LeafMedia]] = {}
    for one in connection.execute(statement, {"homes": texts(dialect, homes)}):
        if one.item_key in wanted:
            file = LeafMedia(one.media_key, one.sha256, one.size_bytes, one.object_key)
            files.setdefault(one.item_key, []).append(file)
    return files


def _recovered(connection: Connection, source: str, keys: Sequence[str]) -> dict[str, str]:
    """The first recovery that brought an item, by item."""
    row, dialect = recovery_items.c, connection.dialect.name
    those = select(recoveries.c.recovery_id).where(
        recoveries.c.source == source, recoveries.c.recovered > 0
    )
    statement = select(row.item_key, func.min(row.recovery_id).label("recovery_id")).where(
        row.recovery_id.in_(those),
        among(dialect, row.item_key, "items"),
        row.state == Stage.RECOVERED.value,
    )
    found = connection.execute(statement.group_by(row.item_key), {"items": texts(dialect, keys)})
    return {one.item_key: one.recovery_id for one in found}


def _deleted(connection: Connection, source: str, bare: Sequence[AnyRow]) -> dict[str, str]:
    """The policy that deleted a contact, by contact."""
    homes = sorted({contact_id(clean(source), one.session_key) for one in bare})
    if not homes:
        return {}
    row, dialect = deletions.c, connection.dialect.name
    statement = (
        select(row.contact_id, row.policy)
        .where(among(dialect, row.contact_id, "homes"), row.state.in_(_DELETED))
        .order_by(row.decided_us)
    )
    found = connection.execute(statement, {"homes": texts(dialect, homes)})
    return {one.contact_id: one.policy or "a policy without a name" for one in found}


def _head_of(row: AnyRow) -> CertificateHead:
    return CertificateHead(
        source=row.source,
        day=row.day,
        number=row.number,
        made_us=row.made_us,
        made_by=row.made_by,
        verdict=row.verdict,
        root=row.root,
        leaves=row.leaves,
    )
