"""What one node learnt and the other wants to know: by topic, whatever it means to those who share it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from cluster.frames import PROTOCOL_OF_SHARES, Frame, Mark, Share
from cluster.messages import HintsHeard, MarksHeard, PeerListens, PeerUp, ShareHeard, ShareMessage
from cluster.ports import Address

NOBODY: Final[Mapping[str, Address[ShareMessage]]] = MappingProxyType({})


class Sharing:
    """Who shares under which topic on this node. What comes under an unknown topic is nobody's."""

    def __init__(self, sharers: Mapping[str, Address[ShareMessage]]) -> None:
        self._sharers = dict(sharers)

    def told(self, news: object, protocol: int) -> None:
        """The link came up, or something else happened to it; `protocol` is what both nodes speak."""
        if isinstance(news, PeerUp) and protocol >= PROTOCOL_OF_SHARES:
            for sharer in self._sharers.values():
                sharer.tell(PeerListens())

    def heard(self, share: Share) -> None:
        """Tell who shares under this topic here."""
        sharer = self._sharers.get(share.topic)
        if sharer is not None:
            sharer.tell(ShareHeard(share.topic, share.body))

    @staticmethod
    def may_send(frame: Frame, protocol: int) -> bool:
        """Whether the peer knows such a frame; an older one would end the connection over a share."""
        return not isinstance(frame, Share) or protocol >= PROTOCOL_OF_SHARES


def tell_marks(
    duties: Sequence[Address[MarksHeard | HintsHeard]],
    marks: Mapping[str, Mark],
    hints: tuple[str, ...] = (),
) -> None:
    """Tell the holders of duties what the peer said of their marks, and what it was told is new."""
    for duty in duties if marks else ():
        duty.tell(MarksHeard(marks))
    for duty in duties if hints else ():
        duty.tell(HintsHeard(hints))
