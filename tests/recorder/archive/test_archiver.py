"""The archiver: group commit, outages, refusals, restarts."""

import pytest

from cluster.board import Board
from cluster.messages import Ping, Pong
from cluster.work_messages import WorkDone
from recorder.archive.archiver import Archiver
from recorder.archive.commit_job import CommitTools, object_keys
from recorder.archive.journal_records import item_records
from recorder.codec import DONE, DoneBody, job_key
from recorder.errors import ArchiveError, DataCenterError
from recorder.messages import (
    ArchiveItem,
    FindingClosed,
    FindingOpened,
    ItemArchived,
    ItemRefused,
)
from recorder.model import Level
from recorder.settings.stages import ArchiveSettings
from recorder.status import ArchiveStatus
from sim.stand_ins.buffer import SimBufferFiles, SimJournal
from tests.recorder.fakes import (
    MP3,
    FakeArchive,
    FakeContactDb,
    HandWorkers,
    LoopAddress,
    Mailbox,
    buffered,
    put_in_buffer,
)
from tests.recorder.hand_clock import HandClock


class World:
    """What outlives the node (disk, Data Center), and a node that can be started again."""

    def __init__(self, *, batch_max=4):
        self.batch_max = batch_max
        self.clock = HandClock()
        self.files = SimBufferFiles(self.clock)
        self.journal = SimJournal()
        self.archive = FakeArchive(self.files)
        self.contact_db = FakeContactDb()
        self.start()

    def start(self):
        self.clock.timers.clear()
        self.me = LoopAddress("archiver")
        self.ingester = Mailbox()
        self.distributor = Mailbox()
        self.monitor = Mailbox()
        self.board = Board()
        self.workers = HandWorkers()
        self.me.behaviour = Archiver(
            node="alpha",
            boot="boot",
            me=self.me,
            distributor=self.distributor,
            monitor=self.monitor,
            board=self.board,
            workers=self.workers,
            clock=self.clock,
            tools=CommitTools(
                journal=self.journal,
                files=self.files,
                archive=self.archive,
                contact_db=self.contact_db,
            ),
            settings=ArchiveSettings(batch_max=self.batch_max, retry_s=2.0),
        )
        self.me.behaviour.on_start()
        return self

    def give(self, *keys, claim="c"):
        for key in keys:
            item = put_in_buffer(self.files, buffered(key))
            self.me.tell(ArchiveItem(f"{claim}-{key}", item, self.ingester))
        self.me.pump()

    def work(self):
        while self.workers.jobs:
            self.workers.run_one()
            self.me.pump()

    def later(self, seconds):
        self.clock.advance(seconds)
        self.me.pump()
        self.work()

    def answers(self, kind=ItemArchived):
        return [answer.claim for answer in self.ingester.of(kind)]

    def findings(self):
        """Codes of the findings open now."""
        codes = {}
        for message in self.monitor.messages:
            match message:
                case FindingOpened(finding):
                    codes[finding.code] = finding
                case FindingClosed(code, _):
                    codes.pop(code, None)
        return codes

    def status(self):
        return self.board.read("archive", ArchiveStatus)


@pytest.fixture
def world():
    world = World()
    world.work()
    return world


def refuses(*keys):
    return lambda item: DataCenterError("bad row") if item.ref.key in keys else None


def test_an_item_is_answered_only_after_its_commit(world):
    world.give("a")
    assert world.answers() == []
    assert world.status().waiting == 1
    world.work()
    assert world.contact_db.commits == [["a"]]
    (answer,) = world.ingester.take()
    assert answer == ItemArchived("c-a", buffered("a").ref, world.clock.wall_us())
    assert (world.status().waiting, world.status().archived) == (0, 1)
    assert world.distributor.messages == []


def test_the_story_of_an_item_ends_with_its_commit_told_once(world):
    world.contact_db.down = True
    world.give("a")
    world.work()
    world.contact_db.down = False
    world.later(3)
    (item,) = world.contact_db.items.values()
    (event,) = [event for event in item.events if event.what == "archived"]
    assert (event.node, event.boot) == ("alpha", "boot.archiver")
    assert "1 file(s)" in event.detail


def test_what_comes_while_a_batch_is_in_flight_shares_the_next(world):
    world.give("a")
    world.give("b", "c", "d", "e", "f")
    assert world.workers.waiting() == 1
    world.work()
    assert world.contact_db.commits == [["a"], ["b", "c", "d", "e"], ["f"]]
    assert world.answers() == [f"c-{key}" for key in "abcdef"]
    assert world.status().batches == 3


def test_an_outage_is_a_finding_and_ends_by_itself(world):
    world.contact_db.down = True
    world.give("a")
    world.work()
    finding = world.findings()["data_center_down"]
    assert "not reachable" in finding.what
    assert finding.hint
    assert world.status().failing_since_us == world.clock.wall_us()
    assert world.status().last_error
    world.give("b")
    assert world.workers.waiting() == 0
    world.later(2.0)
    assert world.answers() == []
    world.contact_db.down = False
    world.later(2.0)
    assert world.answers() == ["c-a", "c-b"]
    assert world.findings() == {}
    assert world.status().failing_since_us is None


def test_everything_given_during_an_outage_survives_a_restart(world):
    world.contact_db.down = True
    world.give("a", "b")
    world.work()
    world.give("c")
    world.later(2.0)
    world.files.crash(power=True)
    world.journal.crash(power=True)
    world.contact_db.down = False
    world.start().work()
    done = world.distributor.of(WorkDone)
    assert [message.key for message in done] == [job_key(buffered(key).ref) for key in "abc"]
    assert {message.claim for message in done} == {""}
    assert DONE.decode(done[0].body) == DoneBody(buffered("a").ref, len(MP3), 1, 1)
    assert world.ingester.messages == []


def test_an_item_that_comes_again_after_a_restart_is_committed_once_and_answered(world):
    world.journal.append(item_records([put_in_buffer(world.files, buffered("a"))]))
    world.start()
    world.give("a", claim="new")
    world.work()
    assert world.contact_db.commits == [["a"]]
    assert world.answers() == ["new-a"]
    assert world.distributor.messages == []


def test_an_item_given_twice_is_committed_once_and_both_are_answered(world):
    world.give("a", claim="one")
    world.give("a", claim="two")
    world.work()
    assert world.contact_db.commits == [["a"]]
    assert world.answers() == ["one-a", "two-a"]


def test_an_archive_that_is_away_is_another_finding(world):
    world.contact_db.down = True
    world.give("a")
    world.work()
    world.archive.down = True
    world.give("b")
    world.later(2.0)
    assert set(world.findings()) == {"archive_failing"}
    world.archive.down = world.contact_db.down = False
    world.later(2.0)
    assert world.findings() == {}


def test_one_bad_item_does_not_keep_the_others_and_is_tried_again_later(world):
    world.contact_db.refuse = refuses("b")
    world.give("a", "b", "c", "d")
    world.work()
    assert sorted(world.answers()) == ["c-a", "c-c", "c-d"]
    (refused,) = world.ingester.of(ItemRefused)
    assert (refused.claim, refused.code, refused.reason) == ("c-b", "archive_refused", "bad row")
    assert "zoom/b@v1" in world.findings()["archive_refused"].what
    assert world.status().last_error == "bad row"
    world.later(60.0)
    assert len(world.ingester.of(ItemRefused)) == 1
    world.contact_db.refuse = refuses()
    world.later(60.0)
    assert [message.key for message in world.distributor.of(WorkDone)] == ["zoom/b@v1"]
    assert world.findings() == {}
    assert world.files.names() == ()


def test_a_refused_item_is_still_there_after_a_restart(world):
    world.contact_db.refuse = refuses("b")
    world.give("b")
    world.work()
    world.contact_db.refuse = refuses()
    world.start().work()
    assert [message.key for message in world.distributor.of(WorkDone)] == ["zoom/b@v1"]


def test_a_refused_item_that_was_fetched_again_is_answered(world):
    world.contact_db.refuse = refuses("b")
    world.give("b")
    world.work()
    world.contact_db.refuse = refuses()
    world.give("b", claim="again")
    world.later(60.0)
    assert world.answers() == ["again-b"]


def test_an_object_the_archive_refuses_keeps_nobody_else(world):
    bad = object_keys(buffered("a"))[0]
    world.archive.refuse = lambda key: ArchiveError("other content") if key == bad else None
    world.give("a", "b")
    world.work()
    assert world.answers() == ["c-b"]
    assert world.answers(ItemRefused) == ["c-a"]


def test_an_item_whose_file_is_gone_is_given_up_and_may_come_again(world):
    world.give("a")
    world.files.discard(buffered("a").media[0].buffer_name)
    world.work()
    assert world.ingester.of(ItemRefused)[0].code == "buffer_file_lost"
    assert world.status().waiting == 0
    world.give("a", claim="again")
    world.work()
    assert world.answers() == ["again-a"]


def test_a_bug_in_a_commit_is_narrowed_down_to_its_item(world):
    world.contact_db.refuse = lambda item: KeyError("x") if item.ref.key == "b" else None
    world.give("a", "b", "c")
    world.work()
    assert sorted(world.answers()) == ["c-a", "c-c"]
    assert world.ingester.of(ItemRefused)[0].reason == "KeyError"


def test_a_journal_that_cannot_be_read_is_waited_for_and_never_overwritten(world):
    world.journal.append(item_records([put_in_buffer(world.files, buffered("a"))]))
    world.journal.failing = "Input/output error"
    world.start()
    world.give("b")
    world.work()
    assert world.contact_db.commits == []
    finding = world.findings()["journal_unreadable"]
    assert finding.level is Level.ERROR
    assert "Input/output error" in finding.what
    assert "Nothing is archived" in finding.what
    world.journal.failing = ""
    world.later(2.0)
    assert world.contact_db.commits == [["b", "a"]]
    assert world.findings() == {}


def test_a_journal_that_takes_nothing_is_a_finding_and_archiving_goes_on(world):
    world.journal.failing = "No space left on device"
    world.give("a")
    world.work()
    assert world.answers() == ["c-a"]
    assert set(world.findings()) == {"journal_failing"}
    world.journal.failing = ""
    world.give("b")
    world.work()
    assert world.findings() == {}


def test_records_nobody_understands_are_kept_and_a_finding_that_stays(world):
    world.journal.append([b"?"])
    world.start().work()
    world.give("a")
    world.work()
    assert world.answers() == ["c-a"]
    assert "unreadable" in world.findings()["journal_records_kept"].what
    world.start().work()
    assert world.journal.read() == (b"?",)


def test_the_journal_stays_small(monkeypatch):
    monkeypatch.setattr("recorder.archive.archiver.COMPACT_AFTER", 20)
    world = World(batch_max=1)
    world.work()
    for number in range(100):
        world.give(str(number))
        world.work()
    assert len(world.answers()) == 100
    assert len(world.journal.read()) <= 24


def test_leftovers_are_cleaned_away_but_never_what_waits(world):
    world.contact_db.down = True
    world.give("a")
    put_in_buffer(world.files, buffered("orphan"))
    world.work()
    for _ in range(74):
        world.later(3600.0)
    assert world.files.names() == (buffered("a").media[0].buffer_name,)
    world.contact_db.down = False
    world.later(2.0)
    assert world.answers() == ["c-a"]


def test_a_ping_is_answered_at_once(world):
    supervisor = Mailbox()
    world.me.tell(Ping(7, supervisor))
    world.me.pump()
    assert supervisor.take() == [Pong("archiver", 7)]
    world.me.behaviour.on_stop()
