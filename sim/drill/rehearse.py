"""Runs drills side by side, each in a process of its own."""

from __future__ import annotations

import logging
import multiprocessing
import os
from collections.abc import Callable, Sequence

import structlog

from sim.drill.incidents import Drill
from sim.drill.outcome import Outcome, run_drill
from sim.world.incident import Incident


def rehearse(work: Sequence[tuple[Drill, Incident]], tell: Callable[[str], None]) -> list[Outcome]:
    """On every core, the long ones first; the outcomes in the order of `work`."""
    longest_first = sorted(range(len(work)), key=lambda place: -work[place][1].minutes)
    found: dict[int, Outcome] = {}
    with multiprocessing.get_context("spawn").Pool(min(len(work), os.cpu_count() or 1)) as pool:
        jobs = [(place, *work[place]) for place in longest_first]
        for place, outcome in pool.imap_unordered(_one, jobs):
            found[place] = outcome
            tell(f"{len(found)} of {len(work)}: {outcome.name}")
    return [found[place] for place in range(len(work))]


def _one(job: tuple[int, Drill, Incident]) -> tuple[int, Outcome]:
    place, drill, incident = job
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    return place, run_drill(drill, incident)
