"""The keys of a Tapes source in the configuration."""

from __future__ import annotations

from typing import Annotated

import httpx
from pydantic import BaseModel, ConfigDict, Field

from recorder.adapters.http.fields import MediaHost, Origin, SecretReference, TimeoutTable


class TapesSettings(BaseModel):
    """One Tapes account. Each node has its own key, so that one refused key stops one node only."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True
    )

    url: Origin
    """Where the account is: https://acme.tapes.example."""
    api_key: Annotated[SecretReference, Field(repr=False)]
    """A reference, `env:NAME` or `file:PATH`; read at every call, so that a mended file heals."""
    webhook_secret: Annotated[SecretReference | None, Field(repr=False)] = None
    """Reference to what webhooks are signed with; without it none is listened to."""
    media_hosts: tuple[MediaHost, ...] = ()
    """Hosts that recordings may come from, beside the account's own."""
    page_size: int = Field(100, ge=1, le=500)
    requests_per_min: int = Field(300, ge=10, le=6000)
    """API calls of this node in any minute."""
    timeouts: TimeoutTable = TimeoutTable()  # pyright: ignore[reportCallIssue]

    @property
    def allowed_hosts(self) -> tuple[str, ...]:
        """Hosts a recording may be downloaded from."""
        return (*self.media_hosts, httpx.URL(self.url).host)
