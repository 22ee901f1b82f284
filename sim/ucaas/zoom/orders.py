"""Meetings from JSON: written out file by file, or drawn."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal

from pydantic import Field

from sim.audio import Recording
from sim.ucaas.orders import MixBody, StrictModel, drawn
from sim.ucaas.surroundings import SECOND_US
from sim.ucaas.zoom.media import MediaBank
from sim.ucaas.zoom.mix import MeetingMix, MixOptions
from sim.ucaas.zoom.scripts import AttachmentScript, FileScript, MeetingScript, Placed, RoomScript
from sim.ucaas.zoom.service import FakeZoom

FileType = Literal[
    "M4A",
    "MP4",
    "CHAT",
    "CC",
    "CHAT_MESSAGE",
    "TRANSCRIPT",
    "SUB_GROUP_MEMBER_LOG",
    "AIC_COVERSATION",
]


class FileBody(StrictModel):
    """One file, as `FileScript`; `media` is a number of the bank of its kind (by length)."""

    file_type: FileType = "M4A"
    media: int = 0
    repeat: Annotated[int, Field(ge=1)] = 1
    text: str | None = None
    """Exactly this instead."""
    participant: int | None = None
    outsider: bool = False
    joins_s: float = 0.0
    leaves_s: float | None = None
    ready_s: float | None = 0.0
    size_after_s: float = 0.0
    fails: bool = False
    late_s: float | None = None
    fingerprint: Literal["right", "upper", "wrong", "none"] = "right"
    on_premises: bool = False


class AttachmentBody(StrictModel):
    """A file from the chat."""

    name: str
    text: str


class RoomBody(StrictModel):
    """A breakout room."""

    files: tuple[FileBody, ...] = (FileBody(),)
    begins_s: float = 60.0
    seconds: float = 300.0
    complete_s: float | None = None


class MeetingBody(StrictModel):
    """One meeting that ends `ends_in_s` from now (or ended, when negative), as `MeetingScript`."""

    ends_in_s: float = 0.0
    files: tuple[FileBody, ...] = (FileBody(),)
    seconds: float = 1800.0
    topic: str = "Desk call"
    host: int = 0
    meeting_type: int = 2
    number: int | None = None
    uuid: str | None = None
    parent: str | None = None
    external: Literal["", "missing", "blank"] = ""
    group: str = ""
    rooms: tuple[RoomBody, ...] = ()
    attachments: tuple[AttachmentBody, ...] = ()
    listed_s: float = 1.0
    complete_s: float | None = 2.0
    backdate_s: float = 0.0
    stamp_us: int | None = None
    delete_after_s: float | None = None


class MeetingsBody(StrictModel):
    """Meetings to place: written out, or drawn."""

    meetings: tuple[MeetingBody, ...] = ()
    mix: MixBody | None = None


class MeetingOrders:
    """`sim.ucaas.fake.Orders` for the fake Zoom account."""

    def __init__(self, *, service: FakeZoom, bank: MediaBank) -> None:
        self._service = service
        self._bank = bank

    def place(self, body: bytes) -> list[dict[str, Any]]:
        """Place what a `MeetingsBody` asks for. Raises ValueError, TypeError or IndexError.

        `recordings` of an answer are the ids of all files, those of breakout rooms included.
        """
        asked = MeetingsBody.model_validate_json(body)
        now_us = self._service.clock()["now_us"]
        scripts = [self._script(one, now_us) for one in asked.meetings]
        if asked.mix is not None:
            scripts += drawn(asked.mix, self._mix(asked.mix), self._service, now_us)
        return [_shown(placed) for placed in self._service.place(scripts)]

    def _mix(self, body: MixBody) -> MeetingMix:
        options: dict[str, Any] = dict(body.options)
        return MeetingMix(bank=self._bank, seed=body.seed, options=MixOptions(**options))

    def _script(self, body: MeetingBody, now_us: int) -> MeetingScript:
        values = body.model_dump(exclude={"ends_in_s", "files", "rooms", "attachments"})
        return MeetingScript(
            end_us=now_us + int(body.ends_in_s * SECOND_US),
            files=tuple(self._file(one) for one in body.files),
            rooms=tuple(self._room(one) for one in body.rooms),
            attachments=tuple(
                AttachmentScript(one.name, one.text.encode()) for one in body.attachments
            ),
            **values,
        )

    def _room(self, body: RoomBody) -> RoomScript:
        return RoomScript(
            files=tuple(self._file(one) for one in body.files),
            begins_s=body.begins_s,
            seconds=body.seconds,
            complete_s=body.complete_s,
        )

    def _file(self, body: FileBody) -> FileScript:
        values = body.model_dump(exclude={"media", "text"})
        text = None if body.text is None else body.text.encode()
        return FileScript(media=self._media(body), body=text, **values)

    def _media(self, body: FileBody) -> Recording | None:
        banks = {"M4A": self._bank.sounds, "MP4": self._bank.pictures}
        bank = banks.get(body.file_type)
        return None if bank is None else bank[body.media]


def _shown(placed: Placed) -> dict[str, Any]:
    return {**asdict(placed), "recordings": list(placed.every_file)}
