"""Which variants of a run are tried, and what comes of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.checkers.violation import Violation
from sim.picture.heat import heat_map, planned_grids
from sim.world.incident import Fault, Incident
from sim.world.report import Broken, Report
from sim.world.world import World

CRASH = Fault("crash", "alpha", at_s=40, for_s=20)
PAUSE = Fault("pause", "beta", at_s=50, for_s=5)


def report(*promises):
    violations = tuple(Broken(1.0, Violation(promise, "seen")) for promise in promises)
    return Report(seed=0, digest="", simulated_s=1, events=1, violations=violations)


def fatal_window(incident):
    """Crashes that begin in [41, 50] and last at least 20 s break two promises."""
    (fault,) = [fault for fault in incident.faults if fault.kind == "crash"]
    if 41 <= fault.at_s <= 50 and fault.for_s >= 20:
        return report("nothing_lost", "liveness", "nothing_lost")
    return report()


def quietly(done, planned):
    assert 0 < done <= planned


def test_each_fault_is_moved_and_stretched_alone():
    seen = []

    def run(incident):
        seen.append(incident.faults)
        return report()

    incident = Incident(minutes=2, faults=(CRASH, PAUSE))
    heat = heat_map(incident, run=run, progress=quietly)
    assert heat.runs == len(seen) == 90
    assert all(len([one for one in faults if one not in incident.faults]) <= 1 for faults in seen)
    assert {faults[0].at_s for faults in seen} == {24, 36, 39, 39.75, 40, 40.25, 41, 44, 56}
    assert {faults[1].for_s for faults in seen} == {1.25, 2.5, 5, 10, 20}


def test_a_fatal_window_is_found_with_the_promises_that_break_in_it():
    heat = heat_map(Incident(minutes=2, faults=(CRASH,)), run=fatal_window, progress=quietly)
    (one,) = heat.faults
    fatal = {(variant.at_s, variant.for_s) for variant in one.variants if variant.promises}
    assert fatal == {(at_s, for_s) for at_s in (41, 44) for for_s in (20, 40, 80)}
    assert {variant.promises for variant in one.variants} == {(), ("liveness", "nothing_lost")}


def test_variants_are_in_the_order_of_the_table():
    heat = heat_map(Incident(minutes=2, faults=(CRASH,)), run=fatal_window, progress=quietly)
    (one,) = heat.faults
    places = [(for_s, at_s) for for_s in one.for_s for at_s in one.at_s]
    assert [(variant.for_s, variant.at_s) for variant in one.variants] == places
    assert list(one.at_s) == sorted(one.at_s)
    assert list(one.for_s) == sorted(one.for_s)


@pytest.mark.parametrize("fault", [Fault("link_reset", at_s=10), Fault("crash", "beta", at_s=10)])
def test_a_fault_without_a_duration_is_only_moved(fault):
    ((instants, durations),) = planned_grids(Incident(minutes=2, faults=(fault,)), 120)
    assert durations == (0.0,)
    assert 10 in instants


def test_a_moved_fault_stays_within_the_run():
    early, late = (
        Fault("crash", "beta", at_s=0.5, for_s=1),
        Fault("crash", "beta", at_s=59, for_s=1),
    )
    grids = planned_grids(Incident(minutes=1, faults=(early, late)), 120)
    assert grids[0][0][0] == 0
    assert grids[1][0][-1] == 60


@given(
    st.lists(
        st.builds(
            Fault,
            kind=st.just("crash"),
            target=st.just("alpha"),
            at_s=st.floats(0, 300),
            for_s=st.floats(0, 60),
        ),
        max_size=30,
    ),
    st.integers(0, 200),
)
def test_the_bound_on_runs_holds_and_each_grid_has_the_run_as_it_was(faults, runs_max):
    incident = Incident(faults=tuple(faults))
    grids = planned_grids(incident, runs_max)
    assert sum(len(instants) * len(durations) for instants, durations in grids) <= runs_max
    for fault, (instants, durations) in zip(incident.faults, grids, strict=False):
        assert fault.at_s in instants
        assert fault.for_s in durations


def test_faults_for_which_no_run_is_left_are_counted():
    incident = Incident(minutes=2, faults=(CRASH,) * 5)
    heat = heat_map(incident, runs_max=7, run=lambda _incident: report(), progress=quietly)
    assert (len(heat.faults), heat.left_out, heat.runs) == (2, 3, 6)


def test_progress_goes_to_standard_error_a_line_now_and_then_where_no_terminal_is(capsys):
    heat_map(Incident(minutes=2, faults=(CRASH,)), runs_max=15, run=fatal_window)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "heat map: run 10 of 15\nheat map: run 15 of 15\n"


def test_progress_stays_on_one_line_of_a_terminal(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    heat_map(Incident(minutes=2, faults=(CRASH,)), runs_max=3, run=fatal_window)
    lines = capsys.readouterr().err.split("\r")
    assert lines[-1] == "heat map: run 3 of 3\n"
    assert not any("\n" in line for line in lines[:-1])


def test_it_is_plain_values_for_the_page():
    heat = heat_map(Incident(minutes=2, faults=(CRASH,)), runs_max=3, run=fatal_window)
    assert heat.as_dict() == {
        "runs": 3,
        "left_out": 0,
        "faults": [
            {
                "fault": "crash alpha at 40 s for 20 s",
                "at_s": 40,
                "for_s": 20,
                "instants": (39, 40, 41),
                "durations": (20,),
                "broken": [(), (), ("liveness", "nothing_lost")],
            }
        ],
    }


def test_without_a_way_to_run_given_it_runs_the_world():
    incident = Incident(seed=3, minutes=0.2, faults=(Fault("link_reset", at_s=5),))
    heat = heat_map(incident, runs_max=3, progress=quietly)
    assert heat.runs == 3
    own = World(incident).run()
    promises = tuple(sorted({broken.violation.promise for broken in own.violations}))
    (variant,) = [one for one in heat.faults[0].variants if one.at_s == 5]
    assert variant.promises == promises
