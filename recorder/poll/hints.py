"""Hints that something is new at the source: early polls, however many hints come, or a word to the peer.

A hint is never the truth: it says when to look, nothing else, and what it speaks of may be too young to be
listed yet. So there is a poll at once, and one more when what was hinted at has settled.
"""

from __future__ import annotations

from cluster.messages import DescribeSelf
from recorder.poll.poll_messages import HintDue
from recorder.poll.poller_ports import PollerPorts

SPACING_S = 5.0
"""Polls for hints are at least so far apart, or as far as usual ones where those are closer."""
SURE_S = 2.0
"""A source's clock is known to the second: so long after settling, what was hinted at is listed for sure."""
_NS = 1_000_000_000


class HintTimes:
    """When to act upon hints. Pure; instants are monotonic nanoseconds.

    The law: after every hint something is done soon, and again `settle_ns` later; two acts are never closer
    than `spacing_ns`, and without new hints they end.
    """

    def __init__(self, *, spacing_ns: int) -> None:
        self._spacing_ns = spacing_ns
        self._acted_ns: int | None = None
        self._due_ns: int | None = None
        self._until_ns = 0

    def hinted(self, now_ns: int, settle_ns: int) -> int | None:
        """A hint came: when to act, if that is sooner than planned."""
        self._until_ns = max(self._until_ns, now_ns + settle_ns)
        return self._plan(now_ns)

    def acted(self, now_ns: int) -> int | None:
        """What was planned is done: when to act again, None for not at all."""
        self._acted_ns, self._due_ns = now_ns, None
        return self._plan(self._until_ns) if self._until_ns > now_ns else None

    def _plan(self, wanted_ns: int) -> int | None:
        if self._acted_ns is not None:
            wanted_ns = max(wanted_ns, self._acted_ns + self._spacing_ns)
        if self._due_ns is not None and self._due_ns <= wanted_ns:
            return None
        self._due_ns = wanted_ns
        return wanted_ns


class Hints:
    """Of one source. A node that does not poll passes them on, in every heartbeat from then on."""

    def __init__(self, *, ports: PollerPorts) -> None:
        self._ports = ports
        spacing_s = min(SPACING_S, ports.poll.interval_s)
        self._times = HintTimes(spacing_ns=int(spacing_s * _NS))
        self._settle_ns = int((ports.poll.settle_s + SURE_S) * _NS)
        self._timer = 0
        self._passed_on = 0

    def hinted(self, *, on_duty: bool) -> bool:
        """A hint came. True when this node is to poll now."""
        now_ns = self._ports.clock.monotonic_ns()
        at_ns = self._times.hinted(now_ns, self._settle_ns if on_duty else 0)
        if at_ns is not None and at_ns <= now_ns:
            return self._act(now_ns, on_duty=on_duty)
        self._arm(at_ns, now_ns)
        return False

    def due(self, message: HintDue, *, on_duty: bool) -> bool:
        """A timer fired. True when this node is to poll now."""
        if message.number != self._timer:
            return False
        return self._act(self._ports.clock.monotonic_ns(), on_duty=on_duty)

    def _act(self, now_ns: int, *, on_duty: bool) -> bool:
        self._arm(self._times.acted(now_ns), now_ns)
        if not on_duty:
            self._passed_on += 1
            hints = {self._ports.name: self._passed_on}
            self._ports.link.tell(DescribeSelf(hints=hints, at_once=True))
        return on_duty

    def _arm(self, at_ns: int | None, now_ns: int) -> None:
        if at_ns is not None:
            self._timer += 1
            delay_s = max(0, at_ns - now_ns) / _NS
            self._ports.clock.call_later(delay_s, self._ports.me, HintDue(self._timer))
