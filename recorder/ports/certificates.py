"""What certificates need from the world, as protocols; beside `recorder/ports/proof.py`.

Calls block and belong into job functions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from recorder.model import Window
from recorder.records.certificates import (
    CertificateHead,
    CertificateList,
    CertificateQuery,
    CertificateRequest,
    Kept,
    ProofRow,
    PublishedKey,
    RequestList,
    RequestQuery,
    StoredCertificate,
)


class CertificateDb(Protocol):
    """Certificates and what they are about. Every method raises DataCenterDown or DataCenterError."""

    def day_rows(
        self, source: str, window: Window, after: tuple[int, str] | None, limit: int
    ) -> tuple[ProofRow, ...]:
        """Items on record with `changed_us` in the window, by (changed_us, item), after a place."""
        ...

    def rows_of(self, source: str, items: Sequence[str]) -> tuple[ProofRow, ...]:
        """Those of these items that are on record, in any order; up to 1,000 at once."""
        ...

    def last(self, source: str, day: str) -> CertificateHead | None:
        """The newest certificate of a day; None when there is none."""
        ...

    def add(self, certificate: StoredCertificate) -> bool:
        """Keep it. False when the day has one of this number already: then nothing is written."""
        ...

    def certificate(self, source: str, day: str, number: int | None) -> StoredCertificate | None:
        """The one of that number, or the newest; None when there is none."""
        ...

    def certificates(self, query: CertificateQuery) -> CertificateList:
        """A page of certificates, newest first."""
        ...

    def publish(self, key: PublishedKey) -> None:
        """Make a node's public key known; a repeated key stays as it is."""
        ...

    def published_keys(self) -> tuple[PublishedKey, ...]:
        """Every key that nodes of this cluster ever published, by node, then age."""
        ...


class CertificateWork(Protocol):
    """Certificates that were asked for. Every method raises DataCenterDown or DataCenterError."""

    def request(self, row: CertificateRequest) -> CertificateRequest:
        """Put it on record. One that runs for the same source and day is returned instead.

        Requests that ended more than REQUESTS_KEPT_US ago are forgotten.
        """
        ...

    def cancel(self, request_id: str, reason: str) -> CertificateRequest | None:
        """End one that runs, and tell what it is now; None when there is none of this id."""
        ...

    def of_id(self, request_id: str) -> CertificateRequest | None:
        """By its id."""
        ...

    def requests(self, query: RequestQuery) -> RequestList:
        """A page of requests, newest first."""
        ...

    def running(self) -> tuple[CertificateRequest, ...]:
        """What is to be done, oldest request first."""
        ...

    def note(self, row: CertificateRequest, term: int) -> None:
        """How far it is, or how it ended without a certificate. One that runs no more stays as it is.

        Raises StaleTerm.
        """
        ...

    def complete(self, request_id: str, certificate: StoredCertificate, term: int) -> Kept:
        """Keep the certificate and end the request, in one transaction; else nothing is written.

        Raises StaleTerm.
        """
        ...


class Signer(Protocol):
    """This node's signing key. The private half never leaves it."""

    def public_key(self) -> bytes:
        """32 bytes; the key is made at first need. Raises ConfigError when it cannot be read or made."""
        ...

    def sign(self, data: bytes) -> bytes:
        """64 bytes: Ed25519. Raises ConfigError."""
        ...
