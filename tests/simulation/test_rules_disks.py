"""Disks that are full, fail or crawl, and what a power failure takes."""

from cluster.ports import NodeState
from recorder.errors import CallBufferError
from recorder.messages import FindingOpened
from recorder.model import SourceProgress
from recorder.poll.poll_messages import ProgressSaved, SaveDue
from sim.clockwork.chance import stream
from sim.clockwork.clock import SimClock
from sim.clockwork.kernel import Epoch, Kernel
from sim.stand_ins.buffer import SimBufferFiles, SimJournal
from sim.stand_ins.node_state import SimNodeStateStore
from sim.stand_ins.progress import MemoryProgress
from sim.world.incident import Fault, Workload
from tests.simulation.rule_worlds import live

NAME = "ab" * 32


def _disk(**changes):
    kernel = Kernel(seed=1)
    return SimBufferFiles(SimClock(kernel=kernel, epoch=Epoch("alpha", 1)), **changes), kernel


def _free(world):
    return world.machines["alpha"].disk.files.free_bytes()


def test_a_full_buffer_takes_nothing_and_the_node_goes_on_when_there_is_space():
    lived = live(
        Fault("disk_full", "alpha", at_s=20, for_s=30),
        minutes=1.2,
        looks={30: _free, 55: _free},
    )
    assert lived.seen[30] == 0
    assert lived.seen[55] > 0


def test_a_full_disk_stops_journal_progress_and_state():
    def full(world):
        disk = world.machines["beta"].disk
        return bool(disk.journal.full), disk.progress.full, disk.state.full

    options = {"what": "all"}
    lived = live(
        Fault("disk_full", at_s=20, for_s=30, options=options),
        Fault("crash", "alpha", at_s=25, for_s=5),
        minutes=1.2,
        looks={30: full, 55: full},
    )
    assert lived.seen == {30: (True, True, True), 55: (False, False, False)}
    assert lived.messages(FindingOpened, after_s=20)


def test_failing_syncs_archive_nothing_unsafe_and_everything_afterwards():
    def archived(world):
        return len(world.data_center.objects.objects)

    lived = live(
        Fault("fsync_error", at_s=20, for_s=40), minutes=1.2, looks={21: archived, 59: archived}
    )
    assert lived.seen[59] <= lived.seen[21] + 1, "one was past its fsync"


def _syncs(lived):
    """When the poller asked for its progress to be saved during the fault, and when it was."""
    asked = [at for at, node, _, m in lived.heard if node == "alpha" and isinstance(m, SaveDue)]
    saved = [
        at for at, node, _, m in lived.heard if node == "alpha" and isinstance(m, ProgressSaved)
    ]
    return [
        (at, min((one for one in saved if one > at), default=at)) for at in asked if 12 < at < 44
    ]


def test_a_slow_disk_makes_every_sync_wait():
    fault = Fault("disk_slow", "alpha", at_s=10, for_s=40, options={"seconds": 2.0})
    lived = live(fault, minutes=1, looks={30: lambda w: w.machines["alpha"].disk.slow_s})
    assert lived.seen[30] == 2.0
    assert max(later - at for at, later in _syncs(lived)) >= 2.0


def test_a_part_file_that_was_not_synced_is_torn_by_a_power_failure_and_dropped_at_the_start():
    disk, _ = _disk()
    disk.open_part(NAME, 10_000).write(b"x" * 5_000)
    disk.crash(power=True, chance=stream(3))
    (torn,) = disk.parts().values()
    assert len(torn) == 5_000
    assert torn.strip(b"x"), "holes"
    disk.start()
    assert not disk.parts()


def test_a_part_file_survives_the_death_of_the_process_alone():
    disk, _ = _disk()
    disk.open_part(NAME, 10_000).write(b"x" * 5_000)
    disk.crash(power=False)
    disk.start()
    assert disk.open_part(NAME, 10_000).offset == 5_000


def test_a_name_given_just_before_the_power_failed_may_be_lost_and_an_old_one_never():
    kept = set()
    for seed in range(8):
        disk, kernel = _disk()
        disk.open_part(NAME, 100).seal()
        disk.crash(power=True, chance=stream(seed))
        kept.add(NAME in disk.names())
        disk.open_part(NAME, 100)
    assert kept == {True, False}
    disk, kernel = _disk()
    disk.open_part(NAME, 100).seal()
    kernel.run_for(6)
    for seed in range(8):
        disk.crash(power=True, chance=stream(seed))
    assert disk.names() == (NAME,)


def test_a_discarded_file_may_come_back():
    back = set()
    for seed in range(8):
        disk, kernel = _disk()
        disk.open_part(NAME, 100).seal()
        kernel.run_for(6)
        disk.discard(NAME)
        disk.crash(power=True, chance=stream(seed))
        back.add(NAME in disk.names())
    assert back == {True, False}


def test_a_file_whose_sync_failed_is_gone():
    def trap(point):
        if point == "fsync":
            raise OSError(5, "Input/output error")

    disk, _ = _disk(trap=trap)
    part = disk.open_part(NAME, 100)
    part.write(b"x")
    try:
        part.seal()
    except CallBufferError:
        assert disk.open_part(NAME, 100).offset == 0
    else:
        raise AssertionError("a failed sync is an error")


def test_the_journal_loses_its_torn_end_and_a_rewrite_that_was_not_synced():
    points = []

    def trap(point):
        points.append(point)
        if points.count("fsync") == 2:
            raise _PowerLoss

    journal = SimJournal(trap=trap)
    journal.append([b"one"])
    try:
        journal.append([b"two", b"three"])
    except _PowerLoss:
        journal.crash(power=True, torn_after=1)
    assert journal.read() == (b"one", b"two")
    undone = set()
    for seed in range(8):
        points = ["fsync", "fsync", "fsync"]
        journal = SimJournal(trap=lambda _: None)
        journal.append([b"old"])
        journal._trap = _LastSync()
        try:
            journal.rewrite([])
        except _PowerLoss:
            journal.crash(power=True, chance=stream(seed))
        undone.add(journal.read())
    assert undone == {(), (b"old",)}


class _PowerLoss(Exception):
    """Raised where the power goes."""


class _LastSync:
    """A trap that springs at the second sync."""

    def __init__(self):
        self.syncs = 0

    def __call__(self, point):
        self.syncs += point == "fsync"
        if self.syncs == 2:
            raise _PowerLoss


def test_progress_and_state_that_were_not_synced_are_the_old_or_the_new_ones():
    found = set()
    for seed in range(8):
        progress = MemoryProgress()
        progress.save(SourceProgress("dynamics", 1, 1_000, 1_000))
        progress._trap = _LastSync()
        try:
            progress.save(SourceProgress("dynamics", 1, 2_000, 2_000))
        except _PowerLoss:
            progress.crash(stream(seed))
        found.add(progress.load()[0].watermark_us)
    assert found == {1_000, 2_000}
    terms = set()
    for seed in range(8):
        kernel = Kernel(seed=seed)
        store = SimNodeStateStore(kernel=kernel, node="alpha")
        epoch = kernel.begin_epoch("alpha")
        kernel.schedule(
            0,
            lambda store=store, kernel=kernel, epoch=epoch: kernel.run_task(
                lambda: store.save(NodeState(term=7)), epoch
            ),
            label="save",
            epoch=epoch,
        )
        kernel.pump(lambda store=store: store.load() is not None, 10**9)
        kernel.end_epoch("alpha")
        store.crash(stream(seed))
        state = store.load()
        terms.add(None if state is None else state.term)
    assert terms == {None, 7}


def test_an_object_of_a_process_that_died_before_its_sync_is_durable_before_the_database_names_it():
    """Beta puts, loses its power, finds its journal and the object: that still has to be synced."""
    lived = live(
        Fault("crash", "alpha", at_s=30, for_s=25),
        Fault(
            "crash",
            "beta",
            at_s=29,
            at_next="archiver:Committed",
            for_s=4,
            options={"after_effects": 14, "power": True},
        ),
        seed=10,
        minutes=1.1,
        workload=Workload(calls_per_minute=12.0),
    )
    assert max(lived.world.data_center.objects.puts.values()) == 1
