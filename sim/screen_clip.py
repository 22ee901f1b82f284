"""A stretch of an office screen as VP9 packets, the same in every run: what simulated desktops send."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from typing import Any, cast

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext

from recorder.scn.model import ScreenPacket

LINE_PX = 16


@cache
def screen_clip(
    seconds: int,
    *,
    width: int = 320,
    height: int = 192,
    frames_per_s: int = 5,
    key_every_s: int = 10,
) -> tuple[ScreenPacket, ...]:
    """Packets of a window with lines of text that scroll; about one frame in four shows no change and is left out.

    `seq` and `pts_ms` count from 0; a key frame comes first and then every `key_every_s`.
    """
    encoder = av.CodecContext.create("libvpx-vp9", "w")
    assert isinstance(encoder, VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, 1000), Fraction(frames_per_s)
    encoder.gop_size, encoder.thread_count = 10**6, 1
    encoder.options = {
        "deadline": "realtime",
        "crf": "32",
        "b": "0",
        "cpu-used": "7",
        "tune-content": "screen",
        "lag-in-frames": "0",
        "aq-mode": "0",
    }
    encode: Callable[[av.VideoFrame], list[Any]] = cast("Any", encoder).encode
    packets: list[ScreenPacket] = []
    step_ms = 1000 // frames_per_s
    for number in range(seconds * frames_per_s):
        is_key = number % (key_every_s * frames_per_s) == 0
        if number % 4 == 3 and not is_key:  # noqa: PLR2004 - one in four
            continue
        frame = av.VideoFrame.from_ndarray(_picture(number, width, height), format="gray")
        frame = frame.reformat(format="yuv420p")
        frame.pts, frame.time_base = number * step_ms, Fraction(1, 1000)
        frame.pict_type = 1 if is_key else 0
        packets += [
            ScreenPacket(len(packets), number * step_ms, one.is_keyframe, bytes(one))
            for one in encode(frame)
        ]
    return tuple(packets)


def _picture(
    number: int, width: int, height: int
) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Grey, with words as dark strokes; what a line holds depends on the line alone."""
    picture = np.full((height, width), 235, np.uint8)
    first = number // 5
    for row in range(height // LINE_PX):
        digest = hashlib.sha256(f"line {first + row}".encode()).digest() * (width // 256 + 1)
        strokes = np.frombuffer(digest, np.uint8).repeat(8)[:width] % 2 * 200
        top = row * LINE_PX + 4
        picture[top : top + 8, : len(strokes)] = 235 - strokes
    picture[:12, : 12 + number % 40] = 90
    return picture
