"""What certificates need from the world, as protocols; beside `recorder/proof_ports.py`.

Calls block and belong into job functions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from recorder.model import Window
from recorder.prove_rows import (
    CertificateHead,
    CertificateList,
    CertificateQuery,
    ProofRow,
    PublishedKey,
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


class Signer(Protocol):
    """This node's signing key. The private half never leaves it."""

    def public_key(self) -> bytes:
        """32 bytes; the key is made at first need. Raises ConfigError when it cannot be read or made."""
        ...

    def sign(self, data: bytes) -> bytes:
        """64 bytes: Ed25519. Raises ConfigError."""
        ...
