"""The Webex adapter over the scripted service."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from sim.contract.overlay import Overlay
from sim.contract.world import SourceWorld
from tests.recorder.adapters.webex.scripted import (
    MEDIA,
    REFRESH,
    SECRET,
    TICKET,
    ScriptedWebex,
    Story,
    error_answer,
    us,
    uuid,
)

BODY = b"\xff\xf3\x40sound of a call" * 5


def is_media(request: httpx.Request) -> bool:
    return str(request.url).startswith(MEDIA)


def is_token(request: httpx.Request) -> bool:
    return request.url.path == "/v1/access_token"


class ScriptedWebexWorld:
    """One organisation whose recordings are made right after the call."""

    kind = "webex"
    secrets = (SECRET, REFRESH, "token-number-", TICKET)
    lacks: frozenset[str] = frozenset()

    def __init__(self) -> None:
        self.server = ScriptedWebex()
        self.clock = self.server.clock
        self.clock.advance(100_000)
        self.story = Story(self.server)
        self.transport = Overlay(
            self.server,
            wall_s=lambda: self.clock.wall_s,
            is_api=lambda request: not is_media(request) and not is_token(request),
            is_media=is_media,
            is_token=is_token,
            error=error_answer,
        )
        self.server.transport = self.transport
        self.source = self.server.open(page_size=2)
        self.throttle = self.transport.throttle
        self.fail = self.transport.fail
        self.stall = self.transport.stall
        self.truncate = self.transport.truncate
        self.spoil_download = self.transport.spoil_download

    def us(self, seconds: float) -> int:
        return us(seconds)

    def publish(self, changed_s: int, *, session: int | None = None) -> str:
        key = None if session is None else uuid(session, 6)
        return self.story.recording(changed_s, session=key, body=BODY)

    def body(self, key: str) -> bytes:
        return self.server.bodies[key]

    def delete(self, key: str) -> None:
        self.story.delete(key)

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
        self.transport.skew_s = seconds

    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)


WORLDS: dict[str, Callable[[], SourceWorld]] = {"webex-scripted": ScriptedWebexWorld}
