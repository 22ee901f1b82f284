"""Audit trail and scrub in the world: faults of every kind, and in the end the trail is whole and complete."""

import pytest

from recorder.records.scrub import Outcome
from sim.world.incident import Fault, Incident, Workload
from sim.world.world import World
from tests.simulation.depth import few_or_all
from tests.simulation.test_retention import SHORT

SETTINGS = {
    **SHORT,
    "scrub": {
        "bytes_per_day": 10**12,
        "pass_every_s": 30.0,
        "census_every_s": 10.0,
        "recheck_s": 5.0,
        "stray_after_s": 60.0,
    },
}


def live(*faults, seed=1, minutes=3):
    world = World(
        Incident(
            seed=seed,
            minutes=minutes,
            faults=faults,
            settings=SETTINGS,
            workload=Workload(calls_per_minute=12.0),
        )
    )
    report = world.run()
    assert report.good, "\n".join(map(str, report.violations))
    return world


def deeds(world):
    return [record.entry.what for record in world.data_center.proof.trail.records]


def test_roles_and_deletions_are_in_the_trail_and_both_disks_remember_it():
    world = live()
    told = deeds(world)
    assert told.count("role_changed") >= 2
    assert told.count("contact_deleted") == world.retention.deleted > 0
    newest = world.data_center.proof.trail.records[-1].number
    for machine in world.machines.values():
        assert newest - machine.disk.proof.anchor.load().number < 60


def test_the_scrub_reads_what_is_archived():
    world = live()
    rows = world.data_center.proof.scrub.rows
    assert sum(row.outcome is Outcome.WHOLE for row in rows.values()) > 5
    assert not any(row.outcome.is_bad for row in rows.values())


@pytest.mark.parametrize("seed", few_or_all(range(3), 1))
@pytest.mark.parametrize(
    "faults",
    [
        [Fault("crash", "alpha", at_s=70.0, for_s=20.0)],
        [Fault("crash", "alpha", at_s=75.0, for_s=30.0, options={"power": True})],
        [Fault("data_center_down", at_s=60.0, for_s=40.0)],
        [Fault("answers_lost", "alpha", at_s=60.0, for_s=40.0)],
        [Fault("disk_full", "alpha", at_s=60.0, for_s=40.0)],
        [
            Fault("crash", "alpha", at_s=70.0, for_s=10.0),
            Fault("crash", "beta", at_s=90.0, for_s=10.0),
        ],
    ],
)
def test_whatever_happens_the_trail_is_whole_and_complete_in_the_end(faults, seed):
    live(*faults, seed=seed)


def test_a_world_that_says_nothing_of_it_has_none():
    world = World(Incident(seed=1, minutes=1, workload=Workload(calls_per_minute=6.0)))
    assert world.run().good
    assert world.data_center.proof.trail.records == []


def test_the_checker_finds_a_record_that_was_lost():
    world = live()
    proof = world.data_center.proof
    del proof.trail.records[3]
    found = [one.what for one in world._proof()]
    assert any("record 4 is missing" in what for what in found)
