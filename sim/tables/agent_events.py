"""What platforms said of agents, in memory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from recorder.adapters.contact_db.columns import tidy
from recorder.adapters.contact_db.pages import bounded
from recorder.errors import DataCenterDown
from recorder.model import Window
from recorder.scn.model import AgentEvent
from sim.tables.data_center import DataCenterFaults


@dataclass
class AgentEventStore:
    """What the database keeps. Outlives the nodes."""

    events: dict[tuple[str, str], AgentEvent] = field(
        default_factory=dict[tuple[str, str], AgentEvent]
    )
    lock: threading.RLock = field(default_factory=threading.RLock)


class MemoryAgentEventDb:
    """Implements `recorder.ports.screens.AgentEventDb`. Any thread."""

    def __init__(self, store: AgentEventStore, *, faults: DataCenterFaults | None = None) -> None:
        self.faults = faults or DataCenterFaults()
        self._store = store

    def record(self, events: Sequence[AgentEvent]) -> None:
        """See AgentEventDb."""
        with self._call("record_agent_events") as store:
            for event in map(tidy, events):
                store.events.setdefault((event.source, event.event_id), event)

    def since(self, from_us: int, limit: int) -> tuple[AgentEvent, ...]:
        """See AgentEventDb."""
        return self._read("agent_events_since", lambda one: one.at_us >= from_us)[: bounded(limit)]

    def of_calls(self, calls: Sequence[str]) -> tuple[AgentEvent, ...]:
        """See AgentEventDb."""
        return self._read("agent_events_of_calls", lambda one: bool(one.call) and one.call in calls)

    def of_agents(self, agent_keys: Sequence[str], window: Window) -> tuple[AgentEvent, ...]:
        """See AgentEventDb."""
        return self._read(
            "agent_events_of_agents",
            lambda one: one.agent_key in agent_keys and window.from_us <= one.at_us < window.to_us,
        )

    def _read(self, name: str, wanted: Callable[[AgentEvent], bool]) -> tuple[AgentEvent, ...]:
        with self._call(name) as store:
            found = [one for one in store.events.values() if wanted(one)]
        return tuple(sorted(found, key=lambda one: (one.at_us, one.source, one.event_id)))

    @contextmanager
    def _call(self, name: str) -> Generator[AgentEventStore]:
        self.faults.on_call(name)
        if self.faults.down:
            raise DataCenterDown(f"the contact database is not available for {name}")
        with self._store.lock:
            yield self._store
        self.faults.on_done(name)
        if self.faults.answers_lost > 0:
            self.faults.answers_lost -= 1
            raise DataCenterDown(f"the contact database did not answer {name}")
