"""What a node is made of, on any runtime: which actors there are, whom each tells, in which order they start.

The process (`recorder/node.py`) gives it threads, sockets and files; the simulator gives it one heap of
events and a world in memory. Nothing here knows which.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cluster.board import Board
from cluster.distributor import Distributor
from cluster.link import Link
from cluster.links.handshake import Identity
from cluster.messages import RoleChanged, StopLink
from cluster.pair import Pair
from cluster.ports import (
    Address,
    Behaviour,
    Clock,
    Discovery,
    Lease,
    NodeStateStore,
    Randomness,
    Runtime,
    Transport,
    Workers,
)
from cluster.supervisor import Supervisor
from recorder.archive.archiver import Archiver
from recorder.archive.commit_job import CommitTools
from recorder.assembly.audit import AuditAssembly, AuditPorts
from recorder.assembly.certificates import ProveAssembly, ProveStores
from recorder.assembly.reconciliation import ReconcileAssembly, ReconcileStores
from recorder.assembly.recoveries import RecoveryAssembly, calls_lane
from recorder.assembly.retention import RetentionAssembly
from recorder.assembly.screens import ScreenAssembly, ScreenPorts
from recorder.assembly.stitching import StitchAssembly, StitchStores
from recorder.buffer.call_buffer import CallBuffer
from recorder.codec import source_of
from recorder.config import Config
from recorder.ingest.ingester import Ingester
from recorder.lanes import downloads_lane
from recorder.migration import Migration
from recorder.monitor import Monitor
from recorder.poll.poller import Poller
from recorder.poll.poller_ports import PollerPorts
from recorder.ports.proof import RecoveryDb
from recorder.ports.recording import (
    Archive,
    BufferFiles,
    ContactDb,
    DataSource,
    Journal,
    MediaFetcher,
    ProgressStore,
)
from recorder.ports.retention import RetentionDb
from recorder.traps import Trap

ACTORS: Final = ("monitor", "link", "pair", "distributor", "ingester", "archiver", "call_buffer")
"""Those the supervisor watches, beside the pollers."""

Around = Callable[[str, Behaviour[Any]], Behaviour[Any]]


@dataclass(frozen=True, slots=True)
class NodePorts:
    """The world of one node, in one life of it."""

    runtime: Runtime
    clock: Clock
    randomness: Randomness
    workers: Mapping[str, Workers]
    """By the names of `lanes`."""
    board: Board
    identity: Identity
    transport: Transport
    discovery: Discovery | None
    lease: Lease
    state: NodeStateStore
    sources: Mapping[str, DataSource]
    fetcher: MediaFetcher
    files: BufferFiles
    journal: Journal
    progress: ProgressStore
    archive: Archive
    contact_db: ContactDb
    migrate: Callable[[], None]
    run_hook: Callable[[RoleChanged], int] | None
    trap: Trap
    around: Around
    """Wraps each behaviour before it starts; see recorder.traps and recorder.tracing.tracer."""
    audit: AuditPorts | None = None
    """Without it there is no audit trail."""
    recoveries: RecoveryDb | None = None
    """Without it there is no recovery."""
    reconcile: ReconcileStores | None = None
    """Without it nothing is compared, and no file with ids is taken."""
    retention: RetentionDb | None = None
    """Without it nothing is ever deleted."""
    screens: ScreenPorts | None = None
    """Without it nothing is heard of agents, and no screen is recorded."""
    prove: ProveStores | None = None
    """Without it no certificate is made."""
    stitch: StitchStores | None = None
    """Without it nothing is made replayable."""


class Assembly:
    """The actors of one node. `start` begins with what others rely on; `stop` is its reverse."""

    def __init__(self, config: Config, ports: NodePorts) -> None:
        self._config = config
        self._ports = ports
        self._at: dict[str, Address[Any]] = {
            name: ports.runtime.reserve(name) for name in ("supervisor", "migration", *ACTORS)
        }
        self._pollers: dict[str, Address[Any]] = {
            name: ports.runtime.reserve(f"poller:{name}") for name in ports.sources
        }
        self.recovery = RecoveryAssembly(ports.recoveries, runtime=ports.runtime)
        self.reconcile = ReconcileAssembly(ports.reconcile, runtime=ports.runtime)
        self.retention = RetentionAssembly(ports.retention, runtime=ports.runtime)
        self.prove = ProveAssembly(ports.prove, runtime=ports.runtime)
        self.screens = ScreenAssembly(ports.screens, runtime=ports.runtime, sources=ports.sources)
        self.stitch = StitchAssembly(ports.stitch, runtime=ports.runtime)
        self.audit = AuditAssembly(
            ports.audit,
            node=config.node.id,
            boot=ports.identity.boot,
            runtime=ports.runtime,
            clock=ports.clock,
            board=ports.board,
            workers=ports.workers,
            archive=ports.archive,
            settings=config.scrub,
        )

    @property
    def pair(self) -> Address[Any]:
        """Takes the operator's commands about roles."""
        return self._at["pair"]

    @property
    def pollers(self) -> Mapping[str, Address[Any]]:
        """By the name of the source."""
        return self._pollers

    def start(self) -> None:
        """Start every actor."""
        at, start = self._at, self._begin
        start(at["monitor"], self._monitor())
        self.audit.start(start, at["monitor"])
        start(at["migration"], self._migration())
        start(at["distributor"], self._distributor())
        start(at["archiver"], self._archiver())
        start(at["ingester"], self._ingester())
        start(at["call_buffer"], self._call_buffer())
        for name, address in self._pollers.items():
            start(address, self._poller(name, address))
        self.recovery.start(start, self._config, self._ports, self._pollers, at["monitor"])
        self.reconcile.start(
            start,
            self._config,
            self._ports,
            at["monitor"],
            recovery=self.recovery.address,
            trail=self.audit.trail,
        )
        self.retention.start(start, self._config, self._ports, at["monitor"], self.audit.trail)
        self.prove.start(start, self._config, self._ports, self.audit.trail)
        self.screens.start(
            start,
            self._config,
            self._ports,
            monitor=at["monitor"],
            link=at["link"],
            trail=self.audit.trail,
        )
        self.stitch.start(
            start, self._config, self._ports, monitor=at["monitor"], trail=self.audit.trail
        )
        start(at["link"], self._link())
        start(at["pair"], self._pair())
        start(at["supervisor"], self._supervisor())

    def stop(self) -> None:
        """Stop every actor. The peer hears a goodbye. Raises ReplyTimeout when one does not end."""
        stop = self._ports.runtime.stop
        self.say_goodbye()
        for name in ("supervisor", "pair", "link"):
            stop(self._at[name])
        self.prove.stop()
        self.stitch.stop()
        self.screens.stop()
        self.retention.stop()
        self.reconcile.stop()
        self.recovery.stop()
        for address in self._pollers.values():
            stop(address)
        for name in ("call_buffer", "ingester", "archiver", "distributor", "migration"):
            stop(self._at[name])
        self.audit.stop()
        stop(self._at["monitor"])

    def say_goodbye(self) -> None:
        """Tell the peer that this node stops, so that it need not find out."""
        self._at["link"].tell(StopLink("the node stops"))

    # -- the actors ----

    def _begin(self, address: Address[Any], behaviour: Behaviour[Any]) -> None:
        self._ports.runtime.start(address, self._ports.around(address.name, behaviour))

    def _monitor(self) -> Monitor:
        return Monitor(
            address=self._at["monitor"],
            board=self._ports.board,
            clock=self._ports.clock,
            contact_db=self._ports.contact_db,
            workers=self._ports.workers["local"],
            link=self._at["link"],
            run_hook=self._ports.run_hook,
            trail=self.audit.trail,
        )

    def _migration(self) -> Migration:
        return Migration(
            me=self._at["migration"],
            migrate=self._ports.migrate,
            workers=self._ports.workers["database"],
            clock=self._ports.clock,
            trail=self.audit.trail,
            schema=self.audit.schema,
        )

    def _distributor(self) -> Distributor:
        return Distributor(
            node=self._config.node.id,
            boot=self._ports.identity.boot,
            me=self._at["distributor"],
            link=self._at["link"],
            clients=lambda key: self._pollers.get(source_of(key)),
            groups=lambda key: source_of(key) if source_of(key) in self._pollers else "",
            clock=self._ports.clock,
            board=self._ports.board,
            settings=self._config.pair,
        )

    def _archiver(self) -> Archiver:
        ports = self._ports
        return Archiver(
            node=self._config.node.id,
            boot=self._ports.identity.boot,
            me=self._at["archiver"],
            distributor=self._at["distributor"],
            monitor=self._at["monitor"],
            board=self._ports.board,
            workers=self._ports.workers["archive"],
            clock=self._ports.clock,
            tools=CommitTools(
                ports.journal, ports.files, ports.archive, ports.contact_db, ports.trap
            ),
            settings=self._config.archive,
        )

    def _ingester(self) -> Ingester:
        return Ingester(
            node=self._config.node.id,
            boot=self._ports.identity.boot,
            me=self._at["ingester"],
            distributor=self._at["distributor"],
            archiver=self._at["archiver"],
            monitor=self._at["monitor"],
            board=self._ports.board,
            workers={
                name: self._ports.workers[downloads_lane(name)] for name in self._ports.sources
            },
            clock=self._ports.clock,
            sources=self._ports.sources,
            fetcher=self._ports.fetcher,
            files=self._ports.files,
            contact_db=self._ports.contact_db,
            settings=self._config.ingest,
        )

    def _call_buffer(self) -> CallBuffer:
        return CallBuffer(
            me=self._at["call_buffer"],
            ingester=self._at["ingester"],
            monitor=self._at["monitor"],
            board=self._ports.board,
            workers=self._ports.workers["local"],
            clock=self._ports.clock,
            files=self._ports.files,
            settings=self._config.buffer,
        )

    def _poller(self, name: str, address: Address[Any]) -> Poller:
        table = self._config.sources[name]
        return Poller(
            ports=PollerPorts(
                kind=table.kind,
                node=self._config.node.id,
                boot=self._ports.identity.boot,
                me=address,
                source=self._ports.sources[name],
                db=self._ports.contact_db,
                store=self._ports.progress,
                source_lane=self._ports.workers[calls_lane(name)],
                database_lane=self._ports.workers["database"],
                clock=self._ports.clock,
                randomness=self._ports.randomness,
                board=self._ports.board,
                distributor=self._at["distributor"],
                link=self._at["link"],
                pair=self._at["pair"],
                monitor=self._at["monitor"],
                poll=table.poll or self._config.poll,
                retry=self._config.retry,
            )
        )

    def _link(self) -> Link:
        return Link(
            own=self._at["link"],
            identity=self._ports.identity,
            settings=self._config.pair,
            transport=self._ports.transport,
            discovery=self._ports.discovery,
            clock=self._ports.clock,
            randomness=self._ports.randomness,
            board=self._ports.board,
            pair=self._at["pair"],
            distributor=self._at["distributor"],
            observer=self._at["monitor"],
            duties=tuple(self._pollers.values()),
            fixed_peer=self._config.peer.address,
            sharers=self.screens.sharers,
        )

    def _pair(self) -> Pair:
        return Pair(
            node=self._config.node.id,
            settings=self._config.pair,
            clock=self._ports.clock,
            workers=self._ports.workers["control"],
            lease=self._ports.lease,
            store=self._ports.state,
            board=self._ports.board,
            address=self._at["pair"],
            link=self._at["link"],
            distributor=self._at["distributor"],
            observer=self._at["monitor"],
            duty_holders=(
                *self._pollers.values(),
                *self.recovery.watched,
                *self.reconcile.holders,
                *self.retention.watched,
                *self.prove.watched,
                *self.audit.duties,
                *self.screens.duties,
                *self.stitch.watched,
            ),
        )

    def _supervisor(self) -> Supervisor:
        return Supervisor(
            clock=self._ports.clock,
            settings=self._config.pair,
            board=self._ports.board,
            own=self._at["supervisor"],
            actors=(
                *(self._at[name] for name in ACTORS),
                *self._pollers.values(),
                *self.recovery.watched,
                *self.reconcile.watched,
                *self.retention.watched,
                *self.prove.watched,
                *self.audit.watched,
                *self.screens.watched,
                *self.stitch.watched,
            ),
            link=self._at["link"],
            pair=self._at["pair"],
            observer=self._at["monitor"],
        )
