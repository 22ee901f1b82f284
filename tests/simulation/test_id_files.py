"""Files with ids among faults: each is answered once, whichever node took it, and each row has its line."""

from dataclasses import replace

import pytest

from recorder.records.recoveries import RecoveryKind, RecoveryStatus
from sim.search.quiet import quiet
from sim.search.sometimes import ID_FILE, ID_FILE_TAKEN, situations
from sim.search.swarm import SHARED, random_incident
from sim.world.incident import Fault, Incident, Workload
from sim.world.world import World

LOAD = Workload(calls_per_minute=8.0, late=0.0, equal_stamps=0.0)
ONE_FOLDER = {"recovery": SHARED}
BLIND = {"poll": {"overlap_s": 0.0, "tiers": [], "retention_every_s": 80_000.0}}
LATE = Fault("service_late", at_s=10.0, for_s=40.0, options={"seconds": 30.0})


def lived(*faults, **changes):
    """The world afterwards; every promise was kept."""
    given = {"seed": 4, "minutes": 2.0, "workload": LOAD, **changes}
    with quiet():
        world = World(Incident(**given).with_faults(*faults))
        report = world.run()
    assert report.good, [str(one) for one in report.violations]
    return world


def put(at_s=60.0, target="alpha", **options):
    return Fault("id_file", target, at_s=at_s, options=options)


def test_a_file_is_answered_on_the_node_where_it_lies():
    world = lived(put(), put(target="beta", rows=8, spelling="spreadsheet"))
    assert situations(world)[ID_FILE] == 2
    rows = world.recovery.rows
    assert {row.kind for row in rows} == {RecoveryKind.SPECIFIC}
    assert {row.status for row in rows} == {RecoveryStatus.COMPLETED}
    assert all(row.counts.already_here and row.counts.gone and row.counts.failed for row in rows)


def test_two_nodes_that_look_into_one_folder_answer_each_file_once():
    faults = [put(30.0 + at_s, target="") for at_s in range(0, 40, 4)]
    world = lived(*faults, settings=ONE_FOLDER)
    assert world.drops.done == 20
    assert world.drops.taken_over == 0


def test_each_kind_of_source_has_its_own_files():
    world = lived(
        put(45.0, rows=4), sources=("dynamics", "zoom", "webex", "dynamics2"), minutes=1.0
    )
    assert world.drops.done == 3
    assert {row.source for row in world.recovery.rows} == {
        *("dynamics", "dynamics2", "zoom", "webex")
    }


def test_what_only_the_file_asks_for_is_fetched():
    settings = BLIND | {"recovery": {**SHARED, "automatic": False}}
    (first, *_) = lived(LATE, put(90.0, rows=1000), settings=settings).recovery.rows
    assert first.counts.recovered >= 3


@pytest.mark.parametrize("step", ["claim", "read", "decide", "result", "finish"])
def test_a_node_that_dies_in_the_middle_goes_on_with_it(step):
    dies = Fault("crash", "alpha", at_s=31.0, at_next=f"drop:{step}", for_s=10.0)
    assert lived(put(30.0), dies, minutes=1.0).drops.done == 1


@pytest.mark.parametrize("step", ["read", "decide", "result", "finish"])
def test_what_it_leaves_in_a_folder_of_both_the_other_one_takes_over(step):
    dies = Fault("crash", "alpha", at_s=31.0, at_next=f"drop:{step}", for_s=90.0)
    world = lived(put(30.0), dies, settings=ONE_FOLDER)
    assert situations(world)[ID_FILE_TAKEN] == 1


@pytest.mark.parametrize("step", ["read", "decide", "result", "finish"])
def test_a_node_that_wakes_up_in_the_middle_leaves_what_was_taken_from_it(step):
    stopped = Fault("pause", "alpha", at_s=31.0, at_next=f"drop:{step}", for_s=50.0)
    world = lived(put(30.0), stopped, settings=ONE_FOLDER)
    assert world.drops.taken_over == 1
    assert world.drops.done == 1


@pytest.mark.parametrize(
    ("trouble", "settings"),
    [
        (Fault("data_center_down", at_s=61.0, for_s=20.0), {}),
        (Fault("answers_lost", at_s=70.0, for_s=15.0), ONE_FOLDER),
        (Fault("service_unreachable", at_s=61.0, for_s=80.0), {}),
        (Fault("service_server_error", at_s=61.0, for_s=30.0), ONE_FOLDER),
        (Fault("switchover", at_s=74.0), {}),
        (Fault("crash", at_s=74.0, for_s=20.0), ONE_FOLDER),
        (Fault("cut", at_s=61.0, for_s=20.0), {}),
    ],
    ids=lambda given: getattr(given, "kind", ""),
)
def test_it_is_answered_although_there_is_trouble(trouble, settings):
    world = lived(put(target=""), trouble, settings=settings)
    assert world.drops.done == 2


def test_a_cancelled_one_is_answered_too():
    world = lived(put(60.0, rows=8, cancel_after_s=16.0), settings=ONE_FOLDER)
    assert world.drops.done == 1


@pytest.mark.parametrize("index", range(3))
def test_in_random_worlds_every_file_has_its_answer(index):
    incident = replace(random_incident(11, index), minutes=2.0)
    settings = {**incident.settings, **(ONE_FOLDER if index % 2 else {})}
    faults = (*incident.faults, put(30.0, target=""), put(75.0, "beta"), put(100.0, ""))
    lived_incident = replace(incident.with_faults(*faults), settings=settings)
    with quiet():
        report = World(lived_incident).run()
    assert report.good, [str(one) for one in report.violations]
