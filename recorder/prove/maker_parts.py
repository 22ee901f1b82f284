"""What the maker of certificates is given, and what it has in hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cluster.board import Board
from cluster.ports import Address, Failed, Outcome, Workers
from recorder.errors import RecorderError, SourceError
from recorder.ports.certificates import CertificateWork
from recorder.prove.document import Certificate
from recorder.prove.listing import Answer, DayListing, Listing
from recorder.prove.make import ProvedSource, Prover, stored
from recorder.prove.maker_messages import MakerInbox
from recorder.records.certificates import CertificateRequest, Kept, RequestStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class MakerPorts:
    """One per node."""

    me: Address[MakerInbox]
    prover: Prover
    work: CertificateWork
    sources: Mapping[str, ProvedSource]
    source_lanes: Mapping[str, Workers]
    """By source; a certificate has at most one call on each at a time."""
    database_lane: Workers
    lane: Workers
    """Its own: comparing a large day takes long."""
    board: Board


class Making:
    """One request in hand."""

    def __init__(self, row: CertificateRequest, listing: DayListing | None) -> None:
        self.row = row
        self.listing = listing
        """None when nothing can be listed here."""
        self.listed: Listing | None = None
        self.noted_ns = 0
        self.noting = self.note_again = False

    @property
    def is_over(self) -> bool:
        """It failed; that may not be on record yet."""
        return self.row.status is not RequestStatus.RUNNING


def taken(listing: DayListing, outcome: Outcome[Answer]) -> Exception | None:
    """What was wrong with the answer; None when it was taken."""
    if isinstance(outcome, Failed):
        return outcome.error
    try:
        listing.took(outcome.value)
    except SourceError as error:
        return error
    return None


def keep_for(work: CertificateWork, request_id: str, term: int, certificate: Certificate) -> Kept:
    """Keep the certificate of a request. Raises what the port raises."""
    return work.complete(request_id, stored(certificate), term)


def expect(error: Exception) -> None:
    """Troubles of the world pass; anything else is a bug, and is raised."""
    if not isinstance(error, RecorderError):
        raise error
