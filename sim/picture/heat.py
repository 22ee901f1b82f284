"""Fatal windows: the same incident with one fault a little earlier, later, shorter or longer.

Each variant is a run of the whole world, so the number of runs is bounded; the grid of each fault is
the largest that fits.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

from sim.search.attempt import attempt
from sim.world.incident import Fault, Incident
from sim.world.report import Report

RUNS_MAX: Final = 120

_SHIFTS_S: Final = (0.0, -1.0, 1.0, -4.0, 4.0, -0.25, 0.25, -16.0, 16.0)
_FACTORS: Final = (1.0, 0.5, 2.0, 0.25, 4.0)
"""Both in the order in which they are worth a run."""
_GRIDS: Final = ((9, 5), (9, 3), (7, 3), (5, 3), (5, 1), (3, 1))
"""Instants by durations, the finest first."""
_DIGITS: Final = 3
_TELL_EVERY: Final = 10

Run: TypeAlias = Callable[[Incident], Report]
Progress: TypeAlias = Callable[[int, int], None]
"""Called after each run with the runs done and the runs planned."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One run: when the fault struck, for how long, and which promises broke (sorted, each once)."""

    at_s: float
    for_s: float
    promises: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FaultHeat:
    """The variants of one fault: every duration with every instant, both ascending."""

    fault: Fault
    at_s: tuple[float, ...]
    for_s: tuple[float, ...]
    variants: tuple[Variant, ...]


@dataclass(frozen=True, slots=True)
class HeatMap:
    """What moving each fault alone does to the promises."""

    faults: tuple[FaultHeat, ...]
    runs: int
    left_out: int = 0
    """Faults for which no run was left."""

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "runs": self.runs,
            "left_out": self.left_out,
            "faults": [
                {
                    "fault": str(heat.fault),
                    "at_s": heat.fault.at_s,
                    "for_s": heat.fault.for_s,
                    "instants": heat.at_s,
                    "durations": heat.for_s,
                    "broken": [variant.promises for variant in heat.variants],
                }
                for heat in self.faults
            ],
        }


def heat_map(
    incident: Incident,
    *,
    runs_max: int = RUNS_MAX,
    run: Run = attempt,
    progress: Progress | None = None,
) -> HeatMap:
    """Run the incident with each of its faults moved, at most `runs_max` times.

    What a run raises breaks `no_bug`. Progress goes to standard error unless `progress` takes it.
    """
    grids = planned_grids(incident, runs_max)
    planned = sum(len(instants) * len(durations) for instants, durations in grids)
    heats: list[FaultHeat] = []
    done = 0
    for number, (instants, durations) in enumerate(grids):
        variants: list[Variant] = []
        for for_s in durations:
            for at_s in instants:
                moved = _moved(incident, number, at_s, for_s)
                variants.append(Variant(at_s, for_s, _broken(run(moved))))
                done += 1
                (progress or _to_stderr)(done, planned)
        heats.append(FaultHeat(incident.faults[number], instants, durations, tuple(variants)))
    return HeatMap(tuple(heats), runs=done, left_out=len(incident.faults) - len(heats))


def planned_grids(
    incident: Incident, runs_max: int
) -> tuple[tuple[tuple[float, ...], tuple[float, ...]], ...]:
    """Instants and durations to try for each fault, as many faults as `runs_max` allows."""
    grids: tuple[tuple[tuple[float, ...], tuple[float, ...]], ...] = ()
    for columns, lines in _GRIDS:
        grids = tuple(_grid(incident, fault, columns, lines) for fault in incident.faults)
        if sum(len(instants) * len(durations) for instants, durations in grids) <= runs_max:
            return grids
    fitting: list[tuple[tuple[float, ...], tuple[float, ...]]] = []
    left = runs_max
    for instants, durations in grids:
        left -= len(instants) * len(durations)
        if left < 0:
            break
        fitting.append((instants, durations))
    return tuple(fitting)


def _grid(
    incident: Incident, fault: Fault, columns: int, lines: int
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    end_s = max(fault.at_s, incident.minutes * 60)
    shifted = (min(max(0.0, fault.at_s + shift), end_s) for shift in _SHIFTS_S[:columns])
    scaled = (fault.for_s * factor for factor in _FACTORS[:lines])
    return _ascending(shifted, fault.at_s), _ascending(scaled, fault.for_s)


def _ascending(values: Any, own: float) -> tuple[float, ...]:
    """Rounded for people, but for the fault's own value, which must stay what it was."""
    rounded = {own if value == own else round(value, _DIGITS) for value in values}
    return tuple(sorted(rounded))


def _moved(incident: Incident, number: int, at_s: float, for_s: float) -> Incident:
    faults = list(incident.faults)
    faults[number] = replace(faults[number], at_s=at_s, for_s=for_s)
    return incident.with_faults(*faults)


def _broken(report: Report) -> tuple[str, ...]:
    return tuple(sorted({broken.violation.promise for broken in report.violations}))


def _to_stderr(done: int, planned: int) -> None:
    whole = done == planned
    if sys.stderr.isatty():
        print(
            f"\rheat map: run {done} of {planned}",
            end="\n" if whole else "",
            file=sys.stderr,
            flush=True,
        )
    elif whole or done % _TELL_EVERY == 0:
        print(f"heat map: run {done} of {planned}", file=sys.stderr, flush=True)
