"""Incidents as Hypothesis draws them: a list of faults with absolute times, from mild to severe.

Nothing is drawn while a world runs: a whole incident is drawn first, its seed last, so that the
shrinker works on the list and the times before it re-rolls everything.
"""

from __future__ import annotations

from typing import Final

from hypothesis import HealthCheck, Phase, find, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

from sim.clockwork.chance import stream
from sim.search.attempt import attempt
from sim.search.palette import POINTS, Colour, is_legal
from sim.search.shrink import Shrunk, shrink
from sim.search.swarm import USUAL, Profile
from sim.world.incident import Fault, Incident, Value, Workload
from sim.world.report import Report

_SEED_MAX: Final = 255


def faults(colour: Colour, end_s: int) -> st.SearchStrategy[Fault]:
    """One fault of a kind that the world takes; simplest: early, short, without parameters."""
    options: dict[str, st.SearchStrategy[Value]] = {
        name: st.sampled_from(values) for name, values in colour.options.items()
    }
    return st.builds(
        Fault,
        kind=st.just(colour.kind),
        target=st.sampled_from(colour.targets),
        at_s=st.integers(0, end_s).map(float),
        at_next=st.sampled_from(("", *POINTS)),
        for_s=st.sampled_from(colour.durations_s),
        options=st.fixed_dictionaries({}, optional=options),
    ).filter(lambda fault: is_legal(Incident(faults=(fault,))))


def incidents(profile: Profile = USUAL) -> st.SearchStrategy[Incident]:
    """A whole run."""
    end_s = round(profile.minutes * 60 * 0.9)
    one = st.one_of([faults(colour, end_s) for colour in profile.colours])
    return st.builds(
        _incident,
        st.just(profile),
        st.lists(one, max_size=profile.faults_max),
        st.sampled_from(profile.calls_per_minute),
        st.integers(0, _SEED_MAX),
    )


def _incident(profile: Profile, drawn: list[Fault], calls: float, seed: int) -> Incident:
    return Incident(
        seed=seed,
        minutes=profile.minutes,
        faults=tuple(sorted(drawn, key=lambda fault: fault.at_s)),
        sources=tuple(profile.sources),
        workload=Workload(calls_per_minute=calls, deleted=0.05, unrecorded=0.05),
        settings=profile.settings,
    )


def find_broken(profile: Profile, *, examples: int, seed: int | None = None) -> Shrunk | None:
    """The shortest incident that breaks a promise, out of `examples` drawn; None when none does.

    With a `seed` it draws the same incidents each time.
    """
    chosen = settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=(HealthCheck.too_slow, HealthCheck.filter_too_much),
        report_multiple_bugs=False,
    )
    reports: dict[str, Report] = {}

    def breaks(incident: Incident) -> bool:
        report = reports[incident.as_text()] = attempt(incident)
        return not report.good

    chance = None if seed is None else stream(seed, "hypothesis")
    try:
        worst = find(incidents(profile), breaks, settings=chosen, random=chance)
    except NoSuchExample:
        return None
    return shrink(worst, reports[worst.as_text()], live=attempt)
