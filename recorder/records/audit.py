"""What the audit trail is made of, frozen. Instants are microseconds (`*_us`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

SYSTEM = "system"
"""The actor of what no person ordered."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """What is to be recorded. Entries of one `record_id` are one record, however often they are appended."""

    record_id: str
    at_us: int
    node: str
    actor: str
    """Who: the name of a token or user, or `system`."""
    what: str
    """A stable snake_case word: switchover, media_read, contact_deleted, …"""
    subject: str
    """Whom or what it concerns: a node, source, contact, recovery id, …"""
    detail: Mapping[str, object] = field(default_factory=dict[str, object])
    """Texts, whole numbers, truth values, None, and lists and objects of them. No secrets."""


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """An entry at its place in the chain."""

    number: int
    """From 1, without a gap."""
    entry: AuditEntry
    previous: str
    """Hash of the record before; empty for the first."""
    hash: str
    """SHA-256 of everything above, in hexadecimal. See recorder.audit.chain."""


@dataclass(frozen=True, slots=True)
class AuditHead:
    """The newest record of a chain: enough to tell later whether what came before is still the same."""

    number: int = 0
    hash: str = ""


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """Which records to list."""

    after: int = 0
    """Only those with a higher number."""
    before: int | None = None
    """Only those with a lower number."""
    from_us: int | None = None
    to_us: int | None = None
    subject: str | None = None
    actor: str | None = None
    what: str | None = None
    newest_first: bool = False
    limit: int = 100


@dataclass(frozen=True, slots=True)
class Untold:
    """What the contact database knows that happened, and the trail does not: whoever did it died first."""

    what: str
    subject: str
    at_us: int
    detail: Mapping[str, object]
    once: str


def role_once(node: str, at_us: int, term: int, new: str) -> str:
    """The name of a change of role as a deed that is told once."""
    return f"role:{node}:{at_us}:{term}:{new}"


def deletion_once(contact_id: str, number: int, state: str, ended_us: int | None) -> str:
    """The name of the end of a deletion as a deed that is told once."""
    return f"deletion:{contact_id}:{number}:{state}:{ended_us}"


@dataclass(frozen=True, slots=True)
class AuditStatus:
    """The way into the audit trail (part `audit`, published by the writer)."""

    recorded: int
    """Since this node started."""
    waiting: int
    """Not in the Data Center yet."""
    head: AuditHead
    """The newest record this node knows of."""
    last_error: str


@dataclass(frozen=True, slots=True)
class AuditGuardStatus:
    """What this node knows of the whole trail (part `audit_guard`)."""

    anchor: AuditHead
    """Everything up to this record was verified, and is remembered on this node's disk."""
    broken: str
    """What is wrong with the trail; empty while it is whole."""
    checked_us: int | None
    """When the trail was last verified up to its newest record."""
