"""What the audit trail needs from the world, as protocols; beside `recorder/ports/recording.py`.

Calls block and belong into job functions, but for those marked *any thread*.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from recorder.records.audit import AuditEntry, AuditHead, AuditQuery, AuditRecord, Untold


class AuditTrail(Protocol):
    """The door to the audit trail. *Any thread*, never blocks, never raises.

    What may not happen without its record goes there by the transaction that does it: see FindingsDb.forget_findings.
    """

    def record(
        self,
        what: str,
        subject: str,
        actor: str,
        detail: Mapping[str, object] | None = None,
        *,
        once: str = "",
    ) -> None:
        """Put on record that `actor` did `what` to `subject`; kept on this node's disk until it is.

        Records of one node keep their order. `once` names the deed, where it may be told again after a
        crash: what is recorded under the same name is one record. `detail` holds no secret.
        """
        ...


class AuditDb(Protocol):
    """The audit trail in the Data Center. Every method raises DataCenterDown or DataCenterError."""

    def append(self, entries: Sequence[AuditEntry]) -> AuditHead:
        """Chain entries to the newest record, in order; those on record already are passed over.

        One transaction; numbers have no gap, whoever appends at the same time. Returns the newest record.
        """
        ...

    def head(self) -> AuditHead:
        """The newest record; number 0 while there is none."""
        ...

    def records(self, query: AuditQuery) -> tuple[AuditRecord, ...]:
        """Records in order of number, as they lie in the database: nothing is verified."""
        ...

    def span(self, from_us: int | None, to_us: int | None) -> tuple[int, int] | None:
        """The lowest and highest number of records made in [from_us, to_us); None when there is none."""
        ...

    def untold(self, since_us: int, limit: int) -> tuple[Untold, ...]:
        """Changes of role and ends of deletions since then that are in the database, but not in the trail."""
        ...


class AuditAnchor(Protocol):
    """On this node's own disk: the newest record it verified, so that nobody cuts the trail behind it."""

    def load(self) -> AuditHead:
        """What was saved last; number 0 when nothing was. Raises RecorderError when unreadable."""
        ...

    def save(self, head: AuditHead) -> None:
        """Durable when it returns; never goes back to a lower number. Raises CallBufferError."""
        ...
