"""What a pair costs that has nothing to do, how fast actors talk, and how soon a node polls.

`python -m sim.bench.idle [--seconds 30]`

Two real nodes without calls, polling every 60 s (the default) and every 5 s: resident memory and share of a
core of each. Then messages through the actors of one process, and the time from starting a node's process
to its first poll. Writes var/bench/idle.json.
"""

from __future__ import annotations

import argparse
import os
import queue
from pathlib import Path
from typing import Any

from cluster.adapters.thread_runtime import ThreadRuntime
from cluster.ports import Address
from sim.bench.figures import latency_row, publish, rounded, show
from sim.bench.stage import CLIENTS, Stage
from sim.bench.timing import now_ns, pause, seconds_since, until

WARM_UP_S = 8.0
INTERVALS_S = (60.0, 5.0)
STARTS = 5
MESSAGES = 200_000
WANTED = {"memory_mb": 120.0, "core_percent": 2.0}
_POLL: dict[str, Any] = {"settle_s": 90.0, "overlap_s": 120.0, "start_back_s": 600.0, "tiers": []}


def memory_mb(pid: int) -> float:
    """Resident set of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def cpu_s(pid: int) -> float:
    """Processor time of a process so far, its threads included."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def idle_rows(directory: Path, interval_s: float, seconds: float) -> list[dict[str, Any]]:
    """Memory and processor of both nodes over a while without calls."""
    with Stage(directory, tables={"poll": {**_POLL, "interval_s": interval_s}}) as stage:
        primary = stage.pair.start()
        pause(WARM_UP_S)
        nodes = stage.pair.nodes
        before = {name: cpu_s(node.pid) for name, node in nodes.items()}
        start_ns = now_ns()
        pause(seconds)
        over_s = seconds_since(start_ns)
        return [
            {
                "name": f"{'primary' if name == primary else 'secondary'}, poll every {interval_s:g} s",
                "memory_mb": rounded(memory_mb(node.pid)),
                "core_percent": rounded(100 * (cpu_s(node.pid) - before[name]) / over_s),
                "seconds": rounded(over_s),
            }
            for name, node in nodes.items()
        ]


def first_polls(directory: Path, starts: int) -> dict[str, Any]:
    """From starting a lone node's process to its first poll."""
    seen: list[float] = []
    with Stage(directory, tables={"poll": {"interval_s": 0.5}}) as stage:
        node = stage.pair.nodes["alpha"]
        for _ in range(starts):
            last = max((poll.number for poll in stage.admin.polls()), default=0)
            start_ns = now_ns()
            node.start()
            poll = until(lambda: stage.admin.polls(last), 60.0, "a first poll")[0]  # noqa: B023 - called at once
            assert CLIENTS[poll.client] == "alpha"
            seen.append((poll.monotonic_ns - start_ns) / 1e9)
            node.stop()
    return latency_row("start of a lone node to its first poll", seen)


class _Counter:
    """Counts numbers; the last one is passed on."""

    def __init__(self, done: queue.SimpleQueue[int], last: int) -> None:
        self._done = done
        self._last = last

    def on_start(self) -> None:
        """Nothing to begin with."""

    def on_message(self, message: int) -> None:
        """Count."""
        if message == self._last:
            self._done.put(message)

    def on_stop(self) -> None:
        """Nothing is held."""


class _Returner:
    """Sends each number on, one lower, until none is left."""

    def __init__(self, other: Address[int], done: queue.SimpleQueue[int]) -> None:
        self._other = other
        self._done = done

    def on_start(self) -> None:
        """Nothing to begin with."""

    def on_message(self, message: int) -> None:
        """One back and forth."""
        if message == 0:
            self._done.put(0)
        else:
            self._other.tell(message - 1)

    def on_stop(self) -> None:
        """Nothing is held."""


def message_rows(messages: int) -> list[dict[str, Any]]:
    """Messages per second: one way into one actor, and back and forth between two."""

    def crashed(name: str, error: BaseException) -> None:
        raise RuntimeError(name) from error

    done: queue.SimpleQueue[int] = queue.SimpleQueue()
    runtime = ThreadRuntime(on_crash=crashed)
    counter, one, two = (runtime.reserve(name) for name in ("counter", "one", "two"))
    runtime.start(counter, _Counter(done, messages))
    runtime.start(one, _Returner(two, done))
    runtime.start(two, _Returner(one, done))
    start_ns = now_ns()
    for number in range(1, messages + 1):
        counter.tell(number)
    done.get(timeout=60)
    one_way = messages / seconds_since(start_ns)
    start_ns = now_ns()
    one.tell(messages // 4)
    done.get(timeout=60)
    back_and_forth = messages // 4 / seconds_since(start_ns)
    for address in (counter, one, two):
        runtime.stop(address)
    return [
        {"name": "told and handled, one way", "messages_per_second": rounded(one_way)},
        {"name": "back and forth between two", "messages_per_second": rounded(back_and_forth)},
    ]


def main() -> int:
    """The program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--starts", type=int, default=STARTS)
    parser.add_argument("--directory", type=Path, default=Path("var/bench/idle"))
    given = parser.parse_args()
    idle = [
        row
        for interval_s in INTERVALS_S
        for row in idle_rows(given.directory, interval_s, given.seconds)
    ]
    start = first_polls(given.directory, given.starts)
    messages = message_rows(MESSAGES)
    path = publish("idle", idle, wanted=WANTED, first_poll=start, messages=messages)
    show("A pair with nothing to do (wanted: under 120 MB and 2 % of a core)", idle, path)
    show("How soon a node polls", [start], path)
    show("Messages through the actors", messages, path)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
