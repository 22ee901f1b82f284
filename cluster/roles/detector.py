"""Whether the peer lives, judged from what arrived and when. Pure; monotonic nanoseconds only.

Two ways lead to `dead`. *Evidence* of a process death (refused reconnects, a goodbye, a new boot)
counts at once. *Silence* counts after `dead_s`; the node that judges second waits `dead_skew_s` more,
so that a symmetric pair never decides symmetrically.

Silence is a suspicion until the mailbox was drained: after a pause of this process the peer's beats
may be waiting unread. So a caller who finds `dead` by silence first reads everything that waits and
then asks again. A pause of this process re-arms the silence clock once: it delays, it never disables.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cluster.settings import PairSettings

_NS = 1_000_000_000


class PeerState(StrEnum):
    """What a node believes of its peer."""

    ALIVE = "alive"
    SUSPECT = "suspect"
    DEAD = "dead"
    UNKNOWN = "unknown"
    """Never heard since this process started."""


class Reason(StrEnum):
    """Why a verdict is not `alive`."""

    NONE = ""
    SILENCE = "silence"
    PROCESS_DEATH = "process_death"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The peer's state and the reason for it."""

    state: PeerState
    reason: Reason = Reason.NONE


class FailureDetector:
    """Holds the last signs of life of one peer."""

    def __init__(self, *, settings: PairSettings) -> None:
        self._suspect_ns = round(settings.suspect_s * _NS)
        self._dead_ns = round(settings.dead_s * _NS)
        self._skew_ns = round(settings.dead_skew_s * _NS)
        self._judges_second = False
        self._heard_ns: int | None = None
        self._armed_ns = 0
        self._linked = False
        self._process_died = False

    @property
    def heard_ns(self) -> int | None:
        """Instant of the last sign of life; None before the first."""
        return self._heard_ns

    def judge_second(self, *, second: bool) -> None:
        """Tell whether this node waits `dead_skew_s` more than its peer."""
        self._judges_second = second

    def on_link_up(self, now_ns: int) -> None:
        """A link with a valid hello is a sign of life, of a process that lives now."""
        self._linked = True
        self._process_died = False
        self._heard(now_ns)

    def on_link_down(self) -> None:
        """A broken link makes suspect; it is no evidence of death."""
        self._linked = False

    def on_beat(self, received_ns: int) -> None:
        """A frame arrived at `received_ns`. It cannot raise a process that is known to be dead."""
        self._heard(received_ns)

    def on_refused(self) -> None:
        """Evidence: nobody listens any more, or the peer said goodbye."""
        self._linked = False
        self._process_died = True

    def on_pause(self, now_ns: int) -> None:
        """This process slept too long: what it did not hear meanwhile says nothing."""
        self._armed_ns = max(self._armed_ns, now_ns)

    def verdict(self, now_ns: int) -> Verdict:
        """The peer's state now. `dead` by silence is to be confirmed after draining the mailbox."""
        if self._process_died:
            return Verdict(PeerState.DEAD, Reason.PROCESS_DEATH)
        if self._heard_ns is None:
            return Verdict(PeerState.UNKNOWN)
        silent_ns = now_ns - max(self._heard_ns, self._armed_ns)
        if silent_ns >= self._dead_ns + (self._skew_ns if self._judges_second else 0):
            return Verdict(PeerState.DEAD, Reason.SILENCE)
        if silent_ns >= self._suspect_ns or not self._linked:
            return Verdict(PeerState.SUSPECT, Reason.SILENCE)
        return Verdict(PeerState.ALIVE)

    def _heard(self, at_ns: int) -> None:
        self._heard_ns = at_ns if self._heard_ns is None else max(self._heard_ns, at_ns)


def judges_second(*, node: str, peer: str, priority: int, peer_priority: int) -> bool:
    """True for the node that waits longer and is not preferred: lower priority, then higher id.

    Two nodes that know each other's priority agree which of them it is.
    """
    return node > peer if priority == peer_priority else priority < peer_priority
