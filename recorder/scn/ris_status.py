"""What the RIS of a node publishes on the board (part `ris`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from recorder.scn.model import Leg

LEGS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class AgentAtHand:
    """One agent of whom something was heard lately."""

    agent_key: str
    legs: tuple[Leg, ...]
    """The newest, at most LEGS_SHOWN of them."""
    lasting: int
    """Legs that last: the agent's screen is to be recorded while there is any."""
    masked: bool
    """Whether nothing of it may be recorded now."""
    last: str
    """Kind of the newest event."""
    last_us: int
    """When that happened."""


@dataclass(frozen=True, slots=True)
class RisStatus:
    """Counts are of this process."""

    agents: Mapping[str, AgentAtHand]
    """By agent key."""
    events: int
    """At hand."""
    heard: int
    """New, heard by this node first."""
    told: int
    """New, told by the peer or found in the Data Center."""
    doubled: int
    """Known already."""
    refused: int
    """Such as no platform would say."""
    shared: int
    """Sent to the peer."""
    waiting: int
    """Not in the Data Center yet."""
    lost: int
    """Given up although the Data Center never had them."""
    problem: str
    """Why the Data Center does not take them; empty when it does."""
