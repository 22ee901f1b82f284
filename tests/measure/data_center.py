"""What the Data Center costs: `python -m tests.measure.data_center [--rows 1000000]`.

Prints processor time per committed item in batches of 64, and the time of asking for 100 items in a
ledger of growing size. Figures, not a test: nothing is asserted.
"""

# ruff: noqa: T201 - figures are printed

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

from sqlalchemy import Engine

from recorder.adapters.contact_db import SqlContactDb, migrate, open_engine
from recorder.adapters.contact_db.bulk import write_rows
from recorder.adapters.contact_db.conflicts import first_stays
from recorder.adapters.contact_db.engine import WRITES
from recorder.adapters.contact_db.rows import ref_values
from recorder.adapters.contact_db.tables import items
from tests.calls import a_ref, an_event, an_item, names_of
from tests.postgres import PostgresServer, find_programs
from tests.recorder.hand_clock import HandClock

BATCH, BATCHES = 64, 40


def batches():
    """Items with three parties, a segment, a file and five events each, in sessions of their own."""
    for batch in range(BATCHES):
        numbers = range(batch * BATCH, (batch + 1) * BATCH)
        yield [
            an_item(
                f"rec-{n}",
                session=f"ses-{n}",
                events=[an_event(f"rec-{n}", n * 5 + step) for step in range(5)],
            )
            for n in numbers
        ]


def server_cpu_s() -> float:
    """Processor time of every process of PostgreSQL on this machine."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            head, _, rest = stat.read_text().rpartition(")")
        except OSError:
            continue
        if head.endswith("(postgres"):
            fields = rest.split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def measure_commits(name: str, db: SqlContactDb) -> None:
    cpu_ms, wall_ms = [], []
    server_before = server_cpu_s()
    for some in list(batches()):
        cpu, wall = time.process_time(), time.perf_counter()
        db.commit(some, names_of(*some))
        cpu_ms.append((time.process_time() - cpu) / BATCH * 1e3)
        wall_ms.append((time.perf_counter() - wall) / BATCH * 1e3)
    server_ms = (server_cpu_s() - server_before) / BATCH / BATCHES * 1e3
    print(
        f"{name:10} commit, ms per item: cpu median {statistics.median(cpu_ms):.3f} "
        f"best {min(cpu_ms):.3f}, wall median {statistics.median(wall_ms):.3f}, "
        f"server cpu {server_ms:.3f}"
    )


def fill(engine: Engine, start: int, end: int) -> None:
    """Archived items, straight into the ledger."""
    for first in range(start, end, 10_000):
        rows = [
            {
                **ref_values(a_ref(f"{n * 7919 % 10_000_019:08x}-key-{n}", changed_us=n)),
                "state": "archived",
                "found_us": n,
                "updated_us": n,
                "parked": False,
            }
            for n in range(first, min(first + 10_000, end))
        ]
        with engine.connect().execution_options(**WRITES) as connection, connection.begin():
            write_rows(connection, items, first_stays, rows)


def measure_unfinished(name: str, db: SqlContactDb, engine: Engine, sizes: list[int]) -> None:
    filled = 0
    for size in sizes:
        fill(engine, filled, size)
        filled = size
        known = [a_ref(f"{n * 7919 % 10_000_019:08x}-key-{n}") for n in range(0, size, size // 50)]
        refs = known[:50] + [a_ref(f"new-{n}") for n in range(50)]
        took_ms = []
        for _ in range(200):
            wall = time.perf_counter()
            db.unfinished(refs)
            took_ms.append((time.perf_counter() - wall) * 1e3)
        took_ms.sort()
        print(
            f"{name:10} unfinished(100) among {size:>9,} items: median {took_ms[100]:.2f} ms, "
            f"p99 {took_ms[198]:.2f} ms"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    sizes = [size for size in (1_000, 100_000, 1_000_000) if size <= rows]
    programs = find_programs()
    server = PostgresServer(programs) if programs else None
    with tempfile.TemporaryDirectory() as directory:
        urls = {"sqlite": f"sqlite:///{directory}/contacts.db"}
        if server:
            server.start()
            urls["postgresql"] = server.url(server.new_database())
        try:
            for name, url in urls.items():
                migrate(url)
                engine = open_engine(url)
                db = SqlContactDb(engine, cluster="pair", node="alpha", clock=HandClock())
                measure_commits(name, db)
                measure_unfinished(name, db, engine, sizes)
                db.close()
        finally:
            if server:
                server.remove()


if __name__ == "__main__":
    main()
