"""The Zoom adapter over the fake account of the simulator."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from sim.audio import Recording
from sim.contract.overlay import Overlay
from sim.contract.world import SourceWorld
from sim.ucaas.faults import Fault, FaultKind
from sim.ucaas.http import MemoryTransport
from sim.ucaas.zoom.downloads import STORED_PATH, Way
from sim.ucaas.zoom.oauth import TOKEN_BEGINS, ClientApp
from sim.ucaas.zoom.render import ARCHIVE_PATH
from sim.ucaas.zoom.scripts import FileScript, MeetingScript
from sim.ucaas.zoom.service import FakeZoom
from tests.recorder.adapters.zoom.scripted import (
    SECRET,
    FakeClock,
    error_answer,
    open_source,
    us,
)

SOUND = Recording("call.m4a", 20.0, b"\0\0\0\x18ftypM4A sound of a meeting" * 50)
SECONDS = 20.0


class FakeZoomWorld:
    """One account; every meeting has one file.

    `way`: a download comes at once, or by a redirect: to another host without the token, or on the same
    host with it.
    """

    kind = "zoom"
    secrets = (SECRET, TOKEN_BEGINS[:20], "Policy=", "Signature=")
    lacks: frozenset[str] = frozenset()

    def __init__(self, way: Way) -> None:
        self.clock = FakeClock()
        self.clock.advance(100_000)
        self.fake = FakeZoom(
            now_us=self.clock.wall_us,
            monotonic_ns=self.clock.monotonic_ns,
            clients=[ClientApp("node-a", SECRET)],
            account="account-1",
            way=way,
            files_url="https://us02web.zoom.us" if way == "bearer" else "https://ssrweb.zoom.us",
        )
        bytes_path = ARCHIVE_PATH if way == "direct" else STORED_PATH
        self.transport = Overlay(
            MemoryTransport(handle=self.fake.handle, wait=self.clock.advance),
            wall_s=lambda: self.clock.wall_s,
            is_api=lambda request: request.url.path.startswith("/v2/"),
            is_media=lambda request: request.url.path.startswith(bytes_path),
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
        meeting = MeetingScript(
            end_us=us(changed_s),
            files=(FileScript(media=SOUND),),
            seconds=SECONDS,
            parent=None if session is None else f"/of//{session}+==",
            listed_s=0.0,
            complete_s=0.0,
            stamp_us=us(changed_s),
        )
        (placed,) = self.fake.place([meeting])
        self.fake.advance()
        return placed.files[0]

    def body(self, key: str) -> bytes:
        stored = self.fake._env.archive.file(key)
        assert stored is not None
        return stored.body.content.joined()

    def delete(self, key: str) -> None:
        assert self.fake.delete_recording(key)

    def expire_links(self) -> None:
        self.clock.advance(3600)

    def refuse_credentials(self, refused: bool) -> None:
        self.revoke_tokens()
        if refused:
            self.fake.add_fault(Fault(FaultKind.SECRET_WRONG))
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


WORLDS: dict[str, Callable[[], SourceWorld]] = {
    "zoom": partial(FakeZoomWorld, "signed"),
    "zoom-direct": partial(FakeZoomWorld, "direct"),
    "zoom-bearer": partial(FakeZoomWorld, "bearer"),
}
