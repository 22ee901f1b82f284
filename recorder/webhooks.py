"""A message a service sends by itself, and what to answer. Adapters judge it; it is never the truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Protocol


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """What came. Nothing in it is proven before the adapter verified its signature."""

    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


@dataclass(frozen=True, slots=True)
class WebhookAnswer:
    """What to answer."""

    status: int
    body: bytes = b""
    media_type: str = "application/json"
    poll_now: bool = False
    """Something is new: the next poll should be early."""


class Hearing(Protocol):
    """A data source whose service sends messages by itself. Optional: `DataSource` does not demand it."""

    def hear(self, request: WebhookRequest) -> WebhookAnswer:
        """Judge a message. Never touches the network, keeps nothing of it.

        401 when the signature is missing or wrong, 403 when no secret is configured. Raises ConfigError when
        the secret cannot be read.
        """
        ...


ADAPTERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "MicrosoftDynamicsOmnichannelAdapter": "dynamics",
        "ZoomMeetingsAdapter": "zoom",
        "WebexCallingAdapter": "webex",
    }
)
"""The kind of source behind an adapter's name in the address that a service is given."""


def kind_of(adapter: str) -> str:
    """The kind of source that this name in an address stands for; other kinds go by their own name."""
    return ADAPTERS.get(adapter, adapter)
