"""Files with ids: no faults, but people put them down at any instant, and each row wants its answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final
from uuid import UUID

from recorder.records.recoveries import RecoveryStatus
from sim.checkers.id_files import Put
from sim.truth import TruthItem
from sim.world.incident import Fault
from sim.world.kinds import kind_of
from sim.world.rules.rule import Hits, Rule, nodes_of, number, one_of

if TYPE_CHECKING:
    from sim.world.world import World

_NS: Final = 1_000_000_000
_BY_MEETING: Final = "zoom"
"""The kind whose files nobody knows an id of, but meetings."""
_BAD: Final = ("this is no id", "5.7E+10")
_OPEN: Final = (RecoveryStatus.RUNNING, RecoveryStatus.STOPPED, RecoveryStatus.FAILED)
_SPELLINGS: Final = ("plain", "spreadsheet")


def id_file(world: World, fault: Fault) -> None:
    """One file for each kind of source, where the node looks."""
    count = world.counts["fault id_file"]
    rows = int(fault.number("rows", 3.0))
    for kind in dict.fromkeys(kind_of(source).name for source in world.incident.sources):
        for node in nodes_of(fault):
            name = f"ids-{count}-{node}.csv"
            put = Put(kind, name, _good(world, kind, rows), _unknown(kind, count), _BAD)
            body = _body(put, fault.text("spelling", _SPELLINGS[0]))
            world.drops.put(node, put, body)
    cancel_s = fault.number("cancel_after_s", 0.0)
    if cancel_s > 0:
        cancel = partial(_cancel, world)
        world.kernel.schedule(round(cancel_s * _NS), cancel, label="an operator cancels")


def _good(world: World, kind: str, rows: int) -> tuple[str, ...]:
    """Of what the sources of this kind have now: from the oldest to the newest, evenly."""
    now_us = world.services.now_us()
    truth = [
        item
        for item in world.services.truth()
        if kind_of(item.source).name == kind and item.offered_us <= now_us and not item.absent
    ]
    ids = list(dict.fromkeys(_id(kind, place, item) for place, item in enumerate(truth)))
    if len(ids) <= rows:
        return tuple(ids)
    step = (len(ids) - 1) / max(1, rows - 1)
    return tuple(dict.fromkeys(ids[round(place * step)] for place in range(rows)))


def _id(kind: str, place: int, item: TruthItem) -> str:
    """As people know it: a meeting, a recording, or every third time its conversation."""
    whole = kind == _BY_MEETING or (kind == "dynamics" and place % 3 == 0)
    return item.session_key if whole else item.key


def _unknown(kind: str, count: int) -> tuple[str, ...]:
    if kind == _BY_MEETING:
        return (f"{88_000_000_000 + count}",)
    return (str(UUID(int=0xABCD_0000_0000_4000_8000_0000_0000_0000 + count)),)


def _body(put: Put, spelling: str) -> bytes:
    """With a comment of its own: no two files are the same."""
    about = f"# {put.name}"
    if spelling == _SPELLINGS[0]:
        return "\n".join((about, *put.rows, "")).encode()
    lines: Sequence[str] = [f'"{one}";"somebody"' for one in put.rows]
    return "\r\n".join((about, "id;agent", *lines, ";;", "")).encode("utf-16")


def _cancel(world: World) -> None:
    """All that files led to and that is not over."""
    for row in world.recovery.rows:
        if row.recovery_id in world.drops.recoveries and row.status in _OPEN:
            cancelled = world.recovery.db.cancel(row.recovery_id, "cancelled by operator")
            assert cancelled is not None, "it is on record"
            world.recovery.is_cancelled(cancelled)


RULES: Final[Mapping[str, Rule]] = {
    "id_file": Rule(
        id_file,
        Hits.NODE,
        "Somebody puts a file with ids down (`TextCapture`): good ones, unknown ones and rows that hold none.",
        (),
        {
            "rows": number(1.0, 3.0, 8.0, what="good ids at most; 3", low=0.0, high=1000.0),
            "spelling": one_of(
                *_SPELLINGS, what="plain, or spreadsheet: UTF-16, quotes, semicolons; plain"
            ),
            "cancel_after_s": number(
                *(12.0, 20.0, 40.0),
                what="seconds until all recoveries of files are cancelled; by default they are not",
            ),
        },
    ),
}
