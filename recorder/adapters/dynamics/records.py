"""Rows of the tables this adapter reads, as pydantic models.

Strict about keys and about what windows compare; lenient about all that only describes: an unreadable
description becomes None, because metadata must never cost a recording.
"""

from __future__ import annotations

import re
from typing import Annotated, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter

from recorder.adapters.dynamics.odata import LOOKUP_TYPE
from recorder.adapters.http.values import (
    Instant,
    OptionalBool,
    OptionalDuration,
    OptionalInstant,
    OptionalInt,
    Text,
    int_or_none,
)

_GUID = re.compile(r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")
_FILE_ID = re.compile(r"^[\x21-\x7e]{1,100}$")


def _id(value: object) -> object:
    if not isinstance(value, str) or not _GUID.match(value):
        raise ValueError("no GUID")
    return value.lower()


def _id_or_none(value: object) -> str | None:
    return value.lower() if isinstance(value, str) and _GUID.match(value) else None


def _file_id_or_none(value: object) -> str | None:
    """Said to be a GUID, good for telling files apart; whatever it is, it must not be overlooked."""
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not _FILE_ID.match(value):
        raise ValueError("no file id")
    return value.lower()


def _numbers(value: object) -> tuple[int, ...]:
    """A choice is a number, a multiple choice text such as `192440000,192370000`."""
    parts = value.split(",") if isinstance(value, str) else [value]
    found = (int_or_none(part.strip() if isinstance(part, str) else part) for part in parts[:32])
    return tuple(number for number in found if number is not None)


def _readable_file_id(value: object) -> str | None:
    try:
        return _file_id_or_none(value)
    except ValueError:
        return None


Id = Annotated[str, BeforeValidator(_id)]
FileId = Annotated[str | None, BeforeValidator(_file_id_or_none)]
ReadableFileId = Annotated[str | None, BeforeValidator(_readable_file_id)]
OptionalId = Annotated[str | None, BeforeValidator(_id_or_none)]
Choices = Annotated[tuple[int, ...], BeforeValidator(_numbers)]


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Attachment(_Row):
    """A file of a recording: `column` is msdyn_recording or msdyn_recordingmetadata."""

    id: OptionalId = Field(None, alias="fileattachmentid")
    column: Text = Field("", alias="regardingfieldname")
    file_name: Text = Field("", alias="filename")
    media_type: Text = Field("", alias="mimetype")
    size_bytes: OptionalInt = Field(None, alias="filesizeinbytes")


def _attachments(value: object) -> tuple[Attachment, ...]:
    items = cast("list[object]", value) if isinstance(value, list) else []
    return tuple(_ATTACHMENT.validate_python(item) for item in items if isinstance(item, dict))


_ATTACHMENT = TypeAdapter(Attachment)


class _Linked(_Row):
    """What ties a recording to its conversation."""

    file_name: Text = Field("", alias="msdyn_recording_name")
    conversation_link: OptionalId = Field(None, alias="_msdyn_liveworkitemid_value")
    target_id: OptionalId = Field(None, alias="_msdyn_recordingtarget_value")
    target_type: Text = Field("", alias="_msdyn_recordingtarget_value" + LOOKUP_TYPE)

    @property
    def conversation_id(self) -> str | None:
        """The conversation: its own link, or the newer target when that is a conversation."""
        if self.conversation_link is not None:
            return self.conversation_link
        return self.target_id if self.target_type == "msdyn_ocliveworkitem" else None


class Recording(_Linked):
    """A row of msdyn_ocrecordings. `file_id` is None while the file is not there yet."""

    id: Id = Field(alias="msdyn_ocrecordingid")
    modified_us: Instant = Field(alias="modifiedon")
    created_us: OptionalInstant = Field(None, alias="createdon")
    name: Text = Field("", alias="msdyn_name")
    file_id: FileId = Field(None, alias="msdyn_recording")
    metadata_id: Text = Field("", alias="msdyn_recordingmetadata")
    application_id: Text = Field("", alias="msdyn_applicationid")
    attachments: Annotated[tuple[Attachment, ...], BeforeValidator(_attachments)] = Field(
        (), alias="msdyn_ocrecording_FileAttachments"
    )

    @property
    def audio(self) -> Attachment | None:
        """Details of the recording's file; None when they are absent or ambiguous."""
        files = [file for file in self.attachments if file.column == "msdyn_recording"]
        exact = [file for file in files if file.id == self.file_id]
        best = exact or files
        return best[0] if len(best) == 1 else None


class RecordingTraces(_Linked):
    """What can still be read of a row that is no `Recording`; None for what cannot."""

    modified_us: OptionalInstant = Field(None, alias="modifiedon")
    file_id: ReadableFileId = Field(None, alias="msdyn_recording")


class Conversation(_Row):
    """A row of msdyn_ocliveworkitems. Its key is `activityid`, not the like-named text column."""

    id: Id = Field(alias="activityid")
    subject: Text = ""
    title: Text = Field("", alias="msdyn_title")
    channels: Choices = Field((), alias="msdyn_channel")
    state: OptionalInt = Field(None, alias="statecode")
    status: OptionalInt = Field(None, alias="statuscode")
    is_outbound: OptionalBool = Field(None, alias="msdyn_isoutbound")
    created_us: OptionalInstant = Field(None, alias="createdon")
    initiated_us: OptionalInstant = Field(None, alias="msdyn_initiatedon")
    started_us: OptionalInstant = Field(None, alias="msdyn_startedon")
    wrap_up_us: OptionalInstant = Field(None, alias="msdyn_wrapupinitiatedon")
    closed_us: OptionalInstant = Field(None, alias="msdyn_closedon")
    actual_start_us: OptionalInstant = Field(None, alias="actualstart")
    actual_end_us: OptionalInstant = Field(None, alias="actualend")
    customer_id: OptionalId = Field(None, alias="_msdyn_customer_value")
    customer_type: Text = Field("", alias="_msdyn_customer_value" + LOOKUP_TYPE)
    last_agent_id: OptionalId = Field(None, alias="_msdyn_activeagentid_value")
    queue_id: OptionalId = Field(None, alias="_msdyn_cdsqueueid_value")
    transfers: OptionalInt = Field(None, alias="msdyn_transfercount")
    hold_s: OptionalInt = Field(None, alias="msdyn_conversationholdtimeinseconds")
    handle_s: OptionalInt = Field(None, alias="msdyn_conversationhandletimeinseconds")


class Session(_Row):
    """A row of msdyn_ocsessions; its key is `activityid`."""

    id: Id = Field(alias="activityid")
    channels: Choices = Field((), alias="msdyn_channel")
    created_us: OptionalInstant = Field(None, alias="msdyn_sessioncreatedon")
    accepted_us: OptionalInstant = Field(None, alias="msdyn_agentacceptedon")
    closed_us: OptionalInstant = Field(None, alias="msdyn_sessionclosedon")
    closure: OptionalInt = Field(None, alias="msdyn_closurereason")


class Participant(_Row):
    """A row of msdyn_sessionparticipants."""

    id: Id = Field(alias="msdyn_sessionparticipantid")
    session_id: OptionalId = Field(None, alias="_msdyn_omnichannelsession_value")
    agent_id: OptionalId = Field(None, alias="_msdyn_agentid_value")
    name: Text = Field("", alias="msdyn_name")
    mode: OptionalInt = Field(None, alias="msdyn_mode")
    joined_us: OptionalInstant = Field(None, alias="msdyn_joinedon")
    left_us: OptionalInstant = Field(None, alias="msdyn_lefton")
    left_reason: Text = Field("", alias="msdyn_leftonreason")
    external_number: Text = Field("", alias="msdyn_externalparticipantchannel")


class PhoneContext(_Row):
    """A row of msdyn_ocphonecallengagementctxes: the only place with the numbers."""

    id: Id = Field(alias="msdyn_ocphonecallengagementctxid")
    caller_name: Text = Field("", alias="msdyn_callername")
    from_number: Text = Field("", alias="msdyn_fromphone")
    to_number: Text = Field("", alias="msdyn_tophone")
    call_id: Text = Field("", alias="msdyn_callsid")


class User(_Row):
    """A row of systemusers: an agent, or an application (`application_id`) such as a bot."""

    id: Id = Field(alias="systemuserid")
    full_name: Text = Field("", alias="fullname")
    login: Text = Field("", alias="domainname")
    mail: Text = Field("", alias="internalemailaddress")
    directory_id: OptionalId = Field(None, alias="azureactivedirectoryobjectid")
    application_id: OptionalId = Field(None, alias="applicationid")


class SignedLink(_Row):
    """What GetFileSasUrl answers. The link is a secret for an hour."""

    url: str = Field(alias="SasUrl", min_length=1, max_length=8192, repr=False)
    size_bytes: OptionalInt = Field(None, alias="FileSizeInBytes")
    media_type: Text = Field("", alias="MimeType")
    file_name: Text = Field("", alias="FileName")


class SignedLinkAnswer(_Row):
    """GetFileSasUrl wraps its answer."""

    result: SignedLink = Field(alias="Result")


class Pause(_Row):
    """A stretch that is missing in the audio."""

    started_us: OptionalInstant = Field(None, alias="startTime")
    duration_ms: OptionalDuration = Field(None, alias="duration")


def _pauses(value: object) -> tuple[Pause, ...]:
    items = cast("list[object]", value)[:1000] if isinstance(value, list) else []
    return tuple(_PAUSE.validate_python(item) for item in items if isinstance(item, dict))


_PAUSE = TypeAdapter(Pause)


class AcsMetadata(_Row):
    """The metadata file of a recording, as Azure Communication Services writes it."""

    started_us: OptionalInstant = Field(None, alias="chunkStartTime")
    duration_ms: OptionalDuration = Field(None, alias="chunkDuration")
    chunk_index: OptionalInt = Field(None, alias="chunkIndex")
    call_id: Text = Field("", alias="callId")
    pauses: Annotated[tuple[Pause, ...], BeforeValidator(_pauses)] = Field(
        (), alias="pauseResumeIntervals"
    )
