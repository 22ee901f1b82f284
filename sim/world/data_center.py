"""The Data Center of a world: one contact database, archive and lease row, and each node's way to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from cluster.errors import LeaseUnavailable
from cluster.ports import Clock, Lease, LeaseView
from cluster.settings import PairSettings
from recorder.assembly.audit import AuditPorts
from recorder.errors import ArchiveError, DataCenterDown
from recorder.traps import POINTS
from sim.clockwork.clock import WALL_START_US
from sim.clockwork.kernel import Kernel
from sim.stand_ins.lease import SimLease, SimLeaseTable
from sim.tables.agent_events import AgentEventStore, MemoryAgentEventDb
from sim.tables.data_center import (
    DataCenterFaults,
    MemoryArchive,
    MemoryArchiveStore,
    MemoryContactDb,
    MemoryContactStore,
)
from sim.tables.findings import FindingTables, MemoryFindingsDb
from sim.tables.recoveries import MemoryRecoveryDb, RecoveryTables
from sim.tables.retention import MemoryRetentionDb, RetentionTables
from sim.tables.screens import MemoryScreenDb, ScreenTables
from sim.tables.screens_of_contacts import ScreensOfContacts
from sim.world.points import CHANGES, COMPARING, KEEPING, RECOVERING, REPLAYING
from sim.world.proof import ProofDisk, ProofTables

_CALL_S: Final = (0.0005, 0.004)
_CLOCK_OFF_NS: Final = 77_000_000_000
_NS: Final = 1_000_000_000
_CONNECT_S: Final = 3.0
_TOLD: Final = frozenset({*CHANGES, *KEEPING, *COMPARING, *RECOVERING, *REPLAYING})
_ARCHIVE: Final = frozenset({"put", "sync", "open", "info", "keys", "check", "delete"})


@dataclass
class Way:
    """What lies between one node and the Data Center. Faults count up and down, so that they may overlap."""

    down: int = 0
    silent: int = 0
    """Of these, such that swallow what is sent instead of refusing it."""
    slow_s: float = 0.0
    answers_lost: int = 0
    reach: Callable[[str], None] = lambda _: None
    """Called with the points the node comes to."""


class WorldDataCenter:
    """Outlives the nodes. Its clock is nobody else's."""

    def __init__(self, *, kernel: Kernel, nodes: tuple[str, ...], pair: PairSettings) -> None:
        self._kernel = kernel
        self._clock_off_ns = _CLOCK_OFF_NS
        self._call_timeout_s = pair.lease_call_timeout_s
        self.lease_table = SimLeaseTable(
            clock_ns=lambda: kernel.now_ns + self._clock_off_ns, lease_s=pair.lease_s
        )
        self.contacts = MemoryContactStore(highest_term=lambda: self.lease_table.row[1])
        self.objects = MemoryArchiveStore()
        self.retention_tables = RetentionTables()
        self.proof = ProofTables()
        self.recovery_tables = RecoveryTables()
        self.finding_tables = FindingTables(trail=self.proof.trail)
        self.agent_events = AgentEventStore()
        self.screens = ScreenTables()
        self.ways = {node: Way() for node in nodes}
        self.calls = 0
        self.clock_set: Callable[[], None] = lambda: None
        """Called when the clock by which leases run was set; for checkers."""
        self.starts = 1
        """How often it was started."""
        self._chance = {node: kernel.streams.stream("data center", node) for node in nodes}

    def contact_db(self, node: str, clock: Clock) -> MemoryContactDb:
        """The database as `node` sees it."""
        return MemoryContactDb(self.contacts, node=node, clock=clock, faults=self._faults(node))

    def recoveries(self, node: str, clock: Clock) -> MemoryRecoveryDb:
        """Recoveries as `node` sees them."""
        return MemoryRecoveryDb(
            self.recovery_tables, self.contacts, node=node, clock=clock, faults=self._faults(node)
        )

    def findings(self, node: str, clock: Clock) -> MemoryFindingsDb:
        """Findings of reconciliation as `node` sees them."""
        return MemoryFindingsDb(
            self.finding_tables, self.contacts, node=node, clock=clock, faults=self._faults(node)
        )

    def events_of_agents(self, node: str) -> MemoryAgentEventDb:
        """Events of agents as `node` sees them."""
        return MemoryAgentEventDb(self.agent_events, faults=self._faults(node))

    def screen_db(self, node: str) -> MemoryScreenDb:
        """Parts of screens as `node` sees them."""
        return MemoryScreenDb(self.screens, faults=self._faults(node))

    def retention(self, node: str, clock: Clock, lives: Callable[[], bool]) -> MemoryRetentionDb:
        """Holds and deletions as one life of `node` sees them: what it began ends with it."""
        return MemoryRetentionDb(
            self.retention_tables,
            self.contacts,
            node=node,
            clock=clock,
            faults=self._faults(node),
            now_us=self.now_us,
            lives=lives,
            screens=ScreensOfContacts(self.screens, self.agent_events),
        )

    def audit(self, node: str, disk: ProofDisk) -> AuditPorts:
        """Audit trail and scrub as `node` sees them."""
        faults = self._faults(node)
        return self.proof.ports(disk, self.contacts, self.retention_tables, self.screens, faults)

    def now_us(self) -> int:
        """The calendar of its host, which is right."""
        return WALL_START_US + self._kernel.now_ns // 1000

    def archive(self, node: str, read: Callable[[str], bytes]) -> MemoryArchive:
        """The archive as `node` sees it; `read` gives the bytes behind a path on its disk."""
        return MemoryArchive(self.objects, read=read, faults=self._faults(node))

    def lease(self, node: str, instance: str) -> Lease:
        """The lease row as this installation of `node` sees it."""
        inner = SimLease(table=self.lease_table, node=node, instance=instance)
        return _WorldLease(
            inner=inner,
            way=self.ways[node],
            wait=self._kernel.block_for,
            travel=partial(self.travel, node),
            timeout_s=self._call_timeout_s,
        )

    def migrate(self, node: str) -> Callable[[], None]:
        """Nothing to bring up; fails while the Data Center is away."""

        def job() -> None:
            self.travel(node)
            if self.ways[node].down > 0:
                raise DataCenterDown("the contact database is not available")

        return job

    # -- faults ----

    def restart(self) -> None:
        """Its host loses its power: objects not synced are lost, calls under way fail."""
        self.starts += 1
        self.objects.crash()

    def jump_clock(self, seconds: float) -> None:
        """Set the clock by which leases run; back when negative."""
        self._clock_off_ns += round(seconds * _NS)
        self.clock_set()

    # -- for the ports ----

    def travel(self, node: str) -> None:
        """Let the time pass that a call takes to arrive or its answer to come back."""
        self.calls += 1
        self._kernel.block_for(self._chance[node].uniform(*_CALL_S) + self.ways[node].slow_s)

    def wait_in_vain(self, seconds: float) -> None:
        """Nobody answers."""
        self._kernel.block_for(seconds)

    def _faults(self, node: str) -> DataCenterFaults:
        return _WayFaults(self, node)


class _WayFaults(DataCenterFaults):
    """The faults of a node's adapters, read from its way at every call."""

    def __init__(self, center: WorldDataCenter, node: str) -> None:
        self._center = center
        self._node = node
        self._way = center.ways[node]
        self.on_call = self._on_call
        self.on_done = self._on_done

    def _on_call(self, call: str) -> None:
        starts = self._center.starts
        self._way.reach(f"call:{call}")
        if call in POINTS and call in _ARCHIVE:
            self._way.reach(call)
        if self._way.silent > 0 and call not in _ARCHIVE:
            self._center.wait_in_vain(_CONNECT_S)
        else:
            self._center.travel(self._node)
        if self._center.starts != starts:
            what = f"the Data Center was restarted before {call} was done"
            raise ArchiveError(what) if call in _ARCHIVE else DataCenterDown(what)

    def _on_done(self, call: str) -> None:
        if call in _TOLD:
            self._way.reach(f"done:{call}")

    @property
    def down(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self._way.down > 0

    @property
    def answers_lost(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self._way.answers_lost

    @answers_lost.setter
    def answers_lost(self, left: int) -> None:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Lost for as long as the fault lasts, not for a number of calls."""


class _WorldLease:
    """Lease over the way of one node. As the real one it gives up after its time limit, not knowing."""

    def __init__(
        self,
        *,
        inner: SimLease,
        way: Way,
        wait: Callable[[float], None],
        travel: Callable[[], None],
        timeout_s: float,
    ) -> None:
        self._inner = inner
        self._way = way
        self._wait = wait
        self._travel = travel
        self._timeout_s = timeout_s

    def look(self) -> LeaseView:
        return self._call("look", self._inner.look)

    def acquire(self, seen_term: int, *, peer_is_dead: bool) -> LeaseView:
        return self._call(
            "acquire", lambda: self._inner.acquire(seen_term, peer_is_dead=peer_is_dead)
        )

    def renew(self, term: int) -> LeaseView:
        return self._call("renew", lambda: self._inner.renew(term))

    def transfer(self, term: int, to_node: str) -> LeaseView:
        return self._call("transfer", lambda: self._inner.transfer(term, to_node))

    def release(self, term: int) -> LeaseView:
        return self._call("release", lambda: self._inner.release(term))

    def _call(self, name: str, act: Callable[[], LeaseView]) -> LeaseView:
        way = self._way
        way.reach(f"call:{name}")
        if way.silent > 0:
            self._wait(self._timeout_s)
        elif 2 * way.slow_s >= self._timeout_s:
            # It arrives, and acts when nobody waits for it any more.
            self._wait(self._timeout_s)
            if way.down == 0:
                act()
            raise LeaseUnavailable("the witness did not answer in time")
        else:
            self._travel()
        if way.down > 0:
            raise LeaseUnavailable("the witness cannot be reached", hint="The world cut it off.")
        view = act()
        if name in CHANGES:
            way.reach(f"done:{name}")
        self._travel()
        if way.answers_lost > 0:
            raise LeaseUnavailable("the answer of the witness was lost")
        return view
