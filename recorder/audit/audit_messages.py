"""What the writer of the audit trail is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from cluster.messages import Ping
from cluster.ports import Address


@dataclass(frozen=True, slots=True)
class Recorded:
    """The record is durable: on this node's disk, or in the Data Center already."""

    record_id: str


@dataclass(frozen=True, slots=True)
class Record:
    """Put this on record; see `recorder.ports.audit.AuditTrail`."""

    what: str
    subject: str
    actor: str
    at_us: int
    detail: Mapping[str, object] = field(default_factory=dict[str, object])
    once: str = ""
    reply_to: Address[Recorded] | None = None
    """Told `Recorded` as soon as a crash cannot lose it any more."""


AuditCommand: TypeAlias = Record | Ping
