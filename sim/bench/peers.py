"""Programs that fetch the same files, as a yardstick: `rclone copy` and `curl -Z`, each with a hash check."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from sim.bench.file_server import Served, Tls
from sim.bench.listed_source import file_name
from sim.bench.programs import Cost, run_program

RCLONE = "rclone copy"
CURL = "curl -Z"


@dataclass(frozen=True, slots=True)
class PeerCost:
    """Fetching, and hashing every file afterwards. The start of each program is not counted."""

    fetch: Cost
    check: Cost


def missing_peers() -> dict[str, str]:
    """Why a peer is left out, by name."""
    wanted = {RCLONE: "rclone", CURL: "curl"}
    return {
        name: f"{program} is not installed"
        for name, program in wanted.items()
        if shutil.which(program) is None
    }


def check_name(peer: str) -> str:
    """The program that hashes after this peer."""
    if peer == RCLONE:
        return "rclone hashsum sha256"
    return "openssl dgst -sha256" if shutil.which("openssl") else "sha256sum"


def fetch_with(
    peer: str, served: Served, count: int, to: Path, tls: Tls, *, connections: int
) -> PeerCost:
    """Fetch all files into the empty directory `to` and hash them. Raises RuntimeError."""
    to.mkdir(parents=True)
    if peer == RCLONE:
        fetch, check = _rclone(served, to, tls, connections)
    else:
        fetch, check = _curl(served, count, to, tls, connections)
    fetched = sum(1 for _ in to.glob("*.mp3"))
    if fetched != count:
        raise RuntimeError(f"{peer} brought {fetched} of {count} files")
    return PeerCost(fetch, check)


def _rclone(served: Served, to: Path, tls: Tls, connections: int) -> tuple[Cost, Cost]:
    # Cheapest for rclone: no HEAD for every file, no look at what is there, nothing compared.
    fetch = [
        *("rclone", "copy", ":http:", str(to), "--http-url", served.url),
        *("--http-no-head", "--ca-cert", str(tls.authority), "--transfers", str(connections)),
        *("--no-check-dest", "--ignore-checksum", "--stats", "0", "--config", ""),
    ]
    check = ["rclone", "hashsum", "sha256", str(to), "--config", ""]
    start = run_program(["rclone", "version", "--config", ""])
    return _less_start(run_program(fetch), start), _less_start(run_program(check), start)


def _curl(served: Served, count: int, to: Path, tls: Tls, connections: int) -> tuple[Cost, Cost]:
    names = [file_name(number) for number in range(count)]
    config = to.with_name(f"{to.name}.curl")
    lines = [f'url = "{served.url}{name}"\noutput = "{to / name}"' for name in names]
    config.write_text("\n".join(lines), encoding="utf-8")
    fetch = [
        *("curl", "--silent", "--show-error", "--fail", "--parallel", "--parallel-max"),
        *(str(connections), "--cacert", str(tls.authority), "--http1.1", "--config", str(config)),
    ]
    start = run_program(["curl", "--version"])
    fetched = _less_start(run_program(fetch), start)
    hasher = check_name(CURL).split()
    return fetched, run_program([*hasher, *(str(to / name) for name in names)])


def _less_start(cost: Cost, start: Cost) -> Cost:
    return Cost(cost.wall_s, max(0.0, cost.cpu_s - start.cpu_s), start.cpu_s)
