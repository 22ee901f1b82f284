"""One fake service inside a world: the same program that serves real ports, behind a simulated network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import httpx

from sim.clockwork.chance import stream
from sim.clockwork.clock import WALL_START_US
from sim.clockwork.kernel import Kernel
from sim.ucaas.fake import FakeService
from sim.ucaas.faults import Manners, Subject
from sim.ucaas.http import MemoryTransport, Request, Response
from sim.world.incident import FIRST_SOURCE, NODES, Incident
from sim.world.kinds import kind_of
from sim.world.kinds.kind import Birth
from sim.world.observer import Observer

_LATENCY_S: Final = (0.01, 0.08)
_CONNECT_S: Final = 5.0
_SEED_MAX: Final = 1 << 30


@dataclass
class Road:
    """What lies between one node and the service. Faults count up and down, so that they may overlap."""

    cut: int = 0
    slow_s: float = 0.0
    page: int = 0
    """Of the listing under way."""
    reach: Callable[[str], None] = lambda _: None
    """Called with the points the node's requests come to."""


class WorldService:
    """One source's service, its calls, and each node's road to it."""

    def __init__(
        self, *, kernel: Kernel, incident: Incident, source: str, observer: Observer
    ) -> None:
        self.source = source
        self._observer = observer
        self._kernel = kernel
        self._kind = kind_of(source)
        self.roads = {node: Road() for node in NODES}
        self._asking = NODES[0]
        self.born = self._kind.born(
            Birth(
                source=source,
                seed=_seed(incident.seed, source),
                nodes=NODES,
                workload=incident.workload_of(source),
                now_us=self.now_us,
                monotonic_ns=lambda: kernel.now_ns,
                on_arrival=self._asked,
            )
        )
        self._calm_us: int | None = None
        self.hung_until_us = 0
        """When the last answer came to its end that was asked for before all was well."""
        self.fake.watch(item=observer.item, request=self._understood)

    @property
    def fake(self) -> FakeService[Any]:
        """Who answers."""
        return self.born.fake

    @property
    def manners(self) -> Manners:
        """The faults that make sense with it."""
        return self._kind.manners

    def serves(self, url: httpx.URL) -> bool:
        """Whether it answers at this address."""
        return self._kind.serves(self.source, url)

    def now_us(self) -> int:
        """True time."""
        return WALL_START_US + self._kernel.now_ns // 1000

    def begin_calls(self) -> None:
        """Let calls end at random instants from now on."""
        self.born.begin()

    def end_calls(self) -> None:
        """All is well from now on. No new calls; those placed come to their end, also where nobody asked for long."""
        self._calm_us = self.now_us()
        self.fake.advance()
        self.born.end()

    def transport(self, node: str) -> httpx.BaseTransport:
        """The service as `node` reaches it; the observer looks through."""
        road = _Transport(self, self._kernel, node)
        return self._observer.transport(node, self.source, road)

    def handle(self, node: str, request: Request) -> Response:
        """Answer a request of `node`."""
        self._asking = node
        return self.fake.handle(request)

    def answered(self, asked_us: int) -> None:
        """An answer came to its end, or was given up."""
        if self._calm_us is not None and asked_us <= self._calm_us:
            self.hung_until_us = self.now_us()

    def _understood(self, subject: Subject, status: int) -> None:
        del status
        self._observer.request(self.source, subject)

    def _asked(self, subject: Subject, first_page: bool) -> None:  # noqa: FBT001 - the fake's callback
        road = self.roads[self._asking]
        if subject.request != "list":
            road.reach(f"request:{subject.request}")
            return
        page = road.page = 1 if first_page else road.page + 1
        road.reach("request:list")
        road.reach(f"request:list:{page}")


def _seed(seed: int, source: str) -> int:
    """Of the service: each has chances of its own, and keys that no other has."""
    if source == FIRST_SOURCE:
        return seed
    return stream(seed, "source", source).randrange(_SEED_MAX)


class _Transport(httpx.BaseTransport):
    """Latency and cuts in front of the service."""

    def __init__(self, service: WorldService, kernel: Kernel, node: str) -> None:
        self._service = service
        self._kernel = kernel
        self._road = service.roads[node]
        name = () if service.source == FIRST_SOURCE else (service.source,)
        self._chance = kernel.streams.stream("service", node, *name)
        self._inner = MemoryTransport(handle=partial(service.handle, node), wait=kernel.block_for)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """There, the answer, and back. Raises ConnectTimeout and ReadTimeout."""
        asked_us = self._service.now_us()
        try:
            response = self._exchange(request)
        except httpx.TransportError:
            self._service.answered(asked_us)
            raise
        assert isinstance(response.stream, httpx.SyncByteStream), "it was asked for on one thread"
        response.stream = _Watched(response.stream, partial(self._service.answered, asked_us))
        return response

    def _exchange(self, request: httpx.Request) -> httpx.Response:
        there_s, back_s = (self._chance.uniform(*_LATENCY_S) / 2 for _ in range(2))
        if self._road.cut:
            self._kernel.block_for(_CONNECT_S)
            raise httpx.ConnectTimeout("the connection was not answered")
        self._kernel.block_for(there_s + self._road.slow_s)
        response = self._inner.handle_request(request)
        if self._road.cut:
            self._kernel.block_for(request.extensions.get("timeout", {}).get("read") or 30.0)
            raise httpx.ReadTimeout("the answer was lost")
        self._kernel.block_for(back_s)
        return response


class _Watched(httpx.SyncByteStream):
    """A body that tells when it is over."""

    def __init__(self, body: httpx.SyncByteStream, over: Callable[[], None]) -> None:
        self._body = body
        self._over = over

    def __iter__(self) -> Iterator[bytes]:
        yield from self._body

    def close(self) -> None:
        self._body.close()
        self._over()
