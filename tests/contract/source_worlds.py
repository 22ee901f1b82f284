"""What the data source contract needs of a fake service, and one such world for each adapter.

A new adapter joins by adding its world to WORLDS.
"""

from __future__ import annotations

from collections.abc import Callable
from email.utils import formatdate
from typing import Protocol

import httpx

from recorder.ports import DataSource, MediaRequest
from tests.recorder.adapters.dynamics.scripted import (
    SECRET,
    FakeClock,
    Order,
    ScriptedDataverse,
    Story,
    error_answer,
    guid,
    us,
)


class SourceWorld(Protocol):
    """A fake service with one opened source. Instants are seconds after its own begin."""

    kind: str
    source: DataSource

    def us(self, seconds: float) -> int:
        """An instant of the world in microseconds since 1970."""

    def publish(self, changed_s: int, *, session: int | None = None, body: bytes = b"x") -> str:
        """Offer an item whose `changed_us` is `changed_s`; returns its key."""

    def delete(self, key: str) -> None:
        """The service forgets an item."""

    def throttle(self, retry_after: str | None) -> None:
        """The next call is answered 429; `retry_after` may hold {+N}: a date N seconds ahead."""

    def fail(self, status: int) -> None:
        """The next call is answered with this status."""

    def expire_links(self) -> None:
        """Download links given out so far no longer work."""

    def refuse_credentials(self, refused: bool) -> None:
        """New tokens are refused, or given again; tokens given so far no longer work."""

    def revoke_tokens(self) -> None:
        """Tokens given so far no longer work; new ones do."""

    def tokens_given(self) -> int:
        """How many tokens were given out."""

    def skew(self, seconds: float) -> None:
        """The service's clock is so far ahead of ours."""

    def advance(self, seconds: float) -> None:
        """Time goes by, on both sides."""

    def fetch(self, request: MediaRequest) -> httpx.Response:
        """Download with one plain request."""


class ScriptedDynamicsWorld:
    """The Dynamics adapter over the scripted Dataverse."""

    kind = "dynamics"

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.server = ScriptedDataverse(self.clock)
        self.story = Story(self.server)
        self.source = self.server.open(page_size=2)

    def us(self, seconds: float) -> int:
        return us(seconds)

    def publish(self, changed_s: int, *, session: int | None = None, body: bytes = b"x") -> str:
        conversation = None if session is None else guid(session, 7)
        return self.story.recording(changed_s, conversation=conversation, body=body)

    def delete(self, key: str) -> None:
        self.story.delete(key)

    def throttle(self, retry_after: str | None) -> None:
        def answer(_request: httpx.Request) -> httpx.Response:
            response = self.server._dated(error_answer(429, "0x80072322", "too many"))
            if retry_after is not None:
                ahead = retry_after.removeprefix("{+").removesuffix("}")
                seconds = self.clock.wall_s + self.server.clock_offset_s
                date = httpx_date(seconds + float(ahead)) if ahead != retry_after else retry_after
                response.headers["retry-after"] = date
            return response

        self.server.orders.append(Order("/api/data/", answer))

    def fail(self, status: int) -> None:
        self.server.order("/api/data/", error_answer(status))

    def expire_links(self) -> None:
        self.server.links.clear()

    def refuse_credentials(self, refused: bool) -> None:
        self.server.secret = "other" if refused else SECRET
        self.server.tokens.clear()

    def revoke_tokens(self) -> None:
        self.server.tokens.clear()

    def tokens_given(self) -> int:
        return self.server.tokens_given

    def skew(self, seconds: float) -> None:
        self.server.clock_offset_s = seconds

    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)

    def fetch(self, request: MediaRequest) -> httpx.Response:
        with httpx.Client(transport=self.server) as client:
            return client.get(request.url, headers=list(request.headers))


def httpx_date(seconds: float) -> str:
    return formatdate(seconds, usegmt=True)


WORLDS: dict[str, Callable[[], SourceWorld]] = {"dynamics": ScriptedDynamicsWorld}
