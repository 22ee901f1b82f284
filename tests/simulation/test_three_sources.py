"""Stories of a pair that records Dynamics, Zoom and Webex at once: each fault is one source's, or the pair's."""

from dataclasses import replace

import pytest

from sim.clockwork.workers import SimWorkers
from sim.search.quiet import quiet
from sim.search.sometimes import situations, wanted
from sim.world.incident import Fault, Incident, Workload
from sim.world.kinds import KINDS
from sim.world.machine import Machine
from sim.world.world import World
from tests.simulation.depth import few_or_all

THREE = ("dynamics", "zoom", "webex")
LOAD = Workload(calls_per_minute=6.0, late=0.0, equal_stamps=0.0)
BASE = Incident(seed=4, minutes=2.0, sources=THREE, workload=LOAD)


def lived(*faults, good=True, **changes):
    """The world afterwards; every promise was kept unless said otherwise."""
    with quiet():
        world = World(replace(BASE, **changes).with_faults(*faults))
        report = world.run()
    if good:
        assert report.good, [str(one) for one in report.violations]
    return world


def asked(world, source, status, request=""):
    """How many requests of a kind a service answered so."""
    rows = world.services[source].fake.statistics()["requests"]
    return sum(
        row["count"] for row in rows if row["status"] == status and request in {"", row["request"]}
    )


def archived(world, source):
    rows = world.data_center.contacts.items.rows.values()
    return [row for row in rows if row.ref.source == source and row.state == "archived"]


@pytest.mark.parametrize("source", THREE)
def test_each_kind_is_recorded_alone(source):
    world = lived(sources=(source,), minutes=1.0)
    assert len(archived(world, source)) >= 3


def test_three_services_are_recorded_side_by_side_and_the_same_each_time():
    world, again = lived(), lived()
    assert world.digest.hex() == again.digest.hex()
    assert all(len(archived(world, source)) > 5 for source in THREE)
    found = situations(world)
    assert found["late file archived"] > 0
    assert found["file watched while it was made"] > 0


def test_a_meeting_and_its_breakout_rooms_are_one_contact():
    rooms = Workload(calls_per_minute=4.0, rooms=1.0, processing=0.5, late_files=0.9)
    world = lived(sources=("zoom",), workload=rooms)
    rows = world.data_center.contacts.contacts.rows.values()
    assert max(row.interactions for row in rows) > 1
    assert any(row.revision > 1 for row in rows)


def test_the_primary_dies_with_all_three_under_load():
    world = lived(Fault("crash", "alpha", at_s=60, for_s=30))
    assert len(world.takeovers_s) == 3
    assert max(world.takeovers_s) < 3.0
    assert situations(world)["failover"] == 1


@pytest.mark.parametrize("down", few_or_all(THREE, 1))
def test_a_source_that_is_away_for_the_whole_run_delays_no_other(down):
    fault = Fault("service_unreachable", for_s=900.0, options={"source": down})
    world = lived(fault, minutes=3.0)
    assert world.beside_trouble > 5
    assert all(archived(world, source) for source in THREE)


@pytest.mark.parametrize("stalled", few_or_all(THREE, 1))
def test_downloads_of_a_source_that_stall_delay_no_other(stalled):
    fault = Fault("service_stall", at_s=20, for_s=120.0, options={"source": stalled})
    world = lived(fault, minutes=3.0, workload=replace(LOAD, calls_per_minute=12.0))
    assert world.beside_trouble > 5


def test_zoom_asks_for_patience_until_an_instant_and_the_others_go_on():
    options = {"source": "zoom", "retry_after": "instant", "seconds": 30.0, "requests": "list"}
    world = lived(Fault("service_throttle", at_s=65, for_s=40, options=options))
    assert 0 < asked(world, "zoom", 429) < 8
    assert world.beside_trouble > 0


@pytest.mark.parametrize(("source", "status"), [("zoom", 403), ("webex", 403)])
def test_links_that_ran_out_are_asked_for_again(source, status):
    fault = Fault("service_link_expired", at_s=30, for_s=20, options={"source": source})
    world = lived(fault)
    assert asked(world, source, status) > 0


@pytest.mark.parametrize("source", ["zoom", "webex"])
def test_a_page_that_ran_out_is_no_gap(source):
    options = {"source": source}
    world = lived(
        Fault("service_page_expired", at_s=30, for_s=20, options=options),
        Fault("service_unreachable", at_s=10, for_s=20, options=options),
        settings={"sources": {source: {"page_size": 2}}},
        workload=replace(LOAD, calls_per_minute=20.0),
    )
    assert asked(world, source, 400, "list") > 0


def test_webhooks_lead_to_early_polls_and_nothing_depends_on_them():
    told = lived(workload=replace(LOAD, hints=0.7))
    assert all(postman.heard_ns for postman in told.postmen)
    assert situations(told)["webhook made a poll"] > 0
    lost = lived(workload=replace(LOAD, hints=0.01))
    assert sum(len(postman.heard_ns) for postman in lost.postmen) < 5


def test_a_source_that_waits_for_another_is_seen(monkeypatch):
    """A bug planted in the world: one lane for the downloads of all sources."""
    lanes = {}

    def ports(self, epoch, board):
        given = real(self, epoch, board)
        workers = dict(given.workers)
        one = SimWorkers(
            kernel=self._kernel, epoch=epoch, name="one", threads=2, on_crash=lambda *_: None
        )
        lanes[self.name] = one
        for name in workers:
            if name.startswith("downloads"):
                workers[name] = one
        return replace(given, workers=workers)

    real = Machine._ports
    monkeypatch.setattr(Machine, "_ports", ports)
    stall = Fault("service_stall", at_s=20, for_s=150.0, options={"source": "zoom"})
    world = lived(stall, minutes=3.0, workload=replace(LOAD, calls_per_minute=20.0), good=False)
    assert "independent" in {one.violation.promise for one in world.violations}
    assert lanes


def test_what_a_search_must_have_seen_depends_on_its_sources():
    assert set(wanted(("dynamics",))) < set(wanted(tuple(KINDS)))
    assert "replaced recording" not in wanted(("webex",))
