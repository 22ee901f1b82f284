"""Makes a failing incident short enough to be read aloud: fewer faults, rounder times, less of everything.

Works on the incident itself, not on how it was drawn, so that what is kept stays good when the drawing
changes. Every step keeps the promise broken that was broken at first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sim.search.attempt import attempt
from sim.search.palette import is_legal, targets_of
from sim.world.incident import Fault, Incident, Workload
from sim.world.report import Broken, Report

RUNS_MAX: Final = 400
_STEPS_S: Final = (60.0, 10.0, 5.0, 1.0)
_SHORTER_S: Final = (1.0, 2.0, 5.0, 10.0, 20.0, 40.0)
_MINUTES: Final = (0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)
_CALLS: Final = (0.0, 1.0, 2.0, 3.0, 6.0)
_SEEDS: Final = (0, 1, 2, 3)
_SHARES: Final = (
    *("late", "deleted", "replaced", "unrecorded", "bump", "second_recording", "equal_stamps"),
    *("rooms", "processing", "late_files"),
)
_QUIET: Final = replace(Workload(), **dict.fromkeys(_SHARES, 0.0))

Live = Callable[[Incident], Report]


@dataclass(frozen=True, slots=True)
class Shrunk:
    """The shortest incident found, what it breaks, and how many runs that took."""

    incident: Incident
    broken: Broken
    report: Report
    runs: int

    @property
    def story(self) -> str:
        """The incident in words: one line a fault, then what it broke."""
        incident = self.incident
        calls = f"{incident.workload.calls_per_minute:g} calls a minute"
        head = f"seed {incident.seed}, {incident.minutes:g} min, {calls}"
        return "\n".join([head, *map(str, incident.faults), f"BROKEN {self.broken}"])


class _Finisher:
    def __init__(self, incident: Incident, report: Report, live: Live, runs_max: int) -> None:
        self.best = incident
        self.report = report
        self.broken = report.violations[0]
        self.runs = 0
        self._live = live
        self._runs_max = runs_max
        self._tried = {incident.as_text()}

    @property
    def has_runs(self) -> bool:
        return self.runs < self._runs_max

    def takes(self, incident: Incident) -> bool:
        """Whether `incident` breaks the same promise; then it is the best from now on."""
        text = incident.as_text()
        if text in self._tried or not self.has_runs or not is_legal(incident):
            return False
        self._tried.add(text)
        self.runs += 1
        report = self._live(incident)
        promise = self.broken.violation.promise
        for broken in report.violations:
            if broken.violation.promise == promise:
                self.best, self.report, self.broken = incident, report, broken
                return True
        return False


def shrink(
    incident: Incident, report: Report, *, live: Live = attempt, runs_max: int = RUNS_MAX
) -> Shrunk:
    """Shrink `incident`, which gave `report` with a violation, in at most `runs_max` runs."""
    finisher = _Finisher(incident, report, live, runs_max)
    before = ""
    while before != finisher.best.as_text() and finisher.has_runs:
        before = finisher.best.as_text()
        _drop_faults(finisher)
        for simpler in (_whole, _fault_by_fault):
            _descend(finisher, simpler)
    return Shrunk(finisher.best, finisher.broken, finisher.report, finisher.runs)


def _drop_faults(finisher: _Finisher) -> None:
    """First halves, then quarters, at last one by one."""
    size = max(1, len(finisher.best.faults) // 2)
    while True:
        start = 0
        while start < len(finisher.best.faults):
            faults = finisher.best.faults
            left = (*faults[:start], *faults[start + size :])
            if not finisher.takes(replace(finisher.best, faults=left)):
                start += size
        if size == 1:
            return
        size //= 2


def _descend(finisher: _Finisher, simpler: Callable[[Incident], Iterator[Incident]]) -> None:
    """Take the first simpler one that still fails, for as long as there is one."""
    while any(finisher.takes(one) for one in simpler(finisher.best)):
        if not finisher.has_runs:
            return


def _whole(incident: Incident) -> Iterator[Incident]:
    last_s = max((fault.at_s + fault.for_s for fault in incident.faults), default=0.0)
    for minutes in (*_MINUTES, round((last_s + 10) / 60, 2)):
        if minutes < incident.minutes:
            yield replace(incident, minutes=minutes)
    yield from _fewer_sources(incident)
    for workload in _calmer(incident.workload):
        yield replace(incident, workload=workload)
    if incident.own_settings:
        yield replace(incident, own_settings={})
    for table in incident.settings:
        kept = {name: values for name, values in incident.settings.items() if name != table}
        yield replace(incident, settings=kept)
    for seed in _SEEDS:
        if seed < incident.seed:
            yield replace(incident, seed=seed)


def _fewer_sources(incident: Incident) -> Iterator[Incident]:
    if incident.workloads:
        yield replace(incident, workloads={})
    for source in incident.sources if len(incident.sources) > 1 else ():
        left = tuple(one for one in incident.sources if one != source)
        faults = tuple(one for one in incident.faults if one.text("source", "") != source)
        yield replace(incident, sources=left, faults=faults)


def _calmer(workload: Workload) -> Iterator[Workload]:
    yield replace(_QUIET, calls_per_minute=workload.calls_per_minute)
    for name in _SHARES:
        if getattr(workload, name):
            yield replace(workload, **{name: 0.0})
    for calls in _CALLS:
        if calls < workload.calls_per_minute:
            yield replace(workload, calls_per_minute=calls)


def _fault_by_fault(incident: Incident) -> Iterator[Incident]:
    for place, fault in enumerate(incident.faults):
        for simpler in _simpler(fault):
            faults = [*incident.faults]
            faults[place] = simpler
            yield replace(incident, faults=tuple(faults))


def _simpler(fault: Fault) -> Iterator[Fault]:
    """One thing simpler, the boldest first."""
    for name in fault.options:
        kept = {key: value for key, value in fault.options.items() if key != name}
        yield replace(fault, options=kept)
    if fault.at_next and "/" in fault.at_next:
        yield replace(fault, at_next=fault.at_next.rpartition("/")[2])
    for for_s in _SHORTER_S:
        if for_s < fault.for_s:
            yield replace(fault, for_s=for_s)
    for at_s in _rounder(fault.at_s):
        yield replace(fault, at_s=at_s)
    if not fault.target:
        targets = [target for target in targets_of(fault.kind) if target]
        yield from (replace(fault, target=target) for target in targets)


def _rounder(seconds: float) -> Sequence[float]:
    """Earlier and rounder instants."""
    if seconds == 0:
        return ()
    rounded = [seconds // step * step for step in _STEPS_S]
    return [at_s for at_s in dict.fromkeys((0.0, *rounded)) if at_s < seconds]
