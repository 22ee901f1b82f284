"""A program: the stages of one node from a job to its commit, without polling, peer or web server.

`python -m sim.bench.media_path` reads its orders (`Orders` as JSON) from the first line of stdin, archives
a few items to warm up as a node that runs for months is, prints `ready`, waits for another line, fetches
and archives every file, and prints `Report` as JSON. The rest of a node hardly uses the processor while it
fetches; what a source's API costs is measured elsewhere.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from cluster.adapters.real_clock import RealClock
from cluster.adapters.thread_runtime import ThreadRuntime
from cluster.adapters.thread_workers import ThreadWorkers
from cluster.board import Board
from cluster.distributor import Distributor
from cluster.frames import Role
from cluster.ports import Address
from cluster.settings import PairSettings
from cluster.work_messages import (
    Distribute,
    Job,
    JobAssigned,
    JobBroken,
    JobFinished,
    JobNews,
    PairChanged,
)
from recorder.adapters.buffer_files import DiskBufferFiles
from recorder.adapters.contact_db.db import SqlContactDb
from recorder.adapters.contact_db.engine import open_engine
from recorder.adapters.folder_archive import FolderArchive
from recorder.adapters.journal_file import JournalFile
from recorder.adapters.media import open_media_fetcher
from recorder.archive.archiver import Archiver
from recorder.archive.commit_job import CommitTools
from recorder.buffer.call_buffer import CallBuffer
from recorder.codec import FAIL, JOB, JobBody, job_key, source_of
from recorder.ingest.ingester import Ingester
from recorder.messages import FindingOpened
from recorder.settings.stages import ArchiveSettings, BufferSettings, IngestSettings
from sim.bench.listed_source import NAME, ListedSource
from sim.bench.timing import now_ns

WARM_UP_ITEMS = 16
WARM_UP_FROM = 1_000_000


@dataclass(frozen=True, slots=True)
class Orders:
    """What to fetch and where to keep it. The database is migrated already."""

    node: str
    directory: str
    database: str
    archive: str
    url: str
    ca_file: str
    fetcher: str
    """httpx or fast."""
    first: int
    count: int
    files: int
    """On the server."""
    size_bytes: int
    downloads: int
    warm_up: int = WARM_UP_ITEMS
    """Items to archive before the work begins."""


@dataclass(frozen=True, slots=True)
class Report:
    """What became of it. Instants are of the machine's monotonic clock; `*_cpu_s` of this process."""

    began_ns: int
    ended_ns: int
    start_cpu_s: float
    cpu_s: float
    """From `began_ns` to `ended_ns`."""


class Nobody:
    """An address whose messages concern nobody here, but findings, which are shown."""

    name = "nobody"

    def tell(self, message: object) -> None:
        """Show a finding."""
        if isinstance(message, FindingOpened):
            print(f"finding: {message.finding.what}", file=sys.stderr)


class MediaPath:
    """Distributor, ingester, call buffer and archiver as a node has them."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders
        self._clock = RealClock()
        self._runtime = ThreadRuntime(on_crash=_crash)
        self._board = Board()
        self._source = ListedSource(
            url=orders.url, files=orders.files, size_bytes=orders.size_bytes, clock=self._clock
        )
        self._at: dict[str, Address[Any]] = {
            name: self._runtime.reserve(name)
            for name in ("distributor", "ingester", "archiver", "call_buffer", "client")
        }
        self._done: SimpleQueue[str] = SimpleQueue()

    def start(self) -> None:
        """Start the actors, the last of the road first."""
        orders, home = self._orders, Path(self._orders.directory)
        files = DiskBufferFiles(home / "buffer", reserve_bytes=0)
        contact_db = SqlContactDb(
            open_engine(orders.database), cluster="bench", node=orders.node, clock=self._clock
        )
        shared: dict[str, Any] = {
            "node": orders.node,
            "boot": "boot",
            "monitor": Nobody(),
            "board": self._board,
            "clock": self._clock,
        }
        distributor = Distributor(
            node=orders.node,
            boot="boot",
            me=self._at["distributor"],
            link=Nobody(),
            clients=lambda _key: self._at["client"],
            groups=source_of,
            clock=self._clock,
            board=self._board,
            settings=PairSettings.model_validate({}),
        )
        archiver = Archiver(
            me=self._at["archiver"],
            distributor=self._at["distributor"],
            workers=_lane("archive", 1),
            tools=CommitTools(
                JournalFile(home / "journal"), files, FolderArchive(orders.archive), contact_db
            ),
            settings=ArchiveSettings.model_validate({}),
            **shared,
        )
        ingester = Ingester(
            me=self._at["ingester"],
            distributor=self._at["distributor"],
            archiver=self._at["archiver"],
            workers={NAME: _lane("downloads", orders.downloads)},
            sources={NAME: self._source},
            fetcher=open_media_fetcher(orders.fetcher, ca_file=orders.ca_file),
            files=files,
            contact_db=contact_db,
            settings=IngestSettings.model_validate({"downloads": orders.downloads}),
            **shared,
        )
        call_buffer = CallBuffer(
            me=self._at["call_buffer"],
            ingester=self._at["ingester"],
            workers=_lane("database", 2),
            files=files,
            settings=BufferSettings.model_validate({"reserve_bytes": 0}),
            monitor=Nobody(),
            board=self._board,
            clock=self._clock,
        )
        start = self._runtime.start
        start(self._at["client"], _Client(self._done))
        start(self._at["distributor"], distributor)
        start(self._at["archiver"], archiver)
        start(self._at["ingester"], ingester)
        start(self._at["call_buffer"], call_buffer)

    def warm_up(self) -> None:
        """Archive some items that are not part of the work. Raises RuntimeError."""
        self._at["distributor"].tell(PairChanged(Role.PRIMARY, 1, "unknown", 0, alone=False))
        # Other items than those of the peer, whose share begins elsewhere, however small it is.
        count = self._orders.warm_up
        first = WARM_UP_FROM + self._orders.first * count
        self._archive(range(first, first + count))

    def run(self) -> None:
        """Give every job out and wait until the last one is committed. Raises RuntimeError."""
        self._archive(range(self._orders.first, self._orders.first + self._orders.count))

    def _archive(self, numbers: range) -> None:
        tell = self._at["distributor"].tell
        for number in numbers:
            ref = self._source.item(number)
            body = JOB.encode(JobBody(ref, ref.changed_us))
            tell(Distribute(Job(job_key(ref), body), 1, self._at["client"]))
        for _ in numbers:
            if problem := self._done.get():
                raise RuntimeError(problem)


class _Client:
    """Hears what became of the jobs."""

    def __init__(self, done: SimpleQueue[str]) -> None:
        self._done = done

    def on_start(self) -> None:
        """Nothing yet."""

    def on_stop(self) -> None:
        """Nothing is held."""

    def on_message(self, message: JobNews) -> None:
        """Count; a failure ends the measurement."""
        match message:
            case JobAssigned():
                pass
            case JobFinished():
                self._done.put("")
            case JobBroken(key, _, body):
                self._done.put(f"{key}: {FAIL.decode(body).message}")


def _lane(name: str, threads: int) -> ThreadWorkers:
    return ThreadWorkers(name=name, threads=threads, on_crash=_crash)


def _crash(name: str, error: BaseException) -> None:
    print(f"{name} failed: {error!r}", file=sys.stderr, flush=True)
    os._exit(70)


def _cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main() -> int:
    """Returns the exit status."""
    orders = Orders(**json.loads(sys.stdin.readline()))
    path = MediaPath(orders)
    path.start()
    path.warm_up()
    print("ready", flush=True)
    sys.stdin.readline()
    began_ns, start_cpu_s = now_ns(), _cpu_s()
    path.run()
    report = Report(began_ns, now_ns(), start_cpu_s, _cpu_s() - start_cpu_s)
    print(json.dumps(asdict(report)), flush=True)
    return 0


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    os._exit(status)
