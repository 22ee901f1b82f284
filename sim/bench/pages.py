"""How long people wait at the pages while the Data Center grows: every search, and a page until it is ready.

`python -m sim.bench.pages [--sizes 1000 1000000] [--database URL] [--without-browser]`

Fills a database (SQLite in a folder of its own; PostgreSQL with `--database`, which must be empty) as the bench of
growth does, asks each search as the page asks it, and opens list and contact in headless Chromium (where chromium and
chromedriver are installed) against a web server over that database. A search of the page is answered in steps;
`p99_ms` is of one step, `steps` how many it took to fill the page.

Writes var/bench/pages.json, or var/bench/pages-postgresql.json.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import text

from recorder.adapters.contact_db.db import SqlContactDb
from recorder.model import Window
from recorder.records.contacts import ContactQuery
from sim.bench.figures import latency_row, publish, show
from sim.bench.growth import START_US, Database
from sim.bench.page_ready import browser_rows
from sim.bench.timing import now_ns, seconds_since

SIZES = (1_000, 1_000_000)
SAMPLES = 20
LOOKED_AT_MAX = 7_500
"""As the page asks."""
_LIMIT = 50


def searches(size: int) -> dict[str, ContactQuery]:
    """What people ask: rare and frequent, new and old, alone and together."""
    day = Window(START_US, START_US + 600_000_000)
    return {
        "newest": ContactQuery(),
        "a number": ContactQuery(number="+4930100000500"),
        "how many numbers begin": ContactQuery(number="+49301"),
        "an agent": ContactQuery(agent="agent 7"),
        "how all agents begin": ContactQuery(agent="agent"),
        "nobody": ContactQuery(text="zzz nobody"),
        "an id": ContactQuery(text="call-000000500"),
        "how all ids begin": ContactQuery(text="call-0"),
        "a source and a time": ContactQuery(source="dynamics", window=day),
        "an agent and a number": ContactQuery(agent="agent 7", number="+493010000005"),
        "an agent of a time": ContactQuery(agent="agent 7", window=day),
        "an agent, not recently": ContactQuery(agent="agent 7", window=Window(0, START_US + size)),
    }


def measure(db: SqlContactDb, size: int) -> Iterator[dict[str, Any]]:
    """One row for each search; each step of each is one sample."""
    for name, query in searches(size).items():
        asked = replace(query, limit=_LIMIT, rows_max=LOOKED_AT_MAX)
        took: list[float] = []
        steps = found = 0
        for _ in range(SAMPLES):
            steps = found = 0
            for seconds, number in _steps(db, asked):
                took.append(seconds)
                steps, found = steps + 1, found + number
        yield {**latency_row(name, took), "contacts": size, "steps": steps, "found": found}


def _steps(db: SqlContactDb, query: ContactQuery) -> Iterator[tuple[float, int]]:
    left, after = query.limit, query.after
    while left > 0:
        start_ns = now_ns()
        page = db.contacts(replace(query, limit=left, after=after))
        yield seconds_since(start_ns), len(page.rows)
        left, after = left - len(page.rows), page.next
        if after is None:
            return


def run(
    sizes: Sequence[int],
    given: str | None = None,
    *,
    with_browser: bool,
    results: Path | None = None,
) -> list[dict[str, Any]]:
    """Grow through `sizes`, measure at each, print and publish; returns the rows."""
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="tandem-pages-") as folder:
        database = Database(given or f"sqlite:///{folder}/contacts.db")
        kind = database.engine.dialect.name
        for size in sizes:
            database.grow_to(size)
            _analyze(database)
            rows += measure(database.db, size)
            if with_browser:
                rows += [{**row, "contacts": size} for row in browser_rows(database.db)]
        database.engine.dispose()
    rows.sort(key=lambda row: (row["name"], row["contacts"]))
    columns = ("name", "contacts", "samples", "steps", "found", "p50_ms", "p99_ms", "max_ms")
    more: dict[str, Any] = {"folder": results} if results else {}
    path = publish("pages" if given is None else f"pages-{kind}", rows, **more)
    show(f"What people wait for at the pages ({kind})", rows, path, columns)
    return rows


def _analyze(database: Database) -> None:
    """What a server does by itself within a minute or two: nobody's database is filled at once."""
    with database.engine.begin() as connection:
        connection.execute(text("ANALYZE"))


def main() -> int:
    """The program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--database", help="an empty PostgreSQL database; SQLite by default")
    parser.add_argument("--without-browser", action="store_true")
    given = parser.parse_args()
    run(given.sizes, given.database, with_browser=not given.without_browser)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
