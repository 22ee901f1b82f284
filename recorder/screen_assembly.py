"""The actors of screen recording, put together; see `recorder/assembly.py`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cluster.messages import ShareMessage
from cluster.ports import Address, Behaviour, Runtime
from recorder.config import Config
from recorder.ports import DataSource, Journal
from recorder.recovery_assembly import calls_lane
from recorder.screen.event_codec import TOPIC
from recorder.screen.event_keeper import KeeperPorts
from recorder.screen.ris import Ris
from recorder.screen.states import StatesAsker, StatesPorts, can_tell
from recorder.screen_ports import AgentEventDb

if TYPE_CHECKING:
    from recorder.assembly import NodePorts

Begin = Callable[[Address[Any], Behaviour[Any]], None]
RIS: Final = "ris"
STATES: Final = "agent_states"


@dataclass(frozen=True, slots=True)
class ScreenPorts:
    """What screen recording needs of the world."""

    events: AgentEventDb
    journal: Journal
    """Of the events of agents, and of nothing else."""


class ScreenAssembly:
    """Screen recording of one node; without `ports` nothing is heard of agents."""

    def __init__(
        self, ports: ScreenPorts | None, *, runtime: Runtime, sources: Mapping[str, DataSource]
    ) -> None:
        self._ports = ports
        self._runtime = runtime
        self._telling = {
            name: source for name, source in sorted(sources.items()) if can_tell(source)
        }
        names: list[str] = []
        if ports is not None:
            names = [RIS, STATES] if self._telling else [RIS]
        self._at: dict[str, Address[Any]] = {name: runtime.reserve(name) for name in names}

    @property
    def ris(self) -> Address[Any] | None:
        """Takes `AgentEventsHeard`."""
        return self._at.get(RIS)

    @property
    def states(self) -> Address[Any] | None:
        """Takes `AskStates`; None where no source's platform can be asked."""
        return self._at.get(STATES)

    @property
    def watched(self) -> tuple[Address[Any], ...]:
        """Those that answer pings."""
        return tuple(self._at.values())

    @property
    def duties(self) -> tuple[Address[Any], ...]:
        """Those that do the primary's work."""
        return tuple(address for name, address in self._at.items() if name == STATES)

    @property
    def sharers(self) -> Mapping[str, Address[ShareMessage]]:
        """By topic of the peer link."""
        return {} if self._ports is None else {TOPIC: self._at[RIS]}

    def start(
        self,
        begin: Begin,
        config: Config,
        ports: NodePorts,
        *,
        monitor: Address[Any],
        link: Address[Any],
    ) -> None:
        """Start them."""
        if self._ports is None:
            return
        keeping = KeeperPorts(
            me=self._at[RIS],
            monitor=monitor,
            disk=ports.workers["local"],
            database=ports.workers["database"],
            clock=ports.clock,
            journal=self._ports.journal,
            db=self._ports.events,
        )
        ris = Ris(
            node=config.node.id,
            keeping=keeping,
            link=link,
            screens=None,
            board=ports.board,
            settings=config.screens,
        )
        begin(self._at[RIS], ris)
        if STATES in self._at:
            asking = StatesPorts(
                me=self._at[STATES],
                ris=self._at[RIS],
                monitor=monitor,
                sources=self._telling,
                lanes={name: ports.workers[calls_lane(name)] for name in self._telling},
                clock=ports.clock,
                every_s=config.screens.states_every_s,
            )
            begin(self._at[STATES], StatesAsker(asking))

    def stop(self) -> None:
        """Stop them, in the reverse order of `start`."""
        for name in reversed(self._at):
            self._runtime.stop(self._at[name])
