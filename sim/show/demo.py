"""The demo: record calls on two nodes, kill the primary with downloads in hand, judge what is left."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Sequence
from pathlib import Path

from recorder.instants import bytes_text
from sim.checkers.contents import Contents
from sim.checkers.liveness import Disruption
from sim.served.source_plan import nodes_by_client
from sim.served.sources import DYNAMICS
from sim.show.display import open_display
from sim.show.stage import Stage
from sim.truth import TruthItem
from sim.ucaas.clocks import wall_us
from sim.ucaas.statistics import Poll
from sim.verdict import Run, Verdict, judge

CALLS = 60
CALLS_OVER_S = 24.0
BYTES_PER_S = 500_000.0
SEED = 20_26
_IN_HAND = 3
_KILL_AFTER_S = 8.0
_DOWN_S = 6.0
_DRAIN_LIMIT_S = 40.0
_TABLES = {"pair": {"start_grace_s": 2.0}, "ingest": {"downloads": 4, "stall_s": 10.0}}


def run_demo(
    directory: Path,
    audio: Path,
    calls: int = CALLS,
    kinds: tuple[str, ...] = (DYNAMICS,),
    *,
    webhooks: bool = False,
) -> int:
    """Run it with so many calls; returns 0 when every checker agrees, else 1.

    Writes `verdict.json` into `directory`.
    """
    with Stage(
        directory, audio, open_display(), kinds=kinds, tables=_TABLES, webhooks=webhooks
    ) as stage:
        verdict = _play(stage, calls)
    print()
    print(verdict.as_text())
    path = directory / "verdict.json"
    path.write_text(json.dumps(verdict.as_dict(), indent=2, default=str) + "\n", encoding="utf-8")
    print(f"\nthe same for machines: {path}")
    return 0 if verdict.good else 1


def _play(stage: Stage, calls: int) -> Verdict:
    shares = _shares(calls, len(stage.served.kinds))
    stage.event("starting two nodes")
    primary = stage.pair.start()
    stage.event(f"{primary} is primary, {stage.pair.other(primary).name} is secondary")
    addresses = " and ".join(node.url for node in stage.pair.nodes.values())
    stage.event(f"in a browser, while this runs: {addresses}; token: {stage.pair.token_file}")
    for number, (one, count) in enumerate(zip(stage.served.all, shares, strict=True)):
        one.admin.add_fault("slow", requests=one.downloads, delay_s=0.1, bytes_per_s=BYTES_PER_S)
        one.admin.place_mix(count, over_s=CALLS_OVER_S, seed=SEED + number, **one.demo_mix)
        what = f"{count} calls end within {CALLS_OVER_S:.0f} s and are recorded by the service"
        stage.event(what if len(shares) == 1 else f"{one.kind}: {what}")
    stage.watch(_KILL_AFTER_S)
    killed_ns = _kill_with_work_in_hand(stage, primary)
    poll = _next_poll(stage, primary, killed_ns)
    stage.event(
        f"{stage.pair.other(primary).name} polls "
        f"{(poll.monotonic_ns - killed_ns) / 1e6:.0f} ms after the kill"
    )
    stage.watch(_DOWN_S)
    stage.event(f"starting {primary} again")
    stage.pair.nodes[primary].start()
    drained_us = _drain(stage, shares)
    polls = {one.kind: one.admin.polls() for one in stage.served.all}
    truth = stage.served.truth()
    stage.event("stopping both nodes, then comparing every byte")
    stage.pair.stop()
    contents = stage.read()
    stage.event(f"{bytes_text(sum(item.size_bytes for item in contents.objects))} in the archive")
    return judge(
        Run(
            truth=_due(truth, contents, drained_us),
            contents=contents,
            polls=[poll for some in polls.values() for poll in some],
            polls_of=polls,
            nodes=nodes_by_client(stage.served.kinds),
            disruptions=(Disruption("death", primary, killed_ns),),
        )
    )


def _shares(calls: int, sources: int) -> tuple[int, ...]:
    """The calls of each source: as equal as can be."""
    return tuple(calls // sources + (number < calls % sources) for number in range(sources))


def _kill_with_work_in_hand(stage: Stage, primary: str) -> int:
    """SIGKILL as soon as the primary has downloads in hand; the instant, monotonic."""
    node = stage.pair.nodes[primary]
    deadline = time.monotonic() + _KILL_AFTER_S  # noqa: TID251 - a show runs in real time
    while time.monotonic() < deadline:  # noqa: TID251
        picture = stage.watch(0.0)
        own = next(row for row in picture.nodes if row["node"] == primary)
        if own.get("queue_depth", 0) >= _IN_HAND:
            stage.event(f"kill -9 {primary} with {own['queue_depth']} downloads in hand")
            break
    else:
        stage.event(f"kill -9 {primary}")
    killed_ns = time.monotonic_ns()  # noqa: TID251
    node.signal(signal.SIGKILL)
    node.wait()
    return killed_ns


def _next_poll(stage: Stage, dead: str, after_ns: int) -> Poll:
    """The first poll of the other node."""
    nodes, other = nodes_by_client(stage.served.kinds), stage.pair.other(dead).name
    deadline = time.monotonic() + 30.0  # noqa: TID251
    while time.monotonic() < deadline:  # noqa: TID251
        for poll in stage.served.polls():
            if nodes.get(poll.client) == other and poll.monotonic_ns > after_ns:
                return poll
        stage.watch(0.05)
    raise TimeoutError("nobody took over within 30 s")


def _due(truth: Sequence[TruthItem], contents: Contents, drained_us: int) -> tuple[TruthItem, ...]:
    """Without what was offered when the end was decided already, and nobody waited for."""
    known = {(row.ref.source, row.ref.key) for row in contents.items}
    return tuple(
        item for item in truth if item.offered_us <= drained_us or (item.source, item.key) in known
    )


def _drain(stage: Stage, calls: Sequence[int]) -> int:
    """Wait until all that was offered is archived and the pair is whole again.

    `calls` says how many were placed at each source. Returns until when, microseconds since 1970,
    everything offered was waited for.
    """
    deadline = time.monotonic() + _DRAIN_LIMIT_S  # noqa: TID251
    settled = 0
    while time.monotonic() < deadline:  # noqa: TID251
        looked_us = wall_us()
        picture = stage.watch(0.5)
        roles = sorted(str(row.get("role")) for row in picture.nodes)
        whole = roles == ["primary", "secondary"]
        done = all(
            source.archived >= source.offered >= count
            for source, count in zip(picture.sources, calls, strict=True)
        )
        settled = settled + 1 if whole and done else 0
        if settled > 1:
            stage.event("everything offered is archived, both nodes are up")
            return looked_us
    stage.event("not everything was archived in time")
    return wall_us()
