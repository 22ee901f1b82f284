"""L3 where a fault excuses a takeover, but not this one: nobody replaces a living peer that can be heard.

While the Data Center is away, or after its own pause, a node has to rely on what it hears. Instants are of one
clock for all, in nanoseconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from sim.checkers.liveness import PROMISE
from sim.checkers.violation import Violation

QUIET_NS: Final = 10_000_000_000
"""A link that was disturbed may be silent for so long afterwards."""
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

    def quiet(self, now_ns: int) -> bool:
        return not self.faults and now_ns - self.disturbed_ns >= QUIET_NS


@dataclass
class HeardBook:
    """Takes roles, lives and faults as they happen."""

    nodes: tuple[str, ...]
    acting: set[str] = field(default_factory=set[str])
    """Nodes that do the primary's work."""
    _ears: dict[str, _Ear] = field(default_factory=dict[str, _Ear])

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

    def stands_by(self, node: str) -> None:
        """A node does the primary's work no more, or offers it to the other one."""
        self.acting.discard(node)

    def goes_on(self, node: str) -> None:
        """Its offer came to nothing: it stays primary."""
        self.acting.add(node)
