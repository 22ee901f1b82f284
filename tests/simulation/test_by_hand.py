"""What operators order and what only alarms: reconciliations by hand, and recordings that were gone before they came."""

from dataclasses import replace

import pytest

from recorder.records.findings import Scope, What
from sim.search.quiet import quiet
from sim.search.sometimes import BY_HAND, ITEMS_LOST, OF_KEEPING, situations, wanted
from sim.search.swarm import USUAL, random_incident
from sim.world.incident import Fault, Incident, Workload
from sim.world.world import World

LOAD = Workload(calls_per_minute=8.0, late=0.0, equal_stamps=0.0)
NOT_BY_ITSELF = {
    "reconcile": {"enabled": False},
    "poll": {"overlap_s": 0.0, "tiers": [], "retention_every_s": 80_000.0},
    "recovery": {"automatic": False},
}
"""Neither polls nor comparisons look back by themselves."""
LATE = Fault("service_late", at_s=10.0, for_s=40.0, options={"seconds": 30.0})
ORDER = Fault("compare", at_s=110.0)
TAKEN = Fault("service_deleted_before_download", at_s=30.0, for_s=20.0)


def lived(*faults, **changes):
    """The world afterwards; every promise was kept."""
    given = {"seed": 4, "minutes": 2.0, "workload": LOAD, **changes}
    with quiet():
        world = World(Incident(**given).with_faults(*faults))
        report = world.run()
    assert report.good, [str(one) for one in report.violations]
    return world


def test_a_comparison_that_somebody_orders_finds_and_fetches_what_nobody_else_looks_for():
    world = lived(LATE, ORDER, settings=NOT_BY_ITSELF)
    assert {run.scope for run in world.reconciliation.runs} == {Scope.ASKED}
    found = [row for row in world.reconciliation.findings if row.what is What.NOT_HERE]
    assert len(found) >= 3
    assert situations(world)[BY_HAND] == 1


@pytest.mark.parametrize(
    "trouble",
    [
        Fault("crash", at_s=110.0, at_next="done:begin_run", for_s=20.0),
        Fault("crash", at_s=110.0, at_next="call:record_step", for_s=20.0),
        Fault("crash", at_s=110.0, at_next="call:end_run", for_s=20.0),
        Fault("answers_lost", at_s=109.5, for_s=3.0),
        Fault("data_center_down", at_s=110.1, for_s=10.0),
        Fault("switchover", at_s=111.0),
    ],
    ids=str,
)
def test_it_comes_to_its_end_whoever_began_it(trouble):
    world = lived(LATE, ORDER, trouble, settings=NOT_BY_ITSELF, minutes=3.0)
    ended = [run for run in world.reconciliation.runs if run.ended_us is not None]
    assert len(ended) == len(world.reconciliation.runs)


def test_beside_those_that_are_due_it_takes_its_turn():
    order = replace(ORDER, at_s=20.0)
    short = replace(order, at_s=50.0, options={"back_s": 60.0})
    runs = lived(order, short, minutes=1.5).reconciliation.runs
    assert [run.scope for run in runs].count(Scope.ASKED) == 2
    assert Scope.RETENTION in {run.scope for run in runs}


def test_recordings_that_were_gone_before_they_came_are_told_within_a_minute():
    world = lived(TAKEN, minutes=3.0)
    assert situations(world)[ITEMS_LOST] >= 1
    assert ITEMS_LOST not in situations(lived())


def test_a_search_for_what_is_kept_wants_to_have_seen_both():
    assert {BY_HAND, ITEMS_LOST} <= set(OF_KEEPING) <= set(wanted(USUAL.sources, keeping=True))
    assert not set(OF_KEEPING) & set(wanted(USUAL.sources))


@pytest.mark.parametrize("index", range(2))
def test_in_random_worlds_orders_break_nothing(index):
    incident = replace(random_incident(12, index), minutes=2.0)
    faults = (
        *incident.faults,
        replace(ORDER, at_s=40.0),
        replace(ORDER, at_s=85.0),
    )
    with quiet():
        report = World(incident.with_faults(*faults)).run()
    assert report.good, [str(one) for one in report.violations]
