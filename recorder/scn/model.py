"""The nouns of screen recording, frozen. Instants are integer microseconds since 1970 UTC (`*_us`).

What platforms tell of their agents are *events*. Which stretches of an agent's time are recorded, kept or
deleted is always worked out anew from the set of events (`recorder/screen/legs.py`), so that doubled, late
and disordered events, and two nodes that heard different ones, end in the same state.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class AgentEventKind(StrEnum):
    """What a platform says an agent, or a call of an agent, came to."""

    RINGING = "ringing"
    """Also an outbound call that rings at the other end."""
    NOT_RESPONDING = "not_responding"
    CONNECTED = "connected"
    CONFERENCING = "conferencing"
    CONSULTING = "consulting"
    CONSULT_DONE = "consult_done"
    ON_HOLD = "on_hold"
    HOLD_DONE = "hold_done"
    WRAP_UP = "wrap_up"
    ENDED = "ended"
    """The call is over; platforms without wrap-up may never say more."""
    AVAILABLE = "available"
    """Of the agent, not of a call."""
    MASK = "mask"
    """From here on nothing is recorded (payment data), until UNMASK."""
    UNMASK = "unmask"


@dataclass(frozen=True, slots=True)
class AgentEvent:
    """One thing that a platform said of one agent. Unique by (source, event_id)."""

    source: str
    event_id: str
    """The platform's own id of the event, or one derived from what it says, so that a repeat has the same."""
    agent: str
    """The platform's id of the agent, as in `Party.key` of role agent."""
    call: str
    """Session key of the call, as in `ItemRef.session_key`; empty for what concerns the agent as a whole."""
    kind: AgentEventKind
    at_us: int
    """When it happened, on the platform's clock."""
    heard_us: int
    """When a node first heard of it, on that node's clock."""
    heard_by: str
    """The node."""

    @property
    def agent_key(self) -> str:
        """The agent, unique over all sources."""
        return agent_key(self.source, self.agent)


def agent_key(source: str, agent: str) -> str:
    """One agent of one source."""
    return f"{source}/{agent}"


def agent_keys_of(source: str, party_key: str) -> tuple[str, ...]:
    """Agents that a party may stand for: sources that tell each stretch of somebody's as a party name it AGENT:STRETCH."""
    agent = party_key.partition(":")[0]
    return tuple(agent_key(source, one) for one in dict.fromkeys((party_key, agent)) if one)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time [from_us, to_us); `to_us` is None while it lasts."""

    from_us: int
    to_us: int | None


class Verdict(StrEnum):
    """What becomes of the screen of one leg."""

    UNDECIDED = "undecided"
    """Neither answered nor refused as far as is known: kept until the period is reconciled."""
    KEPT = "kept"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Leg:
    """One offer of one call to one agent, and what followed: the stretch whose screen belongs together."""

    agent_key: str
    call: str
    span: Span
    verdict: Verdict
    ended_by: str
    """available, not_responding, time_limit, next_call; empty while it lasts."""
    masks: tuple[Span, ...] = ()
    """Nothing inside them may survive."""


@dataclass(frozen=True, slots=True)
class ClockOffset:
    """How far another clock is ahead of this node's: positive when it shows a later time."""

    ahead_us: int
    error_us: int
    """The true offset lies within +- this."""


@dataclass(frozen=True, slots=True)
class ScreenStream:
    """One run of capture on a desktop, from its start command to its end, whichever nodes received it."""

    stream: str
    """Unique; made by the desktop."""
    desktop: str
    agents: tuple[str, ...]
    """Agent keys of who works there, one for each source."""
    codec: str
    """vp9."""
    width: int
    height: int
    t0_us: int
    """When frame time 0 was, on the desktop's clock; frame times never jump within a stream."""


@dataclass(frozen=True, slots=True)
class ScreenPacket:
    """One encoded frame."""

    seq: int
    """Counts from 0 within its stream, without gaps."""
    pts_ms: int
    """Since `t0_us`, on a clock that never jumps; never falls within a stream."""
    is_key: bool
    data: bytes


@dataclass(frozen=True, slots=True)
class ScreenPart:
    """A stretch of a stream in one SCN file, as it is on record in the Data Center."""

    part_key: str
    """Lower-case hexadecimal; unique over all nodes and lives."""
    stream: ScreenStream
    node: str
    from_us: int
    """First frame, on the node's clock: desktop time minus `offset.ahead_us`."""
    to_us: int
    """Last frame."""
    seq_first: int
    seq_last: int
    offset: ClockOffset
    """Of the desktop's clock against the node's."""
    size_bytes: int
    sha256: str
    object_key: str
    """In the archive; empty before."""
    stored_us: int


@dataclass(frozen=True, slots=True)
class Rendition:
    """A contact made replayable: one WebM, its waveform and its timeline, in the archive."""

    contact_id: str
    number: int
    """Counted from 1; a late part makes another."""
    digest: str
    """SHA-256 over what went in: the same contact with the same parts is the same rendition."""
    media_type: str
    object_key: str
    size_bytes: int
    sha256: str
    peaks_key: str
    timeline_key: str
    duration_ms: int
    has_screen: bool
    has_audio: bool
    made_us: int
    made_by: str
    peaks_bytes: int = 0
    peaks_sha256: str = ""
    """Empty of what an earlier version made; so is the timeline's."""
    timeline_bytes: int = 0
    timeline_sha256: str = ""
