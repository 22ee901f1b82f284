"""One incident lived through, here or in a process of its own under another hash seed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from recorder.tracing.rows import Note
from sim.checkers.violation import Violation
from sim.search.quiet import quiet
from sim.search.sometimes import situations
from sim.world.incident import Incident
from sim.world.report import Broken, Report
from sim.world.world import World

_NS: Final = 1_000_000_000
_REPORT: Final = TypeAdapter(Report)
_ROOT: Final = Path(__file__).resolve().parents[2]


def attempt(incident: Incident, note: Note | None = None) -> Report:
    """Live through `incident` in silence; `note` gets every row of its trace.

    What the world raises is a violation too, of `no_bug`. Situations that were reached are counted.
    Raises ConfigError for an incident that makes no sense.
    """
    with quiet():
        world = World(incident, note)
        try:
            report = world.run()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what the search looks for
            return _broken(world, error)
        return Report(
            seed=report.seed,
            digest=report.digest,
            simulated_s=report.simulated_s,
            events=report.events,
            violations=report.violations,
            counts={**report.counts, **situations(world)},
        )


def elsewhere(incident: Incident, hash_seed: int) -> Report:
    """The same in a new process whose strings hash otherwise. Raises CalledProcessError."""
    done = subprocess.run(
        [sys.executable, "-m", "sim.search.attempt"],
        input=incident.as_text().encode(),
        env={**os.environ, "PYTHONHASHSEED": str(hash_seed)},
        stdout=subprocess.PIPE,
        cwd=_ROOT,
        check=True,
        process_group=0,  # Ctrl-C is for who waits for it, and ends it
    )
    return _REPORT.validate_json(done.stdout)


def same_elsewhere(incident: Incident, report: Report, hash_seed: int = 4711) -> Broken | None:
    """What is wrong when the same incident is another execution in another process."""
    other = elsewhere(incident, hash_seed)
    if other.digest == report.digest:
        return None
    what = f"digest {report.digest} here, {other.digest} under another hash seed"
    return Broken(report.simulated_s, Violation("deterministic", what))


def _broken(world: World, error: Exception) -> Report:
    now_s = world.kernel.now_ns / _NS
    return Report(
        seed=world.incident.seed,
        digest=world.digest.hex(),
        simulated_s=now_s,
        events=world.kernel.events,
        violations=(
            *world.violations,
            Broken(now_s, Violation("no_bug", f"the world raised {error!r}")),
        ),
        counts=dict(sorted(world.counts.items())),
    )


def _main() -> None:
    incident = TypeAdapter(Incident).validate_json(sys.stdin.buffer.read())
    sys.stdout.write(json.dumps(asdict(attempt(incident)), default=dict) + "\n")


if __name__ == "__main__":
    _main()
