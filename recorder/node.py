"""One node in this process: real threads, sockets and files under the assembly, and a web server over it.

Everything is made in `__init__` without a thread running; the web server starts last and stops first.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Final

from cluster.adapters.real_clock import RealClock
from cluster.adapters.real_randomness import RealRandomness
from cluster.adapters.state_file import StateFile, instance_id
from cluster.adapters.thread_runtime import ThreadRuntime
from cluster.adapters.thread_workers import ThreadWorkers
from cluster.board import Board
from cluster.links.handshake import Identity
from cluster.messages import CommandAnswer, StepDownAndStop
from cluster.ports import Behaviour, Endpoint
from recorder.adapters.hooks import role_hook
from recorder.adapters.secrets import FileSecrets
from recorder.assembly.actors import Assembly, NodePorts
from recorder.assembly.adapters import (
    Stores,
    node_discovery,
    node_fetcher,
    node_sources,
    node_stores,
    node_transport,
)
from recorder.assembly.proof import prove_stores
from recorder.assembly.stitching import stitch_tools
from recorder.config import Config
from recorder.desk.control import NamedToken, NodeControl, OpenSource, SourceProblem
from recorder.desk.logins import LoginDesk
from recorder.desk.proof import ProofDesk
from recorder.desk.recoveries import RecoveryDesk
from recorder.desk.replay import ReplayDesk
from recorder.desk.retention import RetentionDesk
from recorder.errors import DataCenterDown
from recorder.lanes import lanes
from recorder.records.audit import SYSTEM
from recorder.scn.desk import ScreenDesk
from recorder.settings.seen import changed_keys, load_seen, save_seen, seen
from recorder.tracing.node import NodeTracing
from recorder.traps import Trap, trapped
from recorder.version import build
from recorder.web.app import create_app
from recorder.web.server import WebServer

OnCrash = Callable[[str, BaseException], None]
_LANES_STOP_S: Final = 2.0


class Node:
    """One recorder node in this process. Not reusable after `stop`.

    Raises RecorderError or ClusterError, naming what to mend, before any thread was started.
    """

    def __init__(
        self, config: Config, *, on_crash: OnCrash, trap: Trap, trace: Path | None = None
    ) -> None:
        self._config = config
        self._clock = RealClock()
        randomness = RealRandomness()
        runtime = ThreadRuntime(on_crash=on_crash)
        self._stores: Stores = node_stores(config, self._clock, trap)
        identity = Identity(
            cluster=config.node.cluster,
            node=config.node.id,
            instance=instance_id(config.node.data / "instance", randomness),
            boot=randomness.token(),
            build=build(),
            web_url=_web_url(config),
        )
        secrets = FileSecrets()
        self._sources, problems = node_sources(config, self._clock, secrets)
        self._fetcher = node_fetcher(config)
        self._lanes = {
            name: ThreadWorkers(name=name, threads=threads, on_crash=on_crash)
            for name, threads in lanes(config, self._sources).items()
        }
        self._lease = self._stores.lease(identity.instance, identity.boot)

        ports = self._node_ports(identity, runtime, on_crash, trap)
        self._tracing = None
        if trace is not None:
            self._tracing = NodeTracing(trace, node=config.node.id, clock=self._clock)
            ports = self._tracing.ports(ports)
        self._assembly = Assembly(config, ports)
        self.control = self._control(identity, ports, problems, secrets)
        self._web = WebServer(
            create_app(self.control),
            config.web.listen,
            certificate=config.web.tls_certificate,
            key=config.web.tls_key,
        )
        self._may_stop = threading.Event()

    def _node_ports(
        self,
        identity: Identity,
        runtime: ThreadRuntime,
        on_crash: OnCrash,
        trap: Trap,
    ) -> NodePorts:
        config = self._config

        def around(name: str, behaviour: Behaviour[Any]) -> Behaviour[Any]:
            return trapped(behaviour, name, trap)

        return NodePorts(
            runtime=runtime,
            clock=self._clock,
            randomness=RealRandomness(),
            workers=self._lanes,
            board=Board(),
            identity=identity,
            transport=node_transport(config, on_crash),
            discovery=node_discovery(config),
            lease=self._lease,
            state=StateFile(config.node.data / "state.json"),
            sources=self._sources,
            fetcher=self._fetcher,
            files=self._stores.files,
            journal=self._stores.journal,
            progress=self._stores.progress,
            archive=self._stores.archive,
            contact_db=self._stores.contact_db,
            migrate=self._stores.migrate,
            run_hook=role_hook(config.hooks.on_role_change),
            trap=trap,
            around=around,
            recoveries=self._stores.recoveries,
            reconcile=self._stores.reconcile,
            retention=self._stores.retention,
            audit=self._stores.audit,
            screens=self._stores.screens,
            prove=prove_stores(config, self._stores, self._clock),
            stitch=self._stores.stitch,
        )

    @property
    def web_endpoint(self) -> Endpoint:
        """Where the web server listens."""
        return self._web.endpoint

    @property
    def peer_endpoint(self) -> Endpoint:
        """Where the peer link is to listen."""
        return self._config.peer.listen

    def start(self) -> None:
        """Start everything; returns when every actor runs and the web server answers.

        Raises SchemaTooNew. A Data Center that is away is waited for while recording into the buffer.
        """
        with suppress(DataCenterDown):
            self._stores.migrate_now()
        self._assembly.start()
        self._note_start()
        self._web.start()

    def begin_stop(self) -> None:
        """Ask the pair to hand the role over; `may_stop` tells when it has."""
        self._assembly.pair.tell(StepDownAndStop(_Signal(self._may_stop)))

    def may_stop(self) -> bool:
        """Whether the role is handed over, or nobody is there to take it."""
        return self._may_stop.is_set()

    def stop(self) -> None:
        """Stop in the reverse order of `start`. The peer hears a goodbye."""
        self._web.stop()
        self._assembly.stop()
        self._stop_lanes()
        self._clock.stop()
        for source in self._sources.values():
            source.close()
        self._fetcher.close()
        self._lease.close()
        self._stores.contact_db.close()
        self._stores.journal.close()
        self._stores.audit_journal.close()
        self._stores.agent_journal.close()
        if self._tracing is not None:
            self._tracing.close()

    def _note_start(self) -> None:
        """Put on record that this node starts, and what of its configuration is new to it."""
        path = self._config.node.data / "config-seen.json"
        before, now = load_seen(path), seen(self._config)
        trail, node = self.control.audit, self.control.node
        trail.record("node_started", node, SYSTEM, {"build": build(), "configuration": now.digest})
        if before == now:
            return
        detail: dict[str, object] = {"configuration": now.digest}
        if before is not None:
            detail |= {"before": before.digest, **changed_keys(before, now)}
        # Told again at the next start unless it is safe: what is not on record counts as not seen.
        if self.control.audited("configuration_changed", node, SYSTEM, detail):
            with suppress(OSError):
                save_seen(path, now)

    def _stop_lanes(self) -> None:
        """All at once: however many hang, they cost one wait."""
        until_ns = self._clock.monotonic_ns() + int(_LANES_STOP_S * 1e9)
        for lane in self._lanes.values():
            lane.stop(timeout_s=0.0)
        for lane in self._lanes.values():
            lane.stop(timeout_s=(until_ns - self._clock.monotonic_ns()) / 1e9)

    def _control(
        self,
        identity: Identity,
        ports: NodePorts,
        problems: tuple[SourceProblem, ...],
        secrets: FileSecrets,
    ) -> NodeControl:
        config = self._config
        return NodeControl(
            node=config.node.id,
            cluster=config.node.cluster,
            boot=identity.boot,
            build=identity.build,
            started_us=self._clock.wall_us(),
            web_url=identity.web_url,
            board=ports.board,
            clock=self._clock,
            contact_db=ports.contact_db,
            archive=ports.archive,
            runtime=ports.runtime,
            pair=self._assembly.pair,
            pollers=self._assembly.pollers,
            problems=problems,
            sources={
                name: OpenSource(config.sources[name].kind, source)
                for name, source in self._sources.items()
            },
            admin_token=partial(_token, config, secrets),
            audit=self._assembly.audit.trail,
            audit_writer=self._assembly.audit.writer,
            audit_db=self._stores.audit.db,
            scrub_db=self._stores.audit.scrub_db,
            proof=self._proof_desk(ports),
            recoveries=self._recovery_desk(ports),
            findings=self._stores.reconcile.findings,
            reconciliation=self._assembly.reconcile.address,
            login_s=config.replay.login_s,
            logins=LoginDesk(ports.clock, ports.board, self._stores.logins),
            randomness=ports.randomness,
            retention=RetentionDesk(
                self._stores.retention,
                ports.clock,
                ports.randomness,
                config.retention.rules(),
            ),
            screen_db=self._stores.stitch.screens,
            desktops=self._screen_desk(),
            replay=self._replay_desk(ports),
            ris=self._assembly.screens.ris,
            states=self._assembly.screens.states,
            tokens=tuple(
                NamedToken(name, frozenset(one.roles), partial(secrets.read, one.token), one.shared)
                for name, one in sorted(config.web.tokens.items())
            ),
        )

    def _proof_desk(self, ports: NodePorts) -> ProofDesk | None:
        maker, given = self._assembly.prove.address, ports.prove
        if maker is None or given is None:
            return None
        return ProofDesk(
            das=self._stores.das,
            prover=given.prover(self._assembly.audit.trail),
            work=given.work,
            maker=maker,
            clock=ports.clock,
            randomness=ports.randomness,
        )

    def _screen_desk(self) -> ScreenDesk | None:
        recorder = self._assembly.screens.recorder
        if recorder is None or not self._config.screens.enabled:
            return None
        return ScreenDesk(recorder, self._stores.desktop_links)

    def _replay_desk(self, ports: NodePorts) -> ReplayDesk | None:
        address = self._assembly.stitch.address
        if address is None or ports.stitch is None:
            return None
        return ReplayDesk(stitch_tools(ports.stitch, self._config, ports), address, ports.board)

    def _recovery_desk(self, ports: NodePorts) -> RecoveryDesk | None:
        address = self._assembly.recovery.address
        if address is None or ports.recoveries is None:
            return None
        return RecoveryDesk(ports.recoveries, address, ports.clock, ports.randomness)


class _Signal:
    """An address that only notes that something was told."""

    name = "stopping"

    def __init__(self, told: threading.Event) -> None:
        self._told = told

    def tell(self, message: CommandAnswer) -> None:
        """Note it, whatever it says: the process ends either way."""
        del message
        self._told.set()


def _web_url(config: Config) -> str:
    scheme = "https" if config.web.tls_certificate else "http"
    return config.web.public_url or f"{scheme}://{config.web.listen}"


def _token(config: Config, secrets: FileSecrets) -> str | None:
    return None if config.web.token is None else secrets.read(config.web.token)
