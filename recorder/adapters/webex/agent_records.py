"""What the service says of calls and agents, as pydantic models. Strict about who and when."""

from __future__ import annotations

from typing import Annotated

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field

from recorder.adapters.http.values import Instant, OptionalBool, OptionalInstant, Text, int_or_none
from recorder.adapters.webex.records import Id, LooseId, Word

_LATEST_MS = 7_258_118_400_000


def _epoch_us(value: object) -> int | None:
    instant_ms = int_or_none(value)
    if instant_ms is None or not 0 < instant_ms <= _LATEST_MS:
        return None
    return instant_ms * 1000


EpochInstant = Annotated[int | None, BeforeValidator(_epoch_us)]


class _Part(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="ignore", hide_input_in_errors=True, populate_by_name=True
    )


class CallEvent(_Part):
    """The data of a `telephony_calls` event."""

    call_id: Id = Field(alias="callId")
    session_id: LooseId = Field("", alias="callSessionId")
    at_us: Instant = Field(alias="eventTimestamp")
    kind: Word = Field("", alias="eventType")
    state: Word = ""
    personality: Word = ""
    answered_us: OptionalInstant = Field(None, alias="answered")
    completed_elsewhere: OptionalBool = Field(None, alias="completedElsewhere")
    recording_state: Word = Field("", alias="recordingState")


class AgentActivity(_Part):
    """A state of an agent of Contact Center, from an event or from its list of activities."""

    agent: Id = Field(alias="agentId")
    state: Text = Field("", alias="currentState")
    task: LooseId = Field("", alias="taskId")
    at_us: EpochInstant = Field(
        None, validation_alias=AliasChoices("createdTime", "startTime", "at_us")
    )
