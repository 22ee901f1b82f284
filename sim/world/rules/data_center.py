"""The Data Center: away, slow, mute, restarted, or with a clock that jumps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from sim.world.incident import NODES, Fault
from sim.world.rules.rule import End, Hits, Rule, flag, nodes_of, number

if TYPE_CHECKING:
    from sim.world.world import World

_LONG: Final = (2.0, 5.0, 12.0, 30.0, 60.0)


def data_center_down(world: World, fault: Fault) -> End:
    """It cannot be reached, by one node or by both."""
    silent = int(bool(fault.options.get("silent", False)))
    ways = [world.data_center.ways[node] for node in nodes_of(fault)]

    def change(by: int) -> None:
        for way in ways:
            way.down += by
            way.silent += by * silent

    change(1)
    return lambda: change(-1)


def data_center_slow(world: World, fault: Fault) -> End:
    """Calls take longer."""
    seconds = fault.number("seconds", 0.5)
    ways = [world.data_center.ways[node] for node in nodes_of(fault)]

    def change(by_s: float) -> None:
        for way in ways:
            way.slow_s = max(0.0, round(way.slow_s + by_s, 9))

    change(seconds)
    return lambda: change(-seconds)


def answers_lost(world: World, fault: Fault) -> End:
    """It does what it is asked, and the answer never comes."""
    ways = [world.data_center.ways[node] for node in nodes_of(fault)]

    def change(by: int) -> None:
        for way in ways:
            way.answers_lost += by

    change(1)
    return lambda: change(-1)


def data_center_restart(world: World, fault: Fault) -> End:
    """Its host loses power and comes back."""
    del fault
    center = world.data_center
    center.restart()

    def change(by: int) -> None:
        for node in NODES:
            center.ways[node].down += by

    change(1)
    return lambda: change(-1)


def lease_clock_jump(world: World, fault: Fault) -> None:
    """The clock by which leases run is set."""
    world.data_center.jump_clock(fault.number("seconds", 5.0))


RULES: Final[Mapping[str, Rule]] = {
    "data_center_down": Rule(
        data_center_down,
        Hits.NODE,
        "The node does not reach the Data Center.",
        _LONG,
        {"silent": flag("nothing is refused: calls run into their time limits")},
    ),
    "data_center_slow": Rule(
        data_center_slow,
        Hits.NODE,
        "Each way of a call to the Data Center takes longer.",
        _LONG,
        {"seconds": number(0.05, 0.3, 0.8, 2.0, 5.0, what="how much longer; 0.5", high=60.0)},
    ),
    "answers_lost": Rule(
        answers_lost,
        Hits.NODE,
        "The Data Center does what it is asked, and the answer is lost: the outcome is unknown.",
        _LONG,
    ),
    "data_center_restart": Rule(
        data_center_restart,
        Hits.WORLD,
        "The Data Center's host loses its power: objects not synced are lost, calls under way fail.",
        _LONG,
    ),
    "lease_clock_jump": Rule(
        lease_clock_jump,
        Hits.WORLD,
        "The clock by which leases run jumps, for good.",
        (),
        {"seconds": number(3.0, -3.0, 10.0, 60.0, what="how far; 5", low=-30.0, high=1e6)},
    ),
}
