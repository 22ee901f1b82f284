"""The rows of a world: both nodes as any node writes them, and besides them lives, faults, items offered and frames lost.

Every row knows its cause, because each event of the kernel remembers the row in which it was scheduled.
Writing a trace changes nothing: the same incident has the same digest with and without.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any, cast

import httpx
from greenlet import getcurrent, greenlet

from cluster.frames import Frame
from cluster.links.wire import FrameDecoder, encode
from cluster.ports import Connection
from recorder.assembly.actors import NodePorts
from recorder.tracing.frames import FrameBook
from recorder.tracing.ports import failed, traced_ports
from recorder.tracing.rows import Note, TraceHeader, TraceKind
from recorder.tracing.tracer import Tracer
from recorder.version import build
from sim.clockwork.clock import WALL_START_US
from sim.clockwork.kernel import Epoch, Event, Kernel, Trace
from sim.stand_ins.transport import SimConnection
from sim.truth import TruthItem
from sim.ucaas.faults import Subject
from sim.world.incident import NODES, Fault, Incident
from sim.world.report import Broken

if TYPE_CHECKING:
    from sim.world.data_center import Way

DATA_CENTER = "data_center"
WORLD = "world"


def lane_of(source: str, sources: Sequence[str]) -> str:
    """The lane of the service of a source: the only one needs no name."""
    return "service" if len(sources) == 1 else f"service:{source}"


def world_header(incident: Incident) -> TraceHeader:
    """The header of a world's trace."""
    return TraceHeader(
        origin=WORLD, build=build(), began_us=WALL_START_US, incident=asdict(incident)
    )


@dataclass
class _Cause:
    row: int | None = None
    turn: tuple[str, Any] | None = None


class _TracingKernel(Kernel):
    """Events remember the row in which they were scheduled."""

    def __init__(self, *, seed: int, trace: Trace, cause: _Cause) -> None:
        super().__init__(seed=seed, trace=trace)
        self._cause = cause

    def schedule(
        self, delay_ns: int, action: Callable[[], object], *, label: str, epoch: Epoch | None = None
    ) -> Event:
        """As the kernel does."""
        cause = self._cause
        row = cause.row

        def act() -> None:
            cause.row, cause.turn = row, None
            try:
                action()
            finally:
                # What follows outside of any event, as the judging at the end, has no cause.
                cause.row, cause.turn = None, None

        return super().schedule(delay_ns, act, label=label, epoch=epoch)


@dataclass
class _Stream:
    """One direction of a connection: frames under way, and how to know them again."""

    receiver: str
    under_way: dict[str, tuple[int, str]] = field(default_factory=dict[str, tuple[int, str]])
    """Row and type of each frame that left and did not arrive, by name."""
    sent: dict[bytes, list[tuple[str, int]]] = field(
        default_factory=dict[bytes, list[tuple[str, int]]]
    )
    """Names and rows of the frames with these bytes, in order."""
    arrived: Counter[bytes] = field(default_factory=Counter[bytes])
    frames: int = 0
    over: str = ""
    """Why nothing arrives on it any more."""


class _Wire:
    """Every stream of the world."""

    def __init__(self) -> None:
        self.streams: dict[int, _Stream] = {}

    def lose(self, number: int, tracer: Tracer, why: str) -> None:
        """What is under way in this direction will never arrive."""
        stream = self.streams.get(number)
        if stream is None:
            return
        stream.over = why
        frames, stream.under_way = stream.under_way, {}
        came_from = tracer.cause.row
        for name, (row, what) in frames.items():
            tracer.row(TraceKind.LOST, what, to=stream.receiver, frame=name, sent=row, why=why)
            tracer.cause.row = came_from


class _Frames(FrameBook):
    """Frames of one life of a node; a world knows both ends, and doubles and reorders frames."""

    def __init__(self, tracer: Tracer, peer: str, wire: _Wire) -> None:
        super().__init__(tracer, peer)
        self._wire = wire

    def sent(self, connection: Connection, data: bytes) -> None:
        end = cast("SimConnection", connection)
        if end.is_dead:
            return
        stream = self._wire.streams.setdefault(end.number, _Stream(self.peer))
        (frame,) = FrameDecoder().feed(data)
        stream.frames += 1
        name = f"{end.number}.{stream.frames}"
        row = self.note(TraceKind.SENT, frame, name)
        stream.under_way[name] = (row, type(frame).__name__)
        stream.sent.setdefault(encode(frame), []).append((name, row))
        if stream.over:
            self._wire.lose(end.number, self.tracer, stream.over)

    def heard(self, connection: Connection, place: int, frame: Frame) -> None:
        del place
        number = cast("SimConnection", connection).other.number
        stream = self._wire.streams.setdefault(number, _Stream(self.tracer.lane))
        data = encode(frame)
        known = stream.sent.get(data, [(f"{number}.?", None)])
        name, row = known[min(stream.arrived[data], len(known) - 1)]
        stream.arrived[data] += 1
        stream.under_way.pop(name, None)
        self.tracer.cause.row = row
        self.note(TraceKind.RECEIVED, frame, name)

    def closed(self, connection: Connection) -> None:
        super().closed(connection)
        number = cast("SimConnection", connection).other.number
        self._wire.lose(number, self.tracer, "the connection ended")


class WorldTrace:
    """Writes the trace of one world."""

    def __init__(self, note: Note, sources: Sequence[str]) -> None:
        self._note = note
        self._lanes = {source: lane_of(source, sources) for source in sources}
        self._cause = _Cause()
        self._numbers = count(1)
        self._wire = _Wire()
        self._now_ns: Callable[[], int] = lambda: 0
        self._known: dict[tuple[str, str, str], TruthItem] = {}
        self._seen: dict[greenlet, Subject] = {}
        self._fault_numbers = count(1)
        lanes = (*NODES, *self._lanes.values(), DATA_CENTER, WORLD)
        self._tracers = {lane: self._tracer(lane) for lane in lanes}

    def kernel(self, seed: int, trace: Trace) -> Kernel:
        """The kernel of the world."""
        kernel = _TracingKernel(seed=seed, trace=trace, cause=self._cause)
        self._now_ns = lambda: kernel.now_ns
        return kernel

    def ports(self, node: str, ports: NodePorts, way: Way) -> NodePorts:
        """The ports of one life of `node`, with rows."""
        tracer = self._tracers[node]
        (peer,) = (name for name in NODES if name != node)

        def outcome_of(error: Exception) -> str:
            return "unknown" if way.answers_lost and not way.down else failed(error)

        frames = _Frames(tracer, peer, self._wire)
        return traced_ports(ports, tracer, frames, outcome_of=outcome_of, requests=False)

    def transport(self, node: str, source: str, inner: httpx.BaseTransport) -> httpx.BaseTransport:
        """The road of `node` to the service of a source, with a row for each request."""
        return _Requests(inner, self._tracers[node], self._lanes[source], self._seen)

    # -- what happens in the world ----

    def life(self, node: str, what: str, **data: Any) -> None:
        """A process began, ended, was stopped or goes on."""
        self._tracers[node].row(TraceKind.LIFE, what, **data)
        if what in {"crashed", "powered_off"}:
            for number, stream in [*self._wire.streams.items()]:
                if stream.receiver == node:
                    (sender,) = (name for name in NODES if name != node)
                    self._wire.lose(number, self._tracers[sender], f"{node} {what}")

    def fault_begins(self, fault: Fault) -> int:
        """Returns the number that pairs it with its end."""
        number = next(self._fault_numbers)
        self._fault(fault, "begin", number)
        return number

    def fault_ends(self, fault: Fault, number: int) -> None:
        """It is over."""
        self._fault(fault, "end", number)

    def violation(self, broken: Broken) -> None:
        """A promise was broken."""
        seen = broken.violation
        self._tracers[WORLD].row(
            TraceKind.VIOLATION, seen.promise, text=seen.what, items=list(seen.items)
        )

    def request(self, subject: Subject) -> None:
        """The service understood a request of whoever asks just now."""
        self._seen[getcurrent()] = subject

    def item(self, item: TruthItem) -> None:
        """An item of the service is new, or something of it changed."""
        place = (item.source, item.key, item.version)
        old, self._known[place] = self._known.get(place), item
        tracer, data = self._tracers[self._lanes[item.source]], _item(item)
        if old is None:
            came_from, self._cause.row = self._cause.row, None
            late = {"late": True} if item.late else {}
            absent = {"absent": item.absent} if item.absent else {}
            offered_ns = max(0, (item.offered_us - WALL_START_US) * 1000)
            tracer.row(TraceKind.ITEM, "offered", **data, offered_ns=offered_ns, **late, **absent)
            self._cause.row = came_from
        elif old.first_listed_us is None and item.first_listed_us is not None:
            tracer.row(TraceKind.ITEM, "listed", **data)
        elif old.deleted_us is None and item.deleted_us is not None:
            tracer.row(TraceKind.ITEM, "deleted", **data)
        elif old.replaced_us is None and item.replaced_us is not None:
            tracer.row(TraceKind.ITEM, "replaced", **data)
        elif old.changed_us != item.changed_us:
            tracer.row(TraceKind.ITEM, "changed", **data)

    def _fault(self, fault: Fault, phase: str, number: int) -> None:
        self._tracers[WORLD].row(
            TraceKind.FAULT,
            fault.kind,
            to=fault.target,
            phase=phase,
            target=fault.target,
            text=str(fault),
            number=number,
        )

    def _at_ns(self) -> int:
        return self._now_ns()

    def _tracer(self, lane: str) -> Tracer:
        return Tracer(
            lane=lane,
            now_ns=self._at_ns,
            number=lambda: next(self._numbers),
            cause=self._cause,
            note=self._note,
        )


class _Requests(httpx.BaseTransport):
    """A row when the answer begins to arrive, or fails to."""

    def __init__(
        self,
        inner: httpx.BaseTransport,
        tracer: Tracer,
        to: str,
        seen: dict[greenlet, Subject],
    ) -> None:
        self._inner = inner
        self._tracer = tracer
        self._to = to
        self._seen = seen

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        began_ns = self._tracer.now_ns()
        self._seen.pop(getcurrent(), None)
        try:
            response = self._inner.handle_request(request)
        except httpx.TransportError as error:
            self._row(began_ns, status=0, outcome=failed(error))
            raise
        size = int(response.headers.get("Content-Length", "0"))
        self._row(began_ns, status=response.status_code, bytes=size)
        return response

    def _row(self, began_ns: int, **data: Any) -> None:
        """What was asked, as the service understood it: an address may be a signed one."""
        subject = self._seen.pop(getcurrent(), None)
        what = "unheard" if subject is None else subject.request
        item = {"item": subject.item} if subject is not None and subject.item else {}
        self._tracer.row(TraceKind.REQUEST, what, to=self._to, began_ns=began_ns, **item, **data)


def _item(item: TruthItem) -> dict[str, Any]:
    return {
        "source": item.source,
        "key": item.key,
        "version": item.version,
        "changed_us": item.changed_us,
    }
