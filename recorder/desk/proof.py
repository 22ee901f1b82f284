"""What surfaces may ask of a node about contacts for programs, and about certificates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, cast

from cluster.ports import Address, Clock, Randomness
from recorder.instants import to_text
from recorder.messages import CertificatesWanted, MakerCommand
from recorder.ports.certificates import CertificateWork
from recorder.ports.proof import Das
from recorder.prove.canonical import parsed
from recorder.prove.check import check_certificate
from recorder.prove.compare import Comparison
from recorder.prove.document import Certificate, unpack
from recorder.prove.make import Prover, begun_day
from recorder.prove.statement import lacks
from recorder.records.certificates import CertificateRequest, StoredCertificate

_DIGITS: Final = 6


@dataclass(frozen=True, slots=True)
class ProofDesk:
    """Everything blocks."""

    das: Das
    prover: Prover
    work: CertificateWork
    maker: Address[MakerCommand]
    clock: Clock
    randomness: Randomness

    def request(self, source: str, day: str, by: str) -> tuple[CertificateRequest, bool]:
        """Ask for a certificate; and whether that is new, or one of that day is being made already.

        Raises ValueError for what is no day, and for one to come.
        """
        now_us = self.clock.wall_us()
        begun_day(day, now_us)
        name = f"C-{to_text(now_us)[:10].replace('-', '')}-{self.randomness.token()[:_DIGITS]}"
        row = CertificateRequest(name, source, day, now_us, by, now_us)
        found = self.work.request(row)
        self.maker.tell(CertificatesWanted())
        return found, found == row

    def cancel(self, request_id: str, by: str) -> CertificateRequest | None:
        """End one that runs; None when there is none of this id."""
        row = self.work.cancel(request_id, f"cancelled by {by}")
        self.maker.tell(CertificatesWanted())
        return row

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


def certificate_of(stored: StoredCertificate) -> Certificate:
    """From its row. Raises ValueError."""
    statement, signature = parsed(stored.statement), parsed(stored.signature)
    if not isinstance(statement, dict) or not isinstance(signature, dict):
        raise ValueError("statement and signature are objects")  # noqa: TRY004 - one error for all
    said = cast("dict[str, Any]", statement)
    wrongly = lacks(said)
    if wrongly:
        raise ValueError(f"of its statement {', '.join(wrongly)} are missing or no such thing")
    leaves, checks = unpack(stored.packed_leaves)
    return Certificate(said, cast("dict[str, Any]", signature), leaves, checks)
