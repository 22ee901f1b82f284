"""Settings of a Dynamics 365 source: the keys of its table in the configuration."""

from __future__ import annotations

import re
from typing import Annotated

import httpx
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from recorder.adapters.http.client import Timeouts

PAGE_SIZE_MAX = 5000
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_HOST = re.compile(r"^\.?[a-z0-9_-]+(\.[a-z0-9_-]+)*$|^\[?[0-9a-f:]+\]?$")


def _origin(value: str) -> str:
    """A scheme and a host, nothing behind it; http only for tests on this machine."""
    try:
        url = httpx.URL(value)
    except httpx.InvalidURL:
        raise ValueError("must be an address such as https://contoso.crm.dynamics.com") from None
    if not url.host or url.scheme not in {"http", "https"}:
        raise ValueError("must be an address such as https://contoso.crm.dynamics.com")
    if url.scheme == "http" and url.host not in _LOOPBACK:
        raise ValueError("must begin with https:// (http is for this machine only)")
    if url.userinfo or url.query or url.fragment or url.path != "/":
        raise ValueError("must be a scheme and a host only, without a path, a query or a user")
    return str(url).rstrip("/")


def _reference(value: object) -> object:
    if isinstance(value, str) and not value.startswith(("env:", "file:", "value:")):
        raise ValueError('must be a reference: "env:NAME" or "file:PATH", not the secret itself')
    return value


def _host(value: str) -> str:
    lowered = value.lower()
    if not _HOST.match(lowered):
        raise ValueError("must be a host name, or .suffix for every host below it")
    return lowered


Origin = Annotated[str, AfterValidator(_origin)]
MediaHost = Annotated[str, AfterValidator(_host)]


class TimeoutTable(BaseModel):
    """Deadlines of one API call, in seconds. Downloads have their own."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    connect_s: float = Field(5.0, gt=0, le=3600)
    read_s: float = Field(30.0, gt=0, le=3600)
    """Between two pieces of an answer."""
    total_s: float = Field(120.0, gt=0, le=3600)
    """For a whole answer."""

    def as_timeouts(self) -> Timeouts:
        """For the HTTP client."""
        return Timeouts(
            connect_s=self.connect_s,
            read_s=self.read_s,
            write_s=self.read_s,
            pool_s=self.read_s,
            total_s=self.total_s,
        )


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
    client_secret: Annotated[str, BeforeValidator(_reference), Field(repr=False)]
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
