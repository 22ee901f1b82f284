"""A program: the recovery actor of one node over a full database, with a listing that costs nothing.

`python -m sim.bench.recovery_node URL SIZE PAGE ALONE_S` recovers the period of `sim.bench.period_source` and prints
what that took as JSON. Real are the actor, its threads, the database and every statement; what is given to
the poller is committed at once, without a download. Beside it a call is committed ten times a second, as live
capture does: for ALONE_S seconds before the recovery, and while it lists. In a process of its own, so that its memory is its own.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from cluster.adapters.real_clock import RealClock
from cluster.adapters.real_randomness import RealRandomness
from cluster.adapters.thread_runtime import ThreadRuntime
from cluster.adapters.thread_workers import ThreadWorkers
from cluster.board import Board
from cluster.messages import DutyGranted
from cluster.ports import Address, Failed, Outcome, Workers
from recorder.adapters.contact_db.db import SqlContactDb
from recorder.adapters.contact_db.engine import open_engine
from recorder.adapters.contact_db.recoveries import SqlRecoveryDb
from recorder.messages import PeriodProven, TakeIn
from recorder.model import ItemRef
from recorder.records.recoveries import (
    Cause,
    Difference,
    RecoveryKind,
    RecoveryRow,
    RecoveryStatus,
)
from recorder.recover.recovery import Recovery
from recorder.recover.recovery_ports import RecoveryPorts
from recorder.settings.stages import RecoverySettings
from recorder.status import SourceStatus
from sim.bench.figures import percentile, rounded
from sim.bench.growth import commit
from sim.bench.memory import peak_mb
from sim.bench.period_source import NAME, PeriodSource, a_missing_call
from sim.bench.timing import now_ns, pause, seconds_since

TERM = 1_000
LIVE_EVERY_S = 0.1
_LIVE = 400_000_000
"""Calls from this number on are of live capture."""
_QUICK = RecoverySettings.model_validate(
    {"automatic": False, "calls_per_s": 100_000, "in_hand_max": 200, "look_s": 0.2}
)
"""As fast as it goes: by default listing waits for its share of the budget, and 20 items are in hand."""


class _TimedDb(SqlRecoveryDb):
    """Sums up what the difference alone takes."""

    spent_s = 0.0

    def difference(self, refs: Sequence[ItemRef]) -> Difference:
        """See RecoveryDb."""
        start_ns = now_ns()
        found = super().difference(refs)
        self.spent_s += seconds_since(start_ns)
        return found


class _Archiving:
    """In the place of the poller and all that follows it: what is to be taken in is committed."""

    def __init__(self, db: SqlContactDb, lane: Workers, me: Address[Any]) -> None:
        self._db = db
        self._lane = lane
        self._me = me

    def on_start(self) -> None:
        """Nothing to do."""

    def on_stop(self) -> None:
        """Nothing to give back."""

    def on_message(self, message: TakeIn | PeriodProven | Outcome[None]) -> None:
        """Commit; what cannot be committed ends the program."""
        if isinstance(message, TakeIn):
            self._lane.submit(partial(_commit, self._db, message.refs), self._me, _same)
        elif isinstance(message, Failed):
            raise message.error


def _same(outcome: Outcome[None]) -> Outcome[None]:
    return outcome


def _commit(db: SqlContactDb, refs: Sequence[ItemRef]) -> None:
    db.commit([a_missing_call(ref) for ref in refs], [(f"lost/{ref.key}",) for ref in refs])


class _Live:
    """A call that ends is looked for and committed; what that takes, in seconds."""

    def __init__(self, db: SqlContactDb, first: int) -> None:
        self._db = db
        self._next = first

    def while_true(self, goes_on: Callable[[], bool]) -> list[float]:
        """One after the other, at an even pace, as long as `goes_on()`."""
        took: list[float] = []
        while goes_on():
            start_ns = now_ns()
            commit(self._db, [self._next])
            self._next += 1
            took.append(seconds_since(start_ns))
            pause(max(0.0, LIVE_EVERY_S - took[-1]))
        return took


def recover(url: str, size: int, page_size: int, alone_s: float) -> dict[str, Any]:
    """Ask for the whole period, wait for the end; what it took."""
    clock, randomness, board = RealClock(), RealRandomness(), Board()
    engine = open_engine(url)
    names: dict[str, Any] = {"cluster": "bench", "node": "bench", "clock": clock}
    contacts, db = SqlContactDb(engine, **names), _TimedDb(engine, **names)
    source = PeriodSource(size=size, page_size=page_size, clock=clock)
    runtime = ThreadRuntime(on_crash=_crash)
    lanes = {
        name: ThreadWorkers(name=name, threads=2, on_crash=_crash) for name in ("db", "source")
    }
    me, poller = runtime.reserve("recovery"), runtime.reserve("poller")
    monitor = runtime.reserve("monitor")
    board.publish(f"source:{NAME}", _status(source.window.to_us))
    runtime.start(poller, _Archiving(contacts, lanes["db"], poller))
    ports = RecoveryPorts(
        node="bench",
        me=me,
        sources={NAME: source},
        pollers={NAME: poller},
        source_lanes={NAME: lanes["source"]},
        database_lane=lanes["db"],
        db=db,
        contact_db=contacts,
        clock=clock,
        randomness=randomness,
        board=board,
        monitor=monitor,
        settings=_QUICK,
    )
    live = _Live(contacts, _LIVE + clock.wall_us() // 1_000_000 % 100_000_000)
    start_ns = now_ns()
    alone = live.while_true(lambda: seconds_since(start_ns) < alone_s)
    before_mb = peak_mb()
    row = _request(size, page_size, source, clock.wall_us())
    db.request(row)
    runtime.start(me, Recovery(ports=ports))
    me.tell(DutyGranted(TERM, now_ns() + 10**15, leased=True, peer_marks={}))
    beside = live.while_true(lambda: _read(db, row).fetching_us is None)
    while (done := _read(db, row)).status is RecoveryStatus.RUNNING:
        pause(LIVE_EVERY_S)
    assert done.status is RecoveryStatus.COMPLETED, done.reason
    for address in (me, poller):
        runtime.stop(address)
    for lane in lanes.values():
        lane.stop(timeout_s=5.0)
    clock.stop()
    engine.dispose()
    return {
        **_figures(done, source.spent_s, db.spent_s),
        "memory_before_mb": rounded(before_mb),
        "memory_more_mb": rounded(peak_mb() - before_mb),
        **_commits("alone", alone),
        **_commits("beside", beside),
    }


def _read(db: SqlRecoveryDb, row: RecoveryRow) -> RecoveryRow:
    found = db.recovery(row.recovery_id)
    assert found is not None, "it was asked for"
    return found


def _figures(done: RecoveryRow, listing_s: float, queries_s: float) -> dict[str, Any]:
    started_us, fetching_us, ended_us = done.requested_us, done.fetching_us, done.ended_us
    assert fetching_us is not None, "it listed"
    assert ended_us is not None, "it ended"
    compared_s = (fetching_us - started_us) / 1e6
    return {
        "detected": done.counts.detected,
        "recovered": done.counts.recovered,
        "difference_s": rounded(compared_s - listing_s),
        "of_it_queries_s": rounded(queries_s),
        "listing_s": rounded(listing_s),
        "compared_after_s": rounded(compared_s),
        "ended_after_s": rounded((ended_us - started_us) / 1e6),
        "api_calls": done.api_calls,
    }


def _commits(name: str, took: Sequence[float]) -> dict[str, float]:
    return {
        f"commit_{name}_p50_ms": rounded(percentile(took, 0.5) * 1000),
        f"commit_{name}_p99_ms": rounded(percentile(took, 0.99) * 1000),
    }


def _request(size: int, page_size: int, source: PeriodSource, now_us: int) -> RecoveryRow:
    return RecoveryRow(
        recovery_id=f"R-bench-{size}-{page_size}-{now_us}",
        source=NAME,
        kind=RecoveryKind.MANUAL,
        cause=Cause.OPERATOR,
        requested_us=now_us,
        requested_by="bench",
        window=source.window,
        updated_us=now_us,
    )


def _status(watermark_us: int) -> SourceStatus:
    """A poller that has nothing to do."""
    return SourceStatus(
        name=NAME,
        kind="bench",
        state="polling",
        epoch=0,
        watermark_us=watermark_us,
        horizon_us=watermark_us,
        lag_s=0.0,
        coverage=(),
        pending=0,
        failed=0,
        parked=0,
        polls=1,
        last_poll_ns=0,
        found=0,
        late_escapes=0,
        lateness_p999_s=None,
        clock_offset_ms=None,
        last_error="",
        next_step="",
    )


def _crash(name: str, error: BaseException) -> None:
    sys.stderr.write(f"{name} failed: {error!r}\n")
    sys.stderr.flush()
    os._exit(70)


def main() -> int:
    """The program."""
    url, size, page_size, alone_s = sys.argv[1:]
    figures = recover(url, int(size), int(page_size), float(alone_s))
    sys.stdout.write(json.dumps(figures) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
