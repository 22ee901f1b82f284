"""Situations a search must have seen: how they are counted, and that they can be reached."""

from dataclasses import replace

import pytest

from recorder.records.contacts import HistoryRow
from sim.search.attempt import attempt
from sim.search.sometimes import (
    WANTED,
    added,
    failovers,
    never,
    overlaps,
    throttled_takeovers,
)
from sim.ucaas.statistics import Poll
from sim.world.incident import Fault, Incident, Workload

NODES = {"client-a": "a", "client-b": "b"}
BUSY = Workload(calls_per_minute=20.0)
IN_APPEND = Fault("crash", at_next="append", for_s=3, options={"power": True, "after_effects": 1})


def history(*rows):
    """Rows (second, node, old, new)."""
    return [
        HistoryRow(at_us=second * 1_000_000, node=node, old=old, new=new, term=1, reason="")
        for second, node, old, new in rows
    ]


def poll(second, client, status):
    return Poll(1, client, second * 10**9, second * 1_000_000, first_page=True, status=status)


A_REIGNS = (1, "a", "candidate", "primary")
B_REIGNS = (9, "b", "candidate", "primary")


def test_a_failover_is_a_reign_of_the_other_node():
    assert failovers(history(A_REIGNS)) == 0
    assert failovers(history(A_REIGNS, B_REIGNS)) == 1
    assert failovers(history(A_REIGNS, (5, "a", "candidate", "primary"))) == 0


def test_two_are_primary_at_once_when_the_first_had_not_yet_stopped():
    stops = (5, "a", "primary", "secondary")
    assert overlaps(history(A_REIGNS, stops, B_REIGNS)) == 0
    assert overlaps(history(A_REIGNS, B_REIGNS)) == 1
    restarts = (5, "a", "starting", "secondary")
    assert overlaps(history(A_REIGNS, restarts, B_REIGNS)) == 0


@pytest.mark.parametrize(
    ("second", "client", "status", "counts"),
    [
        (11, "client-b", 429, 1),
        (11, "client-b", 200, 0),
        (11, "client-a", 429, 0),
        (20, "client-b", 429, 0),
        (8, "client-b", 429, 0),
    ],
)
def test_a_takeover_is_throttled_when_its_first_polls_are(second, client, status, counts):
    told = history(B_REIGNS)
    assert throttled_takeovers(told, [poll(second, client, status)], NODES) == counts


def test_what_no_run_reached_is_named():
    counts = added([{"failover": 1, "late item": 2}, {"failover": 3}])
    assert counts == {"failover": 4, "late item": 2}
    assert set(never(counts)) == set(WANTED) - {"failover", "late item"}
    assert never(counts, ("failover",)) == ()


@pytest.mark.parametrize(
    ("situation", "faults"),
    [
        ("failover", (Fault("crash", "alpha", at_s=20, for_s=10),)),
        ("unknown outcome", (Fault("answers_lost", at_s=15, for_s=10),)),
        ("torn write", tuple(replace(IN_APPEND, at_s=at_s) for at_s in (8, 14, 20, 26, 32))),
    ],
)
def test_the_world_reaches_the_situation(situation, faults):
    report = attempt(Incident(seed=3, minutes=0.7, faults=faults, workload=BUSY))
    assert report.counts[situation] >= 1, report.counts
