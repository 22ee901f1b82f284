"""The whole of one node: what it is made of, in which order it starts, and its reverse.

Everything is made in `__init__` without a thread running; `start` begins with what others rely on.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from cluster.board import Board
from cluster.distributor import Distributor
from cluster.handshake import Identity
from cluster.link import Link
from cluster.messages import CommandAnswer, StepDownAndStop, StopLink
from cluster.pair import Pair
from cluster.ports import Address, Behaviour, Endpoint
from cluster.real_clock import RealClock
from cluster.real_randomness import RealRandomness
from cluster.state_file import StateFile, instance_id
from cluster.supervisor import Supervisor
from cluster.thread_runtime import ThreadRuntime
from cluster.thread_workers import ThreadWorkers
from recorder.adapters.hooks import role_hook
from recorder.adapters.secrets import FileSecrets
from recorder.archive.archiver import Archiver
from recorder.archive.commit_job import CommitTools
from recorder.buffer.call_buffer import CallBuffer
from recorder.config import Config
from recorder.control import NodeControl
from recorder.errors import DataCenterDown
from recorder.ingest.ingester import Ingester
from recorder.migration import Migration
from recorder.monitor import Monitor
from recorder.node_adapters import (
    Stores,
    node_discovery,
    node_fetcher,
    node_sources,
    node_stores,
    node_transport,
)
from recorder.poll.poller import Poller
from recorder.poll.poller_ports import PollerPorts
from recorder.traps import Trap, trapped
from recorder.version import build
from recorder.web.app import create_app
from recorder.web.server import WebServer

OnCrash = Callable[[str, BaseException], None]

DATABASE_WORKERS = 2
CONTROL_WORKERS = 4
LOCAL_WORKERS = 2
"""One may be busy with a hook for long; the other still looks at the disk."""
ACTORS = ("monitor", "link", "pair", "distributor", "ingester", "archiver", "call_buffer")


class Node:
    """One recorder node in this process. Not reusable after `stop`.

    Raises RecorderError or ClusterError, naming what to mend, before any thread was started.
    """

    def __init__(self, config: Config, *, on_crash: OnCrash, trap: Trap) -> None:
        self._config = config
        self._clock = RealClock()
        self._randomness = RealRandomness()
        self._board = Board()
        self._runtime = ThreadRuntime(on_crash=on_crash)
        self._stores: Stores = node_stores(config, self._clock, trap)
        self._identity = Identity(
            cluster=config.node.cluster,
            node=config.node.id,
            instance=instance_id(config.node.data / "instance", self._randomness),
            boot=self._randomness.token(),
            build=build(),
            web_url=_web_url(config),
        )
        self._secrets = FileSecrets()
        self._sources, problems = node_sources(config, self._clock, self._secrets)
        self._fetcher = node_fetcher(config)
        self._transport = node_transport(config, on_crash)
        self._lanes = {
            name: ThreadWorkers(name=name, threads=threads, on_crash=on_crash)
            for name, threads in (
                ("downloads", config.ingest.downloads),
                ("sources", max(2, 2 * len(self._sources))),
                ("database", DATABASE_WORKERS),
                ("archive", 1),
                ("control", CONTROL_WORKERS),
                ("local", LOCAL_WORKERS),
            )
        }
        self._lease = self._stores.lease(self._identity.boot)
        self._at: dict[str, Address[Any]] = {
            name: self._runtime.reserve(name) for name in ("supervisor", "migration", *ACTORS)
        }
        self._pollers: dict[str, Address[Any]] = {
            name: self._runtime.reserve(f"poller:{name}") for name in self._sources
        }
        self.control = NodeControl(
            node=config.node.id,
            cluster=config.node.cluster,
            boot=self._identity.boot,
            build=build(),
            started_us=self._clock.wall_us(),
            web_url=_web_url(config),
            board=self._board,
            clock=self._clock,
            contact_db=self._stores.contact_db,
            archive=self._stores.archive,
            runtime=self._runtime,
            pair=self._at["pair"],
            pollers=self._pollers,
            problems=problems,
            admin_token=partial(_token, config, self._secrets),
        )
        self._web = WebServer(
            create_app(self.control),
            config.web.listen,
            certificate=config.web.tls_certificate,
            key=config.web.tls_key,
        )
        self._may_stop = threading.Event()

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
        at, start = self._at, self._begin
        start(at["monitor"], self._monitor())
        start(at["migration"], self._migration())
        start(at["distributor"], self._distributor())
        start(at["archiver"], self._archiver())
        start(at["ingester"], self._ingester())
        start(at["call_buffer"], self._call_buffer())
        for name, address in self._pollers.items():
            start(address, self._poller(name, address))
        start(at["link"], self._link())
        start(at["pair"], self._pair())
        start(at["supervisor"], self._supervisor())
        self._web.start()

    def begin_stop(self) -> None:
        """Ask the pair to hand the role over; `may_stop` tells when it has."""
        self._at["pair"].tell(StepDownAndStop(_Signal(self._may_stop)))

    def may_stop(self) -> bool:
        """Whether the role is handed over, or nobody is there to take it."""
        return self._may_stop.is_set()

    def stop(self) -> None:
        """Stop in the reverse order of `start`. The peer hears a goodbye."""
        self._web.stop()
        self._at["link"].tell(StopLink("the node stops"))
        for name in ("supervisor", "pair", "link"):
            self._runtime.stop(self._at[name])
        for address in self._pollers.values():
            self._runtime.stop(address)
        for name in ("call_buffer", "ingester", "archiver", "distributor", "migration", "monitor"):
            self._runtime.stop(self._at[name])
        for lane in self._lanes.values():
            lane.stop(timeout_s=2.0)
        self._clock.stop()
        for source in self._sources.values():
            source.close()
        self._fetcher.close()
        self._lease.close()
        self._stores.contact_db.close()

    # -- the actors ----

    def _begin(self, address: Address[Any], behaviour: Behaviour[Any]) -> None:
        self._runtime.start(address, trapped(behaviour, address.name, self._stores.trap))

    def _monitor(self) -> Monitor:
        return Monitor(
            address=self._at["monitor"],
            board=self._board,
            clock=self._clock,
            contact_db=self._stores.contact_db,
            workers=self._lanes["local"],
            link=self._at["link"],
            run_hook=role_hook(self._config.hooks.on_role_change),
        )

    def _migration(self) -> Migration:
        return Migration(
            me=self._at["migration"],
            migrate=self._stores.migrate,
            workers=self._lanes["database"],
            clock=self._clock,
        )

    def _distributor(self) -> Distributor:
        return Distributor(
            node=self._config.node.id,
            boot=self._identity.boot,
            me=self._at["distributor"],
            link=self._at["link"],
            clients=lambda key: self._pollers.get(key.partition("/")[0]),
            clock=self._clock,
            board=self._board,
            settings=self._config.pair,
        )

    def _archiver(self) -> Archiver:
        stores = self._stores
        return Archiver(
            node=self._config.node.id,
            boot=self._identity.boot,
            me=self._at["archiver"],
            distributor=self._at["distributor"],
            monitor=self._at["monitor"],
            board=self._board,
            workers=self._lanes["archive"],
            clock=self._clock,
            tools=CommitTools(
                stores.journal, stores.files, stores.archive, stores.contact_db, stores.trap
            ),
            settings=self._config.archive,
        )

    def _ingester(self) -> Ingester:
        return Ingester(
            node=self._config.node.id,
            boot=self._identity.boot,
            me=self._at["ingester"],
            distributor=self._at["distributor"],
            archiver=self._at["archiver"],
            monitor=self._at["monitor"],
            board=self._board,
            workers=self._lanes["downloads"],
            clock=self._clock,
            sources=self._sources,
            fetcher=self._fetcher,
            files=self._stores.files,
            contact_db=self._stores.contact_db,
            settings=self._config.ingest,
        )

    def _call_buffer(self) -> CallBuffer:
        return CallBuffer(
            me=self._at["call_buffer"],
            ingester=self._at["ingester"],
            monitor=self._at["monitor"],
            board=self._board,
            workers=self._lanes["local"],
            clock=self._clock,
            files=self._stores.files,
            settings=self._config.buffer,
        )

    def _poller(self, name: str, address: Address[Any]) -> Poller:
        table = self._config.sources[name]
        return Poller(
            ports=PollerPorts(
                kind=table.kind,
                node=self._config.node.id,
                boot=self._identity.boot,
                me=address,
                source=self._sources[name],
                db=self._stores.contact_db,
                store=self._stores.progress,
                source_lane=self._lanes["sources"],
                database_lane=self._lanes["database"],
                clock=self._clock,
                randomness=self._randomness,
                board=self._board,
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
            identity=self._identity,
            settings=self._config.pair,
            transport=self._transport,
            discovery=node_discovery(self._config),
            clock=self._clock,
            randomness=self._randomness,
            board=self._board,
            pair=self._at["pair"],
            distributor=self._at["distributor"],
            duties=tuple(self._pollers.values()),
            fixed_peer=self._config.peer.address,
        )

    def _pair(self) -> Pair:
        return Pair(
            node=self._config.node.id,
            settings=self._config.pair,
            clock=self._clock,
            workers=self._lanes["control"],
            lease=self._lease,
            store=StateFile(self._config.node.data / "state.json"),
            board=self._board,
            address=self._at["pair"],
            link=self._at["link"],
            distributor=self._at["distributor"],
            observer=self._at["monitor"],
            duty_holders=tuple(self._pollers.values()),
        )

    def _supervisor(self) -> Supervisor:
        return Supervisor(
            clock=self._clock,
            settings=self._config.pair,
            board=self._board,
            own=self._at["supervisor"],
            actors=(*(self._at[name] for name in ACTORS), *self._pollers.values()),
            link=self._at["link"],
            pair=self._at["pair"],
            observer=self._at["monitor"],
        )


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
