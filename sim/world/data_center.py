"""The Data Center of a world: one contact database, archive and lease row, and each node's way to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from cluster.ports import Clock
from recorder.errors import DataCenterDown
from sim.data_center import (
    DataCenterFaults,
    MemoryArchive,
    MemoryArchiveStore,
    MemoryContactDb,
    MemoryContactStore,
)
from sim.kernel import Kernel
from sim.lease import SimLease, SimLeaseTable

_CALL_S: Final = (0.0005, 0.004)
_CLOCK_OFF_NS: Final = 77_000_000_000


@dataclass
class Way:
    """What lies between one node and the Data Center. Faults count up and down, so that they may overlap."""

    down: int = 0
    slow_s: float = 0.0
    answers_lost: int = 0


class WorldDataCenter:
    """Outlives the nodes. Its clock is nobody else's."""

    def __init__(self, *, kernel: Kernel, nodes: tuple[str, ...], lease_s: float) -> None:
        self._kernel = kernel
        self.lease_table = SimLeaseTable(
            clock_ns=lambda: kernel.now_ns + _CLOCK_OFF_NS, lease_s=lease_s
        )
        self.contacts = MemoryContactStore(highest_term=lambda: self.lease_table.row[1])
        self.objects = MemoryArchiveStore()
        self.ways = {node: Way() for node in nodes}
        self.calls = 0
        self._chance = {node: kernel.streams.stream("data center", node) for node in nodes}

    def contact_db(self, node: str, clock: Clock) -> MemoryContactDb:
        """The database as `node` sees it."""
        return MemoryContactDb(self.contacts, node=node, clock=clock, faults=self._faults(node))

    def archive(self, node: str, read: Callable[[str], bytes]) -> MemoryArchive:
        """The archive as `node` sees it; `read` gives the bytes behind a path on its disk."""
        return MemoryArchive(self.objects, read=read, faults=self._faults(node))

    def lease(self, node: str, instance: str) -> SimLease:
        """The lease row as `node` sees it."""
        return _WorldLease(
            table=self.lease_table,
            node=node,
            instance=instance,
            slow_s=_CALL_S[0],
            wait=partial(self._wait, node),
            way=self.ways[node],
        )

    def migrate(self, node: str) -> Callable[[], None]:
        """Nothing to bring up; fails while the Data Center is away."""

        def job() -> None:
            self._on_call(node, "migrate")
            if self.ways[node].down > 0:
                raise DataCenterDown("the contact database is not available")

        return job

    def _faults(self, node: str) -> DataCenterFaults:
        return _WayFaults(self.ways[node], partial(self._on_call, node))

    def _on_call(self, node: str, call: str) -> None:
        del call
        self._wait(node, 0.0)

    def _wait(self, node: str, seconds: float) -> None:
        del seconds
        self.calls += 1
        self._kernel.block_for(self._chance[node].uniform(*_CALL_S) + self.ways[node].slow_s)


class _WayFaults(DataCenterFaults):
    """The faults of a node's adapters, read from its way at every call."""

    def __init__(self, way: Way, on_call: Callable[[str], None]) -> None:
        self._way = way
        self.on_call = on_call

    @property
    def down(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self._way.down > 0

    @property
    def answers_lost(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self._way.answers_lost

    @answers_lost.setter
    def answers_lost(self, left: int) -> None:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Lost for as long as the fault lasts, not for a number of calls."""


class _WorldLease(SimLease):
    def __init__(
        self,
        *,
        table: SimLeaseTable,
        node: str,
        instance: str,
        slow_s: float,
        wait: Callable[[float], None],
        way: Way,
    ) -> None:
        self.table = table
        self.node = node
        self.instance = instance
        self.slow_s = slow_s
        self.wait = wait
        self._way = way

    @property
    def unreachable(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self._way.down > 0

    @property
    def answer_lost(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self._way.answers_lost > 0
