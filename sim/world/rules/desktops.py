"""What befalls the way between agents' computers and a node."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from sim.world.incident import Fault
from sim.world.rules.rule import End, Hits, Rule, nodes_of

if TYPE_CHECKING:
    from sim.world.world import World


def desktops_cut(world: World, fault: Fault) -> End | None:
    """Nothing passes; what was sent meanwhile arrives when it heals."""
    lan = world.screens.lan
    if lan is None:
        return None
    nodes = nodes_of(fault)
    for node in nodes:
        lan.cut(node)

    def end() -> None:
        for node in nodes:
            lan.heal(node)

    return end


RULES: Final[Mapping[str, Rule]] = {
    "desktops_cut": Rule(
        desktops_cut,
        Hits.NODE,
        "No desktop of an agent reaches the node, nor it them.",
        (1.0, 4.0, 10.0, 30.0),
    ),
}
