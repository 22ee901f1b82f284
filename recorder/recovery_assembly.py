"""Recovery as a part of a node: its actor, where the node has a place for recoveries on record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cluster.board import Board
from cluster.ports import Address, Behaviour, Clock, Randomness, Runtime, Workers
from recorder.ports import ContactDb, DataSource
from recorder.proof_ports import RecoveryDb
from recorder.recover.recovery import Recovery
from recorder.recover.recovery_ports import RecoveryPorts
from recorder.settings import RecoverySettings

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
        begin: Callable[[Address[Any], Behaviour[Any]], None],
        *,
        node: str,
        sources: Mapping[str, DataSource],
        pollers: Mapping[str, Address[Any]],
        source_lanes: Mapping[str, Workers],
        database_lane: Workers,
        contact_db: ContactDb,
        clock: Clock,
        randomness: Randomness,
        board: Board,
        monitor: Address[Any],
        settings: RecoverySettings,
    ) -> None:
        """Start the actor."""
        if self._db is None or self.address is None:
            return
        ports = RecoveryPorts(
            node=node,
            me=self.address,
            sources=sources,
            pollers=pollers,
            source_lanes=source_lanes,
            database_lane=database_lane,
            db=self._db,
            contact_db=contact_db,
            clock=clock,
            randomness=randomness,
            board=board,
            monitor=monitor,
            settings=settings,
        )
        begin(self.address, Recovery(ports=ports))

    def stop(self) -> None:
        """Stop the actor."""
        if self.address is not None:
            self._runtime.stop(self.address)
