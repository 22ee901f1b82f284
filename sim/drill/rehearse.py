"""Runs drills side by side, each in a process of its own."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
from collections.abc import Callable, Sequence
from multiprocessing.pool import Pool

import structlog

from sim.drill.incidents import Drill
from sim.drill.outcome import Outcome, run_drill
from sim.world.incident import Incident


def rehearse(work: Sequence[tuple[Drill, Incident]], tell: Callable[[str], None]) -> list[Outcome]:
    """On every core, the long ones first; the outcomes in the order of `work`."""
    longest_first = sorted(range(len(work)), key=lambda place: -work[place][1].minutes)
    found: dict[int, Outcome] = {}
    with processes(min(len(work), os.cpu_count() or 1)) as pool:
        jobs = [(place, *work[place]) for place in longest_first]
        for place, outcome in pool.imap_unordered(_one, jobs):
            found[place] = outcome
            tell(f"{len(found)} of {len(work)}: {outcome.name}")
    return [found[place] for place in range(len(work))]


def processes(count: int) -> Pool:
    """Processes to work in. Ctrl-C goes to all of them: the first ends the others, which say nothing of it."""
    return multiprocessing.get_context("spawn").Pool(
        count, initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_IGN)
    )


def _one(job: tuple[int, Drill, Incident]) -> tuple[int, Outcome]:
    place, drill, incident = job
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    return place, run_drill(drill, incident)
