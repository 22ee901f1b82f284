"""What recovery is given: sources, stores, clock, and the addresses it tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cluster.board import Board
from cluster.ports import Address, Clock, Randomness, Workers
from recorder.budgets import BudgetFigures, budget_of
from recorder.messages import MonitorMessage, PollerCommand
from recorder.ports.proof import RecoveryDb
from recorder.ports.recording import ContactDb, DataSource
from recorder.recover.recovery_messages import RecoveryInbox
from recorder.settings.stages import RecoverySettings


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryPorts:
    """One per node."""

    node: str
    me: Address[RecoveryInbox]
    sources: Mapping[str, DataSource]
    pollers: Mapping[str, Address[PollerCommand]]
    source_lanes: Mapping[str, Workers]
    """By source; recoveries have at most one call on each at a time."""
    database_lane: Workers
    db: RecoveryDb
    contact_db: ContactDb
    clock: Clock
    randomness: Randomness
    board: Board
    monitor: Address[MonitorMessage]
    settings: RecoverySettings

    def budget(self, source: str) -> BudgetFigures | None:
        """How the source's budget is spent on this node."""
        return budget_of(self.sources[source])
