"""Ours, ready to be measured: one node or a pair on the media path, in processes of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

from recorder.adapters.contact_db.migrate import migrate
from recorder.adapters.folder_archive import FolderArchive
from sim.bench.file_server import Served, Tls
from sim.bench.media_path import WARM_UP_ITEMS, Orders, Report
from sim.bench.programs import Cost

_NODES = ("alpha", "beta")


@dataclass(frozen=True, slots=True)
class Work:
    """What is fetched: so many files of one size."""

    label: str
    files: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Contender:
    """A way of ours to bring the same files into a Data Center."""

    fetcher: str
    nodes: int
    downloads: int = 8
    """At the same time, for each node."""

    @property
    def name(self) -> str:
        """For tables."""
        return f"media path, {'one node' if self.nodes == 1 else 'the pair'}, {self.fetcher}"


def contenders(downloads: int) -> tuple[Contender, ...]:
    """Those that can run here: the fast client is optional."""
    fast = (Contender("fast", 1, downloads), Contender("fast", 2, downloads))
    return (*(fast if find_spec("pyreqwest") else ()), Contender("httpx", 1, downloads))


def fetch_with_ours(contender: Contender, served: Served, work: Work, to: Path, tls: Tls) -> Cost:
    """Fetch and archive all files; the directory `to` must not exist. Raises RuntimeError.

    The nodes of a pair share the files evenly, as the distributor does, and one Data Center.
    """
    to.mkdir(parents=True)
    database = f"sqlite:///{to.absolute()}/contacts.db"
    migrate(database)
    shares = _shares(work.files, contender.nodes)
    orders = [
        Orders(
            node=_NODES[number],
            directory=str(to.absolute() / _NODES[number]),
            database=database,
            archive=str(to.absolute() / "archive"),
            url=served.url,
            ca_file=str(tls.authority),
            fetcher=contender.fetcher,
            first=share.start,
            count=len(share),
            files=work.files,
            size_bytes=work.size_bytes,
            downloads=contender.downloads,
        )
        for number, share in enumerate(shares)
    ]
    reports = _run(orders)
    archived = sum(1 for _ in FolderArchive(to / "archive").keys())  # noqa: SIM118 - a port
    wanted = work.files + contender.nodes * WARM_UP_ITEMS
    if archived != wanted:
        raise RuntimeError(f"{contender.name} archived {archived} of {wanted} files")
    return Cost(
        wall_s=(max(r.ended_ns for r in reports) - min(r.began_ns for r in reports)) / 1e9,
        cpu_s=sum(report.cpu_s for report in reports),
        start_cpu_s=sum(report.start_cpu_s for report in reports),
    )


def _shares(count: int, nodes: int) -> list[range]:
    edges = [count * number // nodes for number in range(nodes + 1)]
    return [range(first, end) for first, end in pairwise(edges)]


def _run(orders: Sequence[Orders]) -> list[Report]:
    """All at once, after each said that it is ready."""
    with ExitStack() as stack:
        started: list[subprocess.Popen[str]] = []
        for _ in orders:
            process = subprocess.Popen(
                [sys.executable, "-m", "sim.bench.media_path"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            started.append(stack.enter_context(process))
            stack.callback(process.kill)
        for process, order in zip(started, orders, strict=True):
            _tell(process, json.dumps(asdict(order)))
        for process in started:
            if _hear(process) != "ready":
                raise RuntimeError("the media path did not start")
        for process in started:
            _tell(process, "go")
        return [Report(**json.loads(_hear(process))) for process in started]


def _tell(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdin is not None, "a pipe, as asked for"
    process.stdin.write(line + "\n")
    process.stdin.flush()


def _hear(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None, "a pipe, as asked for"
    line = process.stdout.readline().strip()
    if not line:
        raise RuntimeError(f"the media path ended with {process.wait()}")
    return line
