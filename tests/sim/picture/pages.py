"""Traces for pictures: a real run of a world, and rows by hand."""

import functools
from dataclasses import replace

from recorder.tracing.rows import TraceHeader, TraceKind, TraceRow
from sim.checkers.violation import Violation
from sim.world.incident import Fault, Incident, Workload
from sim.world.report import Broken
from sim.world.trace import world_header
from sim.world.world import World

INCIDENT = Incident(
    seed=3,
    minutes=1,
    workload=Workload(calls_per_minute=8),
    faults=(
        Fault("pause", "beta", at_s=15, for_s=6),
        Fault("crash", "beta", at_s=19, for_s=3),
        Fault("crash", "alpha", at_s=35, for_s=12),
    ),
    story="The secondary sleeps and dies; then the primary dies with work in hand.",
)


@functools.cache
def real_run():
    """Header, rows and report of a world in which nodes die and frames are lost.

    Whether promises were kept is not what pictures are about: they are shown as kept.
    """
    rows = []
    report = World(INCIDENT, rows.append).run()
    kept = tuple(row for row in rows if row.kind != TraceKind.VIOLATION)
    return world_header(INCIDENT), kept, replace(report, violations=())


def with_violation(rows, report):
    """The same run, as if it had lost the last item archived."""
    last = [row for row in rows if row.kind == TraceKind.ITEM and row.what == "archived"][-1]
    key, text = last.data["key"], "offered, and nowhere to be found"
    number = rows[-1].number + 1
    row = TraceRow(
        number=number,
        at_ns=rows[-1].at_ns,
        lane="world",
        kind=TraceKind.VIOLATION,
        what="nothing_lost",
        cause=last.number,
        data={"text": text, "items": [key]},
    )
    broken = Broken(row.at_ns / 1e9, Violation("nothing_lost", text, (key,)))
    return (*rows, row), replace(report, violations=(broken,))


def by_hand(*rows, incident=None):
    """A trace of rows `(at_s, lane, kind, what)` or with a mapping of data behind, each caused by the one before."""
    header = TraceHeader(origin="world", build="1", began_us=10**15, incident=incident or {})
    return header, [
        TraceRow(
            number=number,
            at_ns=round(row[0] * 1e9),
            lane=row[1],
            kind=TraceKind(row[2]),
            what=row[3],
            cause=number - 1 or None,
            data=row[4] if len(row) > 4 else {},
        )
        for number, row in enumerate(rows, 1)
    ]
