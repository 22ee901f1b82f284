"""The benchmark of the simulator: its parts on small numbers."""

import pytest

from sim.bench import world as bench
from sim.world.incident import Fault, Incident
from sim.world.world import World


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(bench, "EVENTS", 2_000)
    monkeypatch.setattr(bench, "ROUNDS", 1)
    monkeypatch.setattr(bench, "FAILOVERS", 1)
    monkeypatch.setattr(bench, "HOUR_MIN", 1.0)
    monkeypatch.setattr(bench, "FAILOVER_MIN", 6.0)


def test_every_loop_runs_as_many_events():
    counted = []
    kernel = bench.Kernel

    class Counting(kernel):
        def step(self):
            more = super().step()
            counted.append(more)
            return more

    bench.Kernel = Counting
    try:
        bench.our_loop(2_000)
    finally:
        bench.Kernel = kernel
    assert sum(counted) == 2_000


def test_ours_is_compared_with_a_bare_loop_and_simpy_in_the_same_run():
    rows = {row["name"]: row for row in bench.loop_rows()}
    assert rows["ours"]["ours_in_proportion"] == 1
    assert rows["bare heapq"]["events_per_s"] > 0
    assert "simpy" in rows, "simpy comes with the development extra"


def test_worlds_are_measured_in_events_and_in_failovers():
    hour, failovers = bench.hour_row(), bench.failover_row()
    assert hour["simulated_s"] >= 60
    assert hour["events"] > 1_000
    assert failovers["failovers_per_core_s"] > 0


def test_the_search_counts_runs_faults_and_failovers(monkeypatch):
    monkeypatch.setattr(bench, "random_incident", lambda *_: Incident(minutes=0.5))
    row = bench.search_row(0.01)
    assert row["runs_per_min"] > 0
    assert (row["faults_per_min"], row["violations"]) == (0, 0)


def test_a_reign_of_the_same_node_again_is_no_failover(monkeypatch):
    both = Incident(minutes=0.6, faults=(Fault("crash", at_s=15, for_s=5),))
    reigns = [row.node for row in _reigns(both)]
    assert reigns == ["alpha", "alpha"]
    monkeypatch.setattr(bench, "random_incident", lambda *_: both)
    assert bench.search_row(0.01)["failovers_per_min"] == 0


def _reigns(incident):
    world = World(incident)
    world.run()
    return [row for row in world.data_center.contacts.history if row.new == "primary"]
