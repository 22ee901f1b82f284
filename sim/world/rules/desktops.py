"""What befalls agents' computers, and the way between them and a node."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from sim.world.incident import Fault
from sim.world.rules.rule import End, Hits, Rule, flag, nodes_of, number

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


def desktop_crash(world: World, fault: Fault) -> End | None:
    """Services on agents' computers die, and are started again at the end."""
    which = int(fault.number("desktop", 0))
    desktops = [one for place, one in enumerate(world.screens.desktops, 1) if which in {0, place}]
    power = bool(fault.options.get("power"))
    calendar_s = fault.number("calendar_s", 0.0) if power else 0.0
    for one in desktops:
        one.crash(power=power)

    def end() -> None:
        for one in desktops:
            one.restart(calendar_s=calendar_s)

    return end


RULES: Final[Mapping[str, Rule]] = {
    "desktops_cut": Rule(
        desktops_cut,
        Hits.NODE,
        "No desktop of an agent reaches the node, nor it them.",
        (1.0, 4.0, 10.0, 30.0),
    ),
    "desktop_crash": Rule(
        desktop_crash,
        Hits.WORLD,
        "The service on an agent's computer dies, and is started again at the end.",
        (0.5, 4.0, 20.0),
        {
            "desktop": number(1, 2, 3, 4, what="which one; every one", low=0, high=100),
            "power": flag("the computer loses its power, and what was not synced: all frames"),
            "calendar_s": number(
                *(1.0, -1.0, 3600.0, -3600.0),
                what="its calendar afterwards goes so far ahead, where it lost its power; 0",
                low=-1e7,
                high=1e7,
            ),
        },
    ),
}
