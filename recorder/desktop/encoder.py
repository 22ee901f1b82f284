"""Pictures to VP9 packets: constant quality, screen content, no delay, real time stamps."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Protocol, cast

import av
import av.video.reformatter
from av.error import FFmpegError
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType

from recorder.desktop.pictures import Picture
from recorder.errors import RecorderError

CODEC = "vp9"
_MS = Fraction(1, 1000)
_NEVER = 10**6
"""Key frames are asked for one by one."""
_OPTIONS = {
    "deadline": "realtime",
    "b": "0",
    "cpu-used": "7",
    "tune-content": "screen",
    "row-mt": "1",
    "lag-in-frames": "0",
    "aq-mode": "0",
}


class EncoderFailed(RecorderError):
    """Raised when a picture cannot be encoded; the encoder is of no use any more."""


class Encoder(Protocol):
    """Encodes the pictures of one stream. One thread."""

    def encode(self, picture: Picture, pts_ms: int, *, key: bool) -> tuple[bool, bytes]:
        """One packet for one picture: whether it stands alone, and its bytes. Raises EncoderFailed."""
        ...


class Vp9Encoder:
    """Implements Encoder for pictures of one size. Making it costs nearly as much as a first picture, and 120 MB."""

    def __init__(self, width: int, height: int, *, frames_per_s: float, quality: int) -> None:
        """Raises EncoderFailed."""
        context = av.CodecContext.create("libvpx-vp9", "w")
        assert isinstance(context, VideoCodecContext), "libvpx encodes video"
        context.width, context.height = width, height
        context.pix_fmt = "yuv420p"
        context.time_base = _MS
        context.framerate = Fraction(frames_per_s).limit_denominator(100)
        context.gop_size = _NEVER
        context.thread_count = 1
        context.options = {**_OPTIONS, "crf": str(quality)}
        try:
            context.open()
        except (FFmpegError, MemoryError) as error:
            raise EncoderFailed(f"VP9 does not begin: {error}") from error
        self._context = context
        self._reformatter = av.video.reformatter.VideoReformatter()

    def encode(self, picture: Picture, pts_ms: int, *, key: bool) -> tuple[bool, bytes]:
        """One packet. Raises EncoderFailed."""
        try:
            seen = av.VideoFrame.from_numpy_buffer(picture.pixels, format="bgra")
            frame = self._reformatter.reformat(
                seen, format="yuv420p", interpolation="AREA", threads=1
            )
            frame.pts = pts_ms
            frame.time_base = _MS
            frame.pict_type = PictureType.I if key else PictureType.NONE
            packets = cast("list[Any]", self._context.encode(frame))  # pyright: ignore[reportUnknownMemberType]
        except (FFmpegError, ValueError, MemoryError) as error:
            raise EncoderFailed(f"VP9 refuses a picture: {error}") from error
        if len(packets) != 1:
            raise EncoderFailed(f"{len(packets)} packets for one picture")
        return packets[0].is_keyframe, bytes(packets[0])
