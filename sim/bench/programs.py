"""Programs as contenders: run to the end, with wall-clock and processor time of the whole process."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sim.bench.timing import now_ns


@dataclass(frozen=True, slots=True)
class Cost:
    """What something took. `start_cpu_s` was spent before it began, and is not part of `cpu_s`."""

    wall_s: float
    cpu_s: float
    start_cpu_s: float = 0.0

    def __add__(self, other: Cost) -> Cost:
        """One after the other."""
        return Cost(
            self.wall_s + other.wall_s,
            self.cpu_s + other.cpu_s,
            self.start_cpu_s + other.start_cpu_s,
        )


def run_program(command: Sequence[str], *, env: Mapping[str, str] | None = None) -> Cost:
    """Run it, its output thrown away. Raises RuntimeError with the end of its errors when it fails."""
    started_ns = now_ns()
    process = subprocess.Popen(  # noqa: S603 - programs of this benchmark
        list(command),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, **(env or {})},
    )
    assert process.stderr is not None, "asked for above"
    with process.stderr as stream:
        errors = stream.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        end = errors[-1000:].decode(errors="replace")
        raise RuntimeError(f"{command[0]} ended with {process.returncode}: {end}")
    return Cost((now_ns() - started_ns) / 1e9, usage.ru_utime + usage.ru_stime)


def process_cpu_s(pid: int) -> float:
    """Processor time of a running process so far, ended threads included."""
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:  # noqa: PTH123
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def process_rss_bytes(pid: int) -> int:
    """Memory of a running process that is in RAM."""
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:  # noqa: PTH123
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
