"""Recordings per second and per CPU-second, beside programs that fetch the same files from the same server.

`python -m sim.bench.ingest [--rounds 3] [--small 1000] [--large 300] [--through 200]`

Ours is the road from a job to its commit as a node has it: download with a hash on the way, verification,
fsync, journal, archive, database commit, over TLS. The peers only fetch, and hash in a second pass; their
hash check is part of their figures where the name says so. All fetch in turns from one server, as many
files at a time as a node does. Figures are medians of the rounds, ratios medians of each round's ratio;
what a program spends before its first file (ours: before it is warm) is measured apart and not part of
either.

Writes var/bench/ingest.json.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.bench.contenders import Work, contenders, fetch_with_ours
from sim.bench.figures import publish, rounded, show
from sim.bench.file_server import Served, Tls, make_files, make_tls, serving
from sim.bench.peers import CURL, RCLONE, check_name, fetch_with, missing_peers
from sim.bench.programs import Cost
from sim.bench.whole_node import run_through_dynamics
from sim.ucaas.clocks import wall_us

WANTED_CPU_RATIO = 1.5
SMALL_BYTES = 200_000
LARGE_BYTES = 2_000_000
DOWNLOADS = 8
COLUMNS = (
    "name",
    "peer",
    "files",
    "bytes",
    "wall_seconds",
    "cpu_seconds",
    "wall_ratio",
    "cpu_ratio",
    "files_per_second",
    "files_per_cpu_second",
)


@dataclass(frozen=True, slots=True)
class Results:
    """Costs by contender, one for each round, in the order of the rounds."""

    ours: Mapping[str, Sequence[Cost]]
    peers: Mapping[str, Sequence[Cost]]


def ratio_rows(work: Work, results: Results) -> list[dict[str, Any]]:
    """Each of ours beside each peer, then the peers themselves."""
    rows = [
        _row(work, name, costs, peer, others)
        for name, costs in results.ours.items()
        for peer, others in (results.peers or {None: None}).items()
    ]
    return rows + [_row(work, name, costs, None, None) for name, costs in results.peers.items()]


def _row(
    work: Work,
    name: str,
    costs: Sequence[Cost],
    peer: str | None,
    others: Sequence[Cost] | None,
) -> dict[str, Any]:
    wall_s = statistics.median(cost.wall_s for cost in costs)
    cpu_s = statistics.median(cost.cpu_s for cost in costs)
    pairs = list(zip(costs, others or costs, strict=True))
    return {
        "name": f"{name}, {work.label}",
        "peer": peer,
        "files": work.files,
        "bytes": work.files * work.size_bytes,
        "wall_seconds": rounded(wall_s),
        "cpu_seconds": rounded(cpu_s),
        "wall_ratio": rounded(statistics.median(a.wall_s / b.wall_s for a, b in pairs), 3)
        if others
        else None,
        "cpu_ratio": rounded(statistics.median(a.cpu_s / b.cpu_s for a, b in pairs), 3)
        if others
        else None,
        "files_per_second": rounded(work.files / wall_s),
        "files_per_cpu_second": rounded(work.files / cpu_s),
        "start_cpu_seconds": rounded(statistics.median(cost.start_cpu_s for cost in costs)),
        "rounds": len(costs),
    }


class Rounds:
    """Lets all contenders fetch in turns; the one that begins changes with every round."""

    def __init__(self, directory: Path, tls: Tls, work: Work, served: Served) -> None:
        self._directory = directory
        self._tls = tls
        self._work = work
        self._served = served
        self._runs = 0

    def run(self, rounds: int, peers: Sequence[str]) -> Results:
        """Fetch everything with everybody, `rounds` times."""
        ours: dict[str, list[Cost]] = {one.name: [] for one in contenders(DOWNLOADS)}
        theirs: dict[str, list[Cost]] = {}
        every = [*contenders(DOWNLOADS), *peers]
        for number in range(rounds):
            turn = number % len(every)
            for one in [*every[turn:], *every[:turn]]:
                to = self._fresh()
                if isinstance(one, str):
                    self._fetch_with(one, to, theirs)
                else:
                    cost = fetch_with_ours(one, self._served, self._work, to, self._tls)
                    ours[one.name].append(cost)
                _empty(to)
            print(f"{self._work.label}: round {number + 1} of {rounds}", flush=True)
        return Results(ours, theirs)

    def _fetch_with(self, peer: str, to: Path, costs: dict[str, list[Cost]]) -> None:
        cost = fetch_with(
            peer, self._served, self._work.files, to, self._tls, connections=DOWNLOADS
        )
        costs.setdefault(f"{peer} + {check_name(peer)}", []).append(cost.fetch + cost.check)
        costs.setdefault(peer, []).append(cost.fetch)

    def _fresh(self) -> Path:
        """A name for a new directory; what others wrote is on the disk, so that nobody pays for it."""
        os.sync()
        self._runs += 1
        return self._directory / f"run-{self._runs}"


def _empty(directory: Path) -> None:
    """Give the space back but keep the files: some file systems make new ones slowly after deletions."""
    for path in directory.rglob("*"):
        if path.is_file():
            os.truncate(path, 0)


def measure(directory: Path, works: Sequence[Work], rounds: int) -> list[dict[str, Any]]:
    """The rows of the media path."""
    missing = missing_peers()
    for peer, why in missing.items():
        print(f"{peer} is left out: {why}")
    peers = [peer for peer in (RCLONE, CURL) if peer not in missing]
    tls = make_tls(directory / "tls", wall_us())
    rows: list[dict[str, Any]] = []
    for work in works:
        home = directory / work.label.replace(" ", "-")
        size_bytes = make_files(home / "files", work.files, work.size_bytes)
        exact = Work(work.label, work.files, size_bytes)
        with serving(home / "files", home / "server", tls) as served:
            print(f"{work.label}: {work.files} files from {served.program}", flush=True)
            rows += ratio_rows(exact, Rounds(home, tls, exact, served).run(rounds, peers))
        shutil.rmtree(home)
    return rows


def measure_through(directory: Path, works: Sequence[Work], rounds: int) -> list[dict[str, Any]]:
    """The rows of whole nodes with the API."""
    tls = make_tls(directory / "tls", wall_us())
    rows: list[dict[str, Any]] = []
    for work in works:
        for nodes, name in ((1, "through Dynamics, one node"), (2, "through Dynamics, the pair")):
            costs = [
                run_through_dynamics(directory / "nodes", tls, work.files, work.size_bytes, nodes)
                for _ in range(rounds)
            ]
            rows.append(_row(work, name, costs, None, None))
            print(f"{name}, {work.label}: {rows[-1]['cpu_seconds']} CPU s", flush=True)
    return rows


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m sim.bench.ingest", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--small", type=int, default=1000, help="files of 200 KB")
    parser.add_argument("--large", type=int, default=300, help="files of 2 MB")
    parser.add_argument("--through", type=int, default=200, help="recordings through the API")
    parser.add_argument("--directory", type=Path, default=Path("var/bench/run"))
    parser.add_argument("--results", type=Path, default=Path("var/bench"))
    given = parser.parse_args(arguments)
    directory: Path = given.directory.absolute() / "ingest"
    shutil.rmtree(directory, ignore_errors=True)
    works = [
        Work(label, count, size_bytes)
        for label, count, size_bytes in (
            ("200 KB", given.small, SMALL_BYTES),
            ("2 MB", given.large, LARGE_BYTES),
        )
        if count
    ]
    rows = measure(directory / "media", works, given.rounds)
    if given.through:
        through = [
            Work("200 KB", given.through, SMALL_BYTES),
            Work("2 MB", max(1, given.through // 4), LARGE_BYTES),
        ]
        rows += measure_through(directory / "through", through, 1)
    shutil.rmtree(directory)
    path = publish("ingest", rows, folder=given.results, wanted_cpu_ratio=WANTED_CPU_RATIO)
    show(
        "From the source's web server to a commit in the Data Center, over TLS", rows, path, COLUMNS
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
