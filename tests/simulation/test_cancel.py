"""A recovery that somebody cancels: at any instant, through a node that dies, twice, and when it is over already."""

import os
from dataclasses import replace

import pytest

from recorder.records.recoveries import RecoveryStatus
from sim.search.quiet import quiet
from sim.search.sweeps import Window, crash_at_every_event, event_instants
from sim.world.incident import Fault, Incident, Workload
from sim.world.world import World

LONG = os.environ.get("TANDEM_SEARCH") == "long"
LOAD = Workload(calls_per_minute=8.0, late=0.0, equal_stamps=0.0)
BLIND = {
    "poll": {"overlap_s": 0.0, "tiers": [], "retention_every_s": 80_000.0},
    "recovery": {"automatic": False},
}
"""What appears late is found by a recovery alone."""
LATE = Fault("service_late", at_s=5.0, for_s=30.0, options={"seconds": 10.0})
BEGINS_S, CANCELS_S, AGAIN_S = 50.0, 2.0, 75.0
ASKED = Fault("recovery", at_s=BEGINS_S, options={"cancel_after_s": CANCELS_S, "through": True})
AGAIN = Fault("recovery", at_s=AGAIN_S)
"""What the cancelled one leaves is fetched by this one: nothing is lost in the end."""
BASE = Incident(seed=4, minutes=1.4, workload=LOAD, settings=BLIND)
AT_CANCEL = Window(BEGINS_S + CANCELS_S - 0.02, BEGINS_S + CANCELS_S + 0.05)
OVER = {RecoveryStatus.CANCELLED, RecoveryStatus.COMPLETED}
"""It may have come to its end before a node heard of the cancel; what was told as cancelled never changes."""
UNDER_WAY = Window(BEGINS_S, BEGINS_S + 6.0)


def lived(*faults, base=BASE):
    """The world afterwards; every promise was kept."""
    with quiet():
        world = World(base.with_faults(LATE, *faults, AGAIN))
        report = world.run()
    assert report.good, ([str(one) for one in report.violations], list(map(str, faults)))
    return world


def asked(**options):
    return replace(ASKED, options={**ASKED.options, **options})


def first(world):
    return next(row for row in world.recovery.rows if row.recovery_id.startswith("R-0001"))


def test_one_that_is_cancelled_in_the_middle_leaves_the_rest_to_others():
    row = first(lived(ASKED))
    assert row.status is RecoveryStatus.CANCELLED
    assert row.counts.pending > 0
    assert row.counts.add_up


@pytest.mark.parametrize("node", ["alpha", "beta"])
@pytest.mark.parametrize("power", [False, True], ids=["killed", "power"])
def test_a_crash_at_any_event_of_the_cancel_undoes_nothing(node, power):
    base = BASE.with_faults(LATE, ASKED, AGAIN)
    crash = Fault("crash", node, for_s=12.0, options={"power": power})
    ends = {
        first(lived(ASKED, incident.faults[-1])).status
        for incident in crash_at_every_event(base, AT_CANCEL, crash, every=1 if LONG else 12)
    }
    assert ends <= OVER


@pytest.mark.parametrize("effects", range(1, 40) if LONG else range(1, 40, 13))
def test_a_primary_that_dies_between_the_effects_of_a_step_undoes_nothing(effects):
    options = {"after_effects": effects}
    dies = Fault("crash", "", at_s=BEGINS_S + CANCELS_S, for_s=15.0, options=options)
    first_dies = replace(dies, target="alpha")
    assert first(lived(ASKED, first_dies)).status in OVER
    assert first(lived(ASKED, dies)).status in OVER


def test_whenever_it_is_cancelled_it_stays_so_or_was_over():
    base = BASE.with_faults(LATE, Fault("recovery", at_s=BEGINS_S), AGAIN)
    instants = event_instants(base, UNDER_WAY)
    ends = set()
    for ns in instants[1 :: 1 if LONG else len(instants) // 3]:
        after_s = ns / 1e9 - BEGINS_S
        ends.add(first(lived(asked(cancel_after_s=max(after_s, 1e-6), through=False))).status)
    assert ends <= OVER
    assert RecoveryStatus.CANCELLED in ends


@pytest.mark.parametrize(
    "trouble",
    [
        Fault("answers_lost", at_s=51.9, for_s=9.0),
        Fault("answers_lost", "alpha", at_s=51.9, for_s=9.0),
        Fault("data_center_down", at_s=51.9, for_s=9.0),
        Fault("crash", at_s=51.9, at_next="call:cancel_recovery", for_s=10.0),
        Fault("crash", at_s=51.9, at_next="done:cancel_recovery", for_s=10.0),
        Fault("pause", at_s=51.9, at_next="done:cancel_recovery", for_s=12.0),
        Fault("pause", "alpha", at_s=51.0, for_s=12.0),
        Fault("crash", at_s=51.9, at_next="call:tend_recovery", for_s=10.0),
        Fault("crash", at_s=50.0, at_next="done:record_section", for_s=10.0),
        Fault("switchover", at_s=51.9),
        Fault("cut", at_s=51.0, for_s=15.0),
    ],
    ids=str,
)
def test_an_operator_without_an_answer_asks_again_and_is_told_the_same(trouble):
    row = first(lived(ASKED, trouble))
    assert row.status in OVER


def test_to_cancel_one_that_is_over_changes_nothing():
    world = lived(asked(cancel_after_s=25.0))
    row = first(world)
    assert row.status is RecoveryStatus.COMPLETED
    assert world.recovery.db.cancel(row.recovery_id, "too late") == row


def test_one_that_was_stopped_and_is_cancelled_is_not_resumed():
    """A file's recovery that its source's absence ended is tried again, unless somebody cancelled it."""
    away = Fault("service_unreachable", at_s=70.0, for_s=100.0)
    put = Fault("id_file", "alpha", at_s=60.0, options={"cancel_after_s": 90.0})
    world = lived(put, away, base=replace(BASE, minutes=3.5))
    rows = [world.recovery.db.recovery(name) for name in world.drops.recoveries]
    assert [row.status for row in rows] == [RecoveryStatus.CANCELLED]
    assert world.drops.done == 1
