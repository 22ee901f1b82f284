"""The archive as it is at this instant: meetings by UUID, files by id and by the token in their address."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from sim.ucaas.zoom.bodies import Body
from sim.ucaas.zoom.scripts import FileScript, MeetingScript


@dataclass(slots=True, eq=False)
class ArchivedFile:
    """One file as the archive has it now. Instants are on the service's clock."""

    key: str
    token: str
    """The last part of its address."""
    script: FileScript
    body: Body
    joined_us: int
    left_us: int
    fingerprint: str
    """As listed once it is complete; empty for none."""
    status: str = "processing"
    sized: bool = False
    """Its size and fingerprint are told."""
    auto_delete: bool | None = None
    offered: bool = False
    """The ground truth knows of it."""

    @property
    def size_bytes(self) -> int:
        """Its size as told now."""
        return self.body.content.size_bytes if self.sized else 0


@dataclass(slots=True, eq=False)
class Attachment:
    """A file from the chat: it is there at once."""

    key: str
    token: str
    name: str
    body: Body
    offered: bool = False


@dataclass(slots=True, eq=False)
class Meeting:
    """One meeting as the archive has it now. Instants are on the service's clock."""

    uuid: str
    number: int
    script: MeetingScript
    start_us: int
    listed_us: int = 0
    complete_us: int | None = None
    files: list[ArchivedFile] = field(default_factory=list[ArchivedFile])
    attachments: list[Attachment] = field(default_factory=list[Attachment])
    late_us: int = 0
    """How far its stamps lie before its appearance."""
    gone: bool = False

    @property
    def root(self) -> str:
        """UUID of the meeting that it belongs to; its own if to none."""
        return self.script.parent or self.uuid

    @property
    def keys(self) -> Iterator[str]:
        """Ids of its files and attachments."""
        yield from (one.key for one in self.files)
        yield from (one.key for one in self.attachments)


class Archive:
    """Meetings in the order of their appearance. Not thread-safe: the service locks."""

    def __init__(self) -> None:
        self.changes = 0
        """Rises with everything that changes which meetings a listing shows, or where."""
        self._meetings: dict[str, Meeting] = {}
        self._of_file: dict[str, Meeting] = {}
        self._of_token: dict[str, tuple[Meeting, ArchivedFile | Attachment]] = {}

    def __iter__(self) -> Iterator[Meeting]:
        return iter(self._meetings.values())

    def add(self, meeting: Meeting) -> None:
        """It appears."""
        self.changes += 1
        self._meetings[meeting.uuid] = meeting
        self.index(meeting, meeting.attachments)

    def completed(self, meeting: Meeting, at_us: int) -> None:
        """It is complete, at an instant of the service's clock."""
        self.changes += 1
        meeting.complete_us = at_us

    def index(self, meeting: Meeting, files: Iterable[ArchivedFile | Attachment]) -> None:
        """Files of it can be found from now on."""
        for one in files:
            self._of_file[one.key] = meeting
            self._of_token[one.token] = meeting, one

    def get(self, uuid: str) -> Meeting | None:
        """By UUID; None when it is not there, or no longer."""
        return self._meetings.get(uuid)

    def holding(self, key: str) -> Meeting | None:
        """The meeting with this file."""
        return self._of_file.get(key)

    def file(self, key: str) -> ArchivedFile | None:
        """A file of the archive by its id."""
        meeting = self._of_file.get(key)
        files = () if meeting is None else meeting.files
        return next((one for one in files if one.key == key), None)

    def behind(self, token: str) -> tuple[Meeting, ArchivedFile | Attachment] | None:
        """What an address with this token leads to."""
        return self._of_token.get(token)

    def remove(self, meeting: Meeting) -> None:
        """It is deleted with all its files."""
        self.changes += 1
        meeting.gone = True
        self._meetings.pop(meeting.uuid, None)
        for one in (*meeting.files, *meeting.attachments):
            self._of_file.pop(one.key, None)
            self._of_token.pop(one.token, None)
