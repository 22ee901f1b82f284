"""Machines and a service that tell what happens to them, for traces and checks."""

from __future__ import annotations

from typing import Any, Protocol

import httpx

from cluster.board import Board
from recorder.assembly import NodePorts
from sim.kernel import Epoch
from sim.world.machine import Machine
from sim.world.service import WorldService


class Observer(Protocol):
    """Whoever looks at a world."""

    def life(self, node: str, what: str) -> None:
        """A process began or ended, was stopped or goes on."""
        ...

    def ports(self, node: str, ports: NodePorts) -> NodePorts:
        """The ports of a new life, to look through."""
        ...

    def transport(self, node: str, inner: httpx.BaseTransport) -> httpx.BaseTransport:
        """The road of a node to the service, to look through."""
        ...


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


class ObservedService(WorldService):
    """A service that can be watched from the side of the nodes."""

    observer: Observer | None = None

    def transport(self, node: str) -> httpx.BaseTransport:
        """See WorldService."""
        inner = super().transport(node)
        return inner if self.observer is None else self.observer.transport(node, inner)
