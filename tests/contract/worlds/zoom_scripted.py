"""The Zoom adapter over the scripted account."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from sim.contract.overlay import Overlay
from sim.contract.world import SourceWorld
from tests.recorder.adapters.zoom.scripted import (
    SECRET,
    SIGNATURE,
    ScriptedZoom,
    Story,
    error_answer,
    open_source,
    us,
)


def is_media(request: httpx.Request) -> bool:
    return request.url.path.startswith("/rec/archive/")


class ScriptedZoomWorld:
    """One account; every meeting has one file."""

    kind = "zoom"
    secrets = (SECRET, SIGNATURE, "zoom-token-")
    lacks: frozenset[str] = frozenset()

    def __init__(self) -> None:
        self.server = ScriptedZoom()
        self.clock = self.server.clock
        self.story = Story(self.server)
        self.transport = Overlay(
            self.server,
            wall_s=lambda: self.clock.wall_s,
            is_api=lambda request: request.url.path.startswith("/v2/"),
            is_media=is_media,
            is_token=lambda request: request.url.path == "/oauth/token",
            error=error_answer,
        )
        self.source = open_source(self.transport, self.clock, page_size=2)
        self.throttle = self.transport.throttle
        self.fail = self.transport.fail
        self.stall = self.transport.stall
        self.truncate = self.transport.truncate
        self.spoil_download = self.transport.spoil_download

    def us(self, seconds: float) -> int:
        return us(seconds)

    def publish(self, changed_s: int, *, session: int | None = None) -> str:
        fields = {} if session is None else {"type": 100, "parent_meeting_id": f"root/{session}"}
        meeting = self.story.meeting(changed_s, **fields)
        return meeting["archive_files"][0]["id"]

    def body(self, key: str) -> bytes:
        return self.server.bodies[key]

    def delete(self, key: str) -> None:
        self.story.delete(key)

    def expire_links(self) -> None:
        self.clock.advance(3599)

    def refuse_credentials(self, refused: bool) -> None:
        self.server.secret = "other" if refused else SECRET
        self.server.tokens.clear()

    def revoke_tokens(self) -> None:
        self.server.tokens.clear()

    def tokens_given(self) -> int:
        return self.transport.tokens_given

    def skew(self, seconds: float) -> None:
        self.transport.skew_s = seconds

    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)


WORLDS: dict[str, Callable[[], SourceWorld]] = {"zoom-scripted": ScriptedZoomWorld}
