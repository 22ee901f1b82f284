"""The actor that writes the audit trail: first to this node's disk, then to the Data Center, in order.

Nothing is lost by a crash once `Recorded` was told: what is on disk is appended again after a restart, and
a record that is there already is the same record.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeAlias, assert_never

import structlog

from cluster.board import Board
from cluster.messages import Ping, Pong
from cluster.ports import Address, Clock, Done, Failed, Outcome, Workers
from recorder.audit import spool
from recorder.audit.audit_messages import Record, Recorded
from recorder.audit.canonical import plain
from recorder.errors import DataCenterDown
from recorder.messages import FindingClosed, FindingOpened, MonitorMessage
from recorder.model import Finding, Level
from recorder.ports.audit import AuditDb
from recorder.ports.recording import Journal
from recorder.records.audit import SYSTEM, AuditEntry, AuditHead, AuditStatus, Untold

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger("audit")

RETRY_S: Final = 2.0
COMPARE_FIRST_S: Final = 10.0
COMPARE_S: Final = 900.0
UNTOLD_BACK_US: Final = 7 * 86_400 * 1_000_000
DISK_FAILING: Final = "audit_disk_failing"
REFUSED: Final = "audit_refused"


@dataclass(frozen=True, slots=True)
class _Read:
    outcome: Outcome[tuple[bytes, ...]]


@dataclass(frozen=True, slots=True)
class _Spooled:
    entries: tuple[AuditEntry, ...]
    outcome: Outcome[None]


@dataclass(frozen=True, slots=True)
class _Compacted:
    records: int
    outcome: Outcome[None]


@dataclass(frozen=True, slots=True)
class _Appended:
    entries: tuple[AuditEntry, ...]
    outcome: Outcome[AuditHead]


@dataclass(frozen=True, slots=True)
class _DiskDue:
    """Time to try the disk again."""


@dataclass(frozen=True, slots=True)
class _AppendDue:
    """Time to try the Data Center again."""


@dataclass(frozen=True, slots=True)
class _Compared:
    outcome: Outcome[tuple[Untold, ...]]


@dataclass(frozen=True, slots=True)
class _CompareDue:
    """Time to look for what the database knows and the trail does not."""


WriterMessage: TypeAlias = (
    Record
    | Ping
    | _Read
    | _Spooled
    | _Compacted
    | _Appended
    | _DiskDue
    | _AppendDue
    | _Compared
    | _CompareDue
)


class AuditWriter:
    """One per node. Its journal is its own, and `disk` a lane whose jobs are short."""

    def __init__(
        self,
        *,
        node: str,
        boot: str,
        me: Address[WriterMessage],
        monitor: Address[MonitorMessage],
        board: Board,
        disk: Workers,
        database: Workers,
        clock: Clock,
        journal: Journal,
        db: AuditDb,
    ) -> None:
        self._node = node
        self._boot = boot
        self._me = me
        self._monitor = monitor
        self._board = board
        self._disk = disk
        self._database = database
        self._clock = clock
        self._journal = journal
        self._db = db
        self._spool = spool.Spool()
        self._told: dict[str, list[Address[Recorded]]] = {}
        """Who waits to hear that a record is durable, by its id."""
        self._number = 0
        self._read = False
        self._disk_busy = False
        self._database_busy = False
        self._head = AuditHead()
        self._problem = ""
        self._open: set[str] = set()
        """Codes of the findings this actor opened."""

    def on_start(self) -> None:
        """What a former life left is appended first; what it died before telling is told soon."""
        self._publish()
        self._go_on()
        self._clock.call_later(COMPARE_FIRST_S, self._me, _CompareDue())

    def on_stop(self) -> None:
        """What is not appended is on disk."""

    def on_message(self, message: WriterMessage) -> None:
        """See the union."""
        match message:
            case Record():
                self._take(message)
            case Ping(number, reply_to):
                reply_to.tell(Pong(self._me.name, number))
            case _Read(outcome):
                self._was_read(outcome)
            case _Spooled(entries, outcome):
                self._spooled(entries, outcome)
            case _Compacted(records, outcome):
                self._compacted(records, outcome)
            case _Appended(entries, outcome):
                self._appended(entries, outcome)
            case _DiskDue():
                self._disk_busy = False
            case _AppendDue():
                self._database_busy = False
            case _CompareDue() | _Compared():
                self._compare(message)
            case _:
                assert_never(message)
        self._go_on()

    def _take(self, told: Record) -> None:
        self._number += 1
        entry = plain(
            AuditEntry(
                record_id=told.once or f"{self._node}.{self._boot}.{self._number}",
                at_us=told.at_us,
                node=self._node,
                actor=told.actor,
                what=told.what,
                subject=told.subject,
                detail=told.detail,
            )
        )
        self._spool.fresh.append(entry)
        if told.reply_to is not None:
            self._told.setdefault(entry.record_id, []).append(told.reply_to)
        self._publish()

    def _compare(self, message: _CompareDue | _Compared) -> None:
        """A node may die between a deed and its record; both nodes look, and it is one record."""
        if isinstance(message, _CompareDue):
            since_us = self._clock.wall_us() - UNTOLD_BACK_US
            job = partial(self._db.untold, since_us, spool.BATCH_MAX)
            self._database.submit(job, self._me, _Compared)
            return
        outcome, delay_s = message.outcome, COMPARE_FIRST_S
        if isinstance(outcome, Done):
            for one in outcome.value:
                self._take(Record(one.what, one.subject, SYSTEM, one.at_us, one.detail, one.once))
            delay_s = COMPARE_S if len(outcome.value) < spool.BATCH_MAX else COMPARE_FIRST_S
        self._clock.call_later(delay_s, self._me, _CompareDue())

    def _go_on(self) -> None:
        """Start what can be started: one job at a time on the disk, and one in the database."""
        if not self._disk_busy:
            self._use_disk()
        batch = self._spool.batch()
        if batch and not self._database_busy:
            self._database_busy = True
            self._database.submit(
                partial(self._db.append, batch), self._me, partial(_Appended, batch)
            )

    def _use_disk(self) -> None:
        self._disk_busy = True
        if not self._read:
            self._disk.submit(self._journal.read, self._me, _Read)
        elif self._spool.fresh:
            entries = tuple(self._spool.fresh)
            job = partial(self._journal.append, [spool.to_bytes(entry) for entry in entries])
            self._disk.submit(job, self._me, partial(_Spooled, entries))
        elif self._spool.is_spent():
            records = self._spool.compact()
            job = partial(self._journal.rewrite, records)
            self._disk.submit(job, self._me, partial(_Compacted, len(records)))
        else:
            self._disk_busy = False

    # -- the disk ----

    def _was_read(self, outcome: Outcome[tuple[bytes, ...]]) -> None:
        match outcome:
            case Done(records):
                self._read = True
                self._disk_works()
                found = spool.read(records)
                if found.unreadable:
                    _log.warning("audit_spool_unreadable", records=len(found.unreadable))
                self._spool.found(found)
            case Failed(error):
                self._disk_fails(error)
                self._spool.spooled(tuple(self._spool.fresh), durable=False)

    def _spooled(self, entries: tuple[AuditEntry, ...], outcome: Outcome[None]) -> None:
        match outcome:
            case Done():
                self._disk_works()
                self._spool.spooled(entries, durable=True)
                self._tell_durable(entries)
            case Failed(error):
                # The Data Center may well take them while the disk is tried again.
                self._spool.spooled(entries, durable=False)
                self._disk_fails(error)

    def _compacted(self, records: int, outcome: Outcome[None]) -> None:
        match outcome:
            case Done():
                self._disk_works()
                self._spool.compacted(records)
                self._tell_durable(self._spool.waiting())
            case Failed(error):
                self._disk_fails(error)

    def _disk_works(self) -> None:
        self._disk_busy = False
        self._well(DISK_FAILING)

    def _disk_fails(self, error: Exception) -> None:
        self._clock.call_later(RETRY_S, self._me, _DiskDue())
        self._ill(
            DISK_FAILING,
            f"The audit trail cannot be kept on this node's disk: {error}.",
            "Free or mend the disk of node.data. Until then records go to the Data Center from memory.",
        )

    # -- the Data Center ----

    def _appended(self, entries: tuple[AuditEntry, ...], outcome: Outcome[AuditHead]) -> None:
        match outcome:
            case Done(head):
                self._database_busy = False
                self._spool.appended(entries)
                self._tell_durable(entries)
                self._head = head
                self._problem = ""
                self._well(REFUSED)
            case Failed(error):
                self._problem = str(error)
                self._clock.call_later(RETRY_S, self._me, _AppendDue())
                if not isinstance(error, DataCenterDown):
                    self._refused(error)
        self._publish()

    def _refused(self, error: Exception) -> None:
        self._ill(
            REFUSED,
            f"The contact database refuses records of the audit trail: {error}.",
            "They are kept on this node's disk and tried again; see the log of the database.",
        )

    def _ill(self, code: str, what: str, hint: str) -> None:
        self._open.add(code)
        self._monitor.tell(FindingOpened(Finding(code, Level.ERROR, "audit", what, hint)))

    def _well(self, code: str) -> None:
        if code in self._open:
            self._open.discard(code)
            self._monitor.tell(FindingClosed(code, "audit"))

    def _tell_durable(self, entries: Sequence[AuditEntry]) -> None:
        for entry in entries:
            for address in self._told.pop(entry.record_id, ()):
                address.tell(Recorded(entry.record_id))

    def _publish(self) -> None:
        status = AuditStatus(self._number, len(self._spool), self._head, self._problem)
        self._board.publish("audit", status)
