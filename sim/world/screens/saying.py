"""What a platform tells of what happened: the event, and the message that carries it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from recorder.scn.model import AgentEvent
from recorder.scn.model import AgentEventKind as Kind
from recorder.webhooks import WebhookRequest
from sim.clockwork.chance import guid, stream
from sim.world.screens.script import Happening


@dataclass(frozen=True, slots=True)
class Said:
    """One message. An adapter must make of it the very event that is told here: who asks gets it by the same id."""

    event: AgentEvent | None
    """None: it helps to understand others."""
    request: WebhookRequest | None = None
    """As the real service writes it; None: the event itself comes to the node."""
    is_sent: bool = True
    """Otherwise nobody is told but who asks."""


class Mouth(Protocol):
    """How a platform tells."""

    def call(self, call: str) -> str:
        """Its id for a call of the script."""
        ...

    def says(self, one: Happening, at_us: int) -> Iterator[Said]:
        """Every message about what happened; none where this platform says nothing of it."""
        ...


class Plain:
    """Events come to the nodes as they are; with `guids` calls have names that the source can have, too."""

    def __init__(self, source: str, *, guids: bool = False) -> None:
        self._source = source
        self._calls = Calls() if guids else None

    def call(self, call: str) -> str:
        """See Mouth."""
        return call if self._calls is None else self._calls.call(call)

    def says(self, one: Happening, at_us: int) -> Iterator[Said]:
        """See Mouth."""
        call, event_id = self.call(one.call), f"{one.agent}-{one.number}"
        yield Said(event_of(self._source, event_id, one, call, at_us))


class Calls:
    """Calls by GUID, and which of an agent's are open."""

    def __init__(self) -> None:
        self._open: dict[str, list[str]] = {}

    def call(self, call: str) -> str:
        """See Mouth."""
        return guid(stream(0, "call", call)) if call else ""

    def of(self, one: Happening) -> str:
        """The call that it is about; the newest one where it is about the agent."""
        known = self._open.setdefault(one.agent, [])
        call = self.call(one.call)
        if one.kind is Kind.RINGING and call not in known:
            known.append(call)
        return call or (known[-1] if known else "")

    def refused(self, one: Happening) -> None:
        """It is open no more."""
        self._open[one.agent].remove(self.call(one.call))

    def over(self, agent: str) -> list[str]:
        """All of an agent's are."""
        return self._open.pop(agent, [])


def event_of(source: str, event_id: str, one: Happening, call: str, at_us: int) -> AgentEvent:
    """Nobody has heard of it yet."""
    return AgentEvent(
        source=source,
        event_id=event_id,
        agent=one.agent,
        call=call,
        kind=one.kind,
        at_us=at_us,
        heard_us=0,
        heard_by="",
    )
