"""Brings what is buffered into the Data Center, many items per commit, however long that takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar, assert_never

from cluster.board import Board
from cluster.messages import Ping, Pong
from cluster.ports import Address, Clock, Done, Failed, Outcome, Workers
from cluster.work_messages import DistributorMessage, WorkDone
from recorder.archive import archive_findings as findings
from recorder.archive.archive_findings import NAME
from recorder.archive.archiver_messages import (
    ArchiverMessage,
    AsideDue,
    CleanDue,
    Cleaned,
    Committed,
    Replayed,
    RetryDue,
)
from recorder.archive.batching import Batching
from recorder.archive.commit_job import (
    LOST,
    REFUSED,
    Batch,
    CommitTools,
    Outage,
    Refusal,
    Report,
    clean_buffer,
    commit_batch,
    object_keys,
    replay_journal,
)
from recorder.archive.journal_records import Replay
from recorder.archive.object_key import objects_text
from recorder.codec import DONE, DoneBody, job_key
from recorder.messages import (
    ArchiveItem,
    ArchiverAnswer,
    FindingClosed,
    FindingOpened,
    ItemArchived,
    ItemRefused,
    MonitorMessage,
)
from recorder.model import BufferedItem, Finding, ItemEvent
from recorder.settings.stages import ArchiveSettings
from recorder.status import ArchiveStatus

T = TypeVar("T")

REFUSED_RETRY_S = 60.0
CLEAN_EVERY_S = 3600.0
ORPHANS_AFTER_S = 72 * 3600.0
COMPACT_AFTER = 1000
"""Spent records in the journal that make rewriting it worth while."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """An item on its way. Without anyone to answer it is from before a restart, or was refused."""

    item: BufferedItem
    number: int
    """Of its event in this process: told again after an outage, it is the same event."""
    answers: tuple[tuple[str, Address[ArchiverAnswer]], ...] = ()
    """(claim, who gave it to us)."""
    stored: bool = False
    """Its objects are durable in the archive."""


@dataclass(slots=True)
class _Counts:
    archived: int = 0
    already: int = 0
    batches: int = 0
    records: int = 0
    """In the journal since it was compacted."""


@dataclass(slots=True)
class _Trouble:
    """What is wrong at the moment."""

    outage: Outage | None = None
    since_us: int | None = None
    pausing: bool = False
    """Nothing is tried before `RetryDue`."""
    reasons: dict[str, str] = field(default_factory=dict[str, str])
    """Why single items are refused."""
    told_refused: int = 0
    journal: Finding | None = None


class Archiver:
    """One per node. One batch is in flight at a time; what comes meanwhile goes into the next."""

    def __init__(
        self,
        *,
        node: str,
        boot: str,
        me: Address[ArchiverMessage],
        distributor: Address[DistributorMessage],
        monitor: Address[MonitorMessage],
        board: Board,
        workers: Workers,
        clock: Clock,
        tools: CommitTools,
        settings: ArchiveSettings,
    ) -> None:
        """`workers` is the lane of the database; nobody else touches `tools.journal`."""
        self._node = node
        self._boot = f"{boot}.{NAME}"
        self._adopted = 0
        self._me = me
        self._distributor = distributor
        self._monitor = monitor
        self._board = board
        self._workers = workers
        self._clock = clock
        self._tools = tools
        self._settings = settings
        self._batching = Batching(settings.batch_max)
        self._entries: dict[str, _Entry] = {}
        self._counts = _Counts()
        self._trouble = _Trouble()
        self._unjournaled: dict[str, None] = {}
        self._busy = False
        self._replay_done = False
        self._clean_wanted = False

    def on_start(self) -> None:
        """Read the journal first: what was buffered before a crash is archived before anything new."""
        self._clock.call_later(CLEAN_EVERY_S, self._me, CleanDue())
        self._go_on()

    def on_stop(self) -> None:
        """Nothing to give back: what is not committed is in the journal."""

    def on_message(self, message: ArchiverMessage) -> None:
        """Handle one message, then commit what can be committed."""
        match message:
            case Ping(number, reply_to):
                reply_to.tell(Pong(self._me.name, number))
                return
            case ArchiveItem(claim, item, reply_to):
                self._take(item, claim, reply_to)
            case Replayed(outcome):
                self._replayed(outcome)
            case Committed(outcome):
                self._committed(outcome)
            case Cleaned():
                self._busy = False
            case RetryDue():
                self._trouble.pausing = False
            case AsideDue():
                pass  # whoever is due is found below
            case CleanDue():
                self._clean_wanted = True
                self._clock.call_later(CLEAN_EVERY_S, self._me, CleanDue())
            case _:
                assert_never(message)
        self._go_on()

    def _go_on(self) -> None:
        if not self._busy and not self._trouble.pausing:
            self._start_next()
        self._publish()

    def _start_next(self) -> None:
        """One job at a time: whatever touches the journal or discards files follows one another."""
        if not self._replay_done:
            self._run(partial(replay_journal, self._tools.journal), Replayed)
        elif self._clean_wanted:
            self._clean_wanted = False
            keep = frozenset(
                media.buffer_name for entry in self._entries.values() for media in entry.item.media
            )
            self._run(partial(clean_buffer, self._tools.files, keep, ORPHANS_AFTER_S), Cleaned)
        elif keys := self._batching.next(self._clock.monotonic_ns()):
            self._run(partial(commit_batch, self._tools, self._batch(keys)), Committed)

    def _run(self, job: Callable[[], T], then: Callable[[Outcome[T]], ArchiverMessage]) -> None:
        self._busy = True
        self._workers.submit(job, self._me, then)

    def _batch(self, keys: tuple[str, ...]) -> Batch:
        open_records = len(self._entries) - len(self._unjournaled)
        compact_to = None
        if self._counts.records - open_records > COMPACT_AFTER:
            chosen = frozenset(keys)
            compact_to = tuple(e.item for key, e in self._entries.items() if key not in chosen)
        return Batch(
            items=tuple(self._with_end(self._entries[key]) for key in keys),
            to_journal=tuple(self._entries[key].item for key in self._unjournaled),
            stored=frozenset(key for key in keys if self._entries[key].stored),
            compact_to=compact_to,
        )

    def _with_end(self, entry: _Entry) -> BufferedItem:
        """The item with the event that becomes true with the commit."""
        ref, media = entry.item.ref, entry.item.media
        objects = objects_text(object_keys(entry.item))
        event = ItemEvent(
            source=ref.source,
            item_key=ref.key,
            node=self._node,
            boot=self._boot,
            number=entry.number,
            at_us=self._clock.wall_us(),
            what="archived",
            detail=f"{len(media)} file(s) and the contact in one commit: {objects}",
        )
        return replace(entry.item, events=(*entry.item.events, event))

    # -- taking ----

    def _replayed(self, outcome: Outcome[Replay]) -> None:
        self._busy = False
        match outcome:
            case Done(found):
                self._replay_done = True
                self._counts.records = len(found.open_items) + len(found.unreadable)
                self._journal_trouble(None)
                if found.unreadable:
                    self._monitor.tell(FindingOpened(findings.kept(len(found.unreadable))))
                for item in found.open_items:
                    if job_key(item.ref) not in self._entries:
                        self._adopt(item)
                        self._unjournaled.pop(job_key(item.ref), None)
            case Failed(error):
                # Nothing is written into a journal that could not be read: that would be to lose it.
                self._journal_trouble(findings.unread(str(error), len(self._entries)))
                self._pause()

    def _take(self, item: BufferedItem, claim: str, reply_to: Address[ArchiverAnswer]) -> None:
        self._adopt(item)
        key = job_key(item.ref)
        entry = self._entries[key]
        self._entries[key] = replace(entry, answers=(*entry.answers, (claim, reply_to)))

    def _adopt(self, item: BufferedItem) -> None:
        """Let an item wait, unless it does already. It may come from the journal and from a new fetch."""
        key = job_key(item.ref)
        entry = self._entries.get(key)
        if entry is None:
            self._adopted += 1
            self._entries[key] = _Entry(item, self._adopted)
            self._unjournaled[key] = None
            self._batching.add(key)
        elif entry.item.media != item.media and key not in self._batching.in_flight:
            self._entries[key] = replace(entry, item=item, stored=False)
            self._unjournaled[key] = None

    # -- after a commit ----

    def _committed(self, outcome: Outcome[Report]) -> None:
        self._busy = False
        match outcome:
            case Done(report):
                pass
            case Failed(error):
                # Not foreseen, so perhaps one item's doing: halving the batch finds out whose.
                report = Report(rejected=type(error).__name__)
        keys = self._batching.landed()
        self._counts.batches += 1
        self._journaled(report)
        for key in report.stored:
            self._entries[key] = replace(self._entries[key], stored=True)
        over = {*report.archived, *(refusal.item for refusal in report.refused)}
        rest = tuple(key for key in keys if key not in over)
        for refusal in report.refused:
            self._refused(refusal)
        self._archived(report)
        if report.outage is not None:
            self._batching.first(rest)
            self._out(report.outage)
        elif report.rejected and len(rest) == 1:
            self._refused(Refusal(rest[0], REFUSED, report.rejected))
        elif report.rejected and rest:
            self._batching.split(rest)
        else:
            assert not rest, "a batch without trouble is archived"
            self._well()
        self._tell_refused()

    def _journaled(self, report: Report) -> None:
        for key in report.journaled:
            self._unjournaled.pop(key, None)
        self._counts.records += len(report.journaled) + 1
        if report.compacted:
            self._counts.records = len(self._entries)
        self._journal_trouble(findings.journal(report.journal_error))

    def _archived(self, report: Report) -> None:
        completed_us = self._clock.wall_us()
        for key in report.archived:
            entry = self._entries.pop(key)
            self._unjournaled.pop(key, None)
            self._trouble.reasons.pop(key, None)
            ref, media = entry.item.ref, entry.item.media
            for claim, reply_to in entry.answers:
                reply_to.tell(ItemArchived(claim, ref, completed_us))
            if not entry.answers:
                size_bytes = sum(stored.size_bytes for stored in media)
                body = DONE.encode(DoneBody(ref, size_bytes, len(media), entry.item.attempts))
                self._distributor.tell(WorkDone("", key, completed_us, body))
        self._counts.archived += len(report.archived)
        self._counts.already += report.already

    def _refused(self, refusal: Refusal) -> None:
        """Tell who gave it. What can still be archived is tried again on its own; it is not forgotten."""
        entry = self._entries[refusal.item]
        for claim, reply_to in entry.answers:
            reply_to.tell(ItemRefused(claim, entry.item.ref, refusal.code, refusal.reason))
        if refusal.code == LOST:
            del self._entries[refusal.item]
            self._unjournaled.pop(refusal.item, None)
            self._trouble.reasons.pop(refusal.item, None)
            return
        self._entries[refusal.item] = replace(entry, answers=())
        self._trouble.reasons[refusal.item] = refusal.reason
        due_ns = self._clock.monotonic_ns() + int(REFUSED_RETRY_S * 1e9)
        self._batching.set_aside(refusal.item, due_ns)
        self._clock.call_later(REFUSED_RETRY_S, self._me, AsideDue())

    # -- trouble ----

    def _pause(self) -> None:
        self._trouble.pausing = True
        self._clock.call_later(self._settings.retry_s, self._me, RetryDue())

    def _out(self, outage: Outage) -> None:
        before = self._trouble.outage
        if before is not None and before.code != outage.code:
            self._monitor.tell(FindingClosed(before.code, findings.NAME))
        if before is None:
            self._trouble.since_us = self._clock.wall_us()
        self._trouble.outage = outage
        self._monitor.tell(FindingOpened(findings.outage(outage, len(self._entries))))
        self._pause()

    def _well(self) -> None:
        if self._trouble.outage is not None:
            self._monitor.tell(FindingClosed(self._trouble.outage.code, findings.NAME))
            self._trouble.outage = self._trouble.since_us = None

    def _tell_refused(self) -> None:
        reasons = self._trouble.reasons
        if len(reasons) == self._trouble.told_refused:
            return
        self._trouble.told_refused = len(reasons)
        if reasons:
            key, reason = next(iter(reasons.items()))
            self._monitor.tell(FindingOpened(findings.refused(len(reasons), key, reason)))
        else:
            self._monitor.tell(FindingClosed(findings.REFUSED_CODE, findings.NAME))

    def _journal_trouble(self, found: Finding | None) -> None:
        before, self._trouble.journal = self._trouble.journal, found
        if before is not None and (found is None or found.code != before.code):
            self._monitor.tell(FindingClosed(before.code, findings.NAME))
        if found is not None and found != before:
            self._monitor.tell(FindingOpened(found))

    def _publish(self) -> None:
        trouble = self._trouble
        journal = trouble.journal.what if trouble.journal is not None else ""
        reason = next(iter(trouble.reasons.values()), journal)
        self._board.publish(
            "archive",
            ArchiveStatus(
                waiting=len(self._entries),
                archived=self._counts.archived,
                already=self._counts.already,
                batches=self._counts.batches,
                failing_since_us=trouble.since_us,
                last_error=reason if trouble.outage is None else trouble.outage.what,
            ),
        )
