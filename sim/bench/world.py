"""How fast the simulator is: its event loop, an hour of a calm pair, failovers, and the random search.

`python -m sim.bench.world [--search-seconds 60]`

The event loop runs beside a bare `heapq` loop and beside simpy (skipped with a message where it is not
installed), in turns in this process; ratios are medians over the rounds. Everything counts processor time of
one core. Writes var/bench/world.json.
"""

from __future__ import annotations

import argparse
import heapq
import importlib
import logging
import statistics
import time
from collections.abc import Callable
from typing import Any, Final

import structlog

from sim.bench.figures import publish, rounded, show
from sim.clockwork.kernel import Kernel
from sim.search.sometimes import failovers, in_order
from sim.search.swarm import random_incident
from sim.world.incident import Fault, Incident, Workload
from sim.world.world import World

EVENTS: Final = 200_000
ROUNDS: Final = 5
FAILOVERS: Final = 10
HOUR_MIN: Final = 60.0
FAILOVER_MIN: Final = 20.0
STANDARD: Final[dict[str, dict[str, Any]]] = {
    "poll": {
        "interval_s": 60.0,
        "settle_s": 90.0,
        "overlap_s": 120.0,
        "tiers": [{"every_s": 900.0, "back_s": 1800.0}],
        "canary_s": 900.0,
    }
}
"""The timings of a node whose file names none."""


def bare_loop(events: int) -> None:
    """The least a discrete simulation does: push, pop, call."""
    heap: list[tuple[int, int, Callable[[], None]]] = []

    def event() -> None:
        nonlocal left, number
        if left:
            left -= 1
            number += 1
            heapq.heappush(heap, (now + 1000, number, event))

    left, number, now = events, 0, 0
    for _ in range(10):
        event()
    while heap:
        now, _, action = heapq.heappop(heap)
        action()


def our_loop(events: int) -> None:
    """The same events through the kernel of the simulator."""
    kernel = Kernel(seed=1)

    def event() -> None:
        nonlocal left
        if left:
            left -= 1
            kernel.schedule(1000, event, label="event")

    left = events
    for _ in range(10):
        event()
    while kernel.step():
        pass


def simpy_loop(simpy: Any, events: int) -> None:
    """The same number of timeouts in simpy."""
    environment = simpy.Environment()

    def process() -> Any:
        for _ in range(events // 10):
            yield environment.timeout(1000)

    for _ in range(10):
        environment.process(process())
    environment.run()


def _cpu_s(work: Callable[[], object]) -> float:
    start_s = time.process_time()
    work()
    return time.process_time() - start_s


def loop_rows() -> list[dict[str, Any]]:
    """Events per second of each loop, and ours in proportion."""
    loops: dict[str, Callable[[], object]] = {
        "bare heapq": lambda: bare_loop(EVENTS),
        "ours": lambda: our_loop(EVENTS),
    }
    try:
        simpy = importlib.import_module("simpy")
    except ImportError:
        print("simpy is not installed: left out (pip install simpy)")
    else:
        loops["simpy"] = lambda: simpy_loop(simpy, EVENTS)
    seen: dict[str, list[float]] = {name: [] for name in loops}
    for _ in range(ROUNDS):
        for name, work in loops.items():
            seen[name].append(_cpu_s(work))
    return [
        {
            "name": name,
            "events_per_s": rounded(EVENTS / statistics.median(times)),
            "ours_in_proportion": rounded(
                statistics.median(a / b for a, b in zip(times, seen["ours"], strict=True))
            ),
        }
        for name, times in seen.items()
    ]


def _lived(incident: Incident) -> tuple[World, float]:
    world = World(incident)
    cpu_s = _cpu_s(world.run)
    return world, cpu_s


def hour_row() -> dict[str, Any]:
    """An hour of a calm pair with 60 calls."""
    incident = Incident(minutes=HOUR_MIN, settings=STANDARD, workload=Workload(calls_per_minute=1))
    world, cpu_s = _lived(incident)
    simulated_s = world.kernel.now_ns / 1e9
    return {
        "name": "an hour of a pair, 60 calls",
        "simulated_s": rounded(simulated_s),
        "cpu_s": rounded(cpu_s),
        "events": world.kernel.events,
        "events_per_s": rounded(world.kernel.events / cpu_s),
        "times_real": rounded(simulated_s / cpu_s),
        "failovers_per_core_s": None,
    }


def failover_row() -> dict[str, Any]:
    """Twenty minutes in which the primary dies once, again and again."""
    worlds = [
        _lived(
            Incident(
                seed=seed,
                minutes=FAILOVER_MIN,
                settings=STANDARD,
                workload=Workload(calls_per_minute=1),
                faults=(Fault("crash", "alpha", at_s=300.0 + seed, for_s=60.0),),
            )
        )
        for seed in range(FAILOVERS)
    ]
    cpu_s = sum(cost_s for _, cost_s in worlds)
    events = sum(world.kernel.events for world, _ in worlds)
    simulated_s = sum(world.kernel.now_ns for world, _ in worlds) / 1e9
    return {
        "name": f"{FAILOVER_MIN:g} minutes with a failover",
        "simulated_s": rounded(simulated_s),
        "cpu_s": rounded(cpu_s),
        "events": events,
        "events_per_s": rounded(events / cpu_s),
        "times_real": rounded(simulated_s / cpu_s),
        "failovers_per_core_s": rounded(FAILOVERS / cpu_s),
    }


def search_row(seconds: float) -> dict[str, Any]:
    """The random search on one core for so long."""
    runs = faults = took_over = violations = 0
    simulated_s = cpu_s = 0.0
    while cpu_s < seconds:
        incident = random_incident(1, runs)
        world = World(incident)
        start_s = time.process_time()
        report = world.run()
        cpu_s += time.process_time() - start_s
        runs += 1
        simulated_s += report.simulated_s
        faults += sum(n for name, n in report.counts.items() if name.startswith("fault "))
        took_over += failovers(in_order(world.data_center.contacts.history))
        violations += len(report.violations)
    return {
        "name": "random search",
        "runs_per_min": rounded(runs / cpu_s * 60),
        "simulated_hours_per_min": rounded(simulated_s / 3600 / cpu_s * 60),
        "faults_per_min": rounded(faults / cpu_s * 60),
        "failovers_per_min": rounded(took_over / cpu_s * 60),
        "violations": violations,
    }


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--search-seconds", type=float, default=60.0)
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    loops = loop_rows()
    worlds = [hour_row(), failover_row()]
    search = search_row(options.search_seconds)
    path = publish("world", [*worlds, search], loops=loops)
    show("Event loops, no-op events", loops, path)
    show("Worlds", worlds, path)
    show("Random search, one core", [search], path)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
