"""One machine of the pair: its disk, and the lives of the node process on it.

The disk outlives the process. `kill` ends the process as SIGKILL does; `power_off` also loses what
was not synced; `pause` is SIGSTOP. A process that ends can be started again and finds its disk.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, cast

from cluster.board import Board
from cluster.frames import PROTOCOL_MAX
from cluster.links.handshake import Identity
from cluster.ports import Address, Behaviour
from recorder.adapters.media_httpx import HttpxMediaFetcher
from recorder.adapters.secrets import FileSecrets
from recorder.assembly.actors import Assembly, NodePorts
from recorder.assembly.audit import AuditPorts
from recorder.assembly.reconciliation import ReconcileStores
from recorder.config import Config
from recorder.lanes import lanes
from recorder.messages import PollNow
from recorder.plugins import SourceDeps
from recorder.ports.proof import RecoveryDb
from recorder.ports.recording import DataSource
from recorder.ports.retention import RetentionDb
from recorder.scn.messages import AgentEventsHeard, AgentEventsKept, AskStates
from recorder.webhooks import Hearing, WebhookAnswer, WebhookRequest
from sim.clockwork.clock import SimClock
from sim.clockwork.kernel import Epoch, Kernel
from sim.clockwork.randomness import SimRandomness
from sim.clockwork.runtime import SimRuntime
from sim.clockwork.workers import SimWorkers
from sim.stand_ins.buffer import SimBufferFiles, SimJournal
from sim.stand_ins.drop_folder import MemoryDropFolder, MemoryDrops
from sim.stand_ins.network import SimNetwork
from sim.stand_ins.node_state import SimNodeStateStore
from sim.stand_ins.progress import MemoryProgress
from sim.stand_ins.transport import SimTransport
from sim.world.data_center import WorldDataCenter
from sim.world.disk import DISK_BYTES, Disk
from sim.world.kinds import kind_of
from sim.world.newer import with_unknown_field
from sim.world.pointed import PointedBehaviour, RoleBoard
from sim.world.proof import ProofDisk
from sim.world.screens.seat import Seat
from sim.world.screens.shelf import ScreenShelf
from sim.world.services import Services
from sim.world.settings import CLUSTER, DROPS_GONE_S, DROPS_RESUME_S, LINK_PORT, Layer

_SYNC_S_MAX: Final = 0.008
_STEP_S_MAX: Final = 0.3

OnPoint = Callable[[str, str], None]
"""Called with a node and the point it reached."""
OnCrash = Callable[[str, str, BaseException], None]
"""Called with a node, an actor of it and what it raised."""
Around = Callable[[str, str, Behaviour[Any]], Behaviour[Any]]
"""Wraps the behaviour of an actor of a node."""


@dataclass
class Hooks:
    """How the world watches a machine; every one may be replaced before the start."""

    on_point: OnPoint = lambda _node, _point: None
    on_crash: OnCrash = field(default=lambda _node, _actor, _error: None)
    around: Around = lambda _node, _actor, behaviour: behaviour


class Machine:
    """One host with a disk; at most one node process lives on it."""

    def __init__(
        self,
        *,
        name: str,
        config: Config,
        kernel: Kernel,
        network: SimNetwork,
        data_center: WorldDataCenter,
        services: Services,
        hooks: Hooks,
    ) -> None:
        self.name = name
        self.config = config
        self.layers: list[Layer] = []
        """Settings that faults lay over its own, from the next start on."""
        self.protocols: list[int] = []
        """Newest protocols that faults let it speak; the last one counts, from the next start on."""
        self.watched: frozenset[str] = frozenset()
        """Points of messages that somebody waits for."""
        self._kernel = kernel
        self._network = network
        self._data_center = data_center
        self._services = services
        self._hooks = hooks
        self._sync = kernel.streams.stream("disk", name)
        self.clock = SimClock(kernel=kernel, epoch=Epoch(name, 0))
        self.disk = Disk(
            files=SimBufferFiles(
                self.clock,
                capacity_bytes=DISK_BYTES,
                reserve_bytes=config.buffer.reserve_bytes,
                trap=self._point,
            ),
            journal=SimJournal(trap=self._point),
            progress=MemoryProgress(trap=self._point),
            state=SimNodeStateStore(kernel=kernel, node=name, trap=self._point),
            proof=ProofDisk(trap=self._point),
            screens=ScreenShelf(data_center.now_us, trap=self._point),
        )
        self._randomness = SimRandomness(kernel=kernel, node=name)
        self._instance = self._randomness.token()
        self.down = 0
        """Faults that keep the process from running."""
        self.stopped = 0
        """Faults that hold it stopped."""
        self._turn_s = 0.0
        data_center.ways[name].reach = self._point
        for service in services:
            service.roads[name].reach = self._point
        self._sources: Mapping[str, DataSource] = {}
        self.assembly: Assembly | None = None
        """The actors of the process that lives now."""
        self.board: Board | None = None
        self.epoch: Epoch | None = None
        self.starts = 0
        self.paused = False
        self.seat: Seat | None = None
        """In the recording of screens; set once by a world that has agents."""
        self.drops: MemoryDrops | None = None
        """Where files with ids are put down; set once by a world in which somebody does."""
        self._step = kernel.streams.stream("drops", name)

    @property
    def lives(self) -> bool:
        """Whether a process runs on it, stopped or not."""
        return self.assembly is not None

    @property
    def is_slow(self) -> bool:
        """Whether faults make its process slow."""
        return self._turn_s > 0

    # -- lives ----

    def start(self) -> None:
        """Start the process; harmless while one lives."""
        if self.lives:
            return
        self.starts += 1
        epoch = self.epoch = self._kernel.begin_epoch(self.name)
        self.clock.belong_to(epoch)
        self.disk.files.start()
        self._kernel.slow_epoch(self.name, self._turn_s)
        self.board = RoleBoard(self._point)
        self.assembly = Assembly(self.config, self._ports(epoch, self.board))
        self.assembly.start()

    def kill(self, *, power: bool = False) -> None:
        """SIGKILL; with `power` the machine loses what was not synced, and says nothing to anyone."""
        if not self.lives:
            return
        self._kernel.end_epoch(self.name)
        if power:
            self._network.power_off(self.name)
        else:
            self._network.crash(self.name)
        self._network.host(self.name).on_send = None
        self.disk.crash(self._sync, power=power)
        if self.seat is not None:
            self.seat.died(power=power)
        self.assembly = self.board = None
        self.paused = False

    def kill_after(self, effects: int, *, power: bool = False) -> Callable[[], None]:
        """As `kill`, after so many more effects of the process: in the middle of a step.

        Returns how to let it be, for a process that did not come so far.
        """
        epoch = self.epoch
        if not self.lives or epoch is None:
            return lambda: None
        if effects == 0:
            self.kill(power=power)
            return lambda: None
        self._network.host(self.name).on_send = epoch.effect
        return partial(epoch.put_out, epoch.blow_after(effects, partial(self.kill, power=power)))

    def slow_by(self, turn_s: float) -> None:
        """Every event of the process takes so much longer than it does; less when negative."""
        self._turn_s = max(0.0, round(self._turn_s + turn_s, 9))
        self._kernel.slow_epoch(self.name, self._turn_s)

    def restart(self) -> None:
        """End the process as `kill` does, if one lives, and start another with what is set now."""
        if self.lives:
            self.kill()
            self.start()

    def hear(
        self,
        source: str,
        request: WebhookRequest,
        reply_to: Address[AgentEventsKept] | None = None,
    ) -> WebhookAnswer | None:
        """A webhook reaches the node, as its web server takes it; None from one that does not answer.

        `reply_to` is told when events of agents in it are safe.
        """
        heard, assembly = self._sources.get(source), self.assembly
        if assembly is None or self.paused or not hasattr(heard, "hear"):
            return None
        answer = cast("Hearing", heard).hear(request)
        if answer.poll_now:
            assembly.pollers[source].tell(PollNow(source))
        # It may die by any of these, and answers nobody then.
        ris, states = assembly.screens.ris, assembly.screens.states
        if answer.agent_events and ris is not None:
            ris.tell(AgentEventsHeard(answer.agent_events, reply_to=reply_to))
        if answer.ask_states and states is not None:
            states.tell(AskStates(source))
        return answer if self.assembly is assembly else None

    def power_on(self) -> None:
        """The host answers again; the process is not started."""
        self._network.power_on(self.name)

    def pause(self) -> None:
        """SIGSTOP."""
        if self.lives and not self.paused:
            self.paused = True
            self._kernel.pause_epoch(self.name)
            self._network.stall(self.name)

    def resume(self) -> None:
        """SIGCONT: what came due meanwhile happens now."""
        if self.paused:
            self.paused = False
            self._kernel.resume_epoch(self.name)
            self._network.resume(self.name)

    # -- the world of one life ----

    def _point(self, point: str) -> None:
        """A place where a fault is interesting; syncs take their time there."""
        epoch = self.epoch
        self._hooks.on_point(self.name, point)
        if epoch is None or not self._kernel.in_task():
            return
        if epoch.ended:
            self._kernel.park()
        if self.disk.failing_syncs and point in {"fsync", "save:state"}:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        if point == "fsync":
            self._kernel.block_for(self._sync.random() * _SYNC_S_MAX + self.disk.slow_s)
        elif epoch.paused:
            self._kernel.block_for(0.0)

    def _pointed(self, actor: str, behaviour: Behaviour[Any]) -> Behaviour[Any]:
        kind = actor.partition(":")[0]
        names = frozenset(
            point.partition(":")[2] for point in self.watched if point.partition(":")[0] == kind
        )
        if not names:
            return behaviour

        def reach(message: str) -> bool:
            epoch = self.epoch
            self._point(f"{kind}:{message}")
            return epoch is not None and not epoch.ended

        return PointedBehaviour(behaviour, names, reach)

    def _ports(self, epoch: Epoch, board: Board) -> NodePorts:
        kernel, config, name = self._kernel, self.config, self.name

        def on_crash(actor: str, error: BaseException) -> None:
            self._hooks.on_crash(name, actor, error)

        def around(actor: str, behaviour: Behaviour[Any]) -> Behaviour[Any]:
            if self.seat is not None:
                behaviour = self.seat.around(behaviour)
            return self._hooks.around(name, actor, self._pointed(actor, behaviour))

        identity = Identity(
            cluster=CLUSTER,
            node=name,
            instance=self._instance,
            boot=self._randomness.token(),
            build=f"world-{self._protocol_max}",
            protocol_max=self._protocol_max,
        )
        sources = self._sources = {source: self._source(source) for source in config.sources}
        return NodePorts(
            runtime=SimRuntime(kernel=kernel, epoch=epoch, on_crash=on_crash),
            clock=self.clock,
            randomness=self._randomness,
            workers={
                lane: SimWorkers(
                    kernel=kernel, epoch=epoch, name=lane, threads=threads, on_crash=on_crash
                )
                for lane, threads in lanes(config, sources).items()
            },
            board=board,
            identity=identity,
            transport=self._transport(),
            discovery=None,
            lease=self._data_center.lease(name, self._instance),
            state=self.disk.state,
            sources=sources,
            fetcher=HttpxMediaFetcher(lambda: self._services.transport(name), user_agent="world"),
            files=self.disk.files,
            journal=self.disk.journal,
            progress=self.disk.progress,
            archive=self._data_center.archive(name, self._content),
            contact_db=self._data_center.contact_db(name, self.clock),
            retention=self._retention(epoch),
            audit=self._audit(),
            recoveries=self._recoveries(),
            reconcile=self._reconcile(),
            screens=None if self.seat is None else self.seat.ports(self.disk.screens, self._point),
            stitch=None if self.seat is None else self.seat.stitch(self.disk.screens, self._point),
            migrate=self._data_center.migrate(name),
            run_hook=None,
            trap=self._point,
            around=around,
        )

    def _content(self, path: str) -> bytes:
        shelf = self.disk.screens if path.startswith("screens/") else self.disk.files
        return shelf.content(path)

    def _audit(self) -> AuditPorts | None:
        """Only where the incident has a word to say about it: it takes its time."""
        if "scrub" not in self.config.model_fields_set:
            return None
        return self._data_center.audit(self.name, self.disk.proof)

    def _retention(self, epoch: Epoch) -> RetentionDb | None:
        """Only where something may ever be deleted."""
        if not self.config.retention.policies:
            return None
        return self._data_center.retention(self.name, self.clock, lambda: not epoch.ended)

    def _recoveries(self) -> RecoveryDb | None:
        """Only where somebody may ask for one."""
        if "recovery" not in self.config.model_fields_set:
            return None
        return self._data_center.recoveries(self.name, self.clock)

    def _reconcile(self) -> ReconcileStores | None:
        """Only where there may be something to find: it asks the sources for all that they have."""
        if "reconcile" not in self.config.model_fields_set:
            return None
        findings = self._data_center.findings(self.name, self.clock)
        if self.drops is None:
            return ReconcileStores(findings)
        folder = MemoryDropFolder(self.drops, node=self.name, step=self._drop_step)
        return ReconcileStores(findings, folder, DROPS_GONE_S, DROPS_RESUME_S)

    def _drop_step(self, step: str) -> None:
        """About to be done to a folder that others see; it takes its time."""
        self._point(f"drop:{step}")
        self._kernel.block_for(self._step.random() * _STEP_S_MAX)

    def _transport(self) -> SimTransport:
        newer = self._protocol_max > PROTOCOL_MAX
        return SimTransport(
            network=self._network,
            host=self.name,
            port=LINK_PORT,
            rewrite=with_unknown_field if newer else None,
        )

    @property
    def _protocol_max(self) -> int:
        return self.protocols[-1] if self.protocols else PROTOCOL_MAX

    def _source(self, source: str) -> DataSource:
        plugin = kind_of(source).plugin
        table = self.config.sources[source]
        deps = SourceDeps(
            source,
            lambda: self._services.transport(self.name, source),
            self.clock,
            FileSecrets(),
            "tandem/world",
            self._kernel.block_for,
        )
        opened = plugin.open(plugin.settings.model_validate(table.adapter_settings()), deps)
        return opened if self.seat is None else self.seat.telling(source, opened)
