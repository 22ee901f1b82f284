"""What a recovery of a large period costs, beside what one would write instead, and what live capture feels of it.

`python -m sim.bench.recovery [--size 1000000] [--database URL] [--without-live]`

First a database of `--size` contacts (SQLite in a folder of its own; PostgreSQL with `--database`, which must be
empty), and a period of as many records at the source, of which one in a thousand is missing: seconds to the
difference, to the end, calls of the listing, memory, and what a commit takes meanwhile. The listing is
arithmetic and its time is told apart; nothing is downloaded. In the same way, as a yardstick, what a script would do:
load all ids of both sides into two sets.

Then a real pair with the fake Dynamics service, calls ending all the time: from the end of a call to its commit,
without a recovery and beside one that fetches.

Writes var/bench/recovery.json; for PostgreSQL var/bench/recovery-postgresql.json.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import text

from sim.bench.figures import RESULTS, publish, rounded, show
from sim.bench.growth import Database
from sim.bench.period_source import EVERY, spread
from sim.bench.recovery_live import POLL_S, live_lag
from sim.bench.recovery_naive import WAYS
from sim.bench.timing import now_ns, seconds_since

PAGES = (5_000, 300)
"""The largest page of Dynamics, and that of Zoom."""
SIZE = 1_000_000
ALONE_S = 5.0
"""Commits of live capture are timed for so long before the recovery begins."""
MISSED = 300
LIVE_S = 30.0
CALLS_PER_S = 1.2
"""Not in step with the polls."""
WANTED = {"difference_s": 10.0, "memory_more_mb": 300.0, "live_more_ms": POLL_S * 1000}


def large_periods(
    url: str, size: int, pages: Sequence[int], alone_s: float
) -> Iterator[dict[str, Any]]:
    """A recovery for each page size, and each other way, all in processes of their own."""
    database = Database(url)
    start_ns = now_ns()
    database.grow_to(size)
    spread(database)
    print(f"{size:,} contacts after {seconds_since(start_ns):.1f} s of filling", flush=True)
    ours: dict[str, Any] = {}
    for page_size in pages:
        row = _run("sim.bench.recovery_node", url, size, page_size, alone_s)
        assert row["recovered"] == size // EVERY, row
        ours = ours or row
        yield {"name": f"recovery, {page_size:,} a page", **row}
        _forget_lost(database)
    for way in WAYS:
        row = _run("sim.bench.recovery_naive", url, size, pages[0], way)
        assert row["missing"] == size // EVERY, row
        times = rounded(row["difference_s"] / ours["difference_s"])
        yield {"name": f"two sets by {way}, {pages[0]:,} a page", **row, "times_ours": times}
    database.engine.dispose()


def _run(program: str, *arguments: object) -> dict[str, Any]:
    command = [sys.executable, "-m", program, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own program
    if done.returncode != 0:
        raise RuntimeError(f"{program} ended with {done.returncode}: {done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])  # log lines come before


def _forget_lost(database: Database) -> None:
    """What was recovered is missing again."""
    with database.engine.begin() as connection:
        connection.execute(text("DELETE FROM items WHERE item_key LIKE 'lost-%'"))


def run(
    size: int,
    url: str | None = None,
    *,
    live: bool = True,
    pages: Sequence[int] = PAGES,
    alone_s: float = ALONE_S,
    results: Path = RESULTS,
) -> list[dict[str, Any]]:
    """Fill, measure, print and publish; returns the rows."""
    start_ns = now_ns()
    with tempfile.TemporaryDirectory(prefix="tandem-recovery-") as folder:
        rows = list(large_periods(url or f"sqlite:///{folder}/contacts.db", size, pages, alone_s))
        lags = list(_live(Path(folder) / "pair")) if live else []
    kind = (url or "sqlite").partition(":")[0].partition("+")[0]
    path = publish(
        "recovery" if kind == "sqlite" else f"recovery-{kind}",
        [*rows, *lags],
        folder=results,
        database=kind,
        contacts=size,
        wanted=WANTED,
        seconds=round(seconds_since(start_ns)),
        real="actor, threads, database; a listing from memory, commits without downloads",
    )
    show(f"Recovery of a period with {size:,} records ({kind})", rows, path)
    if lags:
        show("From offered to committed, on a real pair with the fake service", lags, path)
    return [*rows, *lags]


def _live(directory: Path) -> Iterator[dict[str, Any]]:
    alone, beside = live_lag(directory, seconds=LIVE_S, calls_per_s=CALLS_PER_S, missed=MISSED)
    yield alone
    yield {
        **beside,
        "more_p50_ms": rounded(beside["p50_ms"] - alone["p50_ms"]),
        "more_max_ms": rounded(beside["max_ms"] - alone["max_ms"]),
    }


def main() -> int:
    """The program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=SIZE, help="whole thousands")
    parser.add_argument("--database", help="an empty PostgreSQL database; SQLite by default")
    parser.add_argument("--without-live", action="store_true")
    given = parser.parse_args()
    run(given.size, given.database, live=not given.without_live)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
