"""The door to the audit trail: whoever did something tells the writer and goes on."""

from __future__ import annotations

from collections.abc import Mapping

from cluster.ports import Address, Clock
from recorder.audit.audit_messages import AuditCommand, Record


class Trail:
    """Implements `recorder.ports.audit.AuditTrail` by telling the writer of this node."""

    def __init__(self, *, writer: Address[AuditCommand], clock: Clock) -> None:
        self._writer = writer
        self._clock = clock

    def record(
        self,
        what: str,
        subject: str,
        actor: str,
        detail: Mapping[str, object] | None = None,
        *,
        once: str = "",
    ) -> None:
        """See AuditTrail."""
        self._writer.tell(
            Record(what, subject, actor, self._clock.wall_us(), dict(detail or {}), once)
        )


class NoTrail:
    """Keeps nothing: for what runs without an audit trail."""

    def record(
        self,
        what: str,
        subject: str,
        actor: str,
        detail: Mapping[str, object] | None = None,
        *,
        once: str = "",
    ) -> None:
        """Forget it."""
        del what, subject, actor, detail, once


NO_TRAIL = NoTrail()
