"""Agents and their screens in the world: promise S7 among deaths, cuts, and messages in any order."""

from dataclasses import replace

import pytest

from sim.search.attempt import attempt
from sim.search.swarm import USUAL, random_incident
from sim.world.incident import Fault, Incident, Screens, Workload
from sim.world.screens.stage import BOTH_HEARD, DISORDER, MOVED, TAKEN_UP
from sim.world.world import World
from tests.simulation.depth import few_or_all

PROMPT = Screens(agents=2, late=0.0, unheard=0.0, missed_end=0.0)
SWARM = replace(USUAL, minutes=2.0, screens=True, calls_per_minute=(1.0,))


def live(*faults, screens=PROMPT, seed=1, minutes=2.0, **more):
    incident = Incident(
        seed=seed,
        minutes=minutes,
        faults=faults,
        workload=Workload(calls_per_minute=1.0),
        screens=screens,
        **more,
    )
    world = World(incident)
    report = world.run()
    assert report.good, "\n".join(map(str, report.violations))
    return world


def archived(world):
    return world.data_center.screens.parts


def test_answered_calls_are_archived_and_others_are_nowhere():
    world = live()
    assert archived(world)
    assert not any(machine.disk.screens.disk.opened for machine in world.machines.values())


def test_a_world_without_agents_has_no_screens():
    assert not archived(live(screens=None, minutes=0.5))


@pytest.mark.parametrize(
    "fault",
    [
        Fault("crash", at_s=60.0, target="alpha", for_s=10.0),
        Fault("crash", at_s=60.0, target="alpha", for_s=10.0, options={"power": True}),
        Fault("pause", at_s=60.0, target="alpha", for_s=10.0),
        Fault("desktops_cut", target="alpha", at_s=60.0, for_s=10.0),
    ],
    ids=lambda fault: fault.kind,
)
def test_desktops_go_to_the_other_node_in_mid_call(fault):
    other = replace(fault, target="beta", at_s=90.0)
    counts = live(fault, other).screens.counts()
    assert counts[MOVED]


def test_desktop_that_dies_while_no_node_is_there_sends_what_its_disk_has():
    cut = Fault("desktops_cut", at_s=50.0, for_s=25.0)
    death = Fault("desktop_crash", at_s=65.0, for_s=4.0)
    world = live(cut, death)
    assert world.screens.counts()[TAKEN_UP]
    assert any(one.spool.dropped for one in world.screens.desktops) is False


def test_desktop_that_loses_its_power_records_again_by_another_calendar():
    power = {"power": True, "calendar_s": 3600.0}
    world = live(Fault("desktop_crash", at_s=55.0, for_s=4.0, options=power), minutes=1.5)
    assert any(len(one.served) > 1 for one in world.screens.desktops)


def test_messages_to_both_nodes_in_any_order_act_once():
    odd = replace(PROMPT, two_urls=True, late=0.4, doubled=0.5, unheard=0.1)
    counts = live(screens=odd).screens.counts()
    assert counts[BOTH_HEARD]
    assert counts[DISORDER]


@pytest.mark.parametrize("source", ["dynamics", "webex"])
def test_messages_as_the_service_writes_them_say_the_same_through_the_adapter(source):
    bodies = Screens(
        agents=2, bodies=True, two_urls=True, late=0.4, doubled=0.4, unheard=0.2, masks=0.5
    )
    crash = Fault("crash", "alpha", at_s=40.0, for_s=10.0)
    world = live(crash, screens=bodies, minutes=1.0, sources=(source,))
    assert archived(world)
    heard = {one.kind for one in world.data_center.agent_events.events.values()}
    assert heard >= {"ringing", "connected", "available"}
    assert ("mask" in heard) is (source == "webex")


@pytest.mark.parametrize("index", few_or_all(range(4), 2))
def test_random_worlds_with_screens_keep_their_promises(index):
    report = attempt(random_incident(1, index, SWARM))
    assert report.good, "\n".join(map(str, report.violations))


def test_the_same_seed_is_the_same_world():
    incident = random_incident(3, 0, SWARM)
    assert attempt(incident).digest == attempt(incident).digest
