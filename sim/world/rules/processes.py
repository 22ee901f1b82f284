"""What befalls a node's process: it dies, is stopped, is slow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from sim.world.incident import Fault
from sim.world.rules.rule import End, Hits, Rule, flag, nodes_of, number

if TYPE_CHECKING:
    from sim.world.world import World


def crash(world: World, fault: Fault) -> End:
    """SIGKILL, now or after so many effects; the process is started again at the end."""
    power = bool(fault.options.get("power", False))
    machines = [world.machines[node] for node in nodes_of(fault)]
    effects = int(fault.number("after_effects", 0))
    spare: list[Callable[[], None]] = []
    for machine in machines:
        machine.down += 1
        spare.append(machine.kill_after(effects, power=power))

    def end() -> None:
        for machine, let_be in zip(machines, spare, strict=True):
            let_be()
            machine.down -= 1
            if machine.down == 0:
                machine.power_on()
                machine.start()

    return end


def pause(world: World, fault: Fault) -> End:
    """SIGSTOP, and SIGCONT at the end."""
    machines = [world.machines[node] for node in nodes_of(fault)]
    for machine in machines:
        machine.stopped += 1
        machine.pause()

    def end() -> None:
        for machine in machines:
            machine.stopped -= 1
            if machine.stopped == 0:
                machine.resume()

    return end


def slow_node(world: World, fault: Fault) -> End:
    """Each step of the node takes time, one after the other."""
    turn_s = fault.number("turn_s", 0.005)
    machines = [world.machines[node] for node in nodes_of(fault)]
    for machine in machines:
        machine.slow_by(turn_s)

    def end() -> None:
        for machine in machines:
            machine.slow_by(-turn_s)

    return end


RULES: Final[Mapping[str, Rule]] = {
    "crash": Rule(
        crash,
        Hits.NODE,
        "The process dies (SIGKILL) and is started again at the end.",
        (1.0, 4.0, 10.0, 20.0, 45.0),
        {
            "power": flag("the host dies as well: what was not synced is lost, or torn"),
            "after_effects": number(
                *(0, 1, 2, 3, 5, 8, 13),
                what="dies only after so many more effects (messages, timers, jobs, frames), "
                "in the middle of whatever step it is in",
                high=1e6,
            ),
        },
    ),
    "pause": Rule(
        pause,
        Hits.NODE,
        "The process is stopped (SIGSTOP); at the end it wakes with an inbox full of old frames.",
        (1.0, 3.0, 6.0, 10.0, 20.0, 45.0),
    ),
    "slow_node": Rule(
        slow_node,
        Hits.NODE,
        "Every step of the node takes longer, so that its mailboxes fill.",
        (5.0, 20.0, 60.0),
        {"turn_s": number(0.002, 0.01, 0.04, what="seconds for each step, 0.005", high=1.0)},
    ),
}
