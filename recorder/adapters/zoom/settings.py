"""Settings of a Zoom source: the keys of its table in the configuration."""

from __future__ import annotations

from typing import Annotated, Literal

import httpx
from pydantic import BaseModel, ConfigDict, Field

from recorder.adapters.http.budget import Budget
from recorder.adapters.http.fields import MediaHost, Origin, SecretReference, TimeoutTable

PAGE_SIZE_MAX = 300
_BUDGET_S = 5


class ZoomSettings(BaseModel):
    """The archive of one Zoom account. Each node has its own Server-to-Server app and secret."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True
    )

    account_id: str = Field(pattern=r"^[A-Za-z0-9._-]{1,100}$")
    client_id: str = Field(pattern=r"^[A-Za-z0-9._-]{1,100}$")
    client_secret: Annotated[SecretReference, Field(repr=False)]
    """A reference, `env:NAME` or `file:PATH`; read at every renewal of the token."""
    webhook_secret: Annotated[SecretReference | None, Field(repr=False)] = None
    """Reference to the app's secret token; without it no webhook is listened to."""
    api_url: Origin = "https://api.zoom.us"
    """A regional address such as https://api-eu.zoom.us also serves."""
    oauth_url: Origin = "https://zoom.us"
    page_size: int = Field(50, ge=1, le=PAGE_SIZE_MAX)
    """Meetings a page, each with all its files."""
    media_hosts: tuple[MediaHost, ...] = (".zoom.us", "zoom.us")
    """Hosts that files may come from, at first and by redirect, beside the API's own."""
    verify_fingerprint: Literal["refuse", "warn"] = "refuse"
    """What to do with a file whose SHA-256 is not its `encryption_fingerprint`; see docs/zoom.md."""
    retention_days: int = Field(30, ge=1, le=30)
    """How long the account keeps archives; whatever is older is not looked for."""
    requests_per_s: int = Field(10, ge=1, le=80)
    """API calls of this node, on average over 5 seconds; the account shares its limits."""
    ca_file: str | None = None
    """PEM file of a private CA for the API and the token end point, instead of the system's."""
    timeouts: TimeoutTable = TimeoutTable()  # pyright: ignore[reportCallIssue]

    @property
    def token_url(self) -> str:
        """Where tokens are given out."""
        return f"{self.oauth_url}/oauth/token"

    @property
    def allowed_hosts(self) -> tuple[str, ...]:
        """Hosts a file may be downloaded from."""
        return (*self.media_hosts, httpx.URL(self.api_url).host)

    @property
    def budget(self) -> Budget:
        """In any 5 seconds; a fifth of it may go at once."""
        return Budget(self.requests_per_s * _BUDGET_S, float(_BUDGET_S))
