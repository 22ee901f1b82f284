"""Grabs, compares, encodes: one stream from the start of recording to its end. One thread, no waiting here.

Between two different pictures nothing is encoded, so a quiet screen costs a comparison a frame. Another size
of the screen makes another stream. While covered nothing is grabbed at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from cluster.ports import Clock, Randomness
from recorder.desktop.desktop_clock import DesktopClock
from recorder.desktop.encoder import CODEC, Encoder, EncoderFailed
from recorder.desktop.pictures import Picture, ScreenAway, Screens, coarser, is_same, within
from recorder.desktop.settings import GROUP_BYTES_MAX
from recorder.scn.model import ScreenPacket, ScreenStream
from recorder.scn.wire import PACKET_BYTES_MAX, SIDE_MAX

_NS = 1_000_000_000
_STREAM_MAX_NS = 24 * 3600 * _NS
"""Frame times have 32 bits; no call is so long."""
_TRY_AGAIN_NS = _NS
_REASON_CHARS_MAX = 200
_SQUARES = (2, 4, 8, 16)
"""How coarse a picture becomes that takes more than a node takes: the first that is small enough."""


class FrameSink(Protocol):
    """Where frames go: the spool."""

    def begin(self, stream: ScreenStream) -> None:
        """A new stream."""
        ...

    def add(self, stream: str, packet: ScreenPacket) -> None:
        """Its next frame."""
        ...

    def end(self, stream: str, reason: str) -> None:
        """Nothing of it follows."""
        ...


@dataclass(frozen=True, slots=True)
class Who:
    """Whose screen it is."""

    desktop: str
    agents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CameraFacts:
    """What it does at this moment."""

    stream: str
    """Empty while it does not record."""
    since_us: int
    width: int
    height: int
    frames: int
    covered: bool
    trouble: str
    """Why it cannot see, while it cannot."""
    coarse_frames: int = 0
    """Since the start: pictures that took more than a node takes, and were recorded with less detail."""


@dataclass(slots=True)
class _Shooting:
    """One stream under way."""

    stream: ScreenStream
    encoder: Encoder
    t0_ns: int
    last: Picture
    seq: int = 0
    pts_ms: int = -1
    key_ns: int = 0
    group_bytes: int = 0


class Camera:
    """Told what to do by `film`, `cut`, `cover` and `key_frame`; `look` does one frame, `prepare` what can be done before.

    `make_encoder` raises EncoderFailed; it gets width and height, and the frames per second.
    """

    def __init__(
        self,
        *,
        who: Who,
        screens: Screens,
        make_encoder: Callable[[int, int, float], Encoder],
        spool: FrameSink,
        clock: Clock,
        desktop_clock: DesktopClock,
        randomness: Randomness,
        frames_per_s_max: float,
        key_every_s: float,
    ) -> None:
        self._who = who
        self._screens = screens
        self._make_encoder = make_encoder
        self._spool = spool
        self._clock = clock
        self._desktop_clock = desktop_clock
        self._randomness = randomness
        self._fps_max = frames_per_s_max
        self._key_every_ns = round(key_every_s * _NS)
        self._fps = 0.0
        self._fps_last = frames_per_s_max
        self._covered = False
        self._want_key = False
        self._due_ns = 0
        self._now: _Shooting | None = None
        self._ready: tuple[tuple[int, int, float], Encoder] | None = None
        """For the next stream, and what it was made for."""
        self._trouble = ""
        self._coarse_frames = 0

    # -- orders ----

    def film(self, frames_per_s: float) -> None:
        """Record from now on."""
        self._fps = self._fps_last = min(frames_per_s, self._fps_max)
        if self._now is None:
            self._due_ns = self._clock.monotonic_ns()

    def cut(self, reason: str) -> None:
        """Record no more; a last frame says how long the last picture was there. What is covered stays so."""
        self._last_frame()
        self._leave(reason)
        self._fps = 0.0
        self._trouble = ""
        self._screens.close()

    def cover(self, *, on: bool) -> None:
        """Look away; afterwards begin with a key frame."""
        if self._covered and not on:
            self._want_key = True
            self._due_ns = self._clock.monotonic_ns()
        self._covered = on

    def key_frame(self) -> None:
        """The next frame stands alone, and comes also from a screen that does not change."""
        self._want_key = True

    def prepare(self) -> None:
        """Between recordings: make ready what takes longest of a first picture. Grabs nothing.

        Raises ScreenAway and EncoderFailed; then the next recording makes it.
        """
        if self._now is None and not self._fps and self._ready is None:
            made_for = (*self._screens.size(), self._fps_last)
            self._ready = made_for, self._make_encoder(*made_for)

    # -- frames ----

    def wait_s(self) -> float | None:
        """So long nothing is to be done; None: until the next order."""
        if not self._fps or self._covered:
            return None
        return max(0.0, (self._due_ns - self._clock.monotonic_ns()) / _NS)

    def look(self) -> None:
        """If it is time: grab one picture, and encode it if it differs from the one before.

        Raises ScreenAway and EncoderFailed; the next look, a second later, tries again.
        """
        now_ns = self._clock.monotonic_ns()
        if not self._fps or self._covered or now_ns < self._due_ns:
            return
        period_ns = round(_NS / self._fps)
        self._due_ns = max(self._due_ns + period_ns, now_ns + period_ns // 2)
        try:
            picture = within(self._screens.grab(), SIDE_MAX)
            self._shoot(picture, self._clock.monotonic_ns())
        except (ScreenAway, EncoderFailed) as error:
            self._due_ns = now_ns + max(period_ns, _TRY_AGAIN_NS)
            self._trouble = str(error)
            if isinstance(error, EncoderFailed):
                self._leave(f"failed: {error}")
            raise
        self._trouble = ""

    def facts(self) -> CameraFacts:
        """What it does."""
        now = self._now
        return CameraFacts(
            stream=now.stream.stream if now else "",
            since_us=now.stream.t0_us if now else 0,
            width=now.stream.width if now else 0,
            height=now.stream.height if now else 0,
            frames=now.seq if now else 0,
            covered=self._covered and self._fps > 0,
            trouble=self._trouble,
            coarse_frames=self._coarse_frames,
        )

    def _shoot(self, picture: Picture, now_ns: int) -> None:
        now = self._now
        if now is not None and not _fits(now, picture, now_ns):
            self._leave("restarted: another size")
            now = None
        if now is None:
            now = self._now = self._begin(picture, now_ns)
        elif not self._want_key and is_same(picture, now.last):
            return
        key = (
            self._want_key
            or now.seq == 0
            or now_ns - now.key_ns >= self._key_every_ns
            or now.group_bytes >= GROUP_BYTES_MAX
        )
        self._encode(now, picture, now_ns, key=key)

    def _begin(self, picture: Picture, now_ns: int) -> _Shooting:
        stream = ScreenStream(
            stream=self._randomness.token(),
            desktop=self._who.desktop,
            agents=self._who.agents,
            codec=CODEC,
            width=picture.width,
            height=picture.height,
            t0_us=self._desktop_clock.now_us(),
        )
        made_for = (picture.width, picture.height, self._fps)
        ready, self._ready = self._ready, None
        if ready is not None and ready[0] == made_for:
            encoder = ready[1]
        else:
            encoder = self._make_encoder(*made_for)
        return _Shooting(stream, encoder, now_ns, picture)

    def _encode(self, now: _Shooting, picture: Picture, now_ns: int, *, key: bool) -> None:
        now.pts_ms = max((now_ns - now.t0_ns) // 1_000_000, now.pts_ms + 1)
        is_key, data = now.encoder.encode(picture, now.pts_ms, key=key)
        if len(data) > PACKET_BYTES_MAX:
            is_key, data = self._coarse(now, picture)
        if not data:
            raise EncoderFailed("a frame without bytes")
        if now.seq == 0:
            self._spool.begin(now.stream)
        self._spool.add(now.stream.stream, ScreenPacket(now.seq, now.pts_ms, is_key, data))
        now.last = picture
        now.seq += 1
        now.group_bytes += len(data)
        if is_key:
            now.key_ns, now.group_bytes = now_ns, len(data)
            self._want_key = False

    def _coarse(self, now: _Shooting, picture: Picture) -> tuple[bool, bytes]:
        """Less of it, so that a node takes it; what was encoded before is thrown away, so it stands alone."""
        self._coarse_frames += 1
        data = b""
        for pixels in _SQUARES:
            now.pts_ms += 1
            is_key, data = now.encoder.encode(coarser(picture, pixels), now.pts_ms, key=True)
            if len(data) <= PACKET_BYTES_MAX:
                return is_key, data
        raise EncoderFailed(f"a frame of {len(data)} bytes")

    def _last_frame(self) -> None:
        """The last picture once more, so that it lasts until now; not what may not be seen."""
        now = self._now
        if now is None or self._covered or not now.seq:
            return
        try:
            self._encode(now, now.last, self._clock.monotonic_ns(), key=False)
        except EncoderFailed as error:
            self._trouble = str(error)

    def _leave(self, reason: str) -> None:
        now, self._now = self._now, None
        if now is not None and now.seq:
            self._spool.end(now.stream.stream, reason[:_REASON_CHARS_MAX])


def _fits(now: _Shooting, picture: Picture, now_ns: int) -> bool:
    same_size = (picture.width, picture.height) == (now.stream.width, now.stream.height)
    return same_size and now_ns - now.t0_ns < _STREAM_MAX_NS
