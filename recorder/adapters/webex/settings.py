"""Settings of a Webex Calling source: the keys of its table in the configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import httpx
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from recorder.adapters.http.fields import MediaHost, Origin, SecretReference, TimeoutTable

PAGE_SIZE_MAX = 100
_STREAM_WAIT_S = 240.0
"""A record is shown a minute after it came in, and is asked for once a minute."""
_FEED_WAIT_S = 600.0
"""The feed shows a call five minutes after its end at the earliest."""
_COLUMN = r"^[^\x00-\x1f\x7f]{1,60}$"

RecordingField = Literal[
    "id", "callRecordingId", "callSessionId", "callId", "ownerId", "ownerEmail", "locationId"
]
Column = Annotated[str, Field(pattern=_COLUMN)]


def _absolute(value: str) -> str:
    if not Path(value).is_absolute():
        raise ValueError("must be an absolute path")
    return value


class WebexSettings(BaseModel):
    """One Webex organisation. Each node has its own service app and refresh token."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True
    )

    client_id: str = Field(pattern=r"^[A-Za-z0-9._-]{1,200}$")
    client_secret: Annotated[SecretReference, Field(repr=False)]
    """A reference, `env:NAME` or `file:PATH`; read at every renewal of the token."""
    refresh_token: Annotated[SecretReference, Field(repr=False)]
    """A reference to the service app's refresh token; read at every renewal."""
    token_file: Annotated[str, AfterValidator(_absolute)] | None = None
    """Where a refresh token that the service changes is kept; for this node and this source alone."""
    api_url: Origin = "https://webexapis.com"
    page_size: int = Field(100, ge=1, le=PAGE_SIZE_MAX)
    service_type: Literal["calling", "customerAssist"] | None = None
    """The kind of recordings to archive; None for both."""
    include_deleted: bool = True
    """Recordings in the recycle bin are archived too: one more call for each window."""
    include_purged: bool = False
    """Those purged from the bin too, which only a compliance officer may see."""
    transcripts: bool = True
    """A transcript beside the sound is archived with it."""
    verify_size: bool = True
    """The sound must have the size the service announces."""
    media_hosts: tuple[MediaHost, ...] = (".webex.com",)
    """Hosts that recordings may come from."""
    retention_days: int = Field(365, ge=1, le=3660)
    """How long the organisation keeps recordings."""
    requests_per_min: int = Field(300, ge=10, le=6000)
    """API calls of this node in any minute."""
    webhook_secret: SecretReference | None = Field(None, repr=False)
    """A reference; without it webhooks are refused."""
    contact_center_url: Origin | None = None
    """Of the region, such as https://api.wxcc-us1.cisco.com, to ask what its agents do; None: nobody is asked."""
    contact_center_secret: SecretReference | None = Field(None, repr=False)
    """A reference to the secret of Contact Center's subscriptions; without it they are refused."""
    contact_center_org: str = Field("", pattern=r"^[A-Za-z0-9-]{0,100}$")
    """Organisation id in questions to Contact Center; empty where the token's own is meant."""
    ca_file: str | None = None
    """PEM file of a private CA, instead of the system's."""
    timeouts: TimeoutTable = TimeoutTable()  # pyright: ignore[reportCallIssue]

    cdr: Literal["off", "stream", "feed"] = "off"
    """Call detail records: none, as they come in, or by the time of the call."""
    cdr_url: Origin = "https://analytics-calling.webexapis.com"
    """Of the organisation's region."""
    cdr_wait_s: float | None = Field(None, gt=0, le=86_400)
    """How long a recording may wait for its record; None for 4 minutes (stream) or 10 (feed)."""
    cdr_join: tuple[tuple[RecordingField, Column], ...] = (
        ("callSessionId", "Correlation ID"),
        ("callId", "Local call ID"),
    )
    """Pairs of a field of the recording and a column of the record that are equal; the first that fits."""

    @property
    def base_url(self) -> str:
        """Where the API is; ends in a slash."""
        return f"{self.api_url}/v1/"

    @property
    def token_url(self) -> str:
        """Where tokens are given out."""
        return f"{self.api_url}/v1/access_token"

    @property
    def statuses(self) -> tuple[str, ...]:
        """What is listed, in this order."""
        binned = ("deleted",) if self.include_deleted else ()
        return ("available", *binned, *(("purged",) if self.include_purged else ()))

    @property
    def record_wait_s(self) -> float:
        """How old a recording must be to be archived without its call detail record."""
        if self.cdr_wait_s is not None:
            return self.cdr_wait_s
        return _STREAM_WAIT_S if self.cdr == "stream" else _FEED_WAIT_S

    @property
    def cdr_origin(self) -> httpx.URL:
        """Scheme and host of the call detail records."""
        return httpx.URL(self.cdr_url)
