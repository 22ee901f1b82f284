"""What the API answers, as pydantic models.

Strict about a recording's id and its `createTime`, which windows compare; lenient about all the rest: the
service adds fields and values without notice.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, Any, Final, cast

from pydantic import AliasPath, BaseModel, BeforeValidator, ConfigDict, Field

from recorder.adapters.http.values import Instant, OptionalInstant, OptionalInt, Text
from recorder.adapters.webex.ids import bare_id, number_of

_DURATION_S_MAX: Final = 10 * 366 * 86_400
_LIST_MAX: Final = 1000
_LINK_CHARS_MAX: Final = 8192


def _id(value: object) -> str:
    found = bare_id(value)
    if found is None:
        raise ValueError("no id")
    return found


def _id_or_empty(value: object) -> str:
    return bare_id(value) or ""


def _duration_ms(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not 0 <= value <= _DURATION_S_MAX or not math.isfinite(value):
        return None
    return int(value * 1000)


def _link(value: object) -> str:
    """Empty where there is none; a link is used as it is or not at all."""
    return value if isinstance(value, str) and 0 < len(value) <= _LINK_CHARS_MAX else ""


def _word(value: object) -> str:
    """Words of the service come in several cases: `USER` and `user`, `virtualLine` and `VIRTUAL_LINE`."""
    return value[:60].replace("_", "").lower() if isinstance(value, str) else ""


def _object(value: object) -> object:
    return cast("object", value) if isinstance(value, dict) else {}


Id = Annotated[str, BeforeValidator(_id)]
LooseId = Annotated[str, BeforeValidator(_id_or_empty)]
Seconds = Annotated[int | None, BeforeValidator(_duration_ms)]
Link = Annotated[str, BeforeValidator(_link), Field(repr=False)]
Word = Annotated[str, BeforeValidator(_word)]
Number = Annotated[str, BeforeValidator(number_of)]


class _Part(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="ignore", hide_input_in_errors=True, populate_by_name=True
    )


class ServiceData(_Part):
    """What ties a recording to its call."""

    location_id: LooseId = Field(default="", alias="locationId")
    call_session_id: LooseId = Field(default="", alias="callSessionId")


class Links(_Part):
    """Secrets for three hours."""

    audio: Link = Field(default="", alias="audioDownloadLink")
    transcript: Link = Field(default="", alias="transcriptDownloadLink")


class Recording(_Part):
    """A recording, as listed or by itself; `links` are empty in a listing."""

    id: Id
    created_us: Instant = Field(alias="createTime")
    recorded_us: OptionalInstant = Field(default=None, alias="timeRecorded")
    topic: Text = ""
    owner_id: LooseId = Field(default="", alias="ownerId")
    owner_email: Text = Field(default="", alias="ownerEmail")
    owner_kind: Word = Field(default="", alias="ownerType")
    format: Text = ""
    duration_ms: Seconds = Field(default=None, alias="durationSeconds")
    size_bytes: OptionalInt = Field(default=None, alias="sizeBytes")
    service: Text = Field(default="", alias="serviceType")
    region: Text = Field(default="", alias="storageRegion")
    status: Word = ""
    service_data: Annotated[ServiceData, BeforeValidator(_object)] = Field(
        default=ServiceData(), alias="serviceData"
    )
    links: Annotated[Links, BeforeValidator(_object), Field(repr=False)] = Field(
        default=Links(), alias="temporaryDirectDownloadLinks"
    )


class RecordingTraces(_Part):
    """What can still be read of a row that is no `Recording`."""

    created_us: OptionalInstant = Field(default=None, alias="createTime")
    service_data: Annotated[ServiceData, BeforeValidator(_object)] = Field(
        default=ServiceData(), alias="serviceData"
    )


class Side(_Part):
    """Someone a call began with, was meant for, was answered by or ended with."""

    id: LooseId = Field(default="", validation_alias=AliasPath("actor", "id"))
    kind: Word = Field(default="", validation_alias=AliasPath("actor", "type"))
    email: Text = Field(default="", validation_alias=AliasPath("actor", "email"))
    name: Text = ""
    number: Number = ""

    @property
    def is_known(self) -> bool:
        """Whether there is anything to tell it by."""
        return bool(self.id or self.number)


class Participant(_Part):
    """Someone who was heard."""

    id: LooseId = Field(default="", validation_alias=AliasPath("actor", "id"))
    kind: Word = Field(default="", validation_alias=AliasPath("actor", "type"))
    number: Number = Field(default="", alias="aor")


def _objects(value: object) -> Sequence[Any]:
    items = cast("list[object]", value)[:_LIST_MAX] if isinstance(value, list) else []
    return [item for item in items if isinstance(item, dict)]


class Activity(_Part):
    """From `at_us` on these people were heard."""

    at_us: OptionalInstant = Field(default=None, alias="timeStamp")
    participants: Annotated[tuple[Participant, ...], BeforeValidator(_objects)] = ()


class Action(_Part):
    """PAUSE, RESUME, …: what was done to a recording while it went on."""

    action: Text = ""
    at_us: OptionalInstant = Field(default=None, alias="time")


class Session(_Part):
    """When the recorded part of a call went on."""

    started_us: OptionalInstant = Field(default=None, alias="startTime")
    ended_us: OptionalInstant = Field(default=None, alias="stopTime")


_SIDE = Annotated[Side, BeforeValidator(_object)]


class CallData(_Part):
    """The call around a recording."""

    call_recording_id: LooseId = Field(default="", alias="callRecordingId")
    location_id: LooseId = Field(default="", alias="locationId")
    call_session_id: LooseId = Field(default="", alias="callSessionId")
    call_id: LooseId = Field(default="", alias="callId")
    personality: Word = ""
    recording_type: Text = Field(default="", alias="recordingType")
    session: Annotated[Session, BeforeValidator(_object)] = Session()
    calling: _SIDE = Field(default=Side(), alias="callingParty")
    called: _SIDE = Field(default=Side(), alias="calledParty")
    answerer: _SIDE = Field(default=Side(), alias="answererInfo")
    connected: _SIDE = Field(default=Side(), alias="connectedParty")
    managed_by: _SIDE = Field(default=Side(), alias="managedBy")
    actions: Annotated[tuple[Action, ...], BeforeValidator(_objects)] = Field(
        default=(), alias="recordingActions"
    )
    activity: Annotated[tuple[Activity, ...], BeforeValidator(_objects)] = Field(
        default=(), alias="callActivity"
    )


class Metadata(_Part):
    """What the service knows of a recording's call."""

    owner_id: LooseId = Field(default="", alias="ownerId")
    owner_kind: Word = Field(default="", alias="ownerType")
    owner_name: Text = Field(default="", alias="ownerName")
    owner_email: Text = Field(default="", alias="ownerEmail")
    version: Text = ""
    call: Annotated[CallData, BeforeValidator(_object)] = Field(CallData(), alias="serviceData")
