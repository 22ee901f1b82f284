"""What Tandem's contract needs: the adapter over a fake of the service, and what can go wrong there."""

from __future__ import annotations

from itertools import count
from typing import Literal

from fake_tapes import FakeTapes, Tape
from tandem_tapes import PLUGIN

from recorder.plugins import SourceDeps
from recorder.ports.recording import DataSource
from sim.contract.hand_clock import HandClock
from sim.contract.overlay import Overlay
from sim.stand_ins.memory_secrets import MemorySecrets
from sim.ucaas.http import MemoryTransport

URL = "https://acme.tapes.example"
KEY = "tapes-key-4711"


class TapesWorld:
    """The adapter over the fake, on a clock moved by hand."""

    kind = "tapes"
    secrets = (KEY, "sig=")
    lacks = frozenset({"tokens"})

    def __init__(self) -> None:
        self.clock = HandClock()
        self.fake = FakeTapes(url=URL, keys={KEY}, wall_s=self.clock.wall_s)
        self.transport = Overlay(
            MemoryTransport(handle=self.fake.handle, wait=self.clock.advance),
            wall_s=self.clock.wall_s,
            is_api=lambda request: request.url.path.startswith("/v1/"),
            is_media=lambda request: request.url.path.startswith("/media/"),
        )
        self.source = self._opened()
        self._numbers = count(1)

    def listen(self, secret: str) -> None:
        """Open the source again, now with a secret for webhooks."""
        self.source = self._opened(webhook_secret=f"value:{secret}")

    def _opened(self, **more: str) -> DataSource:
        table = {"url": URL, "api_key": "env:TAPES_KEY", "page_size": 2, **more}
        deps = SourceDeps(
            name="tapes",
            transport=lambda: self.transport,
            clock=self.clock,
            secrets=MemorySecrets({"TAPES_KEY": KEY}),
            user_agent="test",
            wait=self.clock.advance,
        )
        return PLUGIN.open(PLUGIN.settings.model_validate(table), deps)

    def us(self, seconds: float) -> int:
        return self.clock.begin_us + int(seconds * 1e6)

    def publish(self, changed_s: int, *, session: int | None = None) -> str:
        number = next(self._numbers)
        call = f"call-{number}" if session is None else f"session-{session}"
        sound = b"ID3" + f"sound of {number} ".encode() * 50
        self.fake.offer(Tape(f"tape-{number:03d}", call, self.us(changed_s), sound))
        return f"tape-{number:03d}"

    def body(self, key: str) -> bytes:
        return self.fake.tapes[key].body

    def delete(self, key: str) -> None:
        del self.fake.tapes[key]

    def expire_links(self) -> None:
        self.clock.advance(61.0)

    def refuse_credentials(self, refused: bool) -> None:
        self.fake.keys = set() if refused else {KEY}

    def revoke_tokens(self) -> None:
        raise AssertionError("there are no tokens")

    def tokens_given(self) -> int:
        raise AssertionError("there are no tokens")

    def skew(self, seconds: float) -> None:
        self.transport.skew_s = seconds

    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)

    # What breaks every service alike is the overlay's part.

    def throttle(self, retry_after: str | None) -> None:
        self.transport.throttle(retry_after)

    def fail(self, status: int) -> None:
        self.transport.fail(status)

    def stall(self) -> None:
        self.transport.stall()

    def truncate(self, how: Literal["body", "connection"]) -> None:
        self.transport.truncate(how)

    def spoil_download(self, how: Literal["cut", "stall"]) -> None:
        self.transport.spoil_download(how)
