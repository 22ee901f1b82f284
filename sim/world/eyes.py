"""Everyone who looks at a world while it runs: its trace, when one is wanted."""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from recorder.assembly import NodePorts
from recorder.trace import Note
from sim.kernel import Kernel, Trace
from sim.truth import TruthItem
from sim.ucaas.faults import Subject
from sim.world.data_center import Way
from sim.world.guard import Guard
from sim.world.incident import Fault
from sim.world.report import Broken
from sim.world.trace import WorldTrace


class Eyes:
    """Tells each of what the world and the machines tell."""

    def __init__(self, note: Note | None) -> None:
        self._trace = None if note is None else WorldTrace(note)
        self.ways: Mapping[str, Way] = {}
        """Of each node to the Data Center; set once by the world."""
        self.guard: Guard | None = None
        """The same."""

    def kernel(self, seed: int, trace: Trace) -> Kernel:
        """The kernel to run on."""
        if self._trace is None:
            return Kernel(seed=seed, trace=trace)
        return self._trace.kernel(seed, trace)

    def life(self, node: str, what: str) -> None:
        """See sim.world.observed.Observer."""
        if self.guard is not None:
            self.guard.life(node, what)
        if self._trace is not None:
            self._trace.life(node, what)

    def ports(self, node: str, ports: NodePorts) -> NodePorts:
        """See sim.world.observed.Observer."""
        if self.guard is not None:
            ports = self.guard.ports(node, ports)
        if self._trace is not None:
            ports = self._trace.ports(node, ports, self.ways[node])
        return ports

    def transport(self, node: str, inner: httpx.BaseTransport) -> httpx.BaseTransport:
        """See sim.world.observed.Observer."""
        if self.guard is not None:
            inner = self.guard.transport(node, inner)
        return inner if self._trace is None else self._trace.transport(node, inner)

    def item(self, item: TruthItem) -> None:
        """An item of the service is new or changed."""
        if self._trace is not None:
            self._trace.item(item)

    def request(self, subject: Subject, status: int) -> None:
        """The service understood a request and answers."""
        del status
        if self._trace is not None:
            self._trace.request(subject)

    def fault_begins(self, fault: Fault) -> int:
        """Returns the number that pairs it with its end."""
        return 0 if self._trace is None else self._trace.fault_begins(fault)

    def fault_ends(self, fault: Fault, number: int) -> None:
        """It is over."""
        if self._trace is not None:
            self._trace.fault_ends(fault, number)

    def violation(self, broken: Broken) -> None:
        """A promise was broken."""
        if self._trace is not None:
            self._trace.violation(broken)
