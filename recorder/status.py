"""Snapshots the stages publish on the board; surfaces show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from recorder.model import Finding, Window
from recorder.records.certificates import CertificateRequest
from recorder.records.findings import RunRow
from recorder.records.recoveries import RecoveryRow


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """One source as its poller sees it (part `source:NAME`)."""

    name: str
    kind: str
    state: str
    """starting, standby, polling, waiting (throttled), failing, stopped_by_error."""
    epoch: int
    watermark_us: int | None
    horizon_us: int | None
    lag_s: float | None
    """Source's now minus the watermark."""
    coverage: tuple[Window, ...]
    pending: int
    failed: int
    parked: int
    polls: int
    last_poll_ns: int | None
    """Monotonic instant the last complete poll ended."""
    found: int
    late_escapes: int
    lateness_p999_s: float | None
    clock_offset_ms: float | None
    last_error: str
    next_step: str


@dataclass(frozen=True, slots=True)
class Try:
    """An item that failed and is tried on."""

    failures: int
    """Of any kind, since it went well last; an outage of the source counts here too."""
    reason: str


@dataclass(frozen=True, slots=True)
class SourceTries:
    """What failed at least once and is not over (part `tries:NAME`), by job key."""

    tries: Mapping[str, Try]


@dataclass(frozen=True, slots=True)
class SourceWork:
    """What this node has in hand of one source, and how much more of it it takes."""

    downloading: int
    queued: int
    free_capacity: int


@dataclass(frozen=True, slots=True)
class IngestStatus:
    """Downloads of this node (part `ingest`)."""

    downloads_max: int
    downloading: int
    queued: int
    free_capacity: int
    open: bool
    closed_because: str
    items_done: int
    items_failed: int
    bytes_done: int
    by_source: Mapping[str, SourceWork] = field(default_factory=dict[str, SourceWork])


@dataclass(frozen=True, slots=True)
class BufferStatus:
    """The call buffer (part `buffer`)."""

    files: int
    free_bytes: int
    open: bool
    reason: str


@dataclass(frozen=True, slots=True)
class ArchiveStatus:
    """The way into the Data Center (part `archive`)."""

    waiting: int
    archived: int
    already: int
    batches: int
    failing_since_us: int | None
    last_error: str


@dataclass(frozen=True, slots=True)
class Findings:
    """What an operator should know (part `findings`)."""

    open: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class RecoveryStatus:
    """Recoveries as the primary works on them (part `recovery`)."""

    on_duty: bool
    running: tuple[RecoveryRow, ...] = ()
    in_hand: Mapping[str, int] = field(default_factory=dict[str, int])
    """Items on the normal road, by source."""
    waits_because: Mapping[str, str] = field(default_factory=dict[str, str])
    """Why nothing is given now, by source; absent where nothing is in the way."""


@dataclass(frozen=True, slots=True)
class ReconciliationStatus:
    """Comparisons of sources with what is on record, as the primary makes them (part `reconciliation`)."""

    on_duty: bool
    running: tuple[RunRow, ...] = ()
    ended: Mapping[str, RunRow] = field(default_factory=dict[str, RunRow])
    """The last one that came to its end, by source."""
    open_counts: Mapping[tuple[str, str, str], int] = field(
        default_factory=dict[tuple[str, str, str], int]
    )
    """Open findings by (source, severity, cause)."""
    waits_because: Mapping[str, str] = field(default_factory=dict[str, str])
    """Why nothing is asked now, by source."""


@dataclass(frozen=True, slots=True)
class CertificatesStatus:
    """Certificates as the primary makes them (part `certificates`)."""

    on_duty: bool
    running: tuple[CertificateRequest, ...] = ()
    """In hand; those that wait are not among them."""
