"""What rows of Dynamics say of agents. Pure.

The same row gives the same events with the same ids, whether it came in a message or was read.
A row of `msdyn_sessionparticipant` is one offer of a conversation to one agent:

| Column | Event |
|---|---|
| the row itself, `createdon` | Ringing |
| `msdyn_joinedon` | Connected |
| `msdyn_lefton` with reason AgentReject or AgentTimeout | Not Responding |
| `msdyn_lefton` otherwise | Ended |

A conversation says for its active agent: wrap-up (Wrap Up), closed (Agent Available, for this conversation). A
stretch of presence that begins with *Available* after another presence is Agent Available.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from recorder.scn.model import AgentEvent, AgentEventKind

AGENT_MODES: Final = frozenset({192350002, 192350003})
"""Primary and consult; who monitors or looks in is no party of the call."""
UNHEARD: Final = frozenset({"agentreject", "agenttimeout"})
WRAP_UP, CLOSED = 5, 4
AVAILABLE: Final = 192360000
"""The base presence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A session participant: what is known of it, perhaps not all."""

    id: str
    agent: str | None
    session: str | None
    mode: int | None
    added_us: int | None
    """When the row was made. (`msdyn_addedon` may be a bare date.)"""
    joined_us: int | None
    left_us: int | None
    left_reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """A conversation: what is known of it, perhaps not all."""

    id: str
    agent: str | None
    status: int | None
    wrap_up_us: int | None
    closed_us: int | None


@dataclass(frozen=True, slots=True)
class Presence:
    """A stretch of an agent's presence."""

    id: str
    agent: str
    is_available: bool
    from_us: int


@dataclass(frozen=True, slots=True)
class Teller:
    """Makes events of one source, heard now."""

    source: str
    heard_us: int

    def of_seat(self, seat: Seat, call: str) -> Iterator[AgentEvent]:
        """What an offer to an agent came to; nothing while agent or mode are not known."""
        if seat.agent is None or (seat.mode is not None and seat.mode not in AGENT_MODES):
            return
        left = AgentEventKind.ENDED
        if seat.left_reason.lower() in UNHEARD:
            left = AgentEventKind.NOT_RESPONDING
        told = (
            (AgentEventKind.RINGING, seat.added_us),
            (AgentEventKind.CONNECTED, seat.joined_us),
            (left, seat.left_us),
        )
        for kind, at_us in told:
            if at_us is not None:
                yield self._event(seat.id, seat.agent, call, kind, at_us)

    def of_talk(self, talk: Talk) -> Iterator[AgentEvent]:
        """What the active agent does after the call."""
        if talk.agent is None:
            return
        if talk.wrap_up_us is not None and talk.status in {WRAP_UP, CLOSED}:
            yield self._event(talk.id, talk.agent, talk.id, AgentEventKind.WRAP_UP, talk.wrap_up_us)
        if talk.closed_us is not None and talk.status == CLOSED:
            yield self._event(
                talk.id, talk.agent, talk.id, AgentEventKind.AVAILABLE, talk.closed_us
            )

    def of_presences(self, stretches: Sequence[Presence], since_us: int) -> Iterator[AgentEvent]:
        """An agent who turns available. More of the same is a change of capacity, not of presence."""
        before: dict[str, Presence] = {}
        for one in sorted(stretches, key=lambda one: (one.from_us, one.id)):
            known = before.get(one.agent)
            turns = known is None or not known.is_available
            if one.is_available and turns and one.from_us >= since_us:
                yield self._event(one.id, one.agent, "", AgentEventKind.AVAILABLE, one.from_us)
            before[one.agent] = one

    def _event(
        self, row: str, agent: str, call: str, kind: AgentEventKind, at_us: int
    ) -> AgentEvent:
        # The instant is part of the id: a row that is mended says something else.
        event_id = f"{row}.{kind.value}.{at_us // 1_000_000}"
        return AgentEvent(
            source=self.source,
            event_id=event_id,
            agent=agent,
            call=call,
            kind=kind,
            at_us=at_us,
            heard_us=self.heard_us,
            heard_by="",
        )


def seats_with_calls(seats: Iterable[Seat], calls: Mapping[str, str]) -> Iterator[tuple[Seat, str]]:
    """Seats with the conversation of their session, where that is known."""
    for seat in seats:
        call = calls.get(seat.session or "")
        if call is not None:
            yield seat, call
