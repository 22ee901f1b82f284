"""Reconciliation among faults: what differs is found, told once, fetched, and over when it is over."""

import pytest

from recorder.records.findings import What, Why, stays_closed
from sim.search.quiet import quiet
from sim.world.incident import Fault, Incident, Workload
from sim.world.world import World
from tests.simulation.depth import few_or_all

LOAD = Workload(calls_per_minute=8.0, late=0.0, equal_stamps=0.0)
BLIND = {"poll": {"overlap_s": 0.0, "tiers": [], "retention_every_s": 80_000.0}}
"""Polls that never look back: what they passed is found by nobody else."""
ON = {"reconcile": {}}
DAY_S = 86_400.0
SHORT = {
    "retention": {
        "policies": [{"name": "all", "keep_days": 60 / DAY_S}],
        "recycle_days": 15 / DAY_S,
        "every_s": 5.0,
        "first_s": 1.0,
        "pause_s": 0.2,
    }
}
GONE = Fault("object_damage", at_s=60.0, for_s=45.0)
LOST = Fault("rows_lost", at_s=70.0)
TROUBLE = (
    Fault("crash", at_s=75.0, at_next="call:record_step", for_s=5.0),
    Fault("crash", at_s=75.0, at_next="done:record_step", for_s=20.0),
    Fault("crash", at_s=75.0, at_next="done:end_run", for_s=20.0),
    Fault("pause", at_s=75.0, at_next="call:record_step", for_s=15.0),
    Fault("switchover", at_s=75.0),
    Fault("cut", at_s=73.0, for_s=20.0),
    Fault("data_center_down", at_s=72.0, for_s=20.0),
    Fault("answers_lost", at_s=72.0, for_s=15.0),
    Fault("service_throttle", at_s=72.0, for_s=20.0, options={"seconds": 3.0}),
    Fault("service_server_error", at_s=72.0, for_s=20.0),
    Fault("clock_jump", "alpha", at_s=72.0, for_s=20.0, options={"seconds": -60.0}),
)


def lived(*faults, good=True, **changes):
    """The world afterwards; every promise was kept unless said otherwise."""
    given = {"seed": 4, "minutes": 2.0, "workload": LOAD, "settings": ON, **changes}
    with quiet():
        world = World(Incident(**given).with_faults(*faults))
        report = world.run()
    assert report.good is good, [str(one) for one in report.violations]
    return world


def found(world, what):
    return [row for row in world.reconciliation.findings if row.what is what]


def test_where_nothing_differs_nothing_is_found():
    world = lived()
    assert world.reconciliation.runs
    assert all(not run.reason for run in world.reconciliation.runs)
    assert not world.reconciliation.findings


def test_a_world_in_which_nothing_may_differ_compares_nothing():
    world = lived(settings={})
    assert not world.reconciliation.is_on
    assert not world.reconciliation.runs


@pytest.mark.parametrize("how", ["gone", "short"])
def test_an_object_that_is_not_whole_is_told_until_it_is_brought_back(how):
    (row,) = found(
        lived(Fault("object_damage", at_s=60.0, for_s=45.0, options={"how": how})),
        What.OBJECT_MISSING,
    )
    assert row.why is Why.ARCHIVE_DAMAGED
    assert row.closed_because == "the archive has the file again"
    assert 35.0 < (row.closed_us - row.opened_us) / 1e6 < 55.0


def test_an_object_of_nobody_is_told_until_it_is_taken_away():
    world = lived(Fault("object_stray", at_s=30.0, for_s=60.0))
    (row,) = found(world, What.OBJECT_WITHOUT_ROW)
    assert not row.is_open


def test_what_the_database_lost_is_lost_to_a_pair_that_never_looks_back():
    world = lived(LOST, settings=BLIND | {"reconcile": {"enabled": False}}, good=False)
    assert "nothing_lost" in {one.violation.promise for one in world.violations}


def test_and_a_comparison_finds_and_fetches_it():
    rows = found(lived(LOST, settings=BLIND | ON), What.NOT_HERE)
    assert rows
    assert all("fetched by R-" in row.closed_because for row in rows)


@pytest.mark.parametrize("trouble", few_or_all(TROUBLE[::2] + TROUBLE[1::2], 6), ids=str)
def test_it_does_although_there_is_trouble_in_the_middle(trouble):
    world = lived(LOST, GONE, trouble, settings=BLIND | ON)
    assert len(found(world, What.OBJECT_MISSING)) == 1
    assert not [row for row in world.reconciliation.findings if row.is_open]


def test_what_appeared_late_is_fetched_by_nobody_else():
    late = Fault("service_late", at_s=10.0, for_s=40.0, options={"seconds": 30.0})
    rows = found(lived(late, settings=BLIND | ON), What.NOT_HERE)
    assert {row.why for row in rows} == {Why.LATE_AT_SOURCE}
    assert not [row for row in rows if row.is_open]


def test_what_an_operator_accepted_is_not_opened_again_while_it_lasts():
    world = lived(GONE, Fault("accept", at_s=80.0))
    (row,) = found(world, What.OBJECT_MISSING)
    assert stays_closed(row.closed_because)
    assert len([run for run in world.reconciliation.runs if run.started_us > row.closed_us]) > 3


def test_a_size_that_the_service_tells_wrongly_is_one_finding_while_it_does():
    wrong = Fault("service_wrong_size", at_s=50.0, for_s=60.0)
    rows = found(lived(wrong, sources=("zoom",)), What.DIFFERS)
    assert rows
    assert len({row.subject for row in rows}) == len(rows)
    assert {row.closed_because for row in rows} == {"it agrees again"}


def test_what_the_source_deletes_after_it_was_archived_is_noted_and_alarms_nobody():
    load = Workload(calls_per_minute=12.0, deleted=0.4)
    rows = lived(workload=load, sources=("dynamics", "zoom", "webex")).reconciliation.findings
    noted = [row for row in rows if row.what is What.NOT_AT_SOURCE]
    assert noted
    assert not [row for row in noted if row.is_open]


@pytest.mark.parametrize("seed", [1, 2])
def test_what_a_policy_deletes_is_no_difference(seed):
    world = lived(seed=seed, minutes=3.0, settings=ON | SHORT, workload=Workload(12.0))
    assert world.retention.deleted > 5
    assert not found(world, What.OBJECT_MISSING)


def test_runs_come_in_the_night_of_the_settings():
    night = {"reconcile": {"at_hour_utc": 60 / 3600, "retention_every_s": 7 * DAY_S}}
    world = lived(GONE, settings=night)
    assert [run.scope.value for run in world.reconciliation.runs] == ["retention", "recent"]
