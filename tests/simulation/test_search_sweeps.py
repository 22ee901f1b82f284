"""Exhaustive tiers: every instant of a takeover, every pair of faults. Samples of them in `make test`."""

import os

import pytest

from sim.search.attempt import attempt
from sim.search.palette import PALETTE, is_legal
from sim.search.sweeps import (
    Window,
    beside_each,
    crash_at_every_event,
    event_instants,
    every_kind,
    pairs_on_a_grid,
)
from sim.world.incident import Fault, Incident, Workload

LONG = os.environ.get("TANDEM_SEARCH") == "long"
BUSY = Workload(calls_per_minute=30.0)
TAKEOVER = Incident(
    seed=5,
    minutes=0.6,
    faults=(Fault("crash", "alpha", at_s=20, for_s=8),),
    workload=BUSY,
)
AROUND = Window(19.5, 24.0)
PAIRS = (
    Fault("crash", "alpha", for_s=6),
    Fault("crash", "beta", for_s=6, options={"power": True}),
    Fault("pause", "alpha", for_s=12),
    Fault("cut", for_s=12),
    Fault("data_center_down", for_s=12),
    Fault("answers_lost", for_s=6),
    Fault("service_throttle", for_s=12),
    Fault("clock_jump", "alpha", options={"seconds": 60.0}),
)
EVERY = every_kind(12.0)
PLACES = range(len(EVERY)) if LONG else (2,)


def bad(incidents):
    found = []
    for incident in incidents:
        report = attempt(incident)
        if not report.good:
            found.append((list(map(str, incident.faults)), list(map(str, report.violations))))
    return found


@pytest.mark.parametrize("node", ["alpha", "beta"])
def test_a_crash_at_any_event_of_a_takeover_breaks_no_promise(node):
    every = 1 if LONG else 150
    crash = Fault("crash", node, for_s=6, options={"power": True})
    assert bad(crash_at_every_event(TAKEOVER, AROUND, crash, every=every)) == []


def test_no_two_faults_together_break_a_promise():
    base = Incident(seed=6, minutes=0.8, workload=BUSY)
    offsets_s = (0.0, 0.5, 2.0, 5.0, 8.0) if LONG else (2.0,)
    faults = PAIRS if LONG else PAIRS[1:4:2]
    assert bad(pairs_on_a_grid(base, faults, offsets_s, from_s=15.0)) == []


@pytest.mark.parametrize("place", PLACES, ids=lambda place: EVERY[place].kind)
def test_no_kind_of_fault_beside_any_other_breaks_a_promise(place):
    base = Incident(seed=7, minutes=0.7, workload=Workload(calls_per_minute=12.0))
    others = EVERY[place:] if LONG else EVERY[place::24]
    assert bad(beside_each(base, EVERY[place], others, from_s=15.0, offset_s=2.0)) == []


def test_there_is_a_plain_fault_of_every_kind_and_any_two_go_together():
    assert [one.kind for one in EVERY] == [colour.kind for colour in PALETTE]
    for one in EVERY:
        pairs = [*beside_each(Incident(), one, EVERY, from_s=15.0, offset_s=2.0)]
        assert all(map(is_legal, pairs))
        assert {pair.faults[1].kind for pair in pairs} == {other.kind for other in EVERY}
        assert {(pair.faults[0].at_s, pair.faults[1].at_s) for pair in pairs} == {(15.0, 17.0)}


def test_every_instant_of_the_window_is_struck_once():
    quiet = Incident(seed=1, minutes=0.2)
    window = Window(2.0, 3.0)
    instants = event_instants(quiet, window)
    assert len(instants) > 10
    crash = Fault("crash", "beta", for_s=1)
    struck = [one.faults[-1].at_s for one in crash_at_every_event(quiet, window, crash)]
    assert [round(at_s * 1e9) for at_s in struck] == list(instants)
    assert all(2.0 <= at_s < 3.0 for at_s in struck)


def test_pairs_come_in_both_orders_at_every_offset():
    one, two = Fault("cut", for_s=1), Fault("pause", "beta", for_s=1)
    base = Incident()
    pairs = [
        [(fault.kind, fault.at_s) for fault in incident.faults]
        for incident in pairs_on_a_grid(base, (one, two), (0.0, 3.0), from_s=10.0)
    ]
    assert len(pairs) == len({tuple(pair) for pair in pairs}) == 8
    assert [("cut", 10.0), ("pause", 13.0)] in pairs
    assert [("pause", 10.0), ("cut", 13.0)] in pairs
