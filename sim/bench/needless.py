"""No needless failover: a pair with calls flowing while every core of the machine is busy."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

from sim.bench.figures import rounded
from sim.bench.stage import Stage
from sim.bench.timing import now_ns, pause, seconds_since

CALLS_PER_MINUTE = 120.0
POLL_S = 0.5
_BUSY = "while True: pass"
_TELL_EVERY_S = 60.0


@contextmanager
def busy_cores(count: int) -> Generator[None]:
    """So many processes that compute for nothing."""
    started = [
        subprocess.Popen([sys.executable, "-c", _BUSY])  # noqa: S603 - our own program
        for _ in range(count)
    ]
    try:
        yield
    finally:
        for process in started:
            process.kill()
            process.wait()


def measure_needless(directory: Path, minutes: float) -> tuple[dict[str, Any], dict[str, Any]]:
    """The row, and the verdict of the checkers."""
    cores = os.cpu_count() or 1
    with Stage(directory, tables={"poll": {"interval_s": POLL_S}}) as stage:
        primary = stage.pair.start()
        before = len(stage.history())
        first_ns = now_ns()
        stage.admin.feed(CALLS_PER_MINUTE, longest_s=30.0)
        with busy_cores(cores):
            while (left_s := minutes * 60 - seconds_since(first_ns)) > 0:
                pause(min(left_s, _TELL_EVERY_S))
                print(f"busy for {seconds_since(first_ns):.0f} s: {stage.pair.roles()}", flush=True)
            last_ns = now_ns()
        verdict = stage.settle().as_dict()
        changed = stage.history()[before:]
        polls = [p.monotonic_ns for p in stage.polls() if first_ns <= p.monotonic_ns <= last_ns]
        gaps_s = [(later - earlier) / 1e9 for earlier, later in pairwise(sorted(polls))]
        row = {
            "name": "needless",
            "minutes": rounded((last_ns - first_ns) / 60e9),
            "busy_processes": cores,
            "role_changes": len(changed),
            "still_primary": stage.pair.roles()[primary] == "primary",
            "polls": len(polls),
            "largest_gap_ms": rounded(max(gaps_s) * 1000) if gaps_s else None,
            "archived": stage.archived(),
        }
        return row, verdict
