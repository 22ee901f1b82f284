"""Every service of a world, and what the nodes see of them: each request goes to the service it names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import httpx

from sim.clockwork.clock import WALL_START_US
from sim.clockwork.kernel import Kernel
from sim.truth import TruthItem
from sim.world.incident import Fault, Incident
from sim.world.observer import Observer
from sim.world.service import WorldService


class Services:
    """One for each source, in the order of the incident."""

    def __init__(self, *, kernel: Kernel, incident: Incident, observer: Observer) -> None:
        self._kernel = kernel
        self.by_source: Mapping[str, WorldService] = {
            source: WorldService(kernel=kernel, incident=incident, source=source, observer=observer)
            for source in incident.sources
        }

    def __iter__(self) -> Iterator[WorldService]:
        """All of them."""
        return iter(self.by_source.values())

    def __getitem__(self, source: str) -> WorldService:
        """The one of this source."""
        return self.by_source[source]

    def now_us(self) -> int:
        """True time."""
        return WALL_START_US + self._kernel.now_ns // 1000

    def transport(self, node: str, source: str = "") -> httpx.BaseTransport:
        """All of them as `node` reaches them; `source`, or the first, has the addresses nobody answers at."""
        if len(self.by_source) == 1:
            (only,) = self
            return only.transport(node)
        return _ByAddress(self, node, source or next(iter(self.by_source)))

    def hit_by(self, fault: Fault) -> tuple[WorldService, ...]:
        """Those that a fault is about: the one in its options, or all."""
        source = fault.text("source", "")
        return tuple(service for service in self if source in {"", service.source})

    def truth(self) -> tuple[TruthItem, ...]:
        """Every item offered so far, source by source."""
        return tuple(item for service in self for item in service.fake.truth())


class _ByAddress(httpx.BaseTransport):
    """Each request to the service that answers at its address."""

    def __init__(self, services: Services, node: str, source: str) -> None:
        self._roads: Mapping[str, tuple[WorldService, httpx.BaseTransport]] = {
            service.source: (service, service.transport(node)) for service in services
        }
        self._other = self._roads[source][1]

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """As the service that was asked does."""
        for service, road in self._roads.values():
            if service.serves(request.url):
                return road.handle_request(request)
        return self._other.handle_request(request)

    def close(self) -> None:
        """Give back connections."""
        for _, road in self._roads.values():
            road.close()
