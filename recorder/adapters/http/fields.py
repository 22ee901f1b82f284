"""Fields that the settings of several adapters share: addresses, hosts, references to secrets, deadlines."""

from __future__ import annotations

import re
from typing import Annotated, Final

import httpx
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from recorder.adapters.http.client import Timeouts

_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_HOST: Final = re.compile(r"^\.?[a-z0-9_-]+(\.[a-z0-9_-]+)*$|^\[?[0-9a-f:]+\]?$")


def _origin(value: str) -> str:
    """A scheme and a host, nothing behind it; http only for tests on this machine."""
    try:
        url = httpx.URL(value)
    except httpx.InvalidURL:
        raise ValueError("must be an address such as https://service.example.com") from None
    if not url.host or url.scheme not in {"http", "https"}:
        raise ValueError("must be an address such as https://service.example.com")
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
SecretReference = Annotated[str, BeforeValidator(_reference)]


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


def has_plain_host(url: httpx.URL) -> bool:
    """Whether every parser reads the same host from an address: nothing is escaped in it, or strange."""
    return _HOST.match(url.raw_host.decode("ascii", "replace").lower()) is not None


def is_usable(link: str, allowed_hosts: tuple[str, ...], own: str) -> bool:
    """Whether a download link leads where downloads may go: https, or the scheme of `own`."""
    try:
        url = httpx.URL(link)
    except (httpx.InvalidURL, ValueError):
        return False
    if url.scheme not in {"https", httpx.URL(own).scheme} or url.userinfo:
        return False
    if not has_plain_host(url):
        return False
    return any(
        url.host == allowed or (allowed.startswith(".") and url.host.endswith(allowed))
        for allowed in allowed_hosts
    )
