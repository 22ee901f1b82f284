"""What operators do: no faults, but the pair must bear them at any instant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from cluster.messages import CommandAnswer, Switchover
from sim.world.incident import Fault
from sim.world.rules.rule import Hits, Rule, nodes_of

if TYPE_CHECKING:
    from sim.world.world import World


class _Nobody:
    """Takes answers that nobody waits for."""

    name = "operator"

    def tell(self, message: CommandAnswer) -> None:
        """Forget it."""
        del message


def switchover(world: World, fault: Fault) -> None:
    """A node that lives is told to let the other one poll, or to take the role over."""
    for node in nodes_of(fault):
        assembly = world.machines[node].assembly
        if assembly is not None:
            assembly.pair.tell(Switchover("", _Nobody()))


RULES: Final[Mapping[str, Rule]] = {
    "switchover": Rule(
        switchover, Hits.NODE, "An operator orders a switchover (`tandem switchover`)."
    ),
}
