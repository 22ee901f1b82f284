"""Says who is on a call and has no desktop on either node. A part of the actor `ScreenRecorder`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cluster.board import Board
from cluster.frames import Share
from cluster.messages import LinkMessage, PeerListens, SendFrame, ShareHeard, ShareMessage
from cluster.ports import Address
from cluster.status import PairStatus, PeerStatus
from recorder.messages import FindingClosed, FindingOpened, MonitorMessage
from recorder.model import Finding
from recorder.scn.model import Leg
from recorder.screen.absent import TOPIC, Absentees, PeersDesktops, absent, bodies


@dataclass(slots=True, kw_only=True)
class Absence:
    """One per node; the one that has the duty tells, so that it is told once."""

    link: Address[LinkMessage]
    monitor: Address[MonitorMessage]
    board: Board
    expected: bool
    """Whether every agent is to have a desktop."""
    _peers: PeersDesktops = field(default_factory=PeersDesktops)
    _absentees: Absentees = field(default_factory=Absentees)
    _shared: tuple[str, ...] = ()
    """What the peer was told."""
    _told: Finding | None = None

    def on(self, message: ShareMessage) -> None:
        """From the peer."""
        match message:
            case PeerListens():
                self._peers.listens()
                self._share()
            case ShareHeard(_, body):
                self._peers.heard(body)

    def tick(
        self, legs: Mapping[str, tuple[Leg, ...]], present: tuple[str, ...], now_ns: int
    ) -> None:
        """Once a keep-alive. `present`: agents with a desktop here, sorted."""
        if present != self._shared:
            self._shared = present
            self._share()
        peer = self.board.read("peer", PeerStatus)
        self._peers.link(is_up=peer is not None and peer.connected, now_ns=now_ns)
        elsewhere = self._peers.known(now_ns)
        missed = self._absentees.look(legs, frozenset(present), elsewhere, now_ns)
        pair = self.board.read("pair", PairStatus)
        on_duty = pair is None or pair.duty
        self._tell(absent(missed) if missed and on_duty and self.expected else None)

    def _share(self) -> None:
        for body in bodies(self._shared):
            self.link.tell(SendFrame(Share(TOPIC, body)))

    def _tell(self, finding: Finding | None) -> None:
        if finding == self._told:
            return
        if finding is not None:
            self.monitor.tell(FindingOpened(finding))
        elif self._told is not None:
            self.monitor.tell(FindingClosed(self._told.code, self._told.subject))
        self._told = finding
