"""Meetings as data: who met, what the archive keeps of it, when it is there, and what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from sim.audio import Recording

BREAKOUT_ROOM = 100


@dataclass(frozen=True, slots=True)
class FileScript:
    """One archived file. Delays count in seconds."""

    file_type: str = "M4A"
    """M4A, MP4, CHAT, CC, CHAT_MESSAGE, TRANSCRIPT, SUB_GROUP_MEMBER_LOG or AIC_COVERSATION."""
    media: Recording | None = None
    """The bytes of an M4A or MP4; texts are written for the meeting."""
    body: bytes | None = field(default=None, repr=False)
    """Exactly these bytes instead."""
    participant: int | None = None
    """Number of the person whose own file it is."""
    outsider: bool = False
    """The participant is of another account: no e-mail address is told."""
    joins_s: float = 0.0
    """When the participant, or the archive itself, joined: from the begin of the meeting."""
    leaves_s: float | None = None
    """None: at its end."""
    ready_s: float | None = 0.0
    """From being listed to `completed`; None: it stays `processing`."""
    size_after_s: float = 0.0
    """So long it is `completed` with a size of 0 and without a fingerprint."""
    fails: bool = False
    """It becomes `failed` instead."""
    late_s: float | None = None
    """It is listed only so long after the archive was complete, and completeness is not stamped again."""
    fingerprint: Literal["right", "upper", "wrong", "none"] = "right"
    repeat: int = 1
    """The media so many times in a row, without copying: for files of a size that hurts."""
    on_premises: bool = False
    """Listed with a path at the account's own place instead of an address."""


@dataclass(frozen=True, slots=True)
class AttachmentScript:
    """A file that somebody sent in the meeting's chat."""

    name: str
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class RoomScript:
    """A breakout room of the meeting it is listed with: one of its own that points to its parent."""

    files: tuple[FileScript, ...]
    begins_s: float = 60.0
    """From the begin of the meeting."""
    seconds: float = 300.0
    listed_s: float | None = None
    """None: as the parent."""
    complete_s: float | None = None
    """None: as the parent."""


@dataclass(frozen=True, slots=True)
class MeetingScript:
    """A meeting that ends at `end_us` on the real clock."""

    end_us: int
    files: tuple[FileScript, ...] = ()
    seconds: float = 1800.0
    topic: str = "Desk call"
    host: int = 0
    """Number of the person who hosts it."""
    meeting_type: int = 2
    number: int | None = None
    """The meeting's number, which recurring meetings share; None draws one."""
    uuid: str | None = None
    """None draws one."""
    parent: str | None = None
    """UUID of the meeting whose breakout room this is."""
    external: Literal["", "missing", "blank"] = ""
    """Hosted by another account: id, host_id and topic are not there, or are empty."""
    group: str = ""
    rooms: tuple[RoomScript, ...] = ()
    attachments: tuple[AttachmentScript, ...] = ()
    listed_s: float = 1.0
    """From the end of the meeting to its first listing, as `processing`."""
    complete_s: float | None = 2.0
    """From then until it is `completed`; None: never."""
    backdate_s: float = 0.0
    """All of it appears so long after the instant it is stamped with."""
    stamp_us: int | None = None
    """Stamp its completeness with exactly this instant instead."""
    as_of_us: int | None = None
    """Stamp it as if it had been complete at this instant of the real clock."""
    delete_after_s: float | None = None
    """It is deleted so long after it was complete."""


@dataclass(frozen=True, slots=True)
class Placed:
    """The keys of a meeting that was placed."""

    meeting: str
    """UUID."""
    files: tuple[str, ...]
    """Ids of its files, then of its attachments."""
    rooms: tuple[Placed, ...] = ()

    @property
    def every_file(self) -> tuple[str, ...]:
        """With those of its rooms."""
        return (*self.files, *(key for room in self.rooms for key in room.every_file))
