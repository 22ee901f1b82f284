"""What befalls the program that makes contacts replayable."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from sim.world.incident import Fault
from sim.world.rules.rule import End, Hits, Rule, nodes_of, number

if TYPE_CHECKING:
    from sim.world.world import World

_SLOW_S: Final = 20.0


def stitch_slow(world: World, fault: Fault) -> End:
    """It answers when everything else has changed."""
    slow_s = fault.number("seconds", _SLOW_S)
    troubles = [world.replays.troubles[node] for node in nodes_of(fault)]
    for one in troubles:
        one.slow_s += slow_s

    def end() -> None:
        for one in troubles:
            one.slow_s -= slow_s

    return end


def stitch_fails(world: World, fault: Fault) -> End:
    """As a codec that crashes."""
    troubles = [world.replays.troubles[node] for node in nodes_of(fault)]
    for one in troubles:
        one.failing += 1

    def end() -> None:
        for one in troubles:
            one.failing -= 1

    return end


def stitch_disk_full(world: World, fault: Fault) -> End:
    """There is no room for what it makes."""
    troubles = [world.replays.troubles[node] for node in nodes_of(fault)]
    for one in troubles:
        one.full += 1

    def end() -> None:
        for one in troubles:
            one.full -= 1

    return end


RULES: Final[Mapping[str, Rule]] = {
    "stitch_slow": Rule(
        stitch_slow,
        Hits.NODE,
        "The program that makes contacts replayable takes longer.",
        (10.0, 30.0, 90.0),
        {"seconds": number(20.0, 60.0, what="how much longer; 20")},
    ),
    "stitch_fails": Rule(
        stitch_fails,
        Hits.NODE,
        "The program that makes contacts replayable dies over each.",
        (10.0, 30.0, 90.0),
    ),
    "stitch_disk_full": Rule(
        stitch_disk_full,
        Hits.NODE,
        "There is no room for what the program makes.",
        (10.0, 30.0, 90.0),
    ),
}
