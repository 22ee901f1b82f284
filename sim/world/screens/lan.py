"""The network between agents' computers and the nodes: a connection is a pair of queues, each in order.

A process that dies hangs up at once; a host without power, a stopped process and a cut say nothing at all. What is
sent into a cut arrives when it heals, unless the connection is over by then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

from recorder.scn.messages import (
    DesktopCommand,
    DesktopGone,
    DesktopSaid,
    DesktopSaying,
)
from sim.clockwork.kernel import Epoch, Kernel

if TYPE_CHECKING:
    from sim.world.machine import Machine

_NS: Final = 1_000_000_000
_WAY_S: Final = (0.0005, 0.01)


class DesktopEar(Protocol):
    """The desktop's end of a connection."""

    @property
    def agents(self) -> tuple[str, ...]:
        """Agent keys."""
        ...

    def opened(self, wire: Wire) -> None:
        """The node's web server took the connection."""
        ...

    def hear(self, wire: Wire, command: DesktopCommand) -> None:
        """The node said something."""
        ...

    def pong(self, wire: Wire) -> None:
        """The node lives."""
        ...

    def closed(self, wire: Wire, reason: str) -> None:
        """The node hung up."""
        ...


@dataclass(eq=False)
class Wire:
    """One connection."""

    name: str
    node: str
    epoch: Epoch
    """The life of the node that took it."""
    ear: DesktopEar
    open: bool = True
    """Not yet given up by the desktop."""
    node_open: bool = True
    """Not yet given up by the node."""
    to_node_ns: int = 0
    to_desktop_ns: int = 0
    """When the last thing sent arrives: nothing overtakes it."""


@dataclass
class _Road:
    """Of one node."""

    cuts: int = 0
    waiting: list[Callable[[], None]] = field(default_factory=list[Callable[[], None]])
    wires: dict[str, Wire] = field(default_factory=dict[str, Wire])


class Lan:
    """One per world."""

    def __init__(self, kernel: Kernel, machines: Mapping[str, Machine]) -> None:
        self._kernel = kernel
        self._machines = machines
        self._chance = kernel.streams.stream("lan")
        self._roads = {node: _Road() for node in machines}
        self._count = 0

    # -- faults ----

    def cut(self, node: str) -> None:
        """Nothing passes between this node and any desktop."""
        self._roads[node].cuts += 1

    def is_cut(self, node: str) -> bool:
        """Whether nothing passes."""
        return bool(self._roads[node].cuts)

    def heal(self, node: str) -> None:
        """The end of one cut."""
        road = self._roads[node]
        road.cuts -= 1
        if road.cuts == 0:
            waiting, road.waiting = road.waiting, []
            for send in waiting:
                send()

    def died(self, node: str, *, power: bool) -> None:
        """A process is no more."""
        road = self._roads[node]
        wires, road.wires = list(road.wires.values()), {}
        for wire in wires:
            wire.node_open = False
            if not power:
                self._to_desktop(wire, lambda wire=wire: self._tell_closed(wire, "reset"))

    # -- a desktop ----

    def dial(self, node: str, ear: DesktopEar) -> None:
        """Ask for a connection; nothing comes of it when nobody answers."""
        self._count += 1
        name = f"c-{self._count}"

        def arrive() -> None:
            machine = self._machines[node]
            epoch = machine.epoch
            if machine.assembly is None or epoch is None:
                return
            wire = Wire(name, node, epoch, ear)
            self._roads[node].wires[name] = wire
            self._to_desktop(wire, lambda: ear.opened(wire))

        self._send(node, arrive, self._way_ns(), None)

    def say(self, wire: Wire, saying: DesktopSaying) -> None:
        """To the node."""
        self._to_node(wire, lambda: self._recorder(wire).tell(DesktopSaid(wire.name, saying)))

    def ping(self, wire: Wire) -> None:
        """Answered by the node's web server, not by its actor."""

        def pong() -> None:
            self._to_desktop(wire, lambda: wire.ear.pong(wire) if wire.open else None)

        self._to_node(wire, pong)

    def hang_up(self, wire: Wire) -> None:
        """The desktop gives a connection up."""
        if wire.open:
            self._to_node(wire, lambda: self._gone(wire, "hung up"))
            wire.open = False

    # -- a node ----

    def agents_of(self, node: str, connection: str) -> tuple[str, ...]:
        """Who works at the other end."""
        wire = self._roads[node].wires.get(connection)
        return () if wire is None else wire.ear.agents

    def send(self, node: str, connection: str, command: DesktopCommand) -> None:
        """To a desktop."""
        wire = self._roads[node].wires.get(connection)
        if wire is not None:
            self._to_desktop(wire, lambda: wire.ear.hear(wire, command) if wire.open else None)

    def close(self, node: str, connection: str, reason: str) -> None:
        """The node hangs up."""
        wire = self._roads[node].wires.get(connection)
        if wire is not None:
            self._to_desktop(wire, lambda: self._tell_closed(wire, reason))
            self._gone(wire, reason)

    # -- inside ----

    def _gone(self, wire: Wire, reason: str) -> None:
        if wire.node_open:
            wire.node_open = False
            self._roads[wire.node].wires.pop(wire.name, None)
            self._recorder(wire).tell(DesktopGone(wire.name, reason))

    def _recorder(self, wire: Wire) -> Any:
        assembly = self._machines[wire.node].assembly
        assert assembly is not None, "what arrives in a life finds its actors"
        return assembly.screens.recorder

    def _tell_closed(self, wire: Wire, reason: str) -> None:
        if wire.open:
            wire.open = False
            wire.ear.closed(wire, reason)

    def _to_node(self, wire: Wire, act: Callable[[], object]) -> None:
        if not wire.open:
            return
        due_ns = max(wire.to_node_ns, self._kernel.now_ns + self._way_ns())
        wire.to_node_ns = due_ns

        def arrive() -> None:
            if wire.node_open:
                act()

        self._send(wire.node, arrive, due_ns - self._kernel.now_ns, wire.epoch)

    def _to_desktop(self, wire: Wire, act: Callable[[], object]) -> None:
        due_ns = max(wire.to_desktop_ns, self._kernel.now_ns + self._way_ns())
        wire.to_desktop_ns = due_ns
        self._send(wire.node, act, due_ns - self._kernel.now_ns, None)

    def _send(
        self, node: str, act: Callable[[], object], delay_ns: int, epoch: Epoch | None
    ) -> None:
        road = self._roads[node]

        def arrive() -> None:
            if road.cuts:
                road.waiting.append(again)
            else:
                act()

        def again() -> None:
            self._kernel.schedule(0, act, label=f"lan {node}", epoch=epoch)

        self._kernel.schedule(delay_ns, arrive, label=f"lan {node}", epoch=epoch)

    def _way_ns(self) -> int:
        return round(self._chance.uniform(*_WAY_S) * _NS)
