"""Looks at every desktop once a second: does it do what the node that serves it knows to be right?

A node tells a desktop at once, and again ten seconds later; a word takes milliseconds. So what is wrong for five
seconds, while nothing stood in the way, was not told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from recorder.scn.verdicts import Wish, wish
from sim.checkers.screen_follows_agent import PROMISE
from sim.checkers.violation import Violation
from sim.clockwork.kernel import Kernel

if TYPE_CHECKING:
    from sim.world.machine import Machine
    from sim.world.screens.desktop import SimDesktop
    from sim.world.screens.lan import Lan
    from sim.world.screens.seat import Seat

_EVERY_NS: Final = 1_000_000_000
WRONG_S: Final = 5

_WORDS: Final = {
    "record": "an agent on a call is not recorded",
    "cover": "a desktop shows what is masked",
    "show": "a desktop stays covered, and nothing is masked",
    "stop": "an agent without a call is recorded",
}


class Sight:
    """One per world."""

    def __init__(
        self,
        *,
        kernel: Kernel,
        machines: Mapping[str, Machine],
        seats: Mapping[str, Seat],
        lan: Lan,
        desktops: Sequence[SimDesktop],
        broken: Callable[[Violation], None],
    ) -> None:
        self._kernel = kernel
        self._machines = machines
        self._seats = seats
        self._lan = lan
        self._desktops = desktops
        self._broken = broken
        self._wrong: dict[tuple[str, int, str], int] = {}
        """By desktop, connection and order: for how many looks."""

    def begin(self) -> None:
        """Look from now on."""
        self._kernel.schedule(_EVERY_NS, self._round, label="sight")

    def _round(self) -> None:
        before, self._wrong = self._wrong, {}
        for desktop in self._desktops:
            for order in self._orders(desktop):
                key = (desktop.name, desktop.welcomes, order)
                looks = self._wrong[key] = before.get(key, 0) + 1
                if looks > WRONG_S:
                    items = (desktop.agent_key, desktop.name, desktop.node)
                    self._broken(Violation(PROMISE, _WORDS[order], items))
        self.begin()

    def _orders(self, desktop: SimDesktop) -> tuple[str, ...]:
        """What it should have been told by now."""
        node = desktop.node
        machine = self._machines.get(node)
        if machine is None or machine.paused or machine.is_slow or self._lan.is_cut(node):
            return ()
        legs = self._seats[node].legs.get(desktop.agent_key)
        if legs is None:
            return ()
        found: Wish = wish(legs, None)
        wrong = {
            "record": found.record is True and not desktop.filming,
            # What another node began may be for a call that this one has not heard of.
            "stop": found.record is False and desktop.began_here,
            "cover": found.masked and not desktop.covered,
            "show": not found.masked and desktop.covered,
        }
        return tuple(order for order, is_so in wrong.items() if is_so)
