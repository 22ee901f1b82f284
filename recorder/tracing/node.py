"""The trace of one node in a file: `tandem node run --trace FILE`."""

from __future__ import annotations

from itertools import count
from pathlib import Path

from cluster.ports import Clock
from recorder.adapters.trace_file import TraceFile
from recorder.assembly.actors import NodePorts
from recorder.tracing.frames import FrameBook
from recorder.tracing.ports import traced_ports
from recorder.tracing.rows import TraceHeader, TraceKind
from recorder.tracing.tracer import ThreadCause, Tracer
from recorder.version import build


class NodeTracing:
    """Writes from its making on. Raises ConfigError when the file cannot be written."""

    def __init__(self, path: Path, *, node: str, clock: Clock) -> None:
        self._file = TraceFile(
            path, lambda: TraceHeader(node, build(), clock.wall_us(), clock.monotonic_ns())
        )
        numbers = count(1)
        self._tracer = Tracer(
            lane=node,
            now_ns=clock.monotonic_ns,
            number=lambda: next(numbers),
            cause=ThreadCause(),
            note=self._file.note,
        )
        self._tracer.row(TraceKind.LIFE, "started")

    def ports(self, ports: NodePorts) -> NodePorts:
        """The ports of the node, with rows for what goes through them."""
        return traced_ports(ports, self._tracer, FrameBook(self._tracer, "peer"))

    def close(self) -> None:
        """The node stops."""
        self._tracer.row(TraceKind.LIFE, "stopped")
        self._file.close()
