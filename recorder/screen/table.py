"""What each kind of agent event does to the recording of the agent's screen: one table, no state. Pure.

| Event | Recording | What is recorded |
|---|---|---|
| Ringing | starts | undecided |
| Not Responding | stops | is deleted |
| Connected | goes on | is kept |
| Conferencing, Consulting, Consult Done, On Hold, Hold Done | goes on | is kept |
| Ended | goes on for the wrap-up | as before |
| Wrap Up | goes on | is kept |
| Agent Available | stops | as before |
| Mask, Unmask | goes on | nothing in between |

What implies that the agent spoke keeps as Connected does: its message may have been lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from recorder.scn.model import AgentEvent, AgentEventKind


class Phase(StrEnum):
    """How far a leg came."""

    RINGING = "ringing"
    TALKING = "talking"
    ENDED = "ended"
    """The call is over; the agent may be writing about it."""
    WRAP_UP = "wrap_up"
    """The platform says that the agent is."""

    @property
    def is_after(self) -> bool:
        """Whether the call itself is over."""
        return self in {Phase.ENDED, Phase.WRAP_UP}


class Opens(StrEnum):
    """Whether an event begins a leg where none of its call lasts."""

    ALWAYS = "always"
    FIRST = "first"
    """Only where the call had no leg of this agent before."""
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Response:
    """What an event does."""

    opens: Opens = Opens.NEVER
    keeps: bool = False
    phase: Phase | None = None
    """The leg's from now on; None leaves it."""
    revives: bool = False
    """Whether a call that ended goes on after all."""
    ends: str = ""
    """By what the leg ends; empty: it goes on."""
    deletes: bool = False
    """What ended so is deleted, unless it is kept."""
    masks: bool | None = None


_TALKS: Final = Response(Opens.ALWAYS, keeps=True, phase=Phase.TALKING, revives=True)
_TALKS_AGAIN: Final = Response(Opens.FIRST, keeps=True, phase=Phase.TALKING)

TABLE: Final[Mapping[AgentEventKind, Response]] = MappingProxyType(
    {
        AgentEventKind.RINGING: Response(Opens.ALWAYS, phase=Phase.RINGING),
        AgentEventKind.NOT_RESPONDING: Response(ends="not_responding", deletes=True),
        AgentEventKind.CONNECTED: _TALKS,
        AgentEventKind.CONFERENCING: _TALKS,
        AgentEventKind.CONSULTING: _TALKS,
        AgentEventKind.CONSULT_DONE: _TALKS_AGAIN,
        AgentEventKind.ON_HOLD: _TALKS,
        AgentEventKind.HOLD_DONE: _TALKS_AGAIN,
        AgentEventKind.WRAP_UP: Response(keeps=True, phase=Phase.WRAP_UP),
        AgentEventKind.ENDED: Response(phase=Phase.ENDED),
        AgentEventKind.AVAILABLE: Response(ends="available"),
        AgentEventKind.MASK: Response(masks=True),
        AgentEventKind.UNMASK: Response(masks=False),
    }
)

_SAME_INSTANT: Final = (
    AgentEventKind.AVAILABLE,  # of the agent as a whole: before the next call
    AgentEventKind.UNMASK,
    AgentEventKind.RINGING,
    AgentEventKind.CONNECTED,
    AgentEventKind.HOLD_DONE,
    AgentEventKind.CONSULT_DONE,
    AgentEventKind.CONFERENCING,
    AgentEventKind.CONSULTING,
    AgentEventKind.ON_HOLD,
    AgentEventKind.NOT_RESPONDING,
    AgentEventKind.MASK,  # what is doubtful is not recorded
    AgentEventKind.ENDED,
    AgentEventKind.WRAP_UP,
)
_RANKS: Final = {kind: rank for rank, kind in enumerate(_SAME_INSTANT)}
assert len(_RANKS) == len(TABLE) == len(AgentEventKind), "every kind has a row and a rank"


def order(event: AgentEvent) -> tuple[int, int, str, str]:
    """Sorts events as they happened; those of one instant in the order in which such things follow."""
    is_last = event.kind is AgentEventKind.AVAILABLE and bool(event.call)
    rank = len(_RANKS) if is_last else _RANKS[event.kind]
    return (event.at_us, rank, event.source, event.event_id)
