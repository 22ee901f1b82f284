"""A certificate for a day of many items: seconds to make it, to verify it alone, and against the Data Center.

`python -m sim.bench.prove [--items 100000] [--database URL] [--object-bytes 2000]`

Fills a database (SQLite in a folder of its own; PostgreSQL with `--database`, which must be empty) and an archive
folder with one small object for each item; lists the day from memory, so that the figures are Tandem's own
and not those of a service. Memory is the peak of this process, with everything it has filled before.

Writes var/bench/prove.json.
"""

from __future__ import annotations

import argparse
import hashlib
import resource
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from cluster.adapters.real_clock import RealClock
from recorder.adapters.contact_db.audit import SqlAuditDb
from recorder.adapters.contact_db.certificates import SqlCertificateDb
from recorder.adapters.contact_db.db import SqlContactDb
from recorder.adapters.contact_db.engine import open_engine
from recorder.adapters.contact_db.migrate import migrate
from recorder.adapters.folder_archive import FolderArchive
from recorder.adapters.signing_key import FileSigner
from recorder.model import BufferedItem, Capabilities, ItemRef, Page, SourceTime, Window
from recorder.prove.check import check_certificate
from recorder.prove.document import Certificate, from_text, to_text
from recorder.prove.inclusion import inclusion_of, verify_inclusion
from recorder.prove.inclusion import to_text as proof_text
from recorder.prove.make import ProvedSource, Prover, make_certificate, window_of
from recorder.prove.page import page_text
from recorder.prove.verify import verify
from sim.bench.figures import RESULTS, publish, show
from sim.bench.growth import a_call
from sim.bench.timing import now_ns, seconds_since
from sim.tables.audit import ListedTrail

T = TypeVar("T")

ITEMS = 100_000
OBJECT_BYTES = 2_000
DAY = "2024-10-04"
_BATCH = 500
_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class ListedDay:
    """Lists what it is given, a thousand a page, and never waits."""

    refs: tuple[ItemRef, ...]
    now_us: int

    @property
    def name(self) -> str:
        """As in the rows."""
        return "dynamics"

    @property
    def capabilities(self) -> Capabilities:
        """Those of a patient service."""
        return Capabilities(7 * 86_400.0, _PAGE, 1, None)

    def server_time(self) -> SourceTime:
        """A day later."""
        return SourceTime(self.now_us, 0, 0)

    def list_items(self, window: Window, page: str | None) -> Page:
        """Oldest first."""
        begin = int(page or 0)
        mine = [ref for ref in self.refs if window.from_us <= ref.changed_us < window.to_us]
        rest = begin + _PAGE
        following = str(rest) if rest < len(mine) else None
        return Page(tuple(mine[begin:rest]), following, self.server_time())


class Stage:
    """A database and an archive with so many items of one day."""

    def __init__(self, folder: Path, url: str, items: int, object_bytes: int) -> None:
        migrate(url)
        self.engine = open_engine(url, statement_timeout_s=600.0)
        self.clock = RealClock()
        self.db = SqlContactDb(self.engine, cluster="bench", node="bench", clock=self.clock)
        self.archive = FolderArchive(folder / "archive")
        self.certificates = SqlCertificateDb(self.engine, cluster="bench")
        self.audit_db = SqlAuditDb(self.engine)
        self._body = b"x" * object_bytes
        self._sha256 = hashlib.sha256(self._body).hexdigest()
        self._folder = folder
        day = window_of(DAY)
        step_us = (day.to_us - day.from_us) // items
        refs: list[ItemRef] = []
        for start in range(0, items, _BATCH):
            numbers = range(start, min(start + _BATCH, items))
            calls = [self._call(number, day.from_us + number * step_us) for number in numbers]
            names = [self._put(call) for call in calls]
            self.db.commit(calls, [(name,) for name in names])
            refs += [call.ref for call in calls]
        self.source = ListedDay(tuple(refs), day.to_us + 86_400_000_000)
        self.prover = Prover(
            cluster="bench",
            node="bench",
            build="bench",
            clock=self.clock,
            db=self.certificates,
            contact_db=self.db,
            archive=self.archive,
            signer=FileSigner(folder / "signing.key"),
            audit_db=self.audit_db,
            trail=ListedTrail(),
        )

    def close(self) -> None:
        """Give back connections."""
        self.engine.dispose()
        self.clock.stop()

    def _call(self, number: int, changed_us: int) -> BufferedItem:
        call = a_call(number)
        (file,) = call.media
        file = replace(file, size_bytes=len(self._body), sha256=self._sha256)
        return replace(call, ref=replace(call.ref, changed_us=changed_us), media=(file,))

    def _put(self, call: BufferedItem) -> str:
        """As large as it is said to be; written directly, for how it came there is not measured."""
        name = f"dynamics/{call.ref.key[-1]}/{call.ref.key}.mp3"
        path = self._folder / "archive" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self._body)
        return name


def _never(seconds: float) -> None:
    raise AssertionError(f"nobody asks to wait for {seconds} s")


def measure(stage: Stage) -> Iterator[dict[str, Any]]:
    """One row for each thing that is done with a certificate."""
    items = len(stage.source.refs)
    proved = ProvedSource(stage.source, "dynamics", 0.0)  # pyright: ignore[reportArgumentType]
    took_s, certificate = _timed(
        lambda: make_certificate(stage.prover, proved, DAY, "bench", _never)
    )
    assert certificate.statement["verdict"] == "complete", certificate.statement["causes"]
    yield _row("make, sign and keep", items, took_s)
    took_s, text = _timed(lambda: to_text(certificate))
    yield {**_row("write as JSON", items, took_s), "bytes": len(text)}
    took_s, page = _timed(lambda: page_text(certificate))
    yield {**_row("write as a page", items, took_s), "bytes": len(page)}
    took_s, again = _timed(lambda: from_text(text))
    yield _row("read the file", items, took_s)
    took_s, faults = _timed(lambda: verify(again))
    assert faults == (), faults
    yield _row("verify offline", items, took_s)
    yield _checked(stage, again, "verify against the database", None, read=False)
    yield _checked(stage, again, "and sizes of objects", stage.archive, read=False)
    yield _checked(stage, again, "and every byte of objects", stage.archive, read=True)
    item = again.leaves[items // 2].item
    took_s, proof = _timed(lambda: inclusion_of(again, item))
    assert proof is not None, item
    yield {**_row("proof of one item", items, took_s), "bytes": len(proof_text(proof))}
    took_s, (_, _, faults) = _timed(lambda: verify_inclusion(proof_text(proof)))
    assert faults == (), faults
    yield _row("verify that proof", items, took_s)


def _checked(
    stage: Stage, certificate: Certificate, name: str, archive: FolderArchive | None, *, read: bool
) -> dict[str, Any]:
    took_s, found = _timed(
        lambda: check_certificate(
            certificate,
            db=stage.certificates,
            archive=archive,
            audit_db=stage.audit_db,
            read=read,
        )
    )
    assert found.faults == (), found.faults[:3]
    return _row(name, len(certificate.leaves), took_s)


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    start_ns = now_ns()
    found = work()
    return seconds_since(start_ns), found


def _row(name: str, items: int, took_s: float) -> dict[str, Any]:
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    return {"name": name, "items": items, "seconds": round(took_s, 3), "peak_mb": round(peak_mb)}


def run(
    items: int, url: str | None, object_bytes: int, results: Path = RESULTS
) -> list[dict[str, Any]]:
    """Fill, measure, print and publish; returns the rows."""
    with tempfile.TemporaryDirectory(prefix="tandem-prove-") as folder:
        start_ns = now_ns()
        stage = Stage(Path(folder), url or f"sqlite:///{folder}/contacts.db", items, object_bytes)
        print(f"{items:,} items after {seconds_since(start_ns):.1f} s of filling", flush=True)
        try:
            rows = [*measure(stage)]
        finally:
            stage.close()
    kind = (url or "sqlite").partition(":")[0].partition("+")[0]
    path = publish("prove", rows, folder=results, database=kind, object_bytes=object_bytes)
    show(f"A certificate of a day ({kind})", rows, path)
    return rows


def main() -> int:
    """The program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=ITEMS)
    parser.add_argument("--object-bytes", type=int, default=OBJECT_BYTES)
    parser.add_argument("--database", help="an empty PostgreSQL database; SQLite by default")
    given = parser.parse_args()
    run(given.items, given.database, given.object_bytes)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
