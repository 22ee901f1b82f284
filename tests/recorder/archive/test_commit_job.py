"""The six steps into the Data Center: crashes between any two, outages, bad items."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.archive.commit_job import (
    Batch,
    CommitTools,
    Report,
    clean_buffer,
    commit_batch,
    object_keys,
    replay_journal,
)
from recorder.archive.journal_records import item_records, replay
from recorder.codec import job_key
from recorder.errors import ArchiveError, DataCenterError, DataCenterUnfit, SchemaTooNew
from sim.stand_ins.buffer import SimBufferFiles, SimJournal
from tests.recorder.fakes import MP3, FakeArchive, FakeContactDb, buffered, put_in_buffer
from tests.recorder.hand_clock import HandClock

POINTS_OF_A_BATCH = 14


class Crash(BaseException):
    """The node died here."""


@dataclass
class World:
    """A node's disk and the Data Center; `crash_at` counts down over every point that is passed."""

    crash_at: int | None = None
    passed: list = field(default_factory=list)

    def __post_init__(self):
        self.clock = HandClock()
        self.files = SimBufferFiles(self.clock)
        self.journal = SimJournal(trap=self.trap)
        self.archive = FakeArchive(self.files)
        self.contact_db = FakeContactDb()
        self.archive.trap = self.contact_db.trap = self.trap
        self.tools = CommitTools(
            journal=self.journal,
            files=self.files,
            archive=self.archive,
            contact_db=self.contact_db,
            trap=self.trap,
        )

    def trap(self, point):
        self.passed.append(point)
        if self.crash_at is not None:
            self.crash_at -= 1
            if self.crash_at < 0:
                raise Crash

    def fetch(self, *items):
        return tuple(put_in_buffer(self.files, item) for item in items)

    def commit(self, *items, **kwargs):
        return commit_batch(self.tools, Batch(items=items, to_journal=items, **kwargs))

    def crash(self, *, power):
        self.files.crash(power=power)
        self.journal.crash(power=power)
        if power:
            self.archive.crash()

    def open_items(self):
        return [item.ref.key for item in replay(self.journal.read()).open_items]

    def check_never_lost_never_twice(self, items):
        for item in items:
            stored = self.contact_db.items.get((item.ref.source, item.ref.key, item.ref.version))
            if stored is None:
                continue
            for key in object_keys(item):
                assert self.archive.durable[key] == MP3, "the database names a lasting object"


A, B = buffered("a", media_keys=["m1", "m2"]), buffered("b")
KEYS = (job_key(A.ref), job_key(B.ref))


@pytest.fixture
def world():
    return World()


def test_a_batch_is_archived_noted_and_gone_from_the_buffer(world):
    report = world.commit(*world.fetch(A, B))
    assert report == Report(journaled=KEYS, archived=KEYS, stored=KEYS)
    assert world.contact_db.commits == [["a", "b"]]
    assert set(world.archive.durable) == {*object_keys(A), *object_keys(B)}
    assert world.open_items() == []
    assert world.files.names() == ()


def test_the_steps_come_in_the_order_that_makes_them_safe(world):
    world.commit(*world.fetch(A, B))
    order = ["append", "fsync", "put", "put", "put", "sync", "commit", "committed", "note"]
    assert world.passed == [*order, "append", "fsync", "discard"]


class WorstLuck:
    """Whatever a power cut may take away, it takes."""

    def random(self):
        return 0.0

    def randrange(self, _below):
        return 0


def test_whatever_the_journal_promises_is_in_the_buffer_after_a_power_cut(world):
    items = world.fetch(A, B)
    world.crash_at = 2
    with pytest.raises(Crash):
        world.commit(*items)
    world.files.crash(power=True, chance=WorstLuck())
    world.journal.crash(power=True, chance=WorstLuck())
    assert world.open_items() == ["a", "b"]
    assert set(world.files.names()) == {media.buffer_name for i in items for media in i.media}


def test_the_journal_promises_nothing_whose_name_may_be_lost(world):
    items = world.fetch(A)
    world.files.failing = "the disk refuses to sync"
    report = world.commit(*items)
    assert report.journal_error == "the disk refuses to sync"
    assert world.open_items() == []


def test_doing_it_again_changes_nothing(world):
    world.commit(*world.fetch(A, B))
    puts = list(world.archive.puts)
    report = world.commit(*world.fetch(A, B))
    assert (report.archived, report.already) == (KEYS, 2)
    assert set(world.archive.puts) == set(puts)
    assert len(world.contact_db.items) == 2


@given(
    crashes=st.lists(st.tuples(st.integers(0, POINTS_OF_A_BATCH), st.booleans()), max_size=4),
    compact=st.booleans(),
)
def test_a_crash_at_any_point_repeated_at_will_loses_nothing_and_doubles_nothing(crashes, compact):
    world = World()
    items = world.fetch(A, B)
    to_journal = items
    for point, power in crashes:
        world.crash_at = point
        try:
            replayed = replay_journal(world.journal).open_items
            compact_to = () if compact else None
            batch = Batch(items=replayed or items, to_journal=to_journal, compact_to=compact_to)
            commit_batch(world.tools, batch)
        except Crash:
            pass
        world.crash_at = None
        world.crash(power=power)
        world.check_never_lost_never_twice(items)
        open_keys = world.open_items()
        for item in items:
            on_record = not world.contact_db.unfinished((item.ref,))
            assert on_record or item.ref.key in open_keys or item in to_journal
        to_journal = ()
        # What neither journal nor database knows is found by the next poll and fetched again.
        again = [i for i in items if world.contact_db.unfinished((i.ref,))]
        to_journal = world.fetch(*(i for i in again if i.ref.key not in open_keys))
    rest = replay_journal(world.journal).open_items
    report = commit_batch(world.tools, Batch(items=(*rest, *to_journal), to_journal=to_journal))
    assert report.outage is None
    assert report.refused == ()
    assert not world.contact_db.unfinished(tuple(item.ref for item in items))
    assert len(world.contact_db.objects) == len(world.archive.durable) == 3
    world.check_never_lost_never_twice(items)
    assert world.open_items() == []


@pytest.mark.parametrize("power", [False, True])
@pytest.mark.parametrize("point", range(12))
def test_a_journaled_item_survives_a_crash_at_each_single_point(point, power):
    world = World()
    items = world.fetch(A, B)
    world.journal.append(item_records(items))
    world.crash_at = point
    with pytest.raises(Crash):
        world.commit(*items)
    world.crash_at = None
    world.crash(power=power)
    rest = replay_journal(world.journal).open_items
    report = commit_batch(world.tools, Batch(items=rest))
    assert report.refused == ()
    assert not world.contact_db.unfinished((A.ref, B.ref))
    assert len(world.archive.durable) == 3


def test_without_the_database_everything_waits_in_the_journal(world):
    world.contact_db.down = True
    report = world.commit(*world.fetch(A, B))
    assert report.outage.code == "data_center_down"
    assert (report.journaled, report.stored, report.archived) == (KEYS, KEYS, ())
    assert world.open_items() == ["a", "b"]
    assert len(world.files.names()) == 3


def test_objects_that_are_durable_are_not_put_again(world):
    world.contact_db.down = True
    world.commit(*world.fetch(A))
    world.contact_db.down = False
    world.archive.puts.clear()
    assert world.commit(A, stored=frozenset({KEYS[0]})).archived == (KEYS[0],)
    assert world.archive.puts == []


def test_a_newer_schema_is_an_outage_of_its_own(world):
    world.contact_db.refuse = lambda _item: SchemaTooNew("x", hint="Upgrade.")
    report = world.commit(*world.fetch(A))
    assert (report.outage.code, report.outage.hint) == ("schema_too_new", "Upgrade.")


def test_an_unfit_database_is_an_outage_and_refuses_no_item(world):
    world.contact_db.refuse = lambda _item: DataCenterUnfit("no such table", hint="Mend it.")
    report = world.commit(*world.fetch(A, B))
    assert (report.outage.code, report.outage.hint) == ("data_center_unfit", "Mend it.")
    assert (report.rejected, report.refused) == ("", ())


def test_without_the_archive_nothing_is_committed(world):
    world.archive.down = True
    report = world.commit(*world.fetch(A, B))
    assert report.outage.code == "archive_failing"
    assert world.contact_db.commits == []
    assert world.open_items() == ["a", "b"]


def test_one_object_the_archive_refuses_does_not_keep_the_others(world):
    bad = object_keys(A)[0]
    world.archive.refuse = lambda key: ArchiveError("other content") if key == bad else None
    report = world.commit(*world.fetch(A, B))
    assert report.archived == (KEYS[1],)
    (refusal,) = report.refused
    assert (refusal.item, refusal.code) == (KEYS[0], "archive_refused")
    assert world.open_items() == ["a"]
    assert len(world.files.names()) == 2


def test_a_batch_the_database_refuses_is_reported_whole(world):
    world.contact_db.refuse = lambda item: DataCenterError("bad") if item.ref.key == "a" else None
    report = world.commit(*world.fetch(A, B))
    assert (report.rejected, report.archived, report.outage) == ("bad", (), None)
    assert report.stored == KEYS


def test_an_item_whose_file_is_gone_is_lost_and_leaves_the_journal(world):
    world.fetch(A, B)
    world.files.discard(A.media[0].buffer_name)
    report = world.commit(A, B)
    assert report.archived == (KEYS[1],)
    assert [(refusal.item, refusal.code) for refusal in report.refused] == [
        (KEYS[0], "buffer_file_lost")
    ]
    assert world.open_items() == []


def test_two_versions_of_an_item_may_share_a_file(world):
    newer = buffered("b", version="v2", media_keys=["m-b"])
    world.fetch(B)
    assert world.commit(B).archived == (KEYS[1],)
    assert world.commit(newer).archived == (job_key(newer.ref),)
    assert len(world.archive.durable) == 1


def test_a_journal_that_fails_does_not_stop_archiving(world):
    world.journal.failing = "No space left on device"
    report = world.commit(*world.fetch(A))
    assert report.archived == (KEYS[0],)
    assert report.journaled == ()
    assert report.journal_error == "No space left on device"
    assert world.files.names() == ()


def test_a_buffer_that_cannot_be_read_is_an_outage(world):
    world.fetch(A)
    world.archive.refuse = lambda _key: ArchiveError("cannot read")
    world.files.failing = "Input/output error"
    assert world.commit(A).outage.code == "buffer_unreadable"


def test_compacting_keeps_what_is_open_and_drops_the_rest(world):
    bad = object_keys(A)[0]
    world.archive.refuse = lambda key: ArchiveError("x") if key == bad else None
    other = buffered("c")
    report = world.commit(*world.fetch(A, B), compact_to=(other,))
    assert report.compacted
    assert world.open_items() == ["c", "a"]
    assert len(world.journal.read()) == 2


def test_compacting_keeps_records_that_only_another_version_can_read(world):
    world.journal.append([b"Zfrom the future"])
    world.commit(*world.fetch(A), compact_to=(B,))
    assert world.journal.read() == (b"Zfrom the future", *item_records([B]))
    world.commit(*world.fetch(B))
    assert replay_journal(world.journal).unreadable == (b"Zfrom the future",)
    assert world.journal.read() == (b"Zfrom the future",)


def test_a_replay_compacts_what_is_spent(world):
    world.commit(*world.fetch(A))
    world.journal.append(item_records([B]))
    assert replay_journal(world.journal).open_items == (B,)
    assert len(world.journal.read()) == 1


def test_only_old_files_nobody_needs_are_cleaned_away(world):
    world.fetch(A, B)
    world.clock.advance(100)
    fresh = buffered("c")
    world.fetch(fresh)
    keep = frozenset(media.buffer_name for media in A.media)
    assert clean_buffer(world.files, keep, 100) == 1
    assert set(world.files.names()) == {*keep, fresh.media[0].buffer_name}
