"""Contacts are made replayable in the world: whoever stitches, whatever comes late, whatever dies."""

from dataclasses import replace
from pathlib import Path

import pytest

from sim.search.attempt import attempt
from sim.search.swarm import USUAL, random_incident
from sim.world.incident import Fault, Incident, Screens, Workload
from sim.world.screens import replays
from sim.world.world import World

AGENTS = Screens(agents=2, replayed=1.0)
SWARM = replace(USUAL, minutes=2.0, screens=True, calls_per_minute=(1.0,))


def live(*faults, screens=AGENTS, seed=1, minutes=2.0, **more):
    incident = Incident(
        seed=seed,
        minutes=minutes,
        faults=faults,
        workload=Workload(calls_per_minute=0.5),
        screens=screens,
        **more,
    )
    world = World(incident)
    report = world.run()
    assert report.good, "\n".join(map(str, report.violations))
    return world


def made(world):
    return [one for every in world.data_center.screens.renditions.values() for one in every]


@pytest.mark.parametrize("source", ["dynamics", "webex", "zoom"])
def test_contacts_are_made_replayable_with_their_screens_where_the_source_names_their_calls(source):
    world = live(sources=(source,))
    assert made(world)
    assert any(one.has_screen for one in made(world)) is (source != "zoom")


def test_a_picture_plays_beside_the_sound_that_another_file_of_its_meeting_has():
    busy = {"zoom": Workload(calls_per_minute=6.0)}
    world = live(sources=("zoom",), workloads=busy, minutes=0.5, seed=0)
    contents = [one.content for one in world.replays.seen().renditions]
    assert any({".m4a", ".mp4"} <= {Path(key).suffix for key in one.heard} for one in contents)


def test_where_nothing_is_replayed_nobody_stitches():
    assert made(live(screens=replace(AGENTS, replayed=0.0), minutes=1.0)) == []


def test_what_comes_late_makes_another_rendition():
    assert live().replays.counts()[replays.LATE_PART]


def test_a_node_that_dies_at_the_work_leaves_nothing_wrong():
    death = Fault("crash", at_next="make", at_s=60.0, for_s=10.0)
    again = Fault("crash", at_next="done:screens_record_rendition", at_s=80.0, for_s=4.0)
    assert live(death, again).replays.counts()[replays.CRASHED]


def test_a_program_that_answers_after_its_node_lost_the_role_does_no_harm():
    slow = Fault("stitch_slow", at_s=40.0, for_s=60.0, options={"seconds": 30.0})
    over = Fault("switchover", at_s=70.0)
    assert live(slow, over).replays.counts()[replays.TAKEN_OVER]


def test_a_program_that_fails_or_finds_no_room_is_tried_again():
    faults = (Fault("stitch_fails", at_s=20.0, for_s=60.0), Fault("stitch_disk_full", at_s=90.0, for_s=30.0))  # fmt: skip
    assert made(live(*faults))


@pytest.mark.parametrize("index", range(3))
def test_random_worlds_replay_what_is_on_record(index):
    report = attempt(random_incident(2, index, SWARM))
    assert report.good, "\n".join(map(str, report.violations))


def test_the_same_seed_is_the_same_world():
    incident = Incident(seed=4, minutes=0.7, screens=AGENTS)
    assert attempt(incident).digest == attempt(incident).digest
