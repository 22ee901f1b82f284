"""Tells the other node which desktops are connected here, and shows which ones it says are connected there.

For people only: nothing is decided by it. What the other node told stays on the board when it falls silent,
with the instant when that was heard.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, TypeAlias, assert_never

from cluster.board import Board
from cluster.frames import Share
from cluster.messages import PeerListens, Ping, Pong, SendFrame, ShareHeard
from cluster.ports import Address, Clock
from recorder.codec import Codec
from recorder.errors import RecorderError
from recorder.scn.recorder_status import (
    PeerScreensStatus,
    ScreenRecorderStatus,
    ToldDesktop,
    ToldScreens,
)
from recorder.settings.bounds import Bounds

TOPIC: Final = "screens"
TELL_S: Final = 2.0
DESKTOPS_MAX: Final = 500
"""In one share: with ids of a usual length it stays far below what a frame may hold."""
_CODEC: Final = Codec(ToldScreens, Bounds(text_chars_max=300, entries_max=DESKTOPS_MAX))


@dataclass(frozen=True, slots=True)
class TellDue:
    """Time to tell the peer."""


PeerScreensMessage: TypeAlias = PeerListens | ShareHeard | Ping | TellDue


class PeerScreens:
    """One per node. Publishes PeerScreensStatus on the board as part `peer_screens`."""

    def __init__(
        self,
        *,
        node: str,
        me: Address[PeerScreensMessage],
        link: Address[Any],
        board: Board,
        clock: Clock,
    ) -> None:
        self._node = node
        self._me = me
        self._link = link
        self._board = board
        self._clock = clock

    def on_start(self) -> None:
        """Begin to tell."""
        self._clock.call_later(TELL_S, self._me, TellDue())

    def on_stop(self) -> None:
        """What was told grows old at the peer."""

    def on_message(self, message: PeerScreensMessage) -> None:
        """See the union."""
        match message:
            case TellDue():
                self._clock.call_later(TELL_S, self._me, TellDue())
                self._tell()
            case PeerListens():
                self._tell()
            case ShareHeard(_, body):
                self._heard(body)
            case Ping(number, reply_to):
                reply_to.tell(Pong(self._me.name, number))
            case _:
                assert_never(message)

    def _tell(self) -> None:
        status = self._board.read("screens", ScreenRecorderStatus)
        if status is not None:
            self._link.tell(SendFrame(Share(TOPIC, _CODEC.encode(told_of(self._node, status)))))

    def _heard(self, body: bytes) -> None:
        try:
            told = _CODEC.decode(body)
        except RecorderError:
            return  # of a build that says it in other words: the pages show how old the last one is
        heard_ns = self._clock.monotonic_ns()
        self._board.publish("peer_screens", PeerScreensStatus(told, heard_ns))


def told_of(node: str, status: ScreenRecorderStatus) -> ToldScreens:
    """What the peer is told. Those that record come first, so that none of them is left out for one that waits."""
    desktops = sorted(status.desktops, key=lambda one: (not one.streaming, one.desktop))
    return ToldScreens(
        node=node,
        desktops=tuple(
            ToldDesktop(one.desktop, one.agents, one.streaming, one.masked)
            for one in desktops[:DESKTOPS_MAX]
        ),
        more=max(0, len(desktops) - DESKTOPS_MAX),
        stopped=status.stopped[:200],
    )
