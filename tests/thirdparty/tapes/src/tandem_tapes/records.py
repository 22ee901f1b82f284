"""What Tapes answers: strict where something is compared, lenient where it only describes."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field

from recorder.adapters.http.values import (
    Instant,
    OptionalDuration,
    OptionalInstant,
    OptionalInt,
    Text,
)

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


class Listed(BaseModel):
    """A recording as a listing shows it: all that is compared, nothing that only describes."""

    id: Id
    call_id: Id
    revision: int = Field(ge=0)
    """Counts up when the recording is replaced."""
    updated_at: Instant


class Listing(BaseModel):
    """A page of a listing."""

    recordings: list[dict[str, Any]]
    next: str | None = None


class Recorded(Listed):
    """A recording in full. What describes it may be missing or nonsense: it is archived all the same."""

    ready: bool = True
    size: OptionalInt = None
    sha256: str | None = Field(None, pattern=r"^[0-9a-f]{64}$")
    direction: Text = ""
    caller: Text = ""
    callee: Text = ""
    agent: Text = ""
    started_at: OptionalInstant = None
    ended_at: OptionalInstant = None
    duration_ms: OptionalDuration = None


class Link(BaseModel):
    """A link to the bytes that works for a minute."""

    url: str
