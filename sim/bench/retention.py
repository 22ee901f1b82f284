"""What it takes to look for what is due among many contacts, and what commits feel of it meanwhile.

`python -m sim.bench.retention [--size 1000000] [--database URL]`

Fills a database (SQLite in a folder of its own; PostgreSQL with `--database`, which must be empty) with `--size`
contacts, all older than the shortest policy. Then a process of its own walks over them as a run of retention does, with
the rests between its steps, while this one commits a call every half second; before that it commits as many
alone. One policy asks for an attribute, so that interactions are read; one contact in twenty is due under it.

Writes var/bench/retention.json; for PostgreSQL var/bench/retention-postgresql.json.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from itertools import count
from pathlib import Path
from typing import Any

from cluster.adapters.real_clock import RealClock
from recorder.adapters.contact_db.db import SqlContactDb
from recorder.adapters.contact_db.engine import open_engine
from recorder.adapters.contact_db.retention import SqlRetentionDb
from recorder.keep.pace import rest_s
from recorder.keep.rules import shortest_us
from recorder.records.retention import DAY_US, Match, Policy, Rules, Walk
from recorder.settings.retention import RetentionSettings
from sim.bench.figures import RESULTS, latency_row, publish, rounded, show
from sim.bench.growth import START_US, Database, commit
from sim.bench.timing import now_ns, pause, seconds_since

SIZE = 1_000_000
EVERY_S = 0.5
ALONE = 40
"""Commits before the walk begins."""
RULES = Rules(
    (
        Policy("one queue", Match(attributes={"queue": "Queue 3"}), 365 * DAY_US),
        Policy("others", Match(), 36_500 * DAY_US),
        Policy("voice", Match(channels=("voice",)), 366 * DAY_US),
    )
)
DUE_RULES = Rules(RULES.policies[:1])


def walk_all(url: str, rules: Rules) -> dict[str, Any]:
    """In this process: every old contact, once, in the time that a run would take."""
    settings = RetentionSettings.model_validate({})
    db = SqlRetentionDb(open_engine(url), cluster="bench", node="bench", clock=RealClock())
    now_us = START_US + 3_650 * DAY_US
    walk = Walk(now_us - (shortest_us(rules) or 0), None, settings.page)
    start_ns, looked_at, due, slowest_ns, worked_ns = now_ns(), 0, 0, 0, 0
    while True:
        step_ns = now_ns()
        found = db.survey(walk, rules, now_us)
        took_ns = now_ns() - step_ns
        looked_at, due = looked_at + found.looked_at, due + found.contacts
        slowest_ns, worked_ns = max(slowest_ns, took_ns), worked_ns + took_ns
        if found.next is None:
            break
        walk = Walk(walk.before_us, found.next, walk.limit)
        pause(rest_s(took_ns, settings.share))
    return {
        "contacts": looked_at,
        "due": due,
        "seconds": rounded(seconds_since(start_ns)),
        "at_work_s": rounded(worked_ns / 1e9),
        "slowest_step_ms": rounded(slowest_ns / 1e6),
        "peak_mb": rounded(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def run(
    size: int, url: str | None = None, *, alone: int = ALONE, results: Path = RESULTS
) -> list[dict[str, Any]]:
    """Fill, measure, print and publish; returns the rows."""
    start_ns = now_ns()
    with tempfile.TemporaryDirectory(prefix="tandem-retention-") as folder:
        where = url or f"sqlite:///{folder}/contacts.db"
        Database(where).grow_to(size)
        rows = measured(where, alone)
    kind = (url or "sqlite").partition(":")[0].partition("+")[0]
    path = publish(
        "retention" if kind == "sqlite" else f"retention-{kind}",
        rows,
        folder=results,
        database=kind,
        contacts=size,
        seconds=round(seconds_since(start_ns)),
        real="database, processes; the actor's steps and rests without the actor",
    )
    show(f"A look for what is due among {size:,} contacts ({kind})", rows, path)
    return rows


def measured(url: str, alone: int) -> list[dict[str, Any]]:
    """Commits alone, then beside each walk."""
    db = SqlContactDb(open_engine(url), cluster="bench", node="bench", clock=RealClock())
    numbers = count(30_000_000)
    rows = [latency_row("commit, alone", [_commit(db, next(numbers)) for _ in range(alone)])]
    for name in ("none", "some"):
        command = [sys.executable, "-m", "sim.bench.retention", "--database", url, "--walk", name]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as walker:  # noqa: S603 - our own program
            took: list[float] = []
            while walker.poll() is None:
                took.append(_commit(db, next(numbers)))
            assert walker.stdout is not None, "a pipe was asked for"
            told = walker.stdout.read().splitlines()
        if walker.returncode != 0:
            raise RuntimeError(f"the walk ended with {walker.returncode}")
        rows.append({"name": f"walk, {name} due", **json.loads(told[-1])})
        rows.append(latency_row(f"commit beside it, {name} due", took))
    return rows


def _commit(db: SqlContactDb, number: int) -> float:
    start_ns = now_ns()
    commit(db, [number])
    took_s = seconds_since(start_ns)
    pause(EVERY_S)
    return took_s


def main() -> int:
    """The program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=SIZE, help="whole thousands")
    parser.add_argument("--database", help="an empty PostgreSQL database; SQLite by default")
    parser.add_argument("--walk", choices=("none", "some"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.walk is not None:
        rules = RULES if given.walk == "none" else DUE_RULES
        print(json.dumps(walk_all(given.database, rules)))
    else:
        run(given.size, given.database)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
