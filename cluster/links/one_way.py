"""Whether the peer hears this node, judged by what its beats echo. Pure.

Every beat says which of ours was heard last. A peer that is heard while it echoes nothing newer does not
hear us: frames get lost on the way there, and only there. Silence proves nothing of the kind, and neither
does a pause of this process.
"""

from __future__ import annotations

from collections import deque
from typing import Final

_SENT_KEPT: Final = 256


class EchoWatch:
    """Instants are monotonic nanoseconds. `limit_ns` is how long an echo may stay out.

    `judge` is to be called at every own beat, after what arrived before it was told; a gap of more than
    `pause_ns` between two calls is a pause of this process, and the measuring begins anew.
    """

    def __init__(self, *, limit_ns: int, pause_ns: int) -> None:
        self._limit_ns = limit_ns
        self._pause_ns = pause_ns
        self._sent: deque[tuple[int, int]] = deque(maxlen=_SENT_KEPT)
        self._echoed = 0
        self._heard_ns: int | None = None
        self._since_ns = 0
        self._judged_ns = 0
        self._one_way = False
        self._proof = 0

    @property
    def is_one_way(self) -> bool:
        """The last verdict."""
        return self._one_way

    def connected(self, now_ns: int) -> None:
        """A link is up: what was sent before it may be lost and says nothing."""
        self._since_ns = self._judged_ns = now_ns
        self._heard_ns = None

    def forget_peer(self) -> None:
        """Another process of the peer speaks now, or none does."""
        self._sent.clear()
        self._echoed = 0
        self._heard_ns = None
        self._one_way = False

    def sent(self, seq: int, now_ns: int) -> None:
        """An own beat left."""
        self._sent.append((seq, now_ns))

    def heard(self, echo_seq: int, now_ns: int) -> None:
        """A beat of the peer arrived and echoes our `echo_seq`."""
        self._heard_ns = now_ns
        self._echoed = max(self._echoed, echo_seq)
        while self._sent and self._sent[0][0] <= self._echoed:
            self._sent.popleft()

    def judge(self, now_ns: int) -> bool:
        """Whether the link carries one way only. Once true, only an echo of a later beat ends it."""
        before_ns, self._judged_ns = self._judged_ns, now_ns
        if now_ns - before_ns > self._pause_ns:
            self._since_ns = now_ns
        elif self._one_way:
            self._one_way = self._echoed < self._proof
        elif self._is_overdue():
            self._one_way = True
            self._proof = self._sent[-1][0]
        return self._one_way

    def _is_overdue(self) -> bool:
        """A beat arrived after an echo was due, and did not bring it."""
        if self._heard_ns is None or not self._sent:
            return False
        return self._heard_ns - max(self._sent[0][1], self._since_ns) > self._limit_ns
