"""Calls as data: who speaks when, which recordings come of it, when they appear and what becomes of them."""

from __future__ import annotations

from dataclasses import dataclass

from sim.audio import Recording

USER, PLACE, VIRTUAL_LINE, CALL_QUEUE = "user", "place", "virtualLine", "callQueue"
KINDS = (USER, PLACE, VIRTUAL_LINE, CALL_QUEUE)
CHANGES = ("trash", "restore", "purge", "delete", "reassign", "prevent_download")


@dataclass(frozen=True, slots=True)
class Leg:
    """One half of a call: it rings at somebody, who answers or does not."""

    owner: int = 0
    """Number of the owner, from 0."""
    seconds: float = 20.0
    """From the first ring to the end."""
    kind: str = USER
    answered: bool = True
    hold_s: float = 0.0
    """On hold so long, in the middle."""
    consult: int | None = None
    """Number of a user who is called and asked in the middle third."""
    ring_s: float = 3.0


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of a recording so long after its file: one of CHANGES."""

    after_s: float
    what: str

    def __post_init__(self) -> None:
        """Raises ValueError for a word that is none of CHANGES."""
        if self.what not in CHANGES:
            raise ValueError(f"no such change: {self.what!r}; there are {', '.join(CHANGES)}")


@dataclass(frozen=True, slots=True)
class RecordingScript:
    """One recording of a call. Delays count in seconds."""

    audio: Recording
    leg: int = 0
    """Recorded on this leg of the call, and owned by its owner."""
    begins_s: float = 0.0
    """After that leg was answered."""
    create_delay_s: float = 5.0
    """From the end of the call to `createTime`: seconds, or hours."""
    backdate_s: float = 0.0
    """It is listed so long after its `createTime`."""
    stamp_us: int | None = None
    """`createTime` is exactly this instant of the service instead."""
    as_of_us: int | None = None
    """`createTime` is as if it had come at this instant of the real clock."""
    file_delay_s: float | None = 0.0
    """From the listing to the file; None: there never is one."""
    unready: str = "size"
    """How it looks without a file: `size` (0 bytes) or `link` (no link)."""
    transcript: bool = False
    notes: bool = False
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class CallScript:
    """A call that ends at `end_us` on the real clock."""

    end_us: int
    legs: tuple[Leg, ...] = (Leg(),)
    recordings: tuple[RecordingScript, ...] = ()
    outbound: bool = False
    customer: int = 0
    """Picks a name and a number."""
    internal: bool = False
    """The other side is a colleague (number `customer`)."""
    queue: bool = False
    """It came through a call queue."""
    history_delay_s: float = 60.0
    """From the end of the call to its records in the call history."""
    history_repeats: bool = False
    """The records are written a second time, with the same report ids."""
    session: str = ""
    """Its call session; drawn when empty."""


@dataclass(frozen=True, slots=True)
class Placed:
    """The ids of a call that was placed."""

    session: str
    recordings: tuple[str, ...]
