"""Renditions as WebM: packets copied, sound encoded, cues in front. The same input gives the same bytes."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Final

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.packet import Packet
from numpy.typing import NDArray

_MS = Fraction(1, 1000)
_RATE: Final = 5
_BIT_RATES: Final = {16_000: 32_000, 24_000: 48_000, 48_000: 64_000}
_OPTIONS: Final = {"cues_to_front": "1", "fflags": "+bitexact", "reserve_index_space": "0"}


class WebmFile:
    """One file being written. `close` completes it: duration and cues are written then."""

    def __init__(self, path: str, *, size: tuple[int, int] | None, rate_hz: int | None) -> None:
        self._container: Any = av.open(path, "w", format="webm", options=dict(_OPTIONS))
        self._video: Any = None
        self._audio: Any = None
        self.rate_hz = rate_hz or 0
        if size is not None:
            width, height = size
            self._video = self._container.add_mux_stream(
                "vp9", rate=_RATE, width=width, height=height, time_base=_MS
            )
        if rate_hz is not None:
            application = "audio" if rate_hz > 24_000 else "voip"  # noqa: PLR2004 - above it is more than speech
            self._audio = self._container.add_stream(
                "libopus",
                rate=rate_hz,
                layout="stereo",
                options={"application": application, "frame_duration": "60"},
            )
            self._audio.bit_rate = _BIT_RATES[rate_hz]

    def show(self, at_ms: int, data: bytes, *, is_key: bool) -> None:
        """Copy a frame."""
        packet = Packet(data)
        packet.stream = self._video
        packet.time_base = _MS
        packet.pts = packet.dts = at_ms
        packet.is_keyframe = is_key
        self._container.mux(packet)

    def hear(self, at: int, block: NDArray[np.int16]) -> None:
        """Encode samples of shape (2, n); `at` is the number of the first."""
        packed = np.ascontiguousarray(block.T).reshape(1, -1)
        frame = AudioFrame.from_ndarray(packed, format="s16", layout="stereo")
        frame.sample_rate = self.rate_hz
        frame.pts = at
        frame.time_base = Fraction(1, self.rate_hz)
        self._container.mux(self._audio.encode(frame))

    def close(self) -> None:
        """Write what is still to be written."""
        if self._audio is not None:
            self._container.mux(self._audio.encode(None))
        self._container.close()
