"""Faults whose time has come, and that wait until a node reaches their point."""

from __future__ import annotations

from dataclasses import replace

from sim.world.incident import NODES, Fault, Incident
from sim.world.points import is_message, parted
from sim.world.rules import RULES
from sim.world.rules.rule import Hits


class Waiting:
    """In the order in which they began to wait. Each strikes once."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def append(self, fault: Fault) -> None:
        """Wait for its point."""
        self._faults.append(fault)

    def clear(self) -> None:
        """None of them will strike."""
        self._faults.clear()

    def reached(self, node: str, point: str) -> list[Fault]:
        """Those that strike now, as `node` reached `point`: aimed at it when they had no target."""
        if not self._faults:
            return []
        struck = [fault for fault in self._faults if _waits_for(fault, node, point)]
        for fault in struck:
            self._faults.remove(fault)
        return [_aimed(fault, node) for fault in struck]


def watched_points(incident: Incident) -> frozenset[str]:
    """The messages of actors at which a fault of this incident strikes."""
    wanted = (parted(fault.at_next)[1] for fault in incident.faults if fault.at_next)
    return frozenset(point for point in wanted if is_message(point))


def _waits_for(fault: Fault, node: str, point: str) -> bool:
    if not fault.at_next.endswith(point):
        return False
    whose, wanted = parted(fault.at_next)
    # A direction belongs to the node that sends.
    return wanted == point and (whose or fault.target.partition(">")[0]) in {"", node}


def _aimed(fault: Fault, node: str) -> Fault:
    """Without a target: at the node itself, unless it waited for a certain node and means both."""
    if fault.target or "/" in fault.at_next:
        return fault
    (other,) = (name for name in NODES if name != node)
    targets = {Hits.NODE: node, Hits.LINK: f"{node}>{other}", Hits.WORLD: ""}
    return replace(fault, target=targets[RULES[fault.kind].hits])
