"""Archived meetings and their files, as the service tells them.

Strict about keys and states; lenient about all that only describes. A file that cannot be read does not
hide the others of its meeting: it is kept as `Broken`, with what can still be read of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from recorder.adapters.http.values import (
    OptionalBool,
    OptionalInstant,
    OptionalInt,
    Text,
    int_or_none,
    parse,
)
from recorder.errors import BadAnswer

_KEY: Final = re.compile(r"[\x21-\x7e]{1,100}")
_SHA256: Final = re.compile(r"[0-9a-fA-F]{64}")
_URL_CHARS_MAX: Final = 8192
_FILES_MAX: Final = 10_000
_BREAKOUT_ROOM: Final = 100
_DURATION_S_MAX: Final = 366 * 86_400


def _key(value: object) -> str:
    """It becomes part of an address: dots alone would lead to another place."""
    if not isinstance(value, str) or not _KEY.fullmatch(value) or value in {".", ".."}:
        raise ValueError("no id")
    return value


def _key_or_none(value: object) -> str | None:
    try:
        return _key(value)
    except ValueError:
        return None


def _fingerprint(value: object) -> str:
    return value.lower() if isinstance(value, str) and _SHA256.fullmatch(value) else ""


def _address(value: object) -> str:
    return value if isinstance(value, str) and len(value) <= _URL_CHARS_MAX else ""


def _size_or_none(value: object) -> int | None:
    size = int_or_none(value)
    return size if size is None or size >= 0 else None


def _duration_or_none(value: object) -> int | None:
    seconds = int_or_none(value)
    return seconds if seconds is None or 0 <= seconds <= _DURATION_S_MAX else None


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class File(_Row):
    """One file: of the archive, or (`attached`) sent in the meeting's chat."""

    id: Annotated[str, BeforeValidator(_key)]
    status: Literal["completed", "processing", "failed"]
    file_type: Text = ""
    extension: Text = Field("", alias="file_extension")
    recording_type: Text = ""
    file_name: Text = ""
    size_bytes: Annotated[int | None, BeforeValidator(_size_or_none)] = Field(
        None, alias="file_size"
    )
    fingerprint: Annotated[str, BeforeValidator(_fingerprint)] = Field(
        "", alias="encryption_fingerprint"
    )
    """SHA-256, 64 hexadecimal digits in lower case; empty when there is none."""
    download_url: Annotated[str, BeforeValidator(_address)] = Field("", repr=False)
    file_path: Text = ""
    """Instead of an address, where an account keeps its archive on its own premises."""
    individual: OptionalBool = None
    participant_email: Text = ""
    joined_us: OptionalInstant = Field(None, alias="participant_join_time")
    left_us: OptionalInstant = Field(None, alias="participant_leave_time")
    messages: OptionalInt = Field(None, alias="number_of_messages")
    storage_location: Text = ""
    attached: bool = False
    """Set by `meeting_of`, not by the service."""

    @property
    def media_key(self) -> str:
        """Unique in the source; another content of the same file is another medium."""
        return f"{self.id}/{self.fingerprint or self.id}"


@dataclass(frozen=True, slots=True)
class Broken:
    """A file, or a whole list of files, that cannot be read. `id` is None when not even that can."""

    id: str | None
    reason: str


class Meeting(_Row):
    """One archived meeting instance. `id` is reused by recurring meetings: `uuid` is the key."""

    uuid: Annotated[str, BeforeValidator(_key)]
    id: OptionalInt = None
    host_id: Text = ""
    topic: Text = ""
    type: OptionalInt = None
    started_us: OptionalInstant = Field(None, alias="start_time")
    timezone: Text = ""
    duration_s: Annotated[int | None, BeforeValidator(_duration_or_none)] = Field(
        None, alias="duration_in_second"
    )
    recording_count: OptionalInt = None
    meeting_type: Text = ""
    account_name: Text = ""
    is_breakout_room: OptionalBool = None
    parent_uuid: Annotated[str | None, BeforeValidator(_key_or_none)] = Field(
        None, alias="parent_meeting_id"
    )
    complete_us: OptionalInstant = Field(None, alias="complete_time")
    """None while it is not complete."""
    status: Text = ""
    group_id: Text = ""
    files: tuple[File, ...] = ()
    broken: tuple[Broken, ...] = ()
    """Both set by `meeting_of`, not by the service."""

    @property
    def session_key(self) -> str:
        """The root meeting: breakout rooms belong to their parent's contact."""
        return self.parent_uuid or self.uuid

    @property
    def is_breakout(self) -> bool:
        """Whether this is a breakout room, by whichever field says so."""
        return self.is_breakout_room is True or self.type == _BREAKOUT_ROOM

    @property
    def names_all_files(self) -> bool:
        """Whether what is not among the files is surely gone: complete, readable and counted."""
        archived = sum(not file.attached for file in self.files)
        return (
            self.status == "completed"
            and not self.broken
            and self.recording_count in {archived, len(self.files)}
        )

    def file(self, file_id: str) -> File | None:
        """The file with this id."""
        return next((file for file in self.files if file.id == file_id), None)


def meeting_of(row: object) -> Meeting:
    """A meeting with its files. Raises BadAnswer when not even its UUID can be read."""
    if not isinstance(row, dict):
        raise BadAnswer("a meeting that is no JSON object")
    fields = cast("dict[str, Any]", row)
    files: list[File] = []
    broken: list[Broken] = []
    for name, attached in (("archive_files", False), ("physical_files", True)):
        listed = fields.get(name)
        if listed is None and (attached or not int_or_none(fields.get("recording_count"))):
            continue
        if not isinstance(listed, list) or len(cast("list[object]", listed)) > _FILES_MAX:
            broken.append(Broken(None, f"{name} is no list of files"))
            continue
        for one in cast("list[object]", listed):
            found = _file(one, attached=attached)
            if isinstance(found, File):
                files.append(found)
            else:
                broken.append(found)
    return parse(Meeting, fields | {"files": tuple(files), "broken": tuple(broken)})


def _file(row: object, *, attached: bool) -> File | Broken:
    if not isinstance(row, dict):
        return Broken(None, "a file that is no JSON object")
    fields = cast("dict[str, Any]", row)
    if attached:
        names = ("file_name", "file_size", "download_url")
        fields = {name: fields.get(name) for name in names} | {"id": fields.get("file_id")}
        fields["status"] = "completed"
    try:
        return parse(File, fields | {"attached": attached})
    except BadAnswer as error:
        return Broken(_key_or_none(fields.get("id")), str(error))
