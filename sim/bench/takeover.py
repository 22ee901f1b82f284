"""How long the loss of a primary lasts: from the fault to the other node's next poll.

`python -m sim.bench.takeover [--deaths 30] [--silences 10] [--switchovers 20] [--load-minutes 2]`

Real processes under a light load of calls, the pair's default timings, a poll every half second so that
"the next poll" means something. Deaths are SIGKILL, silences SIGSTOP, switchovers come by the API. In the
end the checkers judge the Data Center. Then the pair runs `--load-minutes` with every core busy: no role
may change. `--deaths 0 --silences 0 --switchovers 0 --load-minutes 60` runs an hour of that alone.

Writes var/bench/takeover.json and var/bench/needless.json; exit status 0 when every promise was kept.
"""

from __future__ import annotations

import argparse
import signal
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from sim.bench.figures import latency_row, publish, rounded, show
from sim.bench.needless import measure_needless
from sim.bench.stage import Stage
from sim.bench.timing import now_ns, pause, until
from sim.clockwork.chance import stream
from sim.served.node_process import NodeProcess
from sim.ucaas.statistics import Poll

POLL_S = 0.5
CALLS_PER_MINUTE = 60.0
WANTED_MS = {"death": 2000.0, "silence": 8000.0, "switchover": 1000.0}
_TAKEOVER_LIMIT_S = 60.0
_AROUND_NS = 3_000_000_000


class Takeovers:
    """Does one thing to the primary at a time, and waits until the pair is whole again."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._chance = stream(1, "takeover")
        self._seen = 0
        self.gaps_s: list[float] = []
        """The largest between two polls of either node, for each switchover."""

    def whole(self) -> tuple[NodeProcess, NodeProcess]:
        """Primary and secondary, once both polls and heartbeats flow; then a moment of random length."""
        stage = self._stage
        name = stage.pair.wait_for_pair(timeout_s=60.0)
        primary, secondary = stage.pair.nodes[name], stage.pair.other(name)
        until(lambda: _sees_peer(secondary), 30.0, "the peer link is up", every_s=0.05)
        self._seen = max(
            (poll.number for poll in stage.admin.polls(self._seen)), default=self._seen
        )
        stage.next_poll_ns(primary, 0, self._seen, 30.0)
        pause(self._chance.uniform(0.5, 2.0))
        return primary, secondary

    def death(self) -> float:
        """SIGKILL; the dead node is started again."""
        primary, secondary = self.whole()
        at_ns = self._stage.disrupt("death", primary)
        primary.signal(signal.SIGKILL)
        seconds = self._next_poll_s(secondary, at_ns)
        primary.wait()
        primary.start()
        return seconds

    def silence(self) -> float:
        """SIGSTOP; then by turns the node wakes up, or is killed and started again."""
        primary, secondary = self.whole()
        at_ns = self._stage.disrupt("silence", primary)
        primary.signal(signal.SIGSTOP)
        seconds = self._next_poll_s(secondary, at_ns)
        if len(self._stage.disruptions) % 2:
            primary.signal(signal.SIGCONT)
        else:
            primary.kill()
            primary.start()
        return seconds

    def switchover(self) -> float:
        """By the API, at the primary."""
        primary, secondary = self.whole()
        at_ns = self._stage.disrupt("switchover", primary)
        primary.post("/api/v1/switchover").raise_for_status()
        seconds = self._next_poll_s(secondary, at_ns)
        pause(2 * POLL_S)
        self.gaps_s.append(largest_gap_s(self._stage.polls(self._seen), at_ns))
        return seconds

    def _next_poll_s(self, by: NodeProcess, at_ns: int) -> float:
        polled_ns = self._stage.next_poll_ns(by, at_ns, self._seen, _TAKEOVER_LIMIT_S)
        return (polled_ns - at_ns) / 1e9


def largest_gap_s(polls: Sequence[Poll], around_ns: int, reach_ns: int = _AROUND_NS) -> float:
    """The longest time without a poll of either node around an instant; 0 without two polls."""
    near = sorted(
        poll.monotonic_ns for poll in polls if abs(poll.monotonic_ns - around_ns) <= reach_ns
    )
    return max((later - earlier for earlier, later in pairwise(near)), default=0) / 1e9


def _sees_peer(node: NodeProcess) -> bool:
    view = node.view()
    return view is not None and view["peer_link"] == "alive"


def _samples(name: str, count: int, once: Callable[[], float]) -> dict[str, Any]:
    seconds: list[float] = []
    for number in range(count):
        seconds.append(once())
        print(f"{name} {number + 1}/{count}: {seconds[-1] * 1000:.0f} ms", flush=True)
    return latency_row(name, seconds) | {"wanted_ms": WANTED_MS[name]}


def measure_takeovers(
    directory: Path, *, deaths: int, silences: int, switchovers: int
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The rows, and the verdict of the checkers."""
    with Stage(directory, tables={"poll": {"interval_s": POLL_S}}) as stage:
        started_ns = now_ns()
        stage.pair.start()
        stage.admin.feed(CALLS_PER_MINUTE, longest_s=30.0)
        does = Takeovers(stage)
        rows = [
            _samples("death", deaths, does.death),
            _samples("silence", silences, does.silence),
            _samples("switchover", switchovers, does.switchover),
        ]
        gap_s = max(does.gaps_s, default=0.0)
        rows[2]["largest_gap_ms"] = rounded(gap_s * 1000) if does.gaps_s else None
        does.whole()
        verdict = stage.settle().as_dict()
        verdict["seconds"] = rounded((now_ns() - started_ns) / 1e9)
    return rows, verdict


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m sim.bench.takeover", description=__doc__)
    parser.add_argument("--deaths", type=int, default=30)
    parser.add_argument("--silences", type=int, default=10)
    parser.add_argument("--switchovers", type=int, default=20)
    parser.add_argument("--load-minutes", type=float, default=2.0)
    parser.add_argument("--directory", type=Path, default=Path("var/bench/run"))
    parser.add_argument("--results", type=Path, default=Path("var/bench"))
    given = parser.parse_args(arguments)
    good = True
    if given.deaths + given.silences + given.switchovers:
        rows, verdict = measure_takeovers(
            given.directory / "takeover",
            deaths=given.deaths,
            silences=given.silences,
            switchovers=given.switchovers,
        )
        path = publish("takeover", rows, folder=given.results, verdict=verdict)
        show("From the fault to the other node's next poll", rows, path)
        print(_judged(verdict))
        good = verdict["good"]
    if given.load_minutes > 0:
        row, verdict = measure_needless(given.directory / "needless", given.load_minutes)
        path = publish("needless", [row], folder=given.results, verdict=verdict)
        show("Role changes with every core busy", [row], path)
        print(_judged(verdict))
        good = good and verdict["good"] and row["role_changes"] == 0
    return 0 if good else 1


def _judged(verdict: dict[str, Any]) -> str:
    broken = [f"BROKEN  {one['promise']}: {one['what']}" for one in verdict["violations"]]
    counts = ", ".join(
        f"{name} {verdict[name]:,}" for name in ("offered", "archived", "lost", "duplicates")
    )
    return "\n".join([f"checkers: {counts}", *broken])


if __name__ == "__main__":
    raise SystemExit(main())
