"""The events that a node has at hand: each once, by agent, not too old and not too many. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from recorder.scn.model import AgentEvent

TEXT_MAX: Final = 300
AHEAD_US: Final = 86_400 * 1_000_000
"""An event that happens so much later than it was heard of is no event."""
EVENTS_MAX: Final = 50_000


def is_of_tomorrow(event: AgentEvent) -> bool:
    """Whether it happened so much later than the clock of who heard of it showed that one of the two clocks is wrong."""
    return event.at_us > event.heard_us + AHEAD_US


def is_sane(event: AgentEvent) -> bool:
    """Whether a platform would say so: ids of some length, and nothing of tomorrow."""
    texts = (event.source, event.event_id, event.agent, event.call, event.heard_by)
    return (
        all(len(text) <= TEXT_MAX for text in texts)
        and bool(event.source and event.event_id and event.agent)
        and event.at_us >= 0
        and not is_of_tomorrow(event)
    )


class AtHand:
    """Events by agent. Events of one call come and go together, so that no leg is ever half known."""

    def __init__(self, events_max: int = EVENTS_MAX) -> None:
        self._events_max = events_max
        self._by_agent: dict[str, dict[tuple[str, str], AgentEvent]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, event: AgentEvent) -> bool:
        """Whether it is new."""
        events = self._by_agent.setdefault(event.agent_key, {})
        key = (event.source, event.event_id)
        if key in events:
            return False
        events[key] = event
        self._count += 1
        return True

    def agents(self) -> tuple[str, ...]:
        """Agent keys of whom something is at hand."""
        return tuple(self._by_agent)

    def of(self, agent_key: str) -> tuple[AgentEvent, ...]:
        """Everything of one agent, in the order it came."""
        return tuple(self._by_agent.get(agent_key, {}).values())

    def all(self) -> tuple[AgentEvent, ...]:
        """Everything, agent by agent."""
        return tuple(event for events in self._by_agent.values() for event in events.values())

    def evict(self, before_us: int) -> tuple[str, ...]:
        """Forget what ended before an instant, and the oldest of what is too much.

        Returns the agents of whom something was forgotten.
        """
        touched: dict[str, None] = {}
        while True:
            for agent_key in tuple(self._by_agent):
                if self._evict_of(agent_key, before_us):
                    touched[agent_key] = None
            if self._count <= self._events_max:
                return tuple(touched)
            before_us = max(before_us, self._instant_of_too_many())

    def _instant_of_too_many(self) -> int:
        instants = sorted(event.at_us for event in self.all())
        return instants[len(instants) - self._events_max // 2] + 1

    def _evict_of(self, agent_key: str, before_us: int) -> bool:
        events = self._by_agent[agent_key]
        newest = _newest_of_calls(events.values())
        old = [
            key
            for key, event in events.items()
            if (newest[event.call] if event.call else event.at_us) < before_us
        ]
        for key in old:
            del events[key]
        if not events:
            del self._by_agent[agent_key]
        self._count -= len(old)
        return bool(old)


def _newest_of_calls(events: Iterable[AgentEvent]) -> dict[str, int]:
    newest: dict[str, int] = {}
    for event in events:
        newest[event.call] = max(newest.get(event.call, 0), event.at_us)
    return newest
