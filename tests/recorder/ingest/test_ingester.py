"""The ingester: takes jobs, fetches, hands over, reports."""

import pytest

from cluster.board import Board
from cluster.messages import Ping, Pong
from cluster.work_messages import Job, RunJob, WorkDone, WorkerReady, WorkFailed, WorkMoved
from recorder.codec import DONE, FAIL, JOB, DoneBody, JobBody, job_key
from recorder.errors import CallBufferError, ItemGone, Throttled, Unreachable
from recorder.ingest.ingester import Ingester
from recorder.messages import (
    ArchiveItem,
    BufferSpaceChanged,
    FindingClosed,
    FindingOpened,
    ItemArchived,
    ItemRefused,
)
from recorder.model import ItemEvent, ItemState
from recorder.settings.stages import IngestSettings
from recorder.status import IngestStatus
from sim.stand_ins.buffer import SimBufferFiles
from tests.recorder.fakes import (
    MP3,
    FakeContactDb,
    FakeFetcher,
    FakeSource,
    HandWorkers,
    LoopAddress,
    Mailbox,
    interaction,
    media,
    ref,
)
from tests.recorder.hand_clock import HandClock

FOUND = ItemEvent("zoom", "i1", "b", "boot.poller", 1, 5, "found")


class World:
    def __init__(self, **settings):
        self.clock = HandClock()
        self.me = LoopAddress("ingester")
        self.distributor = Mailbox()
        self.archiver = Mailbox()
        self.monitor = Mailbox()
        self.board = Board()
        self.workers = HandWorkers()
        self.source = FakeSource(
            items={f"i{n}": interaction(f"i{n}", (media(f"m{n}"),)) for n in range(1, 10)}
        )
        self.files = SimBufferFiles(self.clock)
        self.fetcher = FakeFetcher()
        self.contact_db = FakeContactDb()
        self.me.behaviour = Ingester(
            node="a",
            boot="boot",
            me=self.me,
            distributor=self.distributor,
            archiver=self.archiver,
            monitor=self.monitor,
            board=self.board,
            workers={"zoom": self.workers},
            clock=self.clock,
            sources={"zoom": self.source},
            fetcher=self.fetcher,
            files=self.files,
            contact_db=self.contact_db,
            settings=IngestSettings(**{"downloads": 2, "queue": 2, **settings}),
        )
        self.me.behaviour.on_start()

    def open(self):
        self.tell(BufferSpaceChanged(open=True, free_bytes=10**9))
        self.distributor.take()

    def tell(self, message):
        self.me.tell(message)
        self.me.pump()

    def order(self, key="i1", claim="c1", attempt=1, **kwargs):
        body = JobBody(ref(key, **kwargs), found_us=5, events=(FOUND,))
        self.tell(RunJob(claim, Job(job_key(body.ref), JOB.encode(body)), attempt, "b"))

    def work(self):
        while self.workers.jobs:
            self.workers.run_one()
            self.me.pump()

    def failed(self):
        (message,) = self.distributor.of(WorkFailed)
        return message.claim, FAIL.decode(message.body)

    def capacity(self):
        return self.distributor.of(WorkerReady)[-1].free_capacity

    def status(self):
        return self.board.read("ingest", IngestStatus)


@pytest.fixture
def world():
    world = World()
    world.open()
    return world


def test_it_announces_itself_and_takes_nothing_before_the_buffer_was_looked_at():
    world = World()
    assert world.distributor.take() == [WorkerReady(world.me, 0, 0, {"zoom": 0})]
    world.tell(BufferSpaceChanged(open=True, free_bytes=10))
    assert world.distributor.take() == [WorkerReady(world.me, 4, 0, {"zoom": 4})]
    assert world.status().open


def test_an_item_is_fetched_buffered_and_handed_to_the_archiver(world):
    world.order()
    world.work()
    (handed,) = world.archiver.of(ArchiveItem)
    assert handed.claim == "c1"
    assert handed.reply_to is world.me
    assert handed.item.ref == ref()
    assert handed.item.media[0].size_bytes == len(MP3)
    assert (handed.item.found_us, handed.item.attempts) == (5, 1)
    assert [event.what for event in handed.item.events] == ["found", "fetching", "buffered"]
    assert world.distributor.of(WorkMoved) == [WorkMoved("c1", len(MP3), held=True)]


def test_events_are_numbered_once_per_actor_and_tell_what_happened(world):
    world.order("i1")
    world.order("i2", "c2")
    world.work()
    events = [
        event for handed in world.archiver.of(ArchiveItem) for event in handed.item.events[1:]
    ]
    assert sorted(event.number for event in events) == [1, 2, 3, 4]
    assert {event.boot for event in events} == {"boot.ingester"}
    assert f"{len(MP3)} bytes in 1 file(s), sha256 {media().sha256[:12]}" in events[1].detail


def test_done_is_reported_only_after_the_commit(world):
    world.order()
    world.work()
    assert world.distributor.of(WorkDone) == []
    world.tell(ItemArchived("c1", ref(), 777))
    (done,) = world.distributor.of(WorkDone)
    assert (done.claim, done.key, done.completed_at_us) == ("c1", job_key(ref()), 777)
    assert DONE.decode(done.body) == DoneBody(ref(), len(MP3), 1, 1)
    assert (world.status().items_done, world.status().bytes_done) == (1, len(MP3))


def test_a_repeated_order_adopts_the_newer_claim(world):
    world.order(claim="c1")
    world.order(claim="c2", attempt=2)
    assert world.workers.waiting() == 1
    world.work()
    assert world.archiver.of(ArchiveItem)[0].claim == "c2"
    world.order(claim="c3")
    assert world.distributor.of(WorkMoved)[-1] == WorkMoved("c3", len(MP3), held=True)
    world.tell(ItemArchived("c2", ref(), 777))
    assert world.distributor.of(WorkDone)[0].claim == "c3"
    assert len(world.archiver.messages) == 1


def test_at_most_the_configured_downloads_run_and_capacity_is_told_on_every_change(world):
    for number in range(1, 6):
        world.order(f"i{number}", f"c{number}")
    assert world.workers.waiting() == 2
    assert world.capacity() == 0
    assert (world.status().downloading, world.status().queued) == (2, 3)
    world.work()
    assert world.capacity() == 4
    assert len(world.archiver.messages) == 5


def test_capacity_is_told_again_after_an_order_that_came_to_nothing(world):
    world.order("i1", source="unheard")
    assert world.capacity() == 4


@pytest.mark.parametrize(
    ("answer", "state", "code", "retry_after_s"),
    [
        (ItemGone("x"), ItemState.GONE, "gone", None),
        (Throttled("x", retry_after_s=9), ItemState.FAILED, "throttled", 9),
        (Unreachable("x"), ItemState.FAILED, "unreachable", None),
        (CallBufferError("x"), ItemState.FAILED, "call_buffer", None),
        (interaction(files=(), not_recordable="no_media"), ItemState.NOT_RECORDABLE, "", None),
    ],
)
def test_a_failure_is_reported_with_its_state_and_story(world, answer, state, code, retry_after_s):
    world.source.items["i1"] = answer
    world.order(attempt=3)
    world.work()
    claim, body = world.failed()
    assert (claim, body.ref, body.state, body.attempts) == ("c1", ref(), state, 3)
    assert body.code == (code or "not_recordable")
    assert body.retry_after_s == retry_after_s
    assert [event.what for event in body.events] == ["found", "fetching", state.value]
    assert world.status().items_failed == 1
    world.order(claim="c2", attempt=4)
    assert world.workers.waiting() == 1


def test_a_broken_adapter_is_a_finding_until_it_works_again(world):
    world.source.items["i1"] = KeyError("secret")
    world.order()
    world.work()
    assert world.failed()[1].code == "adapter_error"
    (opened,) = world.monitor.take()
    assert isinstance(opened, FindingOpened)
    assert (opened.finding.code, opened.finding.subject) == ("adapter_error", "zoom")
    world.order("i2")
    world.work()
    assert world.monitor.take() == [FindingClosed("adapter_error", "zoom")]


def test_a_full_buffer_gives_back_what_waits_and_finishes_what_runs(world):
    for number in range(1, 4):
        world.order(f"i{number}", f"c{number}")
    world.tell(BufferSpaceChanged(open=False, free_bytes=0, reason="the disk is full"))
    claim, body = world.failed()
    assert (claim, body.code, body.ref.key) == ("c3", "call_buffer", "i3")
    assert world.capacity() == 0
    assert world.status().closed_because == "the disk is full"
    world.work()
    assert len(world.archiver.messages) == 2
    world.distributor.take()
    world.order("i4")
    assert "the disk is full" in world.failed()[1].message


def test_too_many_uncommitted_items_stop_the_intake_until_they_are_committed():
    world = World(backlog_max=1)
    world.open()
    world.order()
    world.work()
    assert world.capacity() == 0
    assert "Data Center" in world.status().closed_because
    world.tell(ItemArchived("c1", ref(), 777))
    assert world.capacity() == 1


def test_a_second_attempt_asks_the_data_center_first(world):
    world.contact_db.items["zoom", "i1", "v1"] = object()
    world.order(attempt=2)
    world.work()
    assert world.source.described == []
    (done,) = world.distributor.of(WorkDone)
    assert DONE.decode(done.body) == DoneBody(ref(), 0, 0, 2)


def test_an_item_the_archiver_refuses_is_reported_and_may_come_again(world):
    world.order()
    world.work()
    world.tell(ItemRefused("c1", ref(), "archive_refused", "why"))
    assert world.failed()[1].code == "archive_refused"
    world.tell(ItemArchived("c1", ref(), 777))
    assert world.distributor.of(WorkDone) == []
    world.order(claim="c2", attempt=2)
    world.work()
    assert [handed.claim for handed in world.archiver.of(ArchiveItem)] == ["c1", "c2"]


def test_moving_bytes_extend_the_claim(world):
    write = SimBufferFiles.wrote

    def slow(files, name, part, data):
        world.clock.now_ns += 400_000_000
        write(files, name, part, data)

    world.files.wrote = slow.__get__(world.files)
    world.order()
    world.work()
    moved = [message.bytes_total for message in world.distributor.of(WorkMoved)]
    assert moved == [3000, 6000, 9000, len(MP3)]


def test_a_job_nobody_can_read_is_refused(world):
    world.tell(RunJob("c1", Job("zoom/i1@v1", b"junk"), 1, "b"))
    claim, body = world.failed()
    assert (claim, body.code, body.ref.key) == ("c1", "unreadable_job", "zoom/i1@v1")


def test_news_of_items_it_does_not_hold_changes_nothing(world):
    world.tell(ItemArchived("", ref("i9"), 777))
    world.tell(ItemRefused("", ref("i9"), "archive_refused", "why"))
    assert world.distributor.of(WorkDone) == world.distributor.of(WorkFailed) == []


def test_a_ping_is_answered_at_once(world):
    supervisor = Mailbox()
    world.tell(Ping(7, supervisor))
    assert supervisor.take() == [Pong("ingester", 7)]
    world.me.behaviour.on_stop()
