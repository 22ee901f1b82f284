"""The Webex adapter over the fake organisation of the simulator."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from sim.audio import Recording
from sim.contract.overlay import Overlay
from sim.contract.world import SourceWorld
from sim.ucaas.faults import Fault, FaultKind
from sim.ucaas.http import MemoryTransport
from sim.ucaas.webex.files import AUDIO, DOWNLOAD_PATH
from sim.ucaas.webex.oauth import ClientApp
from sim.ucaas.webex.scripts import CallScript, Leg, RecordingScript
from sim.ucaas.webex.service import FakeWebex
from tests.recorder.adapters.dynamics.scripted import FakeClock
from tests.recorder.adapters.webex.scripted import (
    REFRESH,
    SECRET,
    error_answer,
    open_source,
    us,
)

SOUND = Recording("call.mp3", 20.0, b"\xff\xf3sound of a call" * 50)


def is_media(request: httpx.Request) -> bool:
    return request.url.path == DOWNLOAD_PATH


def is_token(request: httpx.Request) -> bool:
    return request.url.path == "/v1/access_token"


class FakeWebexWorld:
    """One organisation; every call has one recording."""

    kind = "webex"
    secrets = (SECRET, REFRESH, "_PF84_", "ticket=")
    lacks: frozenset[str] = frozenset()

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.clock.advance(100_000)
        self.fake = FakeWebex(
            now_us=self.clock.wall_us,
            monotonic_ns=self.clock.monotonic_ns,
            clients=[ClientApp("node-a", SECRET, REFRESH)],
        )
        self.transport = Overlay(
            MemoryTransport(handle=self.fake.handle, wait=self.clock.advance),
            wall_s=lambda: self.clock.wall_s,
            is_api=lambda request: not is_media(request) and not is_token(request),
            is_media=is_media,
            is_token=is_token,
            error=error_answer,
        )
        self.source = open_source(self.transport, self.clock, page_size=2)
        self.calls = {}
        self.throttle = self.transport.throttle
        self.fail = self.transport.fail
        self.stall = self.transport.stall
        self.truncate = self.transport.truncate
        self.spoil_download = self.transport.spoil_download

    def us(self, seconds: float) -> int:
        return us(seconds)

    def publish(self, changed_s: int, *, session: int | None = None) -> str:
        part = RecordingScript(SOUND, create_delay_s=0.0, stamp_us=us(changed_s))
        call = CallScript(end_us=us(changed_s), legs=(Leg(0, 25.0),), recordings=(part,))
        (placed,) = self.fake.place([call])
        self.fake.advance()
        (key,) = placed.recordings
        if session is not None:
            row = self.fake._env.shelf.get(key)
            row.call = self.calls.setdefault(session, row.call)
        return key

    def body(self, key: str) -> bytes:
        return self.fake._env.files.get(key, AUDIO).content.joined()

    def delete(self, key: str) -> None:
        assert self.fake.delete_recording(key)

    def expire_links(self) -> None:
        self.clock.advance(3 * 3600)

    def refuse_credentials(self, refused: bool) -> None:
        self.revoke_tokens()
        if refused:
            self.fake.add_fault(Fault(FaultKind.GRANT_EXPIRED))
        else:
            self.fake.clear_faults()

    def revoke_tokens(self) -> None:
        self.fake.add_fault(Fault(FaultKind.TOKEN_REVOKED))

    def tokens_given(self) -> int:
        return self.transport.tokens_given

    def skew(self, seconds: float) -> None:
        self.transport.skew_s = seconds

    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)


WORLDS: dict[str, Callable[[], SourceWorld]] = {"webex": FakeWebexWorld}
