"""Runs a swarm on several processes and stops at its first violation, by number, not by clock.

How many processes share the work changes nothing but the time it takes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from typing import Any, Final, TypeAlias

from sim.bench.timing import now_ns, seconds_since
from sim.search.attempt import attempt, same_elsewhere
from sim.search.crew import crew
from sim.search.sometimes import FAILOVER, added
from sim.search.swarm import USUAL, Profile, random_incident
from sim.world.incident import Incident
from sim.world.report import Broken, Report

_BATCH: Final = 5
_AHEAD: Final = 3
"""Batches under way for each process."""
_TWICE_EVERY: Final = 20
"""One passing run of so many is lived through again, in another process."""

Tell: TypeAlias = Callable[["Hunt"], None]


@dataclass(frozen=True, slots=True)
class Ran:
    """One run of a swarm."""

    index: int
    report: Report


@dataclass(frozen=True, slots=True)
class Hunt:
    """What a swarm came to. `failed` is its first run with a violation."""

    seed: int
    profile: Profile
    runs: int = 0
    simulated_s: float = 0.0
    events: int = 0
    seconds: float = 0.0
    """Real time."""
    counts: dict[str, int] | None = None
    failed: Ran | None = None

    @property
    def failovers(self) -> int:
        """Reigns that went over to the other node."""
        return (self.counts or {}).get(FAILOVER, 0)

    @property
    def faults(self) -> int:
        """Faults that struck."""
        counts = self.counts or {}
        return sum(number for name, number in counts.items() if name.startswith("fault "))

    @property
    def violations(self) -> tuple[Broken, ...]:
        """Of the run that failed."""
        return () if self.failed is None else self.failed.report.violations

    def incident(self) -> Incident | None:
        """The run that failed, as it was drawn."""
        if self.failed is None:
            return None
        return random_incident(self.seed, self.failed.index, self.profile)

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "seed": self.seed,
            "runs": self.runs,
            "simulated_hours": round(self.simulated_s / 3600, 3),
            "failovers": self.failovers,
            "faults": self.faults,
            "events": self.events,
            "seconds": round(self.seconds, 3),
            "situations": {
                name: number
                for name, number in (self.counts or {}).items()
                if not name.startswith("fault ")
            },
            "violations": [broken.as_dict() for broken in self.violations],
        }

    def and_then(self, ran: Ran, seconds: float) -> Hunt:
        """With one more run."""
        report = ran.report
        return replace(
            self,
            runs=self.runs + 1,
            simulated_s=self.simulated_s + report.simulated_s,
            events=self.events + report.events,
            seconds=seconds,
            counts=added((self.counts or {}, report.counts)),
            failed=None if report.good else ran,
        )


def hunt(
    seed: int,
    runs: int | None,
    *,
    profile: Profile = USUAL,
    jobs: int = 1,
    within_s: float | None = None,
    tell: Tell = lambda _hunt: None,
) -> Hunt:
    """Run numbers 0, 1, … of the swarm `seed`, up to `runs`, `within_s` or the first violation.

    Every twentieth passing run and the failing one are repeated in another process under another
    hash seed; another digest there is a violation of `deterministic`. `tell` hears after every run.
    """
    assert runs is not None or within_s is not None, "a swarm ends some time"
    found = Hunt(seed, profile)
    start_ns = now_ns()

    def over() -> bool:
        return within_s is not None and seconds_since(start_ns) >= within_s

    for ran in _runs(partial(live_batch, seed, profile), runs, jobs, over):
        found = found.and_then(ran, seconds_since(start_ns))
        tell(found)
        if found.failed is not None:
            break
    return found


def live_batch(seed: int, profile: Profile, indices: range) -> list[Ran]:
    """Some runs of a swarm, up to the first violation among them."""
    done: list[Ran] = []
    for index in indices:
        incident = random_incident(seed, index, profile)
        ran = Ran(index, _checked_twice(incident, attempt(incident), index))
        done.append(ran)
        if not ran.report.good:
            break
    return done


def _checked_twice(incident: Incident, report: Report, index: int) -> Report:
    if report.good and index % _TWICE_EVERY != _TWICE_EVERY - 1:
        return report
    differs = same_elsewhere(incident, report)
    if differs is None:
        return report
    return replace(report, violations=(*report.violations, differs))


def _runs(
    live: Callable[[range], list[Ran]], runs: int | None, jobs: int, over: Callable[[], bool]
) -> Iterator[Ran]:
    """All runs in order, worked on in batches; no new one begins once it is over."""
    batches = _batches(runs)
    if jobs == 1:
        for batch in batches:
            for index in batch:
                if over():
                    return
                yield from live(range(index, index + 1))
        return
    with crew(jobs) as workers:
        waiting: deque[Future[list[Ran]]] = deque()
        while True:
            while len(waiting) < jobs * _AHEAD and not over():
                batch = next(batches, None)
                if batch is None:
                    break
                waiting.append(workers.submit(live, batch))
            if not waiting:
                return
            yield from waiting.popleft().result()


def _batches(runs: int | None) -> Iterator[range]:
    for start in count(step=_BATCH):
        end = start + _BATCH if runs is None else min(start + _BATCH, runs)
        if start >= end:
            return
        yield range(start, end)
