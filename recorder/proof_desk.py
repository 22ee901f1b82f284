"""What surfaces may ask of a node about contacts for programs, and about certificates."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

from recorder.ports import DataSource
from recorder.proof_ports import Das
from recorder.prove.canonical import parsed
from recorder.prove.check import check_certificate
from recorder.prove.compare import Comparison
from recorder.prove.document import Certificate, unpack
from recorder.prove.make import ProvedSource, Prover, make_certificate
from recorder.prove_rows import StoredCertificate


class AlreadyMaking(Exception):
    """A certificate of this source is being made on this node."""


@dataclass(frozen=True, slots=True)
class ProofDesk:
    """Everything blocks. One certificate of a source is made at a time: each lists a day."""

    das: Das
    prover: Prover
    settle_s: Callable[[str], float]
    """Of a source."""
    _busy: set[str] = field(default_factory=set[str])
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def make(self, source: DataSource, kind: str, day: str, actor: str) -> Certificate:
        """See `recorder.prove.make`. Raises AlreadyMaking as well."""
        with self._alone(source.name):
            proved = ProvedSource(source, kind, self.settle_s(source.name))
            return make_certificate(self.prover, proved, day, actor)

    def kept(self, source: str, day: str, number: int | None) -> Certificate | None:
        """The certificate of that number, or the newest; None when there is none.

        Raises ValueError when what is kept is no certificate any more.
        """
        stored = self.prover.db.certificate(source, day, number)
        return None if stored is None else certificate_of(stored)

    def check(self, certificate: Certificate, *, read: bool) -> Comparison:
        """Against contact database, audit trail and archive; `read` hashes every object."""
        return check_certificate(
            certificate,
            db=self.prover.db,
            archive=self.prover.archive,
            audit_db=self.prover.audit_db,
            read=read,
        )

    @contextmanager
    def _alone(self, source: str) -> Generator[None]:
        with self._lock:
            if source in self._busy:
                raise AlreadyMaking(source)
            self._busy.add(source)
        try:
            yield
        finally:
            with self._lock:
                self._busy.discard(source)


def certificate_of(stored: StoredCertificate) -> Certificate:
    """From its row. Raises ValueError."""
    statement, signature = parsed(stored.statement), parsed(stored.signature)
    if not isinstance(statement, dict) or not isinstance(signature, dict):
        raise ValueError("statement and signature are objects")  # noqa: TRY004 - one error for all
    leaves, checks = unpack(stored.packed_leaves)
    return Certificate(
        cast("dict[str, Any]", statement), cast("dict[str, Any]", signature), leaves, checks
    )
