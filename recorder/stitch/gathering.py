"""The inputs of a contact's rendition, asked of the Data Center."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from recorder.model import SourceTime, Window
from recorder.records.contacts import ContactDetail
from recorder.scn.model import AgentEvent, ClockOffset, Leg
from recorder.stitch.inputs import Inputs, agents_of, calls_of, own_legs
from recorder.stitch.stitch_ports import StitchTools

AROUND_US: Final = 4 * 3_600_000_000
"""So long before and after a contact an agent's events say what he did in it."""
CLOCKS_US: Final = 600_000_000
"""By how much clocks may differ, generously, when parts of a period are looked up."""
RESOLUTION_US: Final = 1_000_000
"""Of the `Date` header of answers."""


def gathered(tools: StitchTools, detail: ContactDetail, *, clock: bool) -> Inputs:
    """Everything that is on record about a contact. Raises DataCenterError.

    `clock`: whether to ask the service what time it is, which a digest does not need.
    """
    named = tools.events.of_calls(calls_of(detail))
    agents = tuple(sorted({*agents_of(detail), *(event.agent_key for event in named)}))
    period = _period(detail, named)
    events = named
    if agents and period is not None:
        events += tools.events.of_agents(agents, period)
    legs = folded(tools, events)
    others = _calls_of_others(tools, detail, legs)
    _, shown = own_legs(detail, legs, others)
    if not shown:
        return Inputs(detail, events, legs, others=others)
    keys = tuple(sorted({leg.agent_key for leg in shown}))
    parts = tools.screens.parts(keys, _window(shown, tools.wall_us()))
    # Whoever sits there may be another agent for another source: what must not be seen then is on the same screen.
    others_there = sorted({one for part in parts for one in part.stream.agents}.difference(agents))
    if others_there and period is not None:
        legs += folded(tools, tools.events.of_agents(others_there, period))
    service = tools.service_clock(detail.row.source) if parts and clock else None
    return Inputs(detail, events, legs, parts, others, service)


def _calls_of_others(
    tools: StitchTools, detail: ContactDetail, legs: Sequence[Leg]
) -> frozenset[str]:
    """Of the calls that might be the contact's under another name, those that are other contacts'."""
    calls = set(calls_of(detail))
    doubtful = {leg.call for leg in own_legs(detail, legs, frozenset())[1]} - calls - {""}
    return frozenset(
        call
        for call in sorted(doubtful)
        if any(row.session_key == call for row in tools.contacts.contacts_called(call))
    )


def folded(tools: StitchTools, events: Sequence[AgentEvent]) -> tuple[Leg, ...]:
    """The legs of all agents that events speak of, agent by agent."""
    by_agent: dict[str, list[AgentEvent]] = {}
    for event in {(one.source, one.event_id): one for one in events}.values():
        by_agent.setdefault(event.agent_key, []).append(event)
    now_us = tools.wall_us()
    agents: Mapping[str, list[AgentEvent]] = dict(sorted(by_agent.items()))
    return tuple(leg for mine in agents.values() for leg in tools.fold(mine, now_us))


def lasting(inputs: Inputs) -> bool:
    """Whether a screen of the contact is still being recorded, as far as is known."""
    _, shown = own_legs(inputs.detail, inputs.legs, inputs.others)
    return any(leg.span.to_us is None for leg in shown)


def service_offset(time: SourceTime, wall_us: int, now_ns: int) -> ClockOffset:
    """How far the service's clock is ahead, by one exchange that ended at or before `now_ns`."""
    middle_ns = (time.sent_ns + time.received_ns) // 2
    here_us = wall_us - (now_ns - middle_ns) // 1000
    there_us = time.source_us + RESOLUTION_US // 2
    trip_us = max(0, time.received_ns - time.sent_ns) // 1000
    return ClockOffset(there_us - here_us, RESOLUTION_US // 2 + trip_us // 2 + 1)


def _period(detail: ContactDetail, events: Sequence[AgentEvent]) -> Window | None:
    known = [event.at_us for event in events]
    for one in detail.interactions:
        known += [at_us for at_us in (one.started_us, one.ended_us) if at_us is not None]
    return Window(min(known) - AROUND_US, max(known) + AROUND_US) if known else None


def _window(shown: Sequence[Leg], now_us: int) -> Window:
    ends = [now_us if leg.span.to_us is None else leg.span.to_us for leg in shown]
    begins = [leg.span.from_us for leg in shown]
    return Window(min(begins) - CLOCKS_US, max(*ends, *begins) + CLOCKS_US)
