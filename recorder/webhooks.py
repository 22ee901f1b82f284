"""A message a service sends by itself, and what to answer. Adapters judge it.

Of recordings it is a hint and never the truth. What it says of agents is taken as it is: it can be late, and
nobody else may know it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Protocol

from recorder.scn.model import AgentEvent


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """What came. Nothing in it is proven before the adapter verified its signature."""

    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    query: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """Parameters of the address; of one that comes twice, the last. May hold a secret: never logged."""


@dataclass(frozen=True, slots=True)
class WebhookAnswer:
    """What to answer."""

    status: int
    body: bytes = b""
    media_type: str = "application/json"
    poll_now: bool = False
    """Something is new: the next poll should be early."""
    agent_events: tuple[AgentEvent, ...] = ()
    """What the message says of agents. `heard_by` is filled in by the node."""
    ask_states: bool = False
    """Something happened to agents that the message does not tell whole: the service should be asked now."""


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
