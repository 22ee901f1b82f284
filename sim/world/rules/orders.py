"""What operators do: no faults, but the pair must bear them at any instant."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from cluster.messages import CommandAnswer, StepDownAndStop, Switchover
from recorder.messages import CompareNow
from recorder.model import Window
from sim.world.incident import Fault
from sim.world.rules.rule import End, Hits, Rule, nodes_of, number

if TYPE_CHECKING:
    from sim.world.machine import Machine
    from sim.world.world import World

_NS: Final = 1_000_000_000
_US: Final = 1_000_000
_ORDER_S: Final = 0.006
_ORDERS_MAX: Final = 800
_GOODBYE_S: Final = 0.2
"""Between the goodbye and the end of the process."""
_PATIENCE_S: Final = 15.0
"""For an answer of the pair; then the process ends without."""


class _Answered:
    """Where the answer to an order arrives, whatever it says."""

    name = "operator"

    def __init__(self, then: Callable[[], object] = lambda: None) -> None:
        self._then = then

    def tell(self, message: CommandAnswer) -> None:
        """Go on."""
        del message
        self._then()


class _Order:
    """A program of an operator that wants a comparison of one source, and asks until a node begins it.

    It asks often: in a world one comparison follows the other, and while one is under way the answer is no.
    """

    name = "operator"

    def __init__(
        self, world: World, source: str, nodes: Sequence[str], window: Window | None
    ) -> None:
        self._world = world
        self._source = source
        self._nodes = nodes
        self._window = window
        self._asked = 0
        self._begun = False

    def ask(self) -> None:
        """Once more, each node in turn."""
        if self._begun or self._asked >= _ORDERS_MAX:
            return
        assembly = self._world.machines[self._nodes[self._asked % len(self._nodes)]].assembly
        self._asked += 1
        if assembly is not None and assembly.reconcile.address is not None:
            assembly.reconcile.address.tell(CompareNow(self._source, self._window, self))
        label = "an operator asks again"
        self._world.kernel.schedule(round(_ORDER_S * _NS), self.ask, label=label)

    def tell(self, message: CommandAnswer) -> None:
        """What the node says."""
        self._begun = self._begun or message.status == "done"


def compare(world: World, fault: Fault) -> None:
    """Every source is to be compared, at a node that is primary or not."""
    back_s, to_us = fault.number("back_s", 0.0), world.services.now_us()
    window = Window(to_us - round(back_s * _US), to_us) if back_s else None
    for source in world.incident.sources:
        _Order(world, source, nodes_of(fault), window).ask()


def switchover(world: World, fault: Fault) -> None:
    """A node that lives is told to let the other one poll, or to take the role over."""
    for node in nodes_of(fault):
        assembly = world.machines[node].assembly
        if assembly is not None:
            assembly.pair.tell(Switchover("", _Answered()))


def stop(world: World, fault: Fault) -> End:
    """`systemctl stop`, and `start` at the end."""
    machines = [world.machines[node] for node in nodes_of(fault)]
    for machine in machines:
        machine.down += 1
        _stop(world, machine)

    def end() -> None:
        for machine in machines:
            machine.down -= 1
            if machine.down == 0:
                machine.start()

    return end


def _stop(world: World, machine: Machine) -> None:
    """Hand over, say goodbye, end; after a while in any case."""
    assembly, epoch = machine.assembly, machine.epoch
    if assembly is None or epoch is None:
        return

    def kill_in(seconds: float) -> None:
        world.kernel.schedule(
            round(seconds * _NS), machine.kill, label=f"{machine.name} stops", epoch=epoch
        )

    def may_stop() -> None:
        assembly.say_goodbye()
        kill_in(_GOODBYE_S)

    assembly.pair.tell(StepDownAndStop(_Answered(may_stop)))
    kill_in(_PATIENCE_S)


RULES: Final[Mapping[str, Rule]] = {
    "switchover": Rule(
        switchover, Hits.NODE, "An operator orders a switchover (`tandem switchover`)."
    ),
    "stop": Rule(
        stop,
        Hits.NODE,
        "The node is stopped in good order, handing over, and is started again at the end.",
        (5.0, 20.0, 60.0),
    ),
    "compare": Rule(
        compare,
        Hits.NODE,
        "An operator asks for a reconciliation of every source (`tandem finding run`).",
        (),
        {
            "back_s": number(
                *(60.0, 240.0),
                what="seconds: how far its period reaches back; by default as far as every night",
            )
        },
    ),
}
