"""Stitching as a part of a node: its actor, where the node knows screens and has a place to work in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from cluster.ports import Address, Behaviour, Clock, Runtime
from recorder.config import Config
from recorder.desk.hold_reach import holds_over
from recorder.errors import SourceError
from recorder.ports.audit import AuditTrail
from recorder.ports.recording import DataSource
from recorder.ports.screens import AgentEventDb, ScreenDb
from recorder.scn.model import AgentEvent, ClockOffset, Leg
from recorder.screen.legs import Limits, fold, limits_of
from recorder.stitch.gathering import service_offset
from recorder.stitch.stitch_ports import StitchTools, Studio
from recorder.stitch.stitcher import Stitcher, StitcherPorts

if TYPE_CHECKING:
    from recorder.assembly.actors import NodePorts

Begin = Callable[[Address[Any], Behaviour[Any]], None]
STITCH: Final = "stitch"
"""The lane of work."""
STITCHER: Final = "stitcher"


@dataclass(frozen=True, slots=True)
class StitchStores:
    """What stitching needs of the world, beside what every node has."""

    screens: ScreenDb
    events: AgentEventDb
    studio: Studio


class StitchAssembly:
    """One per node; without `stores` nothing is made replayable, and everything here is empty."""

    def __init__(self, stores: StitchStores | None, *, runtime: Runtime) -> None:
        self._stores = stores
        self._runtime = runtime
        self.address: Address[Any] | None = None if stores is None else runtime.reserve(STITCHER)

    @property
    def watched(self) -> tuple[Address[Any], ...]:
        """Those the supervisor pings, and the pair grants the duty."""
        return () if self.address is None else (self.address,)

    def start(
        self,
        begin: Begin,
        config: Config,
        ports: NodePorts,
        *,
        monitor: Address[Any],
        trail: AuditTrail,
    ) -> None:
        """Start the actor."""
        if self._stores is None or self.address is None:
            return
        given = StitcherPorts(
            me=self.address,
            lane=ports.workers[STITCH],
            clock=ports.clock,
            board=ports.board,
            monitor=monitor,
            tools=replace(stitch_tools(self._stores, config, ports), trail=trail),
            settings=config.replay,
        )
        begin(self.address, Stitcher(ports=given))

    def stop(self) -> None:
        """Stop the actor."""
        if self.address is not None:
            self._runtime.stop(self.address)


def stitch_tools(stores: StitchStores, config: Config, ports: NodePorts) -> StitchTools:
    """What the jobs of stitching use, and whoever asks how far they are."""
    return StitchTools(
        node=config.node.id,
        contacts=ports.contact_db,
        events=stores.events,
        screens=stores.screens,
        archive=ports.archive,
        studio=stores.studio,
        fold=partial(_legs, limits_of(config.screens)),
        service_clock=partial(_service_clock, ports.sources, ports.clock),
        wall_us=ports.clock.wall_us,
        trap=ports.trap,
        holds=holds_over(ports.retention),
    )


def _legs(limits: Limits, events: Sequence[AgentEvent], now_us: int) -> Sequence[Leg]:
    return fold(events, limits, now_us).legs


def _service_clock(
    sources: Mapping[str, DataSource], clock: Clock, name: str
) -> ClockOffset | None:
    """By one exchange with the service; None when it does not answer, or is no source of this node."""
    source = sources.get(name)
    if source is None:
        return None
    try:
        time = source.server_time()
    except SourceError:
        return None
    return service_offset(time, clock.wall_us(), clock.monotonic_ns())
