"""Calls as data: what happens in a conversation, when its recording appears, and what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass

from sim.audio import Recording


@dataclass(frozen=True, slots=True)
class Leg:
    """One session: offered to an agent, who answers, rejects or lets it ring out."""

    agent: int
    """Number of the agent, from 0."""
    seconds: float
    """From the offer to the end of the session."""
    answer: str = "accepted"
    """accepted, rejected or timed_out."""
    consult: int | None = None
    """Number of an agent who is consulted in the middle third."""
    hold_s: float = 0.0
    ring_s: float = 3.0


@dataclass(frozen=True, slots=True)
class RecordingScript:
    """One recording of a call. Delays count in seconds."""

    audio: Recording
    row_delay_s: float = 2.0
    """From the end of the call to the row."""
    file_delay_s: float | None = 1.0
    """From the row to its file; None: there never is one."""
    backdate_s: float = 0.0
    """The row appears this long after the instant it is stamped with."""
    stamp_us: int | None = None
    """Stamp row and file with exactly this instant instead."""
    as_of_us: int | None = None
    """Stamp them as if they had come at this instant of the real clock."""
    bumps_s: tuple[float, ...] = ()
    """The row is modified again so long after the file, without a change of media."""
    replace_after_s: float | None = None
    """The file is replaced by another so long after the first."""
    delete_after_s: float | None = None
    """The row is deleted so long after the file."""
    metadata: bool = True


@dataclass(frozen=True, slots=True)
class CallScript:
    """A conversation that ends at `end_us` on the real clock."""

    end_us: int
    legs: tuple[Leg, ...]
    recordings: tuple[RecordingScript, ...]
    outbound: bool = False
    customer: int = 0
    """Picks a name and a number."""
    wrap_up_s: float = 5.0
    channel: str = "192440000"
    transcript: bool = False
    removed_after_s: float | None = None
    """The conversation row is deleted so long after its end; recordings stay as orphans."""
    key: str = ""
    """Of the conversation; drawn when empty."""


@dataclass(frozen=True, slots=True)
class Placed:
    """The ids of a call that was placed."""

    conversation: str
    recordings: tuple[str, ...]
