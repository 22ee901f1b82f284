"""Retention as a part of a node: its actor, where the node has a place for decisions on record."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from cluster.ports import Address, Behaviour, Runtime
from recorder.config import Config
from recorder.keep.retention import Retention
from recorder.keep.retention_parts import RetentionPorts
from recorder.ports.audit import AuditTrail
from recorder.ports.retention import RetentionDb

if TYPE_CHECKING:
    from recorder.assembly.actors import NodePorts

Begin = Callable[[Address[Any], Behaviour[Any]], None]
NAME: Final = "retention"
"""Of the actor, and of its lane of work."""


class RetentionAssembly:
    """One per node; without a `db` nothing is ever deleted, and everything here is empty."""

    def __init__(self, db: RetentionDb | None, *, runtime: Runtime) -> None:
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
        monitor: Address[Any],
        trail: AuditTrail,
    ) -> None:
        """Start the actor."""
        if self._db is None or self.address is None:
            return
        given = RetentionPorts(
            node=config.node.id,
            me=self.address,
            db=self._db,
            archive=ports.archive,
            lane=ports.workers[NAME],
            clock=ports.clock,
            board=ports.board,
            monitor=monitor,
            trail=trail,
            settings=config.retention,
        )
        begin(self.address, Retention(ports=given))

    def stop(self) -> None:
        """Stop the actor."""
        if self.address is not None:
            self._runtime.stop(self.address)
