"""Certificates as a part of a node: the actor that makes them, where the node has a place for requests on record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cluster.ports import Address, Behaviour, Runtime
from recorder.assembly.recoveries import calls_lane
from recorder.config import Config
from recorder.ports.audit import AuditTrail
from recorder.ports.certificates import CertificateWork
from recorder.prove.make import ProvedSource, Prover
from recorder.prove.maker import Maker, MakerPorts

if TYPE_CHECKING:
    from recorder.assembly.actors import NodePorts

Begin = Callable[[Address[Any], Behaviour[Any]], None]
NAME: Final = "certificates"
"""Of the actor, and of its lane of work."""


@dataclass(frozen=True, slots=True)
class ProveStores:
    """What the making of certificates needs of a node."""

    work: CertificateWork
    prover: Callable[[AuditTrail], Prover]


class ProveAssembly:
    """One per node; without `stores` none is made, and everything here is empty."""

    def __init__(self, stores: ProveStores | None, *, runtime: Runtime) -> None:
        self._stores = stores
        self._runtime = runtime
        self.address: Address[Any] | None = None if stores is None else runtime.reserve(NAME)

    @property
    def watched(self) -> tuple[Address[Any], ...]:
        """Those the supervisor pings, and the pair grants the duty."""
        return () if self.address is None else (self.address,)

    def start(self, begin: Begin, config: Config, ports: NodePorts, trail: AuditTrail) -> None:
        """Start the actor."""
        if self._stores is None or self.address is None:
            return
        tables = config.sources
        given = MakerPorts(
            me=self.address,
            prover=self._stores.prover(trail),
            work=self._stores.work,
            sources={
                name: ProvedSource(
                    source,
                    tables[name].kind,
                    (tables[name].poll or config.poll).settle_s,
                )
                for name, source in ports.sources.items()
            },
            source_lanes={name: ports.workers[calls_lane(name)] for name in ports.sources},
            database_lane=ports.workers["database"],
            lane=ports.workers[NAME],
            board=ports.board,
        )
        begin(self.address, Maker(ports=given))

    def stop(self) -> None:
        """Stop the actor."""
        if self.address is not None:
            self._runtime.stop(self.address)
