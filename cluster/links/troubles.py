"""What an operator is told of a peer link that cannot come about. Pure.

The same fault comes back with every dial: it is told when it is new, and taken back when it is over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cluster.links.tls_faults import TlsFault
from cluster.messages import AlarmCleared, AlarmRaised

SURE_AFTER: Final = 3
"""Dials with the same fault: a stranger's single knock is none."""
LAPSE_NS: Final = 60_000_000_000
"""Redials come every 2 s at most: what is not seen for so long is over."""

_CODE: Final = "tls_mismatch"


@dataclass(slots=True)
class _Seen:
    host: str
    times: int
    last_ns: int


class TlsTrouble:
    """Which disagreements about TLS keep coming back. Instants are monotonic nanoseconds."""

    def __init__(self, node: str) -> None:
        self._node = node
        self._seen: dict[TlsFault, _Seen] = {}
        self._open = False

    def is_new(self, fault: TlsFault) -> bool:
        """Whether this one was not seen lately."""
        return fault not in self._seen

    def failed(
        self, fault: TlsFault, host: str, now_ns: int, *, connected: bool
    ) -> AlarmRaised | None:
        """A handshake failed; what is to be told, if anything. With the peer `connected` it was not the peer."""
        seen = self._seen.setdefault(fault, _Seen(host, 0, now_ns))
        seen.last_ns = now_ns
        seen.times += not connected
        if connected or seen.times != SURE_AFTER:
            return None
        self._open = True
        return self._alarm()

    def up(self) -> AlarmCleared | None:
        """The link is up: whatever it was, it is over."""
        self._seen.clear()
        return self._close()

    def sweep(self, now_ns: int) -> AlarmRaised | AlarmCleared | None:
        """Once a second: forget what did not come back."""
        before = self._sure()
        for fault in [
            fault for fault, seen in self._seen.items() if now_ns - seen.last_ns > LAPSE_NS
        ]:
            del self._seen[fault]
        after = self._sure()
        if not after:
            return self._close()
        return self._alarm() if after != before else None

    def _sure(self) -> list[TlsFault]:
        return [fault for fault, seen in self._seen.items() if seen.times >= SURE_AFTER]

    def _close(self) -> AlarmCleared | None:
        if not self._open:
            return None
        self._open = False
        return AlarmCleared(_CODE, self._node)

    def _alarm(self) -> AlarmRaised:
        sure = self._sure()
        return AlarmRaised(
            code=_CODE,
            subject=self._node,
            error=True,
            what=f"{self._node} and the node at {self._seen[sure[0]].host} do not agree on TLS: "
            + "; ".join(fault.what for fault in sure),
            hint=" ".join(dict.fromkeys(fault.hint for fault in sure)),
        )


def one_way_alarm(node: str, peer: str) -> AlarmRaised:
    """The peer is heard and does not hear this node."""
    return AlarmRaised(
        code="link_one_way",
        subject=peer,
        error=False,
        what=f"{node} hears {peer}, but {peer} does not hear {node}: frames from {node} to {peer} get lost",
        hint=f"Check the firewalls and the routes from {node} to {peer}; the other direction works.",
    )
