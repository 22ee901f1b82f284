"""Retention in the world: contacts are deleted among faults, and no held one ever is. Promise S8."""

from collections import Counter

import pytest

from recorder.records.retention import DeletionState
from sim.world.incident import Fault, Incident, Workload
from sim.world.world import World

DAY_S = 86_400.0
SHORT = {
    "retention": {
        "policies": [{"name": "all", "keep_days": 40 / DAY_S}],
        "recycle_days": 15 / DAY_S,
        "every_s": 5.0,
        "first_s": 1.0,
        "pause_s": 0.2,
    }
}


def live(*faults, seed=1, minutes=3, **workload):
    given = {"calls_per_minute": 12.0, **workload}
    world = World(
        Incident(
            seed=seed,
            minutes=minutes,
            faults=faults,
            settings=SHORT,
            workload=Workload(**given),
        )
    )
    report = world.run()
    assert report.good, "\n".join(map(str, report.violations))
    return world


def states(world):
    return Counter(one.state for one in world.data_center.contacts.deletions.values())


def test_old_contacts_go_and_young_ones_stay():
    world = live()
    assert world.retention.deleted > 10
    assert world.data_center.contacts.contacts.rows
    assert states(world)[DeletionState.DELETED] == world.retention.deleted


def test_nothing_goes_while_everything_is_held():
    world = live(Fault("hold", at_s=1.0, for_s=900.0, options={"covers": "source"}))
    assert world.retention.held == 1
    held_s = [one.due_us for one in world.data_center.contacts.deletions.values()]
    released_us = world.data_center.retention_tables.holds["H-0001"].released_us
    assert released_us is not None
    assert all(due_us > released_us for due_us in held_s)


def test_a_hold_stops_what_was_due():
    world = live(Fault("hold", at_s=70.0, for_s=60.0, options={"covers": "source"}))
    assert states(world)[DeletionState.WITHDRAWN] > 0
    assert states(world)[DeletionState.DELETED] > 0, "once it was released"


@pytest.mark.parametrize(
    "point",
    [
        "call:decide",
        "done:decide",
        "call:begin_deletion",
        "done:begin_deletion",
        "call:finish_deletion",
        "call:delete",
        "done:delete",
        "call:done_deletion",
        "done:done_deletion",
    ],
)
def test_a_node_may_die_at_any_step_of_a_deletion(point):
    world = live(
        Fault("crash", at_s=60.0, at_next=point, for_s=20.0),
        Fault("crash", at_s=100.0, at_next=point, for_s=5.0, options={"power": True}),
    )
    assert world.counts["fault crash"] == 2, "the point was reached"
    assert world.retention.deleted > 10


@pytest.mark.parametrize("point", ["done:begin_deletion", "call:delete", "done:delete"])
def test_a_hold_that_comes_after_a_crash_in_a_deletion_wins(point):
    world = live(
        Fault("crash", at_s=60.0, at_next=point, for_s=30.0),
        Fault("hold", at_s=60.0, at_next=point, for_s=40.0),
    )
    assert world.retention.held == 1
    assert states(world)[DeletionState.WITHDRAWN] > 0


@pytest.mark.parametrize("point", ["call:finish_deletion", "call:delete", "call:done_deletion"])
def test_a_node_that_was_stopped_in_a_deletion_deletes_nothing_when_it_wakes(point):
    world = live(
        Fault("pause", at_s=60.0, at_next=point, for_s=20.0),
        Fault("hold", at_s=65.0, for_s=60.0, options={"covers": "source"}),
    )
    assert world.counts["fault pause"] == 1


def test_answers_that_are_lost_and_a_data_center_that_restarts_delete_nothing_twice():
    world = live(
        Fault("answers_lost", at_s=60.0, for_s=20.0),
        Fault("data_center_restart", at_s=90.0),
        Fault("data_center_down", at_s=110.0, for_s=15.0),
    )
    assert world.retention.deleted > 10


def test_what_a_node_had_in_its_buffer_while_it_was_away_does_not_come_back():
    world = live(
        Fault("crash", "beta", at_s=20.0, at_next="call:commit", for_s=100.0),
        Fault("answers_lost", "beta", at_s=10.0, for_s=30.0),
    )
    assert world.retention.deleted > 10


def test_a_world_without_a_policy_has_no_retention():
    world = World(Incident(seed=1, minutes=1))
    world.run()
    assert not world.retention.is_on
    assert not world.data_center.contacts.deletions
