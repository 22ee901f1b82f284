"""Clocks that are wrong on one node, or run at a wrong rate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from sim.world.incident import Fault
from sim.world.rules.rule import End, Hits, Rule, nodes_of, number, one_of

if TYPE_CHECKING:
    from sim.world.world import World

_BOTH = "both"


def clock_jump(world: World, fault: Fault) -> End | None:
    """The calendar is set; back again at the end, for good without a duration."""
    seconds = fault.number("seconds", 60.0)
    clocks = [world.machines[node].clock for node in nodes_of(fault)]
    for clock in clocks:
        clock.jump_wall(seconds)

    def end() -> None:
        for clock in clocks:
            clock.jump_wall(-seconds)

    return end if fault.for_s else None


def clock_drift(world: World, fault: Fault) -> End:
    """Clocks gain or lose."""
    ppm = int(fault.number("ppm", 500.0))
    which = fault.text("clock", _BOTH)
    monotonic, wall = (ppm if which in {_BOTH, name} else 0 for name in ("monotonic", "wall"))
    clocks = [world.machines[node].clock for node in nodes_of(fault)]
    for clock in clocks:
        clock.drift(monotonic_ppm=monotonic, wall_ppm=wall)

    def end() -> None:
        for clock in clocks:
            clock.drift(monotonic_ppm=-monotonic, wall_ppm=-wall)

    return end


RULES: Final[Mapping[str, Rule]] = {
    "clock_jump": Rule(
        clock_jump,
        Hits.NODE,
        "The node's calendar jumps; back at the end, or never without a duration.",
        (0.0, 10.0, 60.0),
        {
            "seconds": number(
                *(2.0, -2.0, 60.0, -60.0, 3600.0, -3600.0, 86400.0, -86400.0),
                what="how far, back when negative; 60",
                low=-4e8,
                high=4e8,
            )
        },
    ),
    "clock_drift": Rule(
        clock_drift,
        Hits.NODE,
        "The node's clocks run fast or slow.",
        (20.0, 60.0, 120.0),
        {
            "ppm": number(
                *(200, -200, 5_000, -5_000, 50_000, -50_000),
                what="parts per million gained, lost when negative; 500",
                low=-100_000,
                high=100_000,
            ),
            "clock": one_of(_BOTH, "monotonic", "wall", what="which one; both"),
        },
    ),
}
