"""A program: what somebody without a recovery would write, two sets of ids and what is in only one of them.

`python -m sim.bench.recovery_naive URL SIZE PAGE sql|das` lists the period of `sim.bench.period_source`, loads every
id of the Data Center, by the driver and one plain statement or page by page from the data access service
(without HTTP), and prints what that took as JSON. Versions, states and counts are not looked at.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from typing import Any

import psycopg
from sqlalchemy import make_url

from cluster.adapters.real_clock import RealClock
from recorder.adapters.contact_db.das import SqlDas
from recorder.adapters.contact_db.engine import open_engine
from recorder.records.das import DasQuery
from sim.bench.figures import rounded
from sim.bench.memory import peak_mb
from sim.bench.period_source import NAME, PeriodSource
from sim.bench.timing import now_ns, seconds_since

_STATEMENT = "SELECT item_key FROM items WHERE source = 'dynamics'"


def by_sql(url: str) -> set[str]:
    """All ids in one statement."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        assert parsed.database is not None, "a file"
        connection = sqlite3.connect(parsed.database)
        try:
            return {key for (key,) in connection.execute(_STATEMENT)}
        finally:
            connection.close()
    plain = parsed.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain) as opened:
        return {key for (key,) in opened.execute(_STATEMENT)}


def by_das(url: str) -> set[str]:
    """All ids, a page of contacts at a time."""
    engine = open_engine(url)
    das, found = SqlDas(engine), set[str]()
    after: str | None = None
    while True:
        page = das.contacts(DasQuery(source=NAME, items=True, after=after))
        found |= {item.key for contact in page.contacts for item in contact.items}
        after = page.next
        if after is None:
            engine.dispose()
            return found


WAYS = {"sql": by_sql, "das": by_das}


def compare(url: str, size: int, page_size: int, way: str) -> dict[str, Any]:
    """List everything, load everything, subtract; what it took."""
    clock = RealClock()
    source = PeriodSource(size=size, page_size=page_size, clock=clock)
    before_mb, start_ns = peak_mb(), now_ns()
    offered: set[str] = set()
    page: str | None = None
    while True:
        listed = source.list_items(source.window, page)
        offered |= {ref.key for ref in listed.items}
        page = listed.next_page
        if page is None:
            break
    missing = offered - WAYS[way](url)
    whole_s = seconds_since(start_ns)
    clock.stop()
    return {
        "detected": len(offered),
        "missing": len(missing),
        "difference_s": rounded(whole_s - source.spent_s),
        "listing_s": rounded(source.spent_s),
        "compared_after_s": rounded(whole_s),
        "api_calls": source.pages,
        "memory_before_mb": rounded(before_mb),
        "memory_more_mb": rounded(peak_mb() - before_mb),
    }


def main() -> int:
    """The program."""
    url, size, page_size, way = sys.argv[1:]
    sys.stdout.write(json.dumps(compare(url, int(size), int(page_size), way)) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
