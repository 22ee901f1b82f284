"""Where and when to dial the peer, and when refusals prove that its process died. Pure.

A refusal counts only where this process of the peer was reached before: a wrong address refuses
too, and proves nothing.
"""

from __future__ import annotations

from typing import Final

from cluster.ports import Endpoint

BACK_OFF_MIN_S: Final = 0.1
BACK_OFF_MAX_S: Final = 2.0
SECOND_LOOK_S: Final = 0.1
REFUSALS_WANTED: Final = 2
EVIDENCE_WINDOW_NS: Final = 2_000_000_000
SEEN_KEPT: Final = 8


def back_off_s(attempt: int, jitter: float) -> float:
    """Seconds before dial number `attempt` (from 0) is repeated; `jitter` is in [0, 1)."""
    highest = min(BACK_OFF_MAX_S, BACK_OFF_MIN_S * 2 ** min(attempt, 16))
    return BACK_OFF_MIN_S + jitter * (highest - BACK_OFF_MIN_S)


class Redial:
    """One dial at a time. Instants are monotonic nanoseconds."""

    def __init__(self, fixed: Endpoint | None) -> None:
        self._fixed = fixed
        self._seen: list[Endpoint] = []
        self._learned: Endpoint | None = None
        self._proven: tuple[Endpoint, str] | None = None
        self._under_way: Endpoint | None = None
        self._started_ns = 0
        self._attempt = 0
        self._lost_ns: int | None = None
        self._lost_boot = ""
        self._refusals = 0

    @property
    def is_under_way(self) -> bool:
        """True between a dial and its outcome."""
        return self._under_way is not None

    def seen(self, endpoint: Endpoint) -> bool:
        """Discovery heard of this endpoint of the peer; True when that is news worth a dial."""
        if endpoint in self._seen:
            return False
        self._seen = [endpoint, *self._seen][:SEEN_KEPT]
        return self._fixed is None

    def learned(self, endpoint: Endpoint) -> None:
        """The peer said so in its hello."""
        self._learned = endpoint

    def is_told(self, endpoint: Endpoint) -> bool:
        """Whether the settings or discovery name this endpoint, not only a stranger's hello."""
        return endpoint == self._fixed or endpoint in self._seen

    def proved(self, endpoint: Endpoint, boot: str) -> None:
        """This process of the peer answered there."""
        self._proven = (endpoint, boot)

    def is_proven(self, boot: str) -> bool:
        """Whether this process of the peer was ever reached by dialling."""
        return self._proven is not None and self._proven[1] == boot

    def target(self) -> Endpoint | None:
        """Where to dial next; None while no address is known. A fixed one always wins."""
        if self._fixed is not None:
            return self._fixed
        proven = None if self._proven is None else self._proven[0]
        if proven is not None and self._lost_ns is not None:
            return proven
        known = dict.fromkeys((proven, self._learned, *self._seen))
        choices = [endpoint for endpoint in known if endpoint is not None]
        return choices[self._attempt % len(choices)] if choices else None

    def start(self, now_ns: int) -> Endpoint | None:
        """Begin a dial, if an address is known and none is under way."""
        target = None if self.is_under_way else self.target()
        if target is not None:
            self._under_way = target
            self._started_ns = now_ns
        return target

    def opened(self) -> Endpoint | None:
        """The dial under way became a connection, to the endpoint returned."""
        endpoint, self._under_way = self._under_way, None
        self._refusals = 0
        return endpoint

    def up(self) -> None:
        """A link is up: no evidence is gathered any more."""
        self._lost_ns = None
        self._refusals = 0

    def lost(self, boot: str, now_ns: int, *, steady: bool) -> None:
        """The link to the process `boot` of the peer broke: refusals from now on count.

        Back-off begins anew after a `steady` link; a flapping one goes on backing off.
        """
        self._refusals = 0
        if steady:
            self._attempt = 0
        self._lost_ns = now_ns if self.is_proven(boot) else None
        self._lost_boot = boot

    def failed(self, *, refused: bool, now_ns: int) -> bool:
        """The dial under way failed; True when that completes the evidence of process death."""
        endpoint, self._under_way = self._under_way, None
        if self._lost_ns is None:
            return False
        if now_ns - self._lost_ns > EVIDENCE_WINDOW_NS:
            self._lost_ns = None
            return False
        if self._started_ns < self._lost_ns or self._proven != (endpoint, self._lost_boot):
            return False
        self._refusals = self._refusals + 1 if refused else 0
        if self._refusals < REFUSALS_WANTED:
            return False
        self._lost_ns = None
        return True

    def next_delay_s(self, jitter: float) -> float:
        """Seconds until the next dial after one that came to nothing."""
        if self._refusals > 0 and self._lost_ns is not None:
            return SECOND_LOOK_S
        delay_s = back_off_s(self._attempt, jitter)
        self._attempt += 1
        return delay_s
