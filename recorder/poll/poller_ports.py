"""What a poller is given: its source, its stores, its clock, and the addresses it tells."""

from __future__ import annotations

from dataclasses import dataclass

from cluster.board import Board
from cluster.messages import LinkMessage, PairMessage
from cluster.ports import Address, Clock, Randomness, Workers
from cluster.work_messages import DistributorMessage
from recorder.messages import MonitorMessage
from recorder.poll.poll_messages import PollerInbox
from recorder.ports.recording import ContactDb, DataSource, ProgressStore
from recorder.settings.stages import PollSettings, RetrySettings


@dataclass(frozen=True, slots=True, kw_only=True)
class PollerPorts:
    """One per source. `boot` must be new at every start of the node."""

    kind: str
    node: str
    boot: str
    me: Address[PollerInbox]
    source: DataSource
    db: ContactDb
    store: ProgressStore
    source_lane: Workers
    """For calls to the source; must not wait behind downloads."""
    database_lane: Workers
    clock: Clock
    randomness: Randomness
    board: Board
    distributor: Address[DistributorMessage]
    link: Address[LinkMessage]
    pair: Address[PairMessage]
    monitor: Address[MonitorMessage]
    poll: PollSettings
    retry: RetrySettings

    @property
    def name(self) -> str:
        """The source's name."""
        return self.source.name
