"""The lease in a database, for the contract test: its clock goes on by moving the instants back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import text

from cluster.ports import Lease
from recorder.adapters.contact_db import open_engine
from recorder.adapters.lease_db import SqlLease
from tests.databases import migrated


@contextmanager
def leases_at(
    url: str,
) -> Iterator[tuple[Callable[[str, float, str], Lease], Callable[[float], None]]]:
    """Gives `open(node, lease_s, instance)` and `wait(seconds)` over the migrated database at `url`."""
    engine = open_engine(url)
    leases = []

    def open_lease(node: str, lease_s: float, instance: str) -> Lease:
        lease = SqlLease(
            engine,
            cluster="pair",
            node=node,
            instance=instance,
            boot="boot",
            lease_s=lease_s,
            call_timeout_s=1.0,
        )
        leases.append(lease)
        return lease

    def wait(seconds: float) -> None:
        passed = {"passed_us": round(seconds * 1e6)}
        with engine.begin() as connection:
            connection.execute(
                text("UPDATE leases SET expires_us = expires_us - :passed_us"), passed
            )
            connection.execute(text("UPDATE nodes SET seen_us = seen_us - :passed_us"), passed)

    yield open_lease, wait
    for lease in leases:
        lease.close()
    engine.dispose()


@contextmanager
def sqlite_leases(directory):
    """The same over a new SQLite file."""
    url = f"sqlite:///{directory / 'contacts.db'}"
    migrated(url)
    with leases_at(url) as both:
        yield both
