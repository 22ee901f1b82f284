"""What can go wrong, one rule for each kind of fault.

A rule begins a fault and returns how to end it; None for one that is over at once. Rules count, they
never save and restore, so faults may overlap in any order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, TypeAlias

from sim.ucaas.faults import Fault as ServiceFault
from sim.ucaas.faults import FaultKind, Target
from sim.world.incident import NODES, Fault
from sim.world.settings import client_id

if TYPE_CHECKING:
    from sim.world.world import World

End: TypeAlias = Callable[[], None]
Rule: TypeAlias = "Callable[[World, Fault], End | None]"


def _nodes(fault: Fault) -> tuple[str, ...]:
    return (fault.target,) if fault.target else NODES


def crash(world: World, fault: Fault) -> End:
    """SIGKILL; the process is started again at the end. `power` 1 also loses what was not synced."""
    power = fault.number("power", 0) > 0
    machines = [world.machines[node] for node in _nodes(fault)]
    for machine in machines:
        machine.down += 1
        machine.kill(power=power)

    def end() -> None:
        for machine in machines:
            machine.down -= 1
            if machine.down == 0:
                machine.power_on()
                machine.start()

    return end


def pause(world: World, fault: Fault) -> End:
    """SIGSTOP, and SIGCONT at the end: the node wakes with an inbox full of old frames."""
    machines = [world.machines[node] for node in _nodes(fault)]
    for machine in machines:
        machine.stopped += 1
        machine.pause()

    def end() -> None:
        for machine in machines:
            machine.stopped -= 1
            if machine.stopped == 0:
                machine.resume()

    return end


def cut(world: World, fault: Fault) -> End:
    """Nothing passes between the nodes, or in the one direction `a>b`."""
    ways = _directions(fault)
    for way in ways:
        world.cuts[way] += 1
        world.network.cut(*way)

    def end() -> None:
        for way in ways:
            world.cuts[way] -= 1
            if world.cuts[way] == 0:
                world.network.heal(*way)

    return end


def _directions(fault: Fault) -> tuple[tuple[str, str], ...]:
    one, two = NODES
    if not fault.target:
        return (one, two), (two, one)
    source, _, target = fault.target.partition(">")
    return ((source, target),)


def data_center_down(world: World, fault: Fault) -> End:
    """The Data Center cannot be reached, by one node or by both."""
    ways = [world.data_center.ways[node] for node in _nodes(fault)]
    for way in ways:
        way.down += 1

    def end() -> None:
        for way in ways:
            way.down -= 1

    return end


def answers_lost(world: World, fault: Fault) -> End:
    """The Data Center does what it is asked, and the answer never comes: the outcome is unknown."""
    ways = [world.data_center.ways[node] for node in _nodes(fault)]
    for way in ways:
        way.answers_lost += 1

    def end() -> None:
        for way in ways:
            way.answers_lost -= 1

    return end


def service_cut(world: World, fault: Fault) -> End:
    """The service cannot be reached, by one node or by both."""
    roads = [world.service.roads[node] for node in _nodes(fault)]
    for road in roads:
        road.cut += 1

    def end() -> None:
        for road in roads:
            road.cut -= 1

    return end


def _service_rule(kind: FaultKind) -> Rule:
    """What the fake service itself can do: see sim.ucaas.faults."""

    def begin(world: World, fault: Fault) -> End | None:
        options = {name: value for name, value in fault.options.items() if name != "requests"}
        requests = tuple(name for name in fault.text("requests", "").split("+") if name)
        client = client_id(fault.target) if fault.target else ""
        rule = ServiceFault(kind, Target(requests, client), parameters=options)
        number = world.service.fake.add_fault(rule)
        return (lambda: _remove(world, number)) if number else None

    return begin


def _remove(world: World, number: int) -> None:
    world.service.fake.remove_fault(number)


RULES: Final[Mapping[str, Rule]] = {
    "crash": crash,
    "pause": pause,
    "cut": cut,
    "data_center_down": data_center_down,
    "answers_lost": answers_lost,
    "service_cut": service_cut,
    **{f"service_{kind.value}": _service_rule(kind) for kind in FaultKind},
}
"""Kinds of faults by name."""
