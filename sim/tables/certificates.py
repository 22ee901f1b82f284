"""Certificates in memory, and a signing key made from a number: for the simulator and for tests."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from recorder.adapters.contact_db.columns import clean
from recorder.adapters.contact_db.pages import bounded, decode_cursor, encode_cursor
from recorder.errors import DataCenterDown
from recorder.model import Window
from recorder.records.certificates import (
    CertificateHead,
    CertificateList,
    CertificateQuery,
    CertificateRequest,
    LeafMedia,
    ProofRow,
    PublishedKey,
    StoredCertificate,
)
from recorder.records.contacts import ItemRow
from sim.tables.data_center import DataCenterFaults, MemoryContactStore


def nothing_known(source: str, key: str) -> str:
    """Nobody brought it, nobody deleted it."""
    del source, key
    return ""


@dataclass
class MemoryCertificateStore:
    """What the database keeps beside the items; outlives the nodes."""

    certificates: dict[tuple[str, str, int], StoredCertificate] = field(
        default_factory=dict[tuple[str, str, int], StoredCertificate]
    )
    keys: dict[tuple[str, str], PublishedKey] = field(
        default_factory=dict[tuple[str, str], PublishedKey]
    )
    requests: dict[str, CertificateRequest] = field(default_factory=dict[str, CertificateRequest])
    terms: dict[str, int] = field(default_factory=dict[str, int])
    """Of the last write to each request."""
    recovered: Callable[[str, str], str] = nothing_known
    """The recovery that brought an item of a source; empty for none."""
    deleted: Callable[[str, str], str] = nothing_known
    """The policy that deleted the contact of a source and session; empty for none."""
    lock: threading.RLock = field(default_factory=threading.RLock)


class MemoryCertificateDb:
    """Implements `recorder.ports.certificates.CertificateDb`. Any thread."""

    def __init__(
        self,
        contacts: MemoryContactStore,
        store: MemoryCertificateStore,
        *,
        faults: DataCenterFaults | None = None,
    ) -> None:
        self.faults = faults or DataCenterFaults()
        self._contacts = contacts
        self._store = store

    def day_rows(
        self, source: str, window: Window, after: tuple[int, str] | None, limit: int
    ) -> tuple[ProofRow, ...]:
        """See CertificateDb."""
        with self._call("certificate_day_rows"):
            rows = [
                row
                for row in self._contacts.items.rows.values()
                if row.ref.source == source
                and window.from_us <= row.ref.changed_us < window.to_us
                and (after is None or (row.ref.changed_us, row.ref.key) > after)
            ]
            rows.sort(key=lambda row: (row.ref.changed_us, row.ref.key))
            return tuple(self._row(row) for row in rows[: bounded(limit)])

    def rows_of(self, source: str, items: Sequence[str]) -> tuple[ProofRow, ...]:
        """See CertificateDb."""
        with self._call("certificate_rows_of"):
            rows = self._contacts.items.rows
            keys = dict.fromkeys((source, clean(item)) for item in items)
            return tuple(self._row(rows[key]) for key in keys if key in rows)

    def last(self, source: str, day: str) -> CertificateHead | None:
        """See CertificateDb."""
        with self._call("certificate_last"):
            found = self._of(source, day)
            return found[-1].head if found else None

    def add(self, certificate: StoredCertificate) -> bool:
        """See CertificateDb."""
        with self._call("certificate_add"):
            head = certificate.head
            place = (head.source, head.day, head.number)
            is_new = place not in self._store.certificates
            self._store.certificates.setdefault(place, certificate)
            return is_new

    def certificate(self, source: str, day: str, number: int | None) -> StoredCertificate | None:
        """See CertificateDb."""
        with self._call("certificate"):
            found = [
                one for one in self._of(source, day) if number is None or one.head.number == number
            ]
            return found[-1] if found else None

    def certificates(self, query: CertificateQuery) -> CertificateList:
        """See CertificateDb."""
        with self._call("certificates"):
            place = None if query.after is None else decode_cursor(query.after, int, str, str, int)
            heads = [
                one.head
                for one in self._store.certificates.values()
                if query.source in {None, one.head.source}
                and query.day in {None, one.head.day}
                and (place is None or list(_place(one.head)) < place)
            ]
            heads.sort(key=_place, reverse=True)
            limit = bounded(query.limit)
            more = len(heads) > limit
            return CertificateList(
                tuple(heads[:limit]), encode_cursor(*_place(heads[limit - 1])) if more else None
            )

    def publish(self, key: PublishedKey) -> None:
        """See CertificateDb."""
        with self._call("certificate_publish"):
            self._store.keys.setdefault((key.node, key.key_id), key)

    def published_keys(self) -> tuple[PublishedKey, ...]:
        """See CertificateDb."""
        with self._call("certificate_keys"):
            keys = self._store.keys.values()
            return tuple(sorted(keys, key=lambda key: (key.node, key.since_us, key.key_id)))

    def _of(self, source: str, day: str) -> list[StoredCertificate]:
        """By number."""
        places = sorted(place for place in self._store.certificates if place[:2] == (source, day))
        return [self._store.certificates[place] for place in places]

    def _row(self, row: ItemRow) -> ProofRow:
        source, item = row.ref.source, row.ref.key
        media = [
            LeafMedia(key, one.row.sha256, one.row.size_bytes, one.row.object_key)
            for (of, key), one in self._contacts.contacts.media.items()
            if of == source and one.item_key == item
        ]
        is_bare = row.archived_us is not None and not media
        return ProofRow(
            item=item,
            version=row.ref.version,
            changed_us=row.ref.changed_us,
            state=row.state,
            parked=row.parked,
            reason=row.reason,
            found_us=row.found_us,
            archived_us=row.archived_us,
            media=tuple(sorted(media, key=lambda one: one.key)),
            recovery=self._store.recovered(source, item),
            deleted=self._store.deleted(source, row.ref.session_key) if is_bare else "",
        )

    @contextmanager
    def _call(self, name: str) -> Generator[None]:
        self.faults.on_call(name)
        if self.faults.down:
            raise DataCenterDown(f"the contact database is not available for {name}")
        with self._contacts.lock, self._store.lock:
            yield
        self.faults.on_done(name)


def _place(head: CertificateHead) -> tuple[int, str, str, int]:
    return (head.made_us, head.source, head.day, head.number)


class MemorySigner:
    """Implements `recorder.ports.certificates.Signer` with the key of a name: the same in every run."""

    def __init__(self, name: str) -> None:
        seed = hashlib.sha256(f"a key for tests: {name}".encode()).digest()
        self._key = Ed25519PrivateKey.from_private_bytes(seed)

    def public_key(self) -> bytes:
        """See Signer."""
        return self._key.public_key().public_bytes_raw()

    def sign(self, data: bytes) -> bytes:
        """See Signer."""
        return self._key.sign(data)
