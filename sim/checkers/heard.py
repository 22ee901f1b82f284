"""L3 where a fault excuses a takeover, but not this one: nobody replaces a living peer that can be heard.

While the Data Center is away, or after its own pause, a node has to rely on what it hears. So the two must stay
connected while nothing is wrong, and be connected again soon after (L2). Instants are of one clock for all, in
nanoseconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from sim.checkers.healing import PROMISE as HEALS
from sim.checkers.liveness import PROMISE
from sim.checkers.violation import Violation

QUIET_NS: Final = 10_000_000_000
"""A link that was disturbed may be silent for so long afterwards."""
CONNECTED_NS: Final = 20_000_000_000
"""What hurt a connection may end it so long afterwards, and keep the next one from being made."""
_GONE: Final = frozenset({"peer_dead", "link_down"})
_ASIDE: Final = (
    *("service_", "clock_jump", "data_center_", "answers_lost", "lease_clock_jump"),
    *("switchover", "disk_", "fsync_error", "hold", "recovery", "object_", "rows_lost", "accept"),
)
"""Faults that leave alone what nodes hear of each other, by how they begin."""


@dataclass
class _Ear:
    """What may keep a node from hearing the other one."""

    faults: int = 0
    disturbed_ns: int = 0

    def quiet(self, now_ns: int, for_ns: int = QUIET_NS) -> bool:
        return not self.faults and now_ns - self.disturbed_ns >= for_ns


@dataclass
class HeardBook:
    """Takes roles, lives and faults as they happen."""

    nodes: tuple[str, ...]
    acting: set[str] = field(default_factory=set[str])
    """Nodes that do the primary's work."""
    _ears: dict[str, _Ear] = field(default_factory=dict[str, _Ear])
    _connected: set[str] = field(default_factory=set[str])
    """Nodes that have a connection to the other one."""

    def __post_init__(self) -> None:
        """Nobody was disturbed yet."""
        self._ears = {node: _Ear() for node in self.nodes}

    def fault(self, kind: str, target: str, now_ns: int, *, begins: bool) -> None:
        """A fault begins or ends. The pause of a node makes the other one deaf, not itself."""
        if kind.startswith(_ASIDE):
            return
        for node, ear in self._ears.items():
            if kind != "pause" or node != target:
                ear.faults += 1 if begins else -1
                ear.disturbed_ns = now_ns

    def life(self, node: str, what: str, now_ns: int) -> None:
        """A process began or ended."""
        if what not in {"paused", "resumed"}:
            self.acting.discard(node)
            self._connected.discard(node)
            for ear in self._ears.values():
                ear.disturbed_ns = now_ns

    def acts(self, node: str, now_ns: int) -> Iterator[Violation]:
        """A node became primary."""
        others = self.acting - {node}
        self.acting.add(node)
        if others and self._ears[node].quiet(now_ns):
            what = "took over from a living primary that it could hear"
            yield Violation(PROMISE, what, (node,))

    def alarms(self, node: str, code: str, now_ns: int) -> Iterator[Violation]:
        """A node told its operator of something."""
        if code in _GONE and self._ears[node].quiet(now_ns):
            yield Violation(PROMISE, "called a living peer gone that it could hear", (node,))

    def connected(self, node: str) -> None:
        """A node has a connection to the other one."""
        self._connected.add(node)

    def disconnected(self, node: str, reason: str, now_ns: int) -> Iterator[Violation]:
        """It has none any more."""
        self._connected.discard(node)
        if self._all_quiet(now_ns):
            what = f"nodes lost their connection although nothing was wrong: {reason}"
            yield Violation(HEALS, what, (node,))

    def apart(self, alive: Iterable[str], now_ns: int) -> Iterator[Violation]:
        """The run ends with these nodes alive: they hear each other."""
        if self._all_quiet(now_ns) and set(alive) == set(self.nodes):
            for node in self.nodes:
                if node not in self._connected:
                    what = "not connected to the other node although nothing is wrong"
                    yield Violation(HEALS, what, (node,))

    def _all_quiet(self, now_ns: int) -> bool:
        return all(ear.quiet(now_ns, CONNECTED_NS) for ear in self._ears.values())

    def stands_by(self, node: str) -> None:
        """A node does the primary's work no more, or offers it to the other one."""
        self.acting.discard(node)

    def goes_on(self, node: str) -> None:
        """Its offer came to nothing: it stays primary."""
        self.acting.add(node)
