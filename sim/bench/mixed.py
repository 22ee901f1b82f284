"""An hour of mixed load on three sources, calm and with faults: do promises hold, and what does it cost the services?

`python -m sim.bench.mixed [--minutes 60] [--calls-per-minute 2]`

Two nodes with the standard timings in a simulated world; the figures are counts of that world, the same on any
machine, but for the processor time. Writes var/bench/mixed.json.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from sim.bench.figures import publish, rounded, show
from sim.bench.world import STANDARD
from sim.search.quiet import quiet
from sim.world.incident import Fault, Incident, Workload
from sim.world.service import WorldService
from sim.world.world import World

SOURCES: Final = ("dynamics", "zoom", "webex")
_FILES: Final = frozenset({"blob", "value", "block", "file", "download"})
_TOKENS: Final = frozenset({"token", "openid"})
_PATIENCE_S: Final = 3600.0
_HINTS: Final = 0.7


def faults(minutes: float) -> tuple[Fault, ...]:
    """What goes wrong in an hour; a shorter one has less of it."""
    every = (
        Fault("service_server_error", at_s=300, for_s=60, options={"source": "dynamics"}),
        Fault("crash", "alpha", at_s=600, for_s=120),
        Fault(
            "service_throttle",
            at_s=900,
            for_s=120,
            options={"source": "zoom", "retry_after": "instant", "seconds": 30},
        ),
        Fault("cut", at_s=1200, for_s=30),
        Fault("service_unreachable", at_s=1500, for_s=600, options={"source": "webex"}),
        Fault("service_token_revoked", at_s=1800, options={"source": "dynamics"}),
        Fault("data_center_down", at_s=2220, for_s=180),
        Fault("service_stall", at_s=2520, for_s=120, options={"source": "zoom"}),
        Fault("service_link_expired", at_s=2700, for_s=60),
        Fault("switchover", at_s=2880),
        Fault("pause", "beta", at_s=3060, for_s=30),
        Fault("service_page_expired", at_s=3240, for_s=60),
    )
    return tuple(fault for fault in every if fault.at_s + fault.for_s <= minutes * 60)


def lived(
    minutes: float, calls_per_minute: float, struck: Sequence[Fault], hints: float = _HINTS
) -> World:
    """The world afterwards. `calls_per_minute` is the rate of each source, `hints` the webhooks that arrive."""
    incident = Incident(
        seed=1,
        minutes=minutes,
        sources=SOURCES,
        workload=Workload(calls_per_minute=calls_per_minute, hints=hints, deleted=0.01),
        settings=STANDARD,
        faults=tuple(struck),
        patience_s=_PATIENCE_S,
    )
    with quiet():
        world = World(incident)
        world.run()
    return world


def row_of(name: str, world: World, service: WorldService) -> dict[str, Any]:
    """One source of one hour. An API call is all but tokens and files."""
    requests: Any = service.fake.statistics()["requests"]
    calls: Counter[str] = Counter()
    for one in requests:
        kind = one["request"]
        calls["files" if kind in _FILES else "tokens" if kind in _TOKENS else "api"] += one["count"]
        calls[kind] += one["count"]
    rows = world.data_center.contacts.items.rows.values()
    archived = sum(row.ref.source == service.source and row.state == "archived" for row in rows)
    share = archived or 1
    return {
        "run": name,
        "source": service.source,
        "offered": len(service.fake.truth()),
        "archived": archived,
        "api_calls": calls["api"],
        "api_calls_per_recording": rounded(calls["api"] / share),
        "listings": calls["list"],
        "file_requests_per_recording": rounded(calls["files"] / share),
        "tokens": calls["tokens"],
        "polls": len(world.polls(service.source)),
        "broken_promises": len(world.violations),
    }


def rows_of(
    name: str,
    minutes: float,
    calls_per_minute: float,
    struck: Sequence[Fault] = (),
    hints: float = _HINTS,
) -> Any:
    """All sources of one hour, and what the whole cost."""
    start_s = time.process_time()
    world = lived(minutes, calls_per_minute, struck, hints)
    cpu_s = time.process_time() - start_s
    whole = {
        "run": name,
        "faults": len(struck),
        "simulated_s": rounded(world.kernel.now_ns / 1e9),
        "cpu_s": rounded(cpu_s),
        "events": world.kernel.events,
        "beside_trouble": world.beside_trouble,
        "slowest_takeover_s": rounded(max(world.takeovers_s, default=0.0)),
        "broken": [str(one) for one in world.violations],
    }
    return [row_of(name, world, service) for service in world.services], whole


def main() -> int:
    """Live through both, print, write. 1 when a promise was broken."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--calls-per-minute", type=float, default=2.0)
    options = parser.parse_args()
    rows: list[dict[str, Any]] = []
    wholes: list[dict[str, Any]] = []
    minutes, rate = options.minutes, options.calls_per_minute
    for sources, whole in (
        rows_of("calm", minutes, rate, hints=0.0),
        rows_of("calm, webhooks", minutes, rate),
        rows_of("faults, webhooks", minutes, rate, faults(minutes)),
    ):
        rows += sources
        wholes.append(whole)
    path = publish("mixed", rows, runs=wholes)
    show("An hour of three sources", rows, path)
    show("What it took", [{k: v for k, v in one.items() if k != "broken"} for one in wholes], path)
    for one in wholes:
        for text in one["broken"]:
            print("BROKEN", one["run"], text)
    return int(any(one["broken"] for one in wholes))


if __name__ == "__main__":
    raise SystemExit(main())
