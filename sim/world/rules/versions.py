"""One node that is not like the other: other settings, or another version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from cluster.frames import PROTOCOL_MAX, PROTOCOL_MIN
from sim.world.incident import Fault, Value
from sim.world.rules.rule import End, Hits, Option, Rule, nodes_of, number
from sim.world.settings import config_of

if TYPE_CHECKING:
    from sim.world.machine import Machine
    from sim.world.world import World


def settings(world: World, fault: Fault) -> End:
    """The node restarts with other settings, and with the old ones at the end."""
    layer = tables(fault)
    machines = [world.machines[node] for node in nodes_of(fault)]
    for machine in machines:
        machine.layers.append(layer)
        _settle(world, machine)

    def end() -> None:
        for machine in machines:
            machine.layers.remove(layer)
            _settle(world, machine)

    return end


def _settle(world: World, machine: Machine) -> None:
    machine.config = config_of(world.incident, machine.name, machine.layers)
    machine.restart()


def tables(fault: Fault) -> dict[str, dict[str, Any]]:
    """The settings a fault names, as tables."""
    found: dict[str, dict[str, Any]] = {}
    for name, value in fault.options.items():
        table, _, key = name.partition(".")
        found.setdefault(table, {})[key] = value
    return found


def newer_version(world: World, fault: Fault) -> End:
    """The node restarts as another version, and as this one at the end."""
    protocol = int(fault.number("protocol", PROTOCOL_MAX + 1))
    machines = [world.machines[node] for node in nodes_of(fault)]
    for machine in machines:
        machine.protocols.append(protocol)
        machine.restart()

    def end() -> None:
        for machine in machines:
            machine.protocols.remove(protocol)
            machine.restart()

    return end


def _any(_value: Value) -> None:
    """Checked as a whole configuration."""


_DRAWS: Final[Mapping[str, tuple[Value, ...]]] = {
    "poll.interval_s": (2.0, 15.0),
    "poll.settle_s": (2.0, 10.0),
    "poll.overlap_s": (15.0, 90.0),
    "pair.heartbeat_s": (0.5, 1.5),
    "pair.when_alone": ("stop", "record"),
    "pair.priority": (50, 200),
    "ingest.downloads": (1, 8),
    "ingest.queue": (2, 32),
    "retry.base_s": (0.5, 5.0),
}

RULES: Final[Mapping[str, Rule]] = {
    "settings": Rule(
        settings,
        Hits.NODE,
        "The node restarts with other settings (`table.key`), and with its own again at the end.",
        (20.0, 60.0, 120.0),
        {name: Option(draw, _any, "as in the configuration") for name, draw in _DRAWS.items()},
    ),
    "newer_version": Rule(
        newer_version,
        Hits.NODE,
        "The node restarts as the next version: it says more in each frame than this one knows.",
        (20.0, 60.0, 120.0),
        {
            "protocol": number(
                PROTOCOL_MAX + 1,
                what=f"newest protocol it speaks; {PROTOCOL_MAX + 1}",
                low=PROTOCOL_MIN,
                high=PROTOCOL_MAX + 1000,
            )
        },
    ),
}
