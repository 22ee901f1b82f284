"""The fake service inside a world: the same program that serves real ports, behind a simulated network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

import httpx

from sim.audio import Recording
from sim.clock import WALL_START_US
from sim.kernel import Kernel
from sim.ucaas.dynamics.entra import ClientApp
from sim.ucaas.dynamics.mix import CallMix, MixOptions
from sim.ucaas.dynamics.service import FakeDynamics
from sim.ucaas.faults import Subject
from sim.ucaas.http import MemoryTransport, Request, Response
from sim.world.incident import NODES, Workload
from sim.world.settings import ORG_URL, SOURCE, TENANT, client_id, client_secret

_LATENCY_S: Final = (0.01, 0.08)
_CONNECT_S: Final = 5.0
_SOUNDS: Final = ((5.0, 3_000), (20.0, 9_000), (90.0, 40_000))


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
    """Dynamics, its calls, and each node's road to it."""

    def __init__(self, *, kernel: Kernel, seed: int, workload: Workload) -> None:
        self._kernel = kernel
        self.roads = {node: Road() for node in NODES}
        self.fake = FakeDynamics(
            now_us=self.now_us,
            monotonic_ns=lambda: kernel.now_ns,
            clients=[ClientApp(client_id(node), client_secret(node)) for node in NODES],
            seed=seed,
            source=SOURCE,
            tenant=TENANT,
            org_url=ORG_URL,
            on_arrival=self._asked,
        )
        self._asking = NODES[0]
        self._mix = CallMix(bank=_bank(), seed=seed, options=_options(workload))
        self._rate = workload.calls_per_minute

    def now_us(self) -> int:
        """True time."""
        return WALL_START_US + self._kernel.now_ns // 1000

    def begin_calls(self) -> None:
        """Let calls end at random instants from now on."""
        self.fake.feed(self._mix, self._rate)

    def end_calls(self) -> None:
        """No new calls; those placed come to their end."""
        self.fake.feed(None, 0.0)

    def transport(self, node: str) -> httpx.BaseTransport:
        """The service as `node` reaches it."""
        return _Transport(self, self._kernel, node)

    def handle(self, node: str, request: Request) -> Response:
        """Answer a request of `node`."""
        self._asking = node
        return self.fake.handle(request)

    def _asked(self, subject: Subject, first_page: bool) -> None:  # noqa: FBT001 - the fake's callback
        road = self.roads[self._asking]
        if subject.request != "list":
            road.reach(f"request:{subject.request}")
            return
        page = road.page = 1 if first_page else road.page + 1
        road.reach("request:list")
        road.reach(f"request:list:{page}")


class _Transport(httpx.BaseTransport):
    """Latency and cuts in front of the service."""

    def __init__(self, service: WorldService, kernel: Kernel, node: str) -> None:
        self._kernel = kernel
        self._road = service.roads[node]
        self._chance = kernel.streams.stream("service", node)
        self._inner = MemoryTransport(handle=partial(service.handle, node), wait=kernel.block_for)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """There, the answer, and back. Raises ConnectTimeout and ReadTimeout."""
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


def _bank() -> tuple[Recording, ...]:
    """Bodies that begin as MP3 does; nobody listens here."""
    return tuple(
        Recording(f"sound-{size}.mp3", seconds, (b"\xff\xf3\x44\xc4" + bytes(140)) * (size // 144))
        for seconds, size in _SOUNDS
    )


def _options(workload: Workload) -> MixOptions:
    return MixOptions(
        late=workload.late,
        late_s=workload.late_s,
        deleted=workload.deleted,
        replaced=workload.replaced,
        unrecorded=workload.unrecorded,
        bump=workload.bump,
        second_recording=workload.second_recording,
        equal_stamps=workload.equal_stamps,
    )
