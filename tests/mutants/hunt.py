"""The search for one bug: random incidents until a promise breaks that holds without the bug."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from time import perf_counter

from sim.search.attempt import attempt
from sim.search.shrink import shrink
from sim.search.swarm import random_incident
from sim.world.incident import Fault, Incident
from sim.world.report import Report
from tests.mutants.mutant import Mutant, bugged
from tests.mutants.profiles import Mix

BUDGET_RUNS = 120
SHORTEN_RUNS = 30


@dataclass(frozen=True, slots=True)
class Find:
    """What became of a hunt."""

    name: str
    found: bool
    runs: int
    """Random incidents tried, the one that told included."""
    seconds: float
    """Until found; making the story short comes on top."""
    index: int = -1
    """Of the incident in the swarm."""
    incident: Incident | None = None
    """As short as it could be made."""
    broken: str = ""
    """What it breaks."""
    false_alarms: tuple[Incident, ...] = ()
    """Incidents that break a promise without the bug too."""

    @property
    def story(self) -> str:
        """For people."""
        if self.incident is None:
            return ""
        faults = "; ".join(map(str, self.incident.faults)) or "calls alone"
        return f"{faults}: {self.broken}"

    @property
    def story_length(self) -> int:
        """Faults that are left."""
        return 0 if self.incident is None else len(self.incident.faults)

    def row(self) -> dict[str, object]:
        """For var/mutants.json."""
        return {
            "name": self.name,
            "found": self.found,
            "runs": self.runs,
            "seconds": round(self.seconds, 1),
            "story_length": self.story_length,
            "story": self.story,
        }


def incident_of(mutant: Mutant, index: int) -> Incident:
    """Number `index` of the swarm in which this bug is looked for."""
    mix = mutant.mix
    incident = random_incident(mutant.seed, index, mix.profile)
    faults = tuple(_fitted(mix, place, fault) for place, fault in enumerate(incident.faults))
    workload = replace(incident.workload, **mix.workload)
    screens = incident.screens
    if screens is not None:
        screens = replace(screens, **mix.screens)
    return replace(incident, faults=faults, workload=workload, screens=screens)


def _fitted(mix: Mix, place: int, fault: Fault) -> Fault:
    if fault.at_next and mix.points:
        fault = replace(fault, at_next=mix.points[place % len(mix.points)])
    return replace(fault, options={**fault.options, **mix.always.get(fault.kind, {})})


def live_with(mutant: Mutant) -> Callable[[Incident], Report]:
    """Lives through an incident with the bug; only what holds without it counts as broken."""

    def live(incident: Incident) -> Report:
        with bugged(mutant):
            told = attempt(incident)
        if told.good:
            return told
        usual = {broken.violation.promise for broken in attempt(incident).violations}
        new = [one for one in told.violations if one.violation.promise not in usual]
        return replace(told, violations=tuple(new))

    return live


def hunt(mutant: Mutant, *, runs: int = BUDGET_RUNS, first: int = 0, shorten: bool = True) -> Find:
    """Try incidents `first`, `first + 1`, … of the mutant's swarm."""
    began = perf_counter()
    alarms: list[Incident] = []
    for index in range(first, first + runs):
        incident = incident_of(mutant, index)
        with bugged(mutant):
            told = attempt(incident)
        if told.good:
            continue
        usual = attempt(incident)
        if not usual.good:
            alarms.append(replace(incident, story=str(usual.violations[0])))
        promises = {one.violation.promise for one in usual.violations}
        new = [one for one in told.violations if one.violation.promise not in promises]
        if not new:
            continue
        seconds = perf_counter() - began
        broken = new[0]
        if shorten:
            short = shrink(
                incident,
                replace(told, violations=tuple(new)),
                live=live_with(mutant),
                runs_max=SHORTEN_RUNS,
            )
            incident, broken = short.incident, short.broken
        tried = index - first + 1
        return Find(mutant.name, True, tried, seconds, index, incident, str(broken), tuple(alarms))
    seconds = perf_counter() - began
    return Find(mutant.name, False, runs, seconds, false_alarms=tuple(alarms))
