"""Machines that tell what happens to them, for traces and checks."""

from __future__ import annotations

from typing import Any

from cluster.board import Board
from recorder.assembly.actors import NodePorts
from sim.clockwork.kernel import Epoch
from sim.world.machine import Machine
from sim.world.observer import Observer


class ObservedMachine(Machine):
    """A machine whose lives are told."""

    def __init__(self, *, observer: Observer, **parts: Any) -> None:
        super().__init__(**parts)
        self._observer = observer

    def start(self) -> None:
        """See Machine."""
        if not self.lives:
            self._observer.life(self.name, "started")
        super().start()

    def kill(self, *, power: bool = False) -> None:
        """See Machine."""
        if self.lives:
            self._observer.life(self.name, "powered_off" if power else "crashed")
        super().kill(power=power)

    def pause(self) -> None:
        """See Machine."""
        if self.lives and not self.paused:
            self._observer.life(self.name, "paused")
        super().pause()

    def resume(self) -> None:
        """See Machine."""
        if self.paused:
            self._observer.life(self.name, "resumed")
        super().resume()

    def _ports(self, epoch: Epoch, board: Board) -> NodePorts:
        return self._observer.ports(self.name, super()._ports(epoch, board))
