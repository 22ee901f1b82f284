"""The search itself: what it draws, how it stops, how it shortens."""

from dataclasses import replace

import pytest

from recorder.errors import ConfigError
from sim.search import hunt as hunting
from sim.search.attempt import attempt, same_elsewhere
from sim.search.hunt import hunt, live_batch
from sim.search.palette import KEEPING, OF_SCREENS, PALETTE, is_legal, palette
from sim.search.shrink import shrink
from sim.search.swarm import USUAL, Profile, random_incident
from sim.world.incident import Fault, Incident, Workload
from sim.world.kinds import KINDS
from sim.world.rules import RULES
from tests.simulation.judged import broken, good

QUICK = Profile(minutes=0.5)


def kinds(incident):
    return [fault.kind for fault in incident.faults]


# -- what is drawn ----


def test_a_run_of_a_swarm_is_the_same_whatever_ran_before_it():
    alone = random_incident(9, 5)
    assert [random_incident(9, index) for index in range(6)][5] == alone
    assert random_incident(10, 5) != alone


def test_what_is_drawn_makes_sense_to_the_world():
    drawn = [random_incident(1, index) for index in range(150)]
    assert all(is_legal(incident) for incident in drawn)
    assert {kind for incident in drawn for kind in kinds(incident)} == {
        colour.kind for colour in PALETTE
    }


def test_what_is_drawn_for_several_sources_is_for_those_that_know_it():
    profile = Profile(sources=tuple(KINDS))
    drawn = [random_incident(2, index, profile) for index in range(150)]
    assert all(is_legal(incident) for incident in drawn)
    never = {*KEEPING, *OF_SCREENS}
    assert {kind for incident in drawn for kind in kinds(incident)} == set(RULES) - never
    assert {len(incident.sources) for incident in drawn} == {1, 2, 3}
    every = random_incident(2, 1, replace(profile, every_source=True))
    assert every.sources == tuple(KINDS)


@pytest.mark.parametrize("screens", [False, True], ids=["", "screens"])
@pytest.mark.parametrize("sources", [("zoom",), ("webex",), ("dynamics2",), tuple(KINDS)])
def test_whatever_is_recorded_what_is_drawn_makes_sense_to_the_world(sources, screens):
    profile = Profile(sources=sources, screens=screens, keeping=True)
    drawn = [random_incident(5, index, profile) for index in range(100)]
    assert all(is_legal(incident) for incident in drawn)
    own = {colour.kind for colour in palette(sources)} - {colour.kind for colour in PALETTE}
    assert bool(own & {kind for incident in drawn for kind in kinds(incident)}) is bool(own)


def test_settings_of_an_operator_are_part_of_every_run():
    profile = Profile(settings={"poll": {"interval_s": 3.0}})
    assert random_incident(1, 1, profile).settings == {"poll": {"interval_s": 3.0}}


def test_a_profile_may_leave_only_some_kinds():
    cuts = tuple(colour for colour in PALETTE if colour.kind == "cut")
    incident = random_incident(1, 1, Profile(colours=cuts))
    assert set(kinds(incident)) == {"cut"}


def test_what_kills_is_drawn_last_from_the_palette():
    assert [colour.kind for colour in PALETTE[-2:]] == ["pause", "crash"]


# -- one run ----


def test_a_run_counts_the_situations_it_reached():
    crash = Fault("crash", "alpha", at_s=20, for_s=5)
    pause = Fault("pause", "beta", at_s=40, for_s=20)
    report = attempt(Incident(seed=2, minutes=1.2, faults=(crash, pause)))
    assert report.counts["failover"] >= 1
    assert report.counts["fault crash"] == 1


def test_an_incident_that_makes_no_sense_is_refused():
    with pytest.raises(ConfigError, match="no such kind"):
        attempt(Incident(faults=(Fault("flood"),)))


def test_what_the_world_raises_is_a_violation(monkeypatch):
    def run(_world):
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("sim.world.world.World.run", run)
    report = attempt(Incident())
    assert [one.violation.promise for one in report.violations] == ["no_bug"]
    assert "a bug" in report.violations[0].violation.what


def test_another_execution_elsewhere_is_a_violation():
    incident = Incident(seed=4, minutes=0.3)
    report = attempt(incident)
    assert same_elsewhere(incident, report) is None
    differs = same_elsewhere(incident, replace(report, digest="other"))
    assert differs is not None
    assert differs.violation.promise == "deterministic"


# -- a swarm ----


def test_the_number_of_processes_changes_nothing():
    alone, shared = (hunt(3, 3, profile=QUICK, jobs=jobs) for jobs in (1, 2))
    assert replace(alone, seconds=0) == replace(shared, seconds=0)
    assert alone.runs == 3


@pytest.fixture
def worlds(monkeypatch):
    """Runs without a world: those of the swarm 1 with the numbers in `bad` break a promise."""
    bad: list[int] = []
    elsewhere: list[Incident] = []
    numbers = {random_incident(1, index, QUICK).as_text(): index for index in range(50)}

    def live(incident):
        return broken(incident) if numbers[incident.as_text()] in bad else good(incident)

    def again(incident, _report):
        elsewhere.append(incident)

    monkeypatch.setattr(hunting, "attempt", live)
    monkeypatch.setattr(hunting, "same_elsewhere", again)
    return bad, elsewhere


def test_a_swarm_stops_at_its_first_violation(worlds):
    bad, elsewhere = worlds
    bad += [7, 12]
    found = hunt(1, 50, profile=QUICK)
    assert (found.runs, found.failed.index) == (8, 7)
    assert found.incident() == random_incident(1, 7, QUICK)
    assert elsewhere == [found.incident()], "a run that failed is repeated elsewhere"
    assert found.as_dict()["violations"][0]["promise"] == "nothing_lost"


def test_every_twentieth_run_is_repeated_elsewhere(worlds):
    _, elsewhere = worlds
    assert hunt(1, 45, profile=QUICK).failed is None
    assert elsewhere == [random_incident(1, index, QUICK) for index in (19, 39)]


def test_a_batch_ends_with_the_first_violation_in_it(worlds):
    bad, _ = worlds
    bad.append(2)
    assert [ran.index for ran in live_batch(1, QUICK, range(5))] == [0, 1, 2]


def test_no_run_begins_when_the_time_is_over(worlds):
    del worlds
    assert hunt(1, None, profile=QUICK, within_s=0.0).runs == 0


# -- the finisher ----

BIG = Incident(
    seed=77,
    minutes=4.0,
    faults=(
        Fault("service_drop", at_s=3.3, for_s=40.0),
        Fault("pause", "beta", at_s=87.6, for_s=45.0),
        Fault("crash", at_s=131.7, for_s=20.0, options={"power": True}),
    ),
    workload=Workload(calls_per_minute=12.0),
    settings={"poll": {"interval_s": 3.0}},
)


def test_what_plays_no_part_is_left_out():
    def live(incident):
        alpha_dies = any(
            one.kind == "crash" and one.target in {"", "alpha"} for one in incident.faults
        )
        return broken(incident) if alpha_dies else good(incident)

    short = shrink(BIG, broken(BIG), live=live)
    assert short.incident.faults == (Fault("crash", "alpha", at_s=0.0, for_s=1.0),)
    assert (short.incident.minutes, short.incident.seed) == (0.18, 0)
    assert short.incident.workload.calls_per_minute == 0
    assert short.incident.settings == {}
    assert short.story.splitlines() == [
        "seed 0, 0.18 min, 0 calls a minute",
        "crash alpha at 0 s for 1 s",
        "BROKEN 1.000 s  nothing_lost: gone",
    ]


def test_times_that_matter_stay_as_round_as_they_can():
    def live(incident):
        late = any(one.kind == "pause" and one.at_s >= 73 for one in incident.faults)
        return broken(incident) if late and incident.minutes > 1.4 else good(incident)

    (pause,) = shrink(BIG, broken(BIG), live=live).incident.faults
    assert (pause.at_s, pause.for_s) == (80.0, 1.0)


def test_a_broken_promise_is_not_exchanged_for_another():
    def live(incident):
        return broken(incident, "nothing_lost" if len(incident.faults) > 1 else "no_bug")

    assert len(shrink(BIG, broken(BIG), live=live).incident.faults) == 2


def test_shortening_ends_when_its_runs_are_used_up():
    short = shrink(BIG, broken(BIG), live=broken, runs_max=3)
    assert short.runs == 3


def test_nothing_the_world_would_refuse_is_tried():
    def live(incident):
        assert is_legal(incident)
        return broken(incident)

    shrink(BIG, broken(BIG), live=live)


def test_sources_that_have_no_part_in_it_are_left_out():
    away = Fault("service_unreachable", at_s=30, for_s=20, options={"source": "zoom"})
    several = replace(BIG, sources=tuple(KINDS), faults=(away,), workloads={"webex": Workload(9.0)})

    def live(incident):
        return broken(incident) if "zoom" in incident.sources else good(incident)

    short = shrink(several, broken(several), live=live).incident
    assert (short.sources, short.workloads) == (("zoom",), {})


def test_a_swarm_may_also_look_for_what_is_missing_and_delete_what_is_old():
    drawn = [random_incident(3, index, replace(USUAL, keeping=True)) for index in range(30)]
    kinds = {fault.kind for incident in drawn for fault in incident.faults}
    assert kinds >= set(KEEPING)
    assert all("reconcile" in incident.settings for incident in drawn)
    assert 0 < sum("retention" in incident.settings for incident in drawn) < len(drawn)
    assert all(is_legal(incident) for incident in drawn)
