"""Recoveries among faults: what only they can find is archived, their counts hold at every write, they end."""

from dataclasses import replace

import pytest

from recorder.records.recoveries import RecoveryKind, RecoveryStatus
from sim.search.quiet import quiet
from sim.search.swarm import random_incident
from sim.world.incident import Fault, Incident, Workload
from sim.world.world import World
from tests.simulation.depth import few_or_all

LOAD = Workload(calls_per_minute=8.0, late=0.0, equal_stamps=0.0)
BLIND = {"poll": {"overlap_s": 0.0, "tiers": [], "retention_every_s": 80_000.0}}
"""Polls that never look back: what appears late is found by nobody else."""
LATE = Fault("service_late", at_s=10.0, for_s=40.0, options={"seconds": 30.0})


def lived(*faults, good=True, **changes):
    """The world afterwards; every promise was kept unless said otherwise."""
    given = {"seed": 4, "minutes": 2.0, "workload": LOAD, **changes}
    with quiet():
        world = World(Incident(**given).with_faults(*faults))
        report = world.run()
    assert report.good is good, [str(one) for one in report.violations]
    return world


def asked(at_s, **options):
    return Fault("recovery", at_s=at_s, options=options)


def total(world, name):
    return sum(getattr(row.counts, name) for row in world.recovery.rows)


def test_what_appeared_late_is_lost_to_a_pair_that_never_looks_back():
    world = lived(LATE, good=False, settings=BLIND)
    assert {one.violation.promise for one in world.violations} >= {"nothing_lost"}


def test_and_a_recovery_finds_it():
    world = lived(LATE, asked(90.0), settings=BLIND)
    (row,) = world.recovery.rows
    assert row.status is RecoveryStatus.COMPLETED
    assert row.counts.recovered >= 3


@pytest.mark.parametrize(
    "trouble",
    [
        Fault("crash", at_s=91.0, for_s=10.0),
        Fault("crash", at_s=90.0, at_next="done:commit", for_s=10.0),
        Fault("crash", at_s=90.0, for_s=20.0, options={"after_effects": 9}),
        Fault("pause", "alpha", at_s=91.0, for_s=12.0),
        Fault("data_center_down", at_s=91.0, for_s=10.0),
        Fault("answers_lost", at_s=90.5, for_s=8.0),
        Fault("service_throttle", at_s=90.0, for_s=15.0, options={"seconds": 3.0}),
        Fault("switchover", at_s=91.0),
        Fault("cut", at_s=90.5, for_s=15.0),
        Fault("lease_clock_jump", at_s=91.0, options={"seconds": 60.0}),
    ],
    ids=lambda fault: fault.kind,
)
def test_it_does_although_there_is_trouble_in_the_middle(trouble):
    world = lived(LATE, asked(90.0), trouble, settings=BLIND)
    row = world.recovery.rows[0]
    assert row.status is RecoveryStatus.COMPLETED
    assert row.counts.recovered + row.counts.already_here == row.counts.detected


def test_two_at_once_fetch_nothing_twice():
    world = lived(LATE, asked(90.0), asked(90.5, back_s=110.0), settings=BLIND)
    assert len(world.recovery.rows) == 2
    assert total(world, "pending") == 0


def test_a_dry_run_fetches_nothing():
    world = lived(LATE, asked(90.0, dry_run=True), good=False, settings=BLIND)
    (row,) = world.recovery.rows
    assert row.status is RecoveryStatus.COMPLETED
    assert row.forecast is not None
    assert row.counts.pending >= 3
    assert row.counts.recovered == 0


def test_a_cancelled_one_stays_cancelled():
    world = lived(LATE, asked(90.0, cancel_after_s=1.5), asked(100.0, back_s=290.0), settings=BLIND)
    first, second = world.recovery.rows
    assert first.status is RecoveryStatus.CANCELLED
    assert second.status is RecoveryStatus.COMPLETED


def test_after_a_stop_of_both_nodes_the_system_looks_by_itself():
    stop = Fault("stop", at_s=20.0, for_s=40.0)
    world = lived(stop, asked(115.0))
    found = [row for row in world.recovery.rows if row.kind is RecoveryKind.AUTOMATIC]
    assert found
    assert {row.status for row in found} == {RecoveryStatus.COMPLETED}


def test_live_capture_is_as_quick_with_a_recovery_as_without():
    def slowest(world):
        rows = world.data_center.contacts.items.rows.values()
        return max(row.archived_us - row.found_us for row in rows if row.archived_us) / 1e6

    alone = slowest(lived())
    beside = slowest(lived(*(asked(at_s) for at_s in (30.0, 60.0, 90.0))))
    assert beside <= alone + 5.0


def test_three_sources_are_recovered_side_by_side():
    sources = ("dynamics", "zoom", "webex")
    world = lived(asked(100.0), sources=sources, minutes=2.0)
    manual = [row for row in world.recovery.rows if row.kind is RecoveryKind.MANUAL]
    assert sorted(row.source for row in manual) == sorted(sources)
    assert all(row.counts.detected for row in manual)


@pytest.mark.parametrize("index", few_or_all(range(3), 1))
def test_in_random_worlds_recoveries_keep_their_accounts(index):
    incident = replace(random_incident(9, index), minutes=2.0)
    faults = (*incident.faults, asked(30.0), asked(75.0, cancel_after_s=5.0, back_s=600.0))
    with quiet():
        report = World(incident.with_faults(*faults)).run()
    assert report.good, [str(one) for one in report.violations]
