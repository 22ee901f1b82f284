"""Takes the node's share of the work, fetches items, hands them to the archiver, reports what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias, assert_never

from cluster.board import Board
from cluster.jobs.capacity import Capacity, shared_out
from cluster.messages import Ping, Pong
from cluster.ports import Address, Clock, Done, Failed, Outcome, Workers
from cluster.work_messages import (
    DistributorMessage,
    RunJob,
    WorkDone,
    WorkerReady,
    WorkFailed,
    WorkMoved,
)
from recorder.codec import DONE, FAIL, JOB, DoneBody, FailBody, JobBody, job_key
from recorder.errors import RecorderError
from recorder.ingest.failures import (
    Failure,
    failure_of,
    not_recordable,
    turned_away,
    unknown_source,
)
from recorder.ingest.fetch_job import (
    AlreadyFinal,
    Fetched,
    FetchResult,
    FetchTools,
    NothingToFetch,
    fetch_item,
)
from recorder.ingest.intake import Intake
from recorder.messages import (
    ArchiveItem,
    ArchiverCommand,
    BufferSpaceChanged,
    FindingClosed,
    FindingOpened,
    IngesterFact,
    ItemArchived,
    ItemRefused,
    MonitorMessage,
)
from recorder.model import (
    BufferedItem,
    Finding,
    ItemEvent,
    ItemRef,
    ItemState,
    Level,
    StoredMedia,
)
from recorder.ports.recording import BufferFiles, ContactDb, DataSource, FetchLimits, MediaFetcher
from recorder.settings.stages import IngestSettings
from recorder.status import IngestStatus

NAME = "ingester"
_HASH_SHOWN = 12


@dataclass(frozen=True, slots=True)
class FetchMoved:
    """A fetch wrote bytes: so many so far."""

    item: str
    bytes_total: int


@dataclass(frozen=True, slots=True)
class FetchEnded:
    """A fetch is over."""

    item: str
    outcome: Outcome[FetchResult]


IngesterMessage: TypeAlias = RunJob | IngesterFact | Ping | FetchMoved | FetchEnded


@dataclass(frozen=True, slots=True)
class _Work:
    """An item in hand. `claim` is the newest under which we were asked for it."""

    claim: str
    key: str
    attempt: int
    ask_first: bool
    body: JobBody
    events: tuple[ItemEvent, ...] = ()
    bytes_total: int = 0
    media: int = 0
    held: bool = False


class Ingester:
    """One per node. Items in hand are known by their job key, whoever asked for them."""

    def __init__(
        self,
        *,
        node: str,
        boot: str,
        me: Address[IngesterMessage],
        distributor: Address[DistributorMessage],
        archiver: Address[ArchiverCommand],
        monitor: Address[MonitorMessage],
        board: Board,
        workers: Mapping[str, Workers],
        clock: Clock,
        sources: Mapping[str, DataSource],
        fetcher: MediaFetcher,
        files: BufferFiles,
        contact_db: ContactDb,
        settings: IngestSettings,
    ) -> None:
        """`workers` are the lanes of downloads by source, each with at least `settings.downloads`."""
        self._node = node
        self._boot = f"{boot}.{NAME}"
        self._me = me
        self._distributor = distributor
        self._archiver = archiver
        self._monitor = monitor
        self._board = board
        self._workers = workers
        self._clock = clock
        self._sources = sources
        self._fetcher = fetcher
        self._files = files
        self._contact_db = contact_db
        self._settings = settings
        self._intake = Intake(settings, sources)
        self._work: dict[str, _Work] = {}
        self._events = 0
        self._taken = 0
        self._told_capacity: Capacity | None = None
        self._faulty: set[str] = set()
        self._items_done = 0
        self._items_failed = 0
        self._bytes_done = 0

    def on_start(self) -> None:
        """Announce this worker; it takes nothing before the call buffer was looked at."""
        self._go_on()

    def on_stop(self) -> None:
        """Nothing to give back: what was fetched is in the buffer, and claims expire."""

    def on_message(self, message: IngesterMessage) -> None:
        """Handle one message, then start what can be started."""
        match message:
            case Ping(number, reply_to):
                reply_to.tell(Pong(self._me.name, number))
                return
            case RunJob():
                # The giver counted this job against our capacity: it hears again what we really have.
                self._told_capacity = None
                self._taken += 1
                self._run_job(message)
            case FetchMoved(item, bytes_total):
                self._moved(item, bytes_total)
            case FetchEnded(item, outcome):
                self._fetched(item, outcome)
            case BufferSpaceChanged(is_open, _, reason):
                self._space_changed(reason="" if is_open else reason or "it is full")
            case ItemArchived(_, ref, completed_us):
                self._archived(job_key(ref), completed_us)
            case ItemRefused(_, ref, code, reason):
                self._refused(job_key(ref), Failure(ItemState.FAILED, code, reason))
            case _:
                assert_never(message)
        self._go_on()

    # -- taking work ----

    def _run_job(self, order: RunJob) -> None:
        try:
            body = JOB.decode(order.job.body)
        except RecorderError as error:
            self._unreadable(order, error)
            return
        item = job_key(body.ref)
        work = self._work.get(item)
        if work is not None:
            self._work[item] = replace(work, claim=order.claim, attempt=order.attempt)
            if work.held:
                self._distributor.tell(WorkMoved(order.claim, work.bytes_total, held=True))
            return
        self._work[item] = _Work(
            order.claim,
            order.job.key,
            order.attempt,
            order.ask_first or order.attempt > 1,
            body,
        )
        if body.ref.source not in self._sources:
            self._failed(item, unknown_source(body.ref.source))
        elif not self._intake.take(item, body.ref.source):
            self._failed(item, turned_away(self._intake.closed_because))

    def _unreadable(self, order: RunJob, error: RecorderError) -> None:
        ref = ItemRef("", order.job.key, "", 0, order.job.key)
        body = FailBody(ref, ItemState.FAILED, "unreadable_job", str(error), order.attempt)
        self._distributor.tell(WorkFailed(order.claim, order.job.key, FAIL.encode(body)))

    def _space_changed(self, reason: str) -> None:
        for item in self._intake.space(reason):
            self._failed(item, turned_away(reason))

    # -- fetching ----

    def _start(self, item: str) -> None:
        work = self._work[item]
        ref = work.body.ref
        tools = FetchTools(
            source=self._sources[ref.source],
            fetcher=self._fetcher,
            files=self._files,
            contact_db=self._contact_db,
            clock=self._clock,
            limits=FetchLimits(
                stall_s=self._settings.stall_s, size_bytes_max=self._settings.file_bytes_max
            ),
        )
        self._note(item, "fetching", f"attempt {work.attempt}")
        job = partial(
            fetch_item,
            tools,
            ref,
            ask_first=work.ask_first,
            moved=partial(_tell_moved, self._me, item),
        )
        self._workers[ref.source].submit(job, self._me, partial(FetchEnded, item))

    def _moved(self, item: str, bytes_total: int) -> None:
        work = self._work[item]
        self._work[item] = replace(work, bytes_total=bytes_total)
        self._distributor.tell(WorkMoved(work.claim, bytes_total, held=False))

    def _fetched(self, item: str, outcome: Outcome[FetchResult]) -> None:
        source = self._work[item].body.ref.source
        match outcome:
            case Done(result):
                self._well(source)
                self._brought(item, result)
            case Failed(error):
                failure = failure_of(error, source)
                if failure.is_bug:
                    self._faulted(source, failure)
                self._failed(item, failure)

    def _brought(self, item: str, result: FetchResult) -> None:
        match result:
            case Fetched():
                self._buffered(item, result)
            case NothingToFetch(reason):
                self._failed(item, not_recordable(reason))
            case AlreadyFinal():
                self._done(item, self._clock.wall_us())
            case _:
                assert_never(result)

    def _buffered(self, item: str, fetched: Fetched) -> None:
        size_bytes = sum(media.size_bytes for media in fetched.media)
        self._note(item, "buffered", _summary(fetched.media, self._work[item].attempt))
        work = replace(
            self._work[item], bytes_total=size_bytes, media=len(fetched.media), held=True
        )
        self._work[item] = work
        self._intake.buffered(item)
        buffered = BufferedItem(
            ref=work.body.ref,
            interaction=fetched.interaction,
            media=fetched.media,
            found_us=work.body.found_us,
            buffered_us=self._clock.wall_us(),
            attempts=work.attempt,
            events=(*work.body.events, *work.events),
        )
        self._archiver.tell(ArchiveItem(work.claim, buffered, self._me))
        self._distributor.tell(WorkMoved(work.claim, size_bytes, held=True))

    # -- endings ----

    def _archived(self, item: str, completed_us: int) -> None:
        if item in self._work:
            self._done(item, completed_us)

    def _refused(self, item: str, failure: Failure) -> None:
        if item in self._work:
            self._failed(item, failure)

    def _done(self, item: str, completed_us: int) -> None:
        self._intake.ended(item)
        work = self._work.pop(item)
        self._items_done += 1
        self._bytes_done += work.bytes_total
        body = DoneBody(work.body.ref, work.bytes_total, work.media, work.attempt)
        self._distributor.tell(WorkDone(work.claim, work.key, completed_us, DONE.encode(body)))

    def _failed(self, item: str, failure: Failure) -> None:
        self._note(item, failure.state.value, f"{failure.code}: {failure.message}")
        self._intake.ended(item)
        work = self._work.pop(item)
        self._items_failed += 1
        body = FailBody(
            ref=work.body.ref,
            state=failure.state,
            code=failure.code,
            message=failure.message,
            attempts=work.attempt,
            retry_after_s=failure.retry_after_s,
            events=(*work.body.events, *work.events),
        )
        self._distributor.tell(WorkFailed(work.claim, work.key, FAIL.encode(body)))

    # -- telling ----

    def _go_on(self) -> None:
        while (item := self._intake.start_next()) is not None:
            self._start(item)
        free = shared_out(self._intake.free_by_source)
        if self._told_capacity != free:
            self._told_capacity = free
            ready = WorkerReady(self._me, free.free, self._taken, free.by_group)
            self._distributor.tell(ready)
        self._board.publish(
            "ingest",
            IngestStatus(
                downloads_max=self._intake.downloads_max,
                downloading=self._intake.downloading,
                queued=self._intake.queued,
                free_capacity=free.total,
                open=not self._intake.closed_because,
                closed_because=self._intake.closed_because,
                items_done=self._items_done,
                items_failed=self._items_failed,
                bytes_done=self._bytes_done,
                by_source=self._intake.by_source,
            ),
        )

    def _note(self, item: str, what: str, detail: str) -> None:
        work = self._work[item]
        self._events += 1
        event = ItemEvent(
            source=work.body.ref.source,
            item_key=work.body.ref.key,
            node=self._node,
            boot=self._boot,
            number=self._events,
            at_us=self._clock.wall_us(),
            what=what,
            detail=detail,
        )
        self._work[item] = replace(work, events=(*work.events, event))

    def _faulted(self, source: str, failure: Failure) -> None:
        self._faulty.add(source)
        finding = Finding(
            code="adapter_error",
            level=Level.ERROR,
            subject=source,
            what=f"The adapter of {source} failed unexpectedly: {failure.message}.",
            hint="Report this to the adapter's maker; its items are tried again.",
        )
        self._monitor.tell(FindingOpened(finding))

    def _well(self, source: str) -> None:
        if source in self._faulty:
            self._faulty.discard(source)
            self._monitor.tell(FindingClosed("adapter_error", source))


def _tell_moved(address: Address[IngesterMessage], item: str, bytes_total: int) -> None:
    address.tell(FetchMoved(item, bytes_total))


def _summary(media: tuple[StoredMedia, ...], attempt: int) -> str:
    """For people: how much, which bytes, at which try."""
    size_bytes = sum(stored.size_bytes for stored in media)
    hashes = ", ".join(stored.sha256[:_HASH_SHOWN] for stored in media)
    return f"{size_bytes} bytes in {len(media)} file(s), sha256 {hashes}, attempt {attempt}"
