"""Everyone who looks at a world while it runs: the watch over its promises, and its trace when one is wanted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import httpx

from recorder.assembly.actors import NodePorts
from recorder.tracing.rows import Note
from sim.checkers.violation import Violation
from sim.clockwork.kernel import Kernel, Trace
from sim.truth import TruthItem
from sim.ucaas.faults import Subject
from sim.world.data_center import Way, WorldDataCenter
from sim.world.guard import Guard
from sim.world.incident import Fault
from sim.world.report import Broken
from sim.world.trace import WorldTrace
from sim.world.watch import Watch


class Eyes:
    """Tells each of what the world and the machines tell."""

    def __init__(self, note: Note | None, sources: Sequence[str]) -> None:
        self._sources = sources
        self._trace = None if note is None else WorldTrace(note, sources)
        self._ways: Mapping[str, Way] = {}
        self._watch: Watch | None = None
        self.guard: Guard | None = None
        """Another who looks; set once by the world."""

    def begin(
        self,
        *,
        kernel: Kernel,
        data_center: WorldDataCenter,
        tell: Callable[[Violation, tuple[str, ...]], None],
        judges_takeovers: bool,
    ) -> None:
        """The world is about to be made."""
        self._ways = data_center.ways
        self._watch = Watch(
            kernel=kernel,
            data_center=data_center,
            sources=self._sources,
            tell=tell,
            judges_takeovers=judges_takeovers,
        )

    @property
    def watch(self) -> Watch:
        """Who checks the promises."""
        assert self._watch is not None, "the world began"
        return self._watch

    def kernel(self, seed: int, trace: Trace) -> Kernel:
        """The kernel to run on."""
        if self._trace is None:
            return Kernel(seed=seed, trace=trace)
        return self._trace.kernel(seed, trace)

    def life(self, node: str, what: str) -> None:
        """See sim.world.observer.Observer."""
        if self.guard is not None:
            self.guard.life(node, what)
        if self._trace is not None:
            self._trace.life(node, what)
        self.watch.life(node, what)

    def ports(self, node: str, ports: NodePorts) -> NodePorts:
        """See sim.world.observer.Observer."""
        if self._trace is not None:
            ports = self._trace.ports(node, ports, self._ways[node])
        if self.guard is not None:
            ports = self.guard.ports(node, ports)
        return self.watch.ports(node, ports)

    def transport(self, node: str, source: str, inner: httpx.BaseTransport) -> httpx.BaseTransport:
        """See sim.world.observer.Observer."""
        if self.guard is not None:
            inner = self.guard.transport(node, source, inner)
        return inner if self._trace is None else self._trace.transport(node, source, inner)

    def item(self, item: TruthItem) -> None:
        """An item of the service is new or changed."""
        if self._trace is not None:
            self._trace.item(item)
        self.watch.item(item, by_poll=self._poll_ordered_ns() is not None)

    def request(self, source: str, subject: Subject) -> None:
        """The service of a source understood a request and answers."""
        if self._trace is not None:
            self._trace.request(subject)
        ordered_ns = self._poll_ordered_ns()
        if ordered_ns is not None and subject.request == "list":
            self.watch.polled(source, subject.client, ordered_ns)

    def _poll_ordered_ns(self) -> int | None:
        return None if self.guard is None else self.guard.listing_since_ns

    def fault_begins(self, fault: Fault) -> int:
        """Returns the number that pairs it with its end."""
        if self._trace is not None:
            self._trace.fault_begins(fault)
        if self.guard is not None:
            self.guard.fault(fault.kind, fault.target, begins=True)
        return self.watch.fault_begins(fault)

    def fault_ends(self, fault: Fault, number: int) -> None:
        """It is over."""
        if self._trace is not None:
            self._trace.fault_ends(fault, number)
        if self.guard is not None:
            self.guard.fault(fault.kind, fault.target, begins=False)
        self.watch.fault_ends(fault, number)

    def violation(self, broken: Broken) -> None:
        """A promise was broken."""
        if self._trace is not None:
            self._trace.violation(broken)
