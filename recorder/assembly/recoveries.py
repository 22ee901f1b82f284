"""Recovery as a part of a node: its actor, where the node has a place for recoveries on record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from cluster.ports import Address, Behaviour, Runtime
from recorder.config import Config
from recorder.ports.proof import RecoveryDb
from recorder.recover.recovery import Recovery
from recorder.recover.recovery_ports import RecoveryPorts

if TYPE_CHECKING:
    from recorder.assembly.actors import NodePorts

Begin = Callable[[Address[Any], Behaviour[Any]], None]
NAME = "recovery"


class RecoveryAssembly:
    """One per node; without a `db` there is no recovery, and everything here is empty."""

    def __init__(self, db: RecoveryDb | None, *, runtime: Runtime) -> None:
        self._db = db
        self._runtime = runtime
        self.address: Address[Any] | None = None if db is None else runtime.reserve(NAME)

    @property
    def watched(self) -> tuple[Address[Any], ...]:
        """Those the supervisor pings, and the pair grants the duty."""
        return () if self.address is None else (self.address,)

    def start(
        self,
        begin: Begin,
        config: Config,
        ports: NodePorts,
        pollers: Mapping[str, Address[Any]],
        monitor: Address[Any],
    ) -> None:
        """Start the actor."""
        if self._db is None or self.address is None:
            return
        given = RecoveryPorts(
            node=config.node.id,
            me=self.address,
            sources=ports.sources,
            pollers=pollers,
            source_lanes={name: ports.workers[calls_lane(name)] for name in ports.sources},
            database_lane=ports.workers["database"],
            db=self._db,
            contact_db=ports.contact_db,
            clock=ports.clock,
            randomness=ports.randomness,
            board=ports.board,
            monitor=monitor,
            settings=config.recovery,
        )
        begin(self.address, Recovery(ports=given))

    def stop(self) -> None:
        """Stop the actor."""
        if self.address is not None:
            self._runtime.stop(self.address)


def calls_lane(source: str) -> str:
    """The lane of listings and checks of one source."""
    return f"sources:{source}"
