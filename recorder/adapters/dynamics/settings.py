"""Settings of a Dynamics 365 source: the keys of its table in the configuration."""

from __future__ import annotations

from typing import Annotated, Literal

import httpx
from pydantic import BaseModel, ConfigDict, Field

from recorder.adapters.http.fields import MediaHost, Origin, SecretReference, TimeoutTable

PAGE_SIZE_MAX = 5000


class DynamicsSettings(BaseModel):
    """One Dynamics 365 environment. Each node has its own application and secret."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True
    )

    org_url: Origin
    """The environment's address, as in the browser: https://contoso.crm.dynamics.com."""
    tenant: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]{0,253}$")
    """Directory (tenant) id or domain."""
    client_id: str = Field(pattern=r"^[A-Za-z0-9._-]{1,100}$")
    client_secret: Annotated[SecretReference, Field(repr=False)]
    """A reference, `env:NAME` or `file:PATH`; read at every renewal of the token."""
    authority: Origin = "https://login.microsoftonline.com"
    api_version: str = Field("v9.2", pattern=r"^v\d{1,2}\.\d{1,2}$")
    page_size: int = Field(100, ge=1, le=PAGE_SIZE_MAX)
    channels: tuple[int, ...] | None = None
    """Channel numbers to record (192440000 is a voice call); None for whatever has a recording."""
    media_hosts: tuple[MediaHost, ...] = (".blob.core.windows.net",)
    """Hosts that recordings may come from, beside the environment's own."""
    ca_file: str | None = None
    """PEM file of a private CA for the API and the authority, instead of the system's."""
    prefer_sas: bool = True
    """Download by signed link first, through the API second; False turns the order round."""
    requests_per_5min: int = Field(4000, ge=10, le=6000)
    """API calls of this node in any 5 minutes; the service itself allows 6000 for each user."""
    webhook_secret: SecretReference | None = Field(None, repr=False)
    """A reference; without it webhooks are refused."""
    webhook_auth: Literal["header", "code", "query"] = "code"
    """Where the service puts the secret: a header, `?code=`, or a parameter of the address."""
    webhook_name: str = Field("x-tandem-secret", pattern=r"^[A-Za-z0-9_-]{1,60}$")
    """Of the header or of the parameter."""
    timeouts: TimeoutTable = TimeoutTable()  # pyright: ignore[reportCallIssue]

    @property
    def api_url(self) -> str:
        """Where the tables are; ends in a slash."""
        return f"{self.org_url}/api/data/{self.api_version}/"

    @property
    def token_url(self) -> str:
        """Where tokens are given out."""
        return f"{self.authority}/{self.tenant}/oauth2/v2.0/token"

    @property
    def scope(self) -> str:
        """What a token is asked for."""
        return f"{self.org_url}/.default"

    @property
    def org_host(self) -> str:
        """Host of the environment, without a port."""
        return httpx.URL(self.org_url).host

    @property
    def allowed_hosts(self) -> tuple[str, ...]:
        """Hosts a recording may be downloaded from."""
        return (*self.media_hosts, self.org_host)
