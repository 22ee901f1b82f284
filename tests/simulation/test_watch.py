"""The watch over a running world: bugs planted in the code are seen at once, with what led there."""

import pytest

from recorder.archive import commit_job
from recorder.poll.watermark import Watermark
from recorder.records.contacts import CommitResult
from sim.search.quiet import quiet
from sim.stand_ins.node_state import SimNodeStateStore
from sim.tables.data_center import MemoryArchive, MemoryContactDb
from sim.world import situation
from sim.world.incident import Fault, Incident
from sim.world.situation import is_benign
from sim.world.world import World

CALM = Incident(seed=1, minutes=1)
CRASH = Incident(seed=3, minutes=1.5, faults=(Fault("crash", "alpha", at_s=40, for_s=20),))


def first_of(incident, promise):
    """The first violation of this promise."""
    with quiet():
        report = World(incident).run()
    return next(one for one in report.violations if one.violation.promise == promise)


def assert_told(broken, *pieces):
    assert 0 < len(broken.history) <= 20
    assert broken.as_dict()["history"] == list(broken.history)
    instants = [float(line.partition(" s")[0]) for line in broken.history]
    assert instants == sorted(instants)
    for piece in pieces:
        assert any(piece in line for line in broken.history), broken.history


def test_a_file_deleted_before_the_commit_is_seen_when_it_is_deleted(monkeypatch):
    put = commit_job._put

    def put_and_discard(tools, item):
        refusal = put(tools, item)
        for media in item.media:
            tools.files.discard(media.buffer_name)
        return refusal

    monkeypatch.setattr(commit_job, "_put", put_and_discard)
    broken = first_of(CALM, "nothing_lost")
    assert "deleted a file from its call buffer before the commit" in broken.violation.what
    (key,) = broken.violation.items
    assert_told(broken, "is primary, term 1", f"found {key}", f"has {key} in its call buffer")
    assert broken.at_s < 60


def test_an_item_called_archived_before_its_commit_is_seen(monkeypatch):
    def nothing(_self, items, _keys):
        return CommitResult(tuple(item.ref.key for item in items), ())

    monkeypatch.setattr(MemoryContactDb, "commit", nothing)
    monkeypatch.setattr(commit_job, "_clear_up", lambda _tools, _batch, report: report)
    broken = first_of(CALM, "nothing_lost")
    assert "called an item archived before its commit" in broken.violation.what
    assert_told(broken, "hears that")


def test_an_object_that_is_not_durable_is_seen_at_the_commit(monkeypatch):
    monkeypatch.setattr(MemoryArchive, "sync", lambda _self: None)
    broken = first_of(CALM, "media_intact")
    assert broken.violation.what == "the database names an object that is not durable"


def test_a_watermark_that_passes_what_is_pending_is_seen_when_it_is_saved(monkeypatch):
    monkeypatch.setattr(Watermark, "found", lambda _self, _key, _changed_us: None)
    broken = first_of(CALM, "watermark_never_ahead")
    assert broken.violation.what == "dynamics passed unfinished items"
    assert_told(broken, "the watermark of dynamics", f"found {broken.violation.items[0]}")


def test_a_term_that_the_disk_forgot_is_seen_at_the_next_start(monkeypatch):
    monkeypatch.setattr(SimNodeStateStore, "save", lambda _self, _state: None)
    broken = first_of(CRASH, "one_primary")
    assert "kept term 0 over term 1" in broken.violation.what
    assert_told(broken, "alpha crashed", "alpha started")


def test_a_needless_failover_is_seen(monkeypatch):
    monkeypatch.setattr(situation, "is_benign", lambda _fault: True)
    broken = first_of(CRASH, "liveness")
    assert broken.violation.what == "beta took over from alpha without need"
    assert_told(broken, "fault: crash alpha", "beta is primary")


def test_the_takeover_after_a_death_is_judged():
    with quiet():
        world = World(CRASH)
        assert world.run().good
    (took_s,) = world.takeovers_s
    assert 0.01 < took_s < 2.0


def test_the_takeover_after_silence_is_judged():
    pause = Fault("pause", "alpha", at_s=40, for_s=30)
    with quiet():
        world = World(Incident(seed=3, minutes=1.5, faults=(pause,)))
        assert world.run().good
    (took_s,) = world.takeovers_s
    assert 2.0 < took_s < 8.0


@pytest.mark.parametrize(
    "fault",
    [
        Fault("link_loss", at_s=20, for_s=40, options={"share": 0.1}),
        Fault("link_slow", at_s=20, for_s=40, options={"delay_s": 0.1, "jitter_s": 0.1}),
        Fault("disk_slow", at_s=20, for_s=40, options={"seconds": 1.0}),
        Fault("clock_jump", "alpha", at_s=20, for_s=40, options={"seconds": 3600.0}),
        Fault("service_far", at_s=20, for_s=40, options={"seconds": 4.0}),
    ],
    ids=lambda fault: fault.kind,
)
def test_what_is_benign_costs_no_role_and_no_promise(fault):
    assert is_benign(fault)
    with quiet():
        world = World(Incident(seed=2, minutes=1.5, faults=(fault,)))
        report = world.run()
    assert report.good, report.violations
    assert (
        len({row.node for row in world.data_center.contacts.history if row.new == "primary"}) == 1
    )


@pytest.mark.parametrize(
    ("kind", "options"),
    [("crash", {}), ("cut", {}), ("link_loss", {"share": 0.5}), ("data_center_down", {})],
)
def test_what_may_cost_the_role_is_not_benign(kind, options):
    assert not is_benign(Fault(kind, options=options))
