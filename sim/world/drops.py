"""Files with ids in a world: what was put down, where it is, and whether each row has its one answer."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from recorder.model import ItemState
from recorder.records.drops import Claimed
from recorder.records.recoveries import RecoveryRow, RecoveryStatus
from sim.checkers.id_files import PROMISE, Known, Put, check_result
from sim.checkers.violation import Violation
from sim.stand_ins.drop_folder import MemoryDrops
from sim.world.incident import NODES
from sim.world.settings import DROPS_GONE_S, takes_id_files

if TYPE_CHECKING:
    from sim.world.world import World

_LOOK_S: Final = 5.0
_LATE_S: Final = 45.0
"""After `DROPS_GONE_S` the node that is left has taken over within this, if nothing holds it."""
_NS: Final = 1_000_000_000
_FINAL: Final = frozenset(state.value for state in ItemState if state.is_final)


@dataclass
class _Left:
    """A node that may have left something behind."""

    dead_s: float = 0.0
    other_well_s: float = 0.0


class DropGuard:
    """One per world; where nobody puts a file down it has nothing to do."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.is_on = takes_id_files(world.incident)
        self._by_place: dict[str, MemoryDrops] = {}
        self._place: dict[str, str] = {}
        self._puts: dict[tuple[str, str], Put] = {}
        self._done: dict[tuple[str, str], str] = {}
        """Who finished each, and under which token."""
        self._left = {node: _Left() for node in NODES}
        self._watching = False
        if self.is_on:
            for node, machine in world.machines.items():
                recovery, own = machine.config.recovery, machine.config.node
                place = str(recovery.drop_folder or PurePosixPath(str(own.data)) / "TextCapture")
                self._place[node] = place
                drops = self._by_place.setdefault(place, MemoryDrops())
                drops.finished = self._finished
                machine.drops = drops

    @property
    def done(self) -> int:
        """Files that were answered."""
        return len(self._done)

    @property
    def taken_over(self) -> int:
        """Files that a node took from one that was gone."""
        return sum(drops.taken_over for drops in self._by_place.values())

    @property
    def is_shared(self) -> bool:
        """Both nodes look into one folder."""
        return len(self._by_place) == 1

    @property
    def recoveries(self) -> tuple[str, ...]:
        """Ids of those that files led to."""
        rows = self._world.recovery.rows
        return tuple(row.recovery_id for row in rows if row.requested_by.startswith("file:"))

    def put(self, node: str, put: Put, body: bytes) -> None:
        """Somebody puts a file down where `node` looks."""
        drops = self._by_place[self._place[node]]
        self._puts[put.kind, put.name] = put
        drops.incoming[put.kind, put.name] = (body, self._world.services.now_us())
        if not self._watching and self.is_shared:
            self._watching = True
            self._look_soon()

    def unfinished(self) -> Iterator[Violation]:
        """What is still to be waited for."""
        left = [name for name in self._puts if name not in self._done and not self._waits(name)]
        if left:
            names = tuple(name for _, name in left)
            yield Violation(PROMISE, "a file with ids has no result", names)

    # -- inside ----

    def _finished(self, node: str, claimed: Claimed, result: bytes) -> None:
        place = (claimed.kind, claimed.name)
        put = self._puts[place]
        if place in self._done:
            what = f"a file was answered twice, last by {node} as {claimed.token}"
            self._world.broken(Violation(PROMISE, what, (claimed.name, self._done[place])))
        self._done[place] = claimed.token
        rows = [row for row in self._world.recovery.rows if _is_of(row, claimed.token)]
        sources = frozenset(row.source for row in rows)
        told = tuple(csv.DictReader(io.StringIO(result.decode("utf-8-sig"), newline="")))
        for violation in check_result(put, told, rows, lambda one: self._known(one, sources)):
            self._world.broken(violation)

    def _known(self, identifier: str, sources: frozenset[str]) -> Known:
        """What is so about an id."""
        truth = [
            item
            for item in self._world.services.truth()
            if item.source in sources and identifier in {item.key, item.session_key}
        ]
        rows = self._world.data_center.contacts.items.rows
        mine = [rows[item.source, item.key] for item in truth if (item.source, item.key) in rows]
        lost = self._world.reconciliation.is_lost
        return Known(
            offered=any(item.must_be_archived and not item.late for item in truth),
            ended=any(row.state in _FINAL for row in mine)
            or any(lost(item.source, item.key) for item in truth),
        )

    def _waits(self, place: tuple[str, str]) -> bool:
        """For an item that nobody ever gets: no world lasts long enough. Files with the same ids wait together."""
        same = {name for name, put in self._puts.items() if put.rows == self._puts[place].rows}
        tokens = [
            claimed.token
            for drops in self._by_place.values()
            for _, claimed in drops.taken
            if (claimed.kind, claimed.name) in same and claimed.token
        ]
        rows = [row for row in self._world.recovery.rows if any(_is_of(row, one) for one in tokens)]
        running = [row for row in rows if row.status is RecoveryStatus.RUNNING]
        return bool(running) and all(map(self._world.recovery.watches, running))

    def _look_soon(self) -> None:
        self._world.kernel.schedule(round(_LOOK_S * _NS), self._look, label="files with ids")

    def _look(self) -> None:
        """What a node left behind in a shared folder is taken by the other one, if that is well."""
        (drops,) = self._by_place.values()
        for node, left in self._left.items():
            (other,) = (name for name in NODES if name != node)
            machine = self._world.machines[other]
            well = machine.lives and not machine.paused and not machine.is_slow
            dead = not self._world.machines[node].lives
            left.other_well_s = left.other_well_s + _LOOK_S if well else 0.0
            left.dead_s = left.dead_s + _LOOK_S if dead else 0.0
            held = [claimed.name for of, claimed in drops.taken if of == node]
            if held and min(left.dead_s, left.other_well_s) > DROPS_GONE_S + _LATE_S:
                what = f"what {node} left behind when it died is not taken over"
                self._world.broken(Violation(PROMISE, what, tuple(held)))
        self._look_soon()


def _is_of(row: RecoveryRow, token: str) -> bool:
    return row.recovery_id == f"R-{token}" or row.recovery_id.startswith(f"R-{token}-")
