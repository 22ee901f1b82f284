"""Worlds with several sources: each service has its own road, calls, watermark and pollers."""

import pytest

from recorder.tracing.rows import TraceKind
from sim.search.quiet import quiet
from sim.world.incident import Fault, Incident, Workload, read_incident
from sim.world.world import World

TWO = ("dynamics", "dynamics2")
BUSY = Workload(calls_per_minute=12.0, bump=0.0, replaced=0.0, late=0.0, equal_stamps=0.0)


def lived(*faults, sources=TWO, minutes=1.5, looks=None, good=True, **parts):
    """A world that was lived through, and what `looks` saw by their instants."""
    incident = Incident(
        seed=1, minutes=minutes, sources=sources, workload=BUSY, faults=faults, **parts
    )
    seen = {}
    with quiet():
        world = World(incident)
        for at_s, look in (looks or {}).items():
            world.kernel.schedule(
                round(at_s * 1e9),
                lambda at_s=at_s, look=look: seen.update({at_s: look(world)}),
                label="look",
            )
        report = world.run()
    if good:
        assert report.good, [str(one) for one in report.violations]
    return world, seen


def test_two_environments_are_recorded_side_by_side_each_with_its_own_items():
    world, _ = lived()
    truth = {service.source: service.fake.truth() for service in world.services}
    assert all(len(items) > 5 for items in truth.values())
    keys = [{item.key for item in items} for items in truth.values()]
    assert keys[0].isdisjoint(keys[1])
    rows = world.data_center.contacts.items.rows
    for service in world.services:
        for item in service.fake.truth():
            assert rows[service.source, item.key].state == "archived"
    assert set(world.data_center.contacts.progress) == set(TWO)


def test_a_cut_road_to_one_service_leaves_the_other_alone():
    def polls(world):
        return [len(service.fake.polls()) for service in world.services]

    fault = Fault("service_unreachable", at_s=20, for_s=40, options={"source": "dynamics2"})
    _, seen = lived(fault, looks={26: polls, 59: polls})
    assert seen[59][0] > seen[26][0]
    assert seen[59][1] == seen[26][1]


def test_a_fault_without_a_source_hits_every_service():
    def hits(world):
        return [[fault.hits for fault in each.fake.faults()] for each in world.services]

    _, seen = lived(Fault("service_throttle", at_s=20, for_s=20), looks={39: hits})
    assert all(hits[0] > 0 for hits in seen[39])


def test_a_fault_of_one_source_is_not_in_the_other():
    fault = Fault("service_server_error", at_s=20, for_s=20, options={"source": "dynamics"})
    _, seen = lived(
        fault, looks={30: lambda world: [len(each.fake.faults()) for each in world.services]}
    )
    assert seen[30] == [1, 0]


def test_each_source_may_have_calls_of_its_own():
    quiet_one = {"dynamics2": Workload(calls_per_minute=0.0)}
    world, _ = lived(workloads=quiet_one)
    assert [bool(service.fake.truth()) for service in world.services] == [True, False]


def test_a_death_is_answered_for_every_source():
    world, _ = lived(Fault("crash", "alpha", at_s=45, for_s=20))
    assert len(world.takeovers_s) == 2
    assert max(world.takeovers_s) < 3


def test_the_trace_has_a_lane_for_each_service():
    rows = []
    incident = Incident(seed=1, minutes=0.5, sources=TWO, workload=BUSY)
    with quiet():
        digest = World(incident, rows.append).run().digest
        assert World(incident).run().digest == digest
    lanes = {row.lane for row in rows if row.kind is TraceKind.ITEM and row.what == "offered"}
    asked = {row.to for row in rows if row.kind is TraceKind.REQUEST}
    assert lanes == asked == {"service:dynamics", "service:dynamics2"}


def test_an_incident_file_of_old_has_one_source(tmp_path):
    path = tmp_path / "old.json"
    path.write_text('{"seed": 7, "format": 1}')
    assert read_incident(path) == Incident(seed=7)
    assert read_incident(path).sources == ("dynamics",)


@pytest.mark.parametrize("order", [TWO, TWO[::-1]])
def test_sources_may_come_in_any_order(order):
    world, _ = lived(sources=order, minutes=0.7)
    assert tuple(world.services.by_source) == order
