"""What a poll, a commit and a search cost while the Data Center grows: it should stay flat.

`python -m sim.bench.growth [--sizes 1000 100000 1000000] [--database URL]`

Fills a database (SQLite in a folder of its own; PostgreSQL with `--database`, which must be empty) with
committed calls, multiplies them inside the database up to each size, and measures at each: the question
which of 100 items are unfinished, the commit of 64 items, a page of contacts, a search by number, and a page
of the data access service from the middle of all contacts.

Writes var/bench/growth.json.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text

from cluster.adapters.real_clock import RealClock
from recorder.adapters.contact_db.das import SqlDas
from recorder.adapters.contact_db.db import SqlContactDb
from recorder.adapters.contact_db.engine import WRITES, open_engine
from recorder.adapters.contact_db.findings import SqlFindingsDb
from recorder.adapters.contact_db.migrate import migrate
from recorder.adapters.contact_db.pages import encode_cursor
from recorder.adapters.contact_db.tables import contacts
from recorder.model import (
    BufferedItem,
    Interaction,
    ItemRef,
    MediaKind,
    MediaRef,
    Party,
    StoredMedia,
    Window,
)
from recorder.records.contacts import ContactQuery
from recorder.records.das import DasQuery
from sim.bench.figures import latency_row, publish, show
from sim.bench.timing import now_ns, seconds_since

SIZES = (1_000, 100_000, 1_000_000)
BATCH = 64
SAMPLES = 40
START_US = 1_700_000_000_000_000
_SEED_ROWS = 1_000
_COPIED = ("contacts", "items", "interactions", "interaction_names", "parties", "media")
_SCATTER, _PRIME = 7_919, 1_000_003
_KEYS = frozenset(
    {"contact_id", "session_key", "interaction_key", "item_key", "media_key", "value"}
)


def a_call(number: int) -> BufferedItem:
    """A call with two parties and one file."""
    key, started_us = f"call-{number:09d}", START_US + number * 1_000_000
    media = MediaRef(f"{key}/f", MediaKind.AUDIO, "call.mp3", "audio/mpeg", None, None, started_us)
    return BufferedItem(
        ref=ItemRef("dynamics", key, "f", started_us, f"session-{key}"),
        interaction=Interaction(
            key=f"interaction-{key}",
            session_key=f"session-{key}",
            channel="voice",
            direction="inbound",
            started_us=started_us,
            ended_us=started_us + 60_000_000,
            parties=(
                Party("a", "agent", f"Agent {number % 50}", "", started_us),
                Party("c", "customer", "", f"+49301{number:08d}", started_us),
            ),
            attributes={
                "conversation": f"5f0f1c58-0000-4000-8000-{number:012d}",
                "queue": f"Queue {number % 20}",
                "ticket": f"CAS-{number:09d}",
                "workstream": "voice",
            },
            media=(media,),
        ),
        media=(StoredMedia(media, 200_000, "ab" * 32, "audio/mpeg", "0f" * 32),),
        found_us=started_us,
        buffered_us=started_us,
        attempts=1,
    )


def commit(db: SqlContactDb, numbers: Sequence[int]) -> None:
    """Commit these calls in one transaction."""
    calls = [a_call(number) for number in numbers]
    db.commit(calls, [(f"dynamics/00/{call.ref.key}.mp3",) for call in calls])


class Database:
    """A database that can be made to hold so many calls."""

    def __init__(self, url: str) -> None:
        migrate(url)
        self.engine: Engine = open_engine(url, statement_timeout_s=600.0)
        self.db = SqlContactDb(self.engine, cluster="bench", node="bench", clock=RealClock())
        self.calls = 0
        self._copies = 0

    def grow_to(self, size: int) -> None:
        """Commit a first thousand for real, then copy them under other keys, a thousand at a time."""
        while self.calls < min(size, _SEED_ROWS):
            commit(self.db, range(self.calls, self.calls + 50))
            self.calls += 50
        copies = (size - self.calls) // _SEED_ROWS
        if copies > 0:
            self._copy(self._copies + 1, self._copies + copies)
            self._copies += copies
            self.calls += copies * _SEED_ROWS

    def _copy(self, first: int, last: int) -> None:
        tables = contacts.metadata.tables
        numbers = (
            f"WITH RECURSIVE k(n) AS (SELECT {first} UNION ALL "  # noqa: S608 - our own numbers
            f"SELECT n + 1 FROM k WHERE n < {last}) "
        )
        with self.engine.connect().execution_options(**WRITES) as connection, connection.begin():
            for name in _COPIED:
                columns = [column.name for column in tables[name].columns]
                chosen = ", ".join(_copied(column) for column in columns)
                names = ", ".join(columns)
                connection.execute(
                    text(
                        f"INSERT INTO {name} ({names}) {numbers}"  # noqa: S608 - our own names
                        f"SELECT {chosen} FROM {name} CROSS JOIN k WHERE {_ORIGINALS[name]}"
                    )
                )


_ORIGINALS = {
    "contacts": "session_key NOT LIKE '%~%'",
    "items": "item_key NOT LIKE '%~%'",
    "interactions": "interaction_key NOT LIKE '%~%'",
    "interaction_names": "interaction_key NOT LIKE '%~%'",
    "parties": "interaction_key NOT LIKE '%~%'",
    "media": "media_key NOT LIKE '%~%'",
}


def copy_key(key: str, copy: int) -> str:
    """The id of the item that is copy number `copy` of another. Rows lie in order of time, ids in none."""
    return f"{copy * _SCATTER % _PRIME}~{key}" if copy else key


def _copied(column: str) -> str:
    if column == "item_key":
        return f"(k.n * {_SCATTER} % {_PRIME}) || '~' || {column}"
    if column in _KEYS:
        return f"{column} || '~' || k.n"
    if column in {"sort_us", "started_us", "changed_us"}:
        return f"{column} + k.n * 1000"
    return column


def measure(database: Database) -> Iterator[dict[str, Any]]:
    """One row per question, at the present size."""
    db, size = database.db, database.calls
    known = [a_call(number).ref for number in range(0, _SEED_ROWS, 20)]
    new = [a_call(10_000_000 + number).ref for number in range(50)]
    fresh = iter(range(20_000_000 + size, 10**9))
    das = SqlDas(database.engine)
    findings = SqlFindingsDb(database.engine, cluster="bench", node="bench", clock=RealClock())
    middle = DasQuery(
        source="dynamics",
        window=Window(START_US, 2 * START_US),
        after=encode_cursor(START_US + _SEED_ROWS * 500_000, ""),
    )
    whole = replace(middle, items=True, media=True)
    questions: dict[str, Callable[[], object]] = {
        "unfinished of 100": lambda: db.unfinished([*known, *new]),
        "commit of 64": lambda: commit(db, [next(fresh) for _ in range(BATCH)]),
        "page of 100 contacts": lambda: db.contacts(ContactQuery(limit=100)),
        "search by number": lambda: db.contacts(ContactQuery(text="+4930100000500", limit=100)),
        "why of an id in an attribute": lambda: findings.items_behind("CAS-000000500", 50),
        "why of a word in an attribute": lambda: findings.items_behind("Queue 7", 50),
        "das page of 1,000": lambda: das.contacts(middle),
        "das page of 1,000 with items and media": lambda: das.contacts(whole),
    }
    for name, ask in questions.items():
        ask()
        took: list[float] = []
        for _ in range(SAMPLES):
            start_ns = now_ns()
            ask()
            took.append(seconds_since(start_ns))
        yield {**latency_row(name, took), "contacts": size}


def run(sizes: Sequence[int], url: str, results: Path | None = None) -> list[dict[str, Any]]:
    """Grow through `sizes`, measure at each, print and publish; returns the rows."""
    database = Database(url)
    rows: list[dict[str, Any]] = []
    for size in sizes:
        start_ns = now_ns()
        database.grow_to(size)
        print(f"{size:,} contacts after {seconds_since(start_ns):.1f} s of filling", flush=True)
        rows += measure(database)
    database.engine.dispose()
    rows.sort(key=lambda row: (row["name"], row["contacts"]))
    columns = ("name", "contacts", "samples", "p50_ms", "p99_ms", "max_ms")
    kind = url.partition(":")[0].partition("+")[0]
    path = publish("growth", rows, database=kind, **({"folder": results} if results else {}))
    show(f"Cost of a question while the Data Center grows ({kind})", rows, path, columns)
    return rows


def main() -> int:
    """The program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--database", help="an empty PostgreSQL database; SQLite by default")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tandem-growth-") as folder:
        run(given.sizes, given.database or f"sqlite:///{folder}/contacts.db")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
