"""A bank of playable M4A and MP4 files, made once; and a bank of bodies that only begin as such files do."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from sim.audio import RATE_HZ, Recording, speech
from sim.clockwork.chance import stream

_VERSION = 1
_SOUNDS_S = (5, 8, 12, 20, 30, 45, 60)
_PICTURES_S = (5, 12, 30)
_SIZE = (160, 96)
_PICTURES_PER_S = 5
_AUDIO_BIT_RATE = 32_000
_AAC_SAMPLES = 1024


@dataclass(frozen=True, slots=True)
class MediaBank:
    """Files to draw from: audio (M4A) and video (MP4)."""

    sounds: tuple[Recording, ...]
    pictures: tuple[Recording, ...] = ()


def plain_bank() -> MediaBank:
    """Small bodies that begin as the real ones do; nobody listens."""

    def body(brand: bytes, size: int) -> bytes:
        head = b"\0\0\0\x20ftyp" + brand + b"\0\0\x02\0" + brand + b"isomiso2"
        return head + (size - len(head)).to_bytes(4, "big") + b"mdat" + bytes(size - len(head) - 8)

    sounds = ((5.0, 3_000), (20.0, 9_000), (90.0, 40_000))
    pictures = ((5.0, 20_000), (20.0, 60_000))
    return MediaBank(
        tuple(Recording(f"sound-{n}.m4a", s, body(b"M4A ", n)) for s, n in sounds),
        tuple(Recording(f"picture-{n}.mp4", s, body(b"isom", n)) for s, n in pictures),
    )


class ArchiveBank:
    """Some playable files of 5 s to a minute, made once (some seconds) and kept in `directory`."""

    def __init__(self, directory: str | Path = "var/audio") -> None:
        self._directory = Path(directory) / f"zoom-{_VERSION}-av{av.__version__}"

    def load(self) -> MediaBank:
        """Read the files, making them first where they are missing."""
        index = self._directory / "index.json"
        if not index.exists():
            self._make(index)
        seconds: dict[str, float] = json.loads(index.read_bytes())
        found = [
            Recording(name, length_s, (self._directory / name).read_bytes())
            for name, length_s in seconds.items()
        ]
        return MediaBank(
            tuple(one for one in found if one.name.endswith(".m4a")),
            tuple(one for one in found if one.name.endswith(".mp4")),
        )

    def _make(self, index: Path) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        talk = speech(max(_SOUNDS_S), stream(_VERSION, "zoom", "speech"))
        lengths: dict[str, float] = {}
        for seconds, ending in [(s, "m4a") for s in _SOUNDS_S] + [(s, "mp4") for s in _PICTURES_S]:
            name = f"meeting-{seconds:02d}s.{ending}"
            data = encode(talk[: seconds * RATE_HZ], pictures=ending == "mp4")
            _write(self._directory / name, data)
            lengths[name] = float(seconds)
        _write(index, json.dumps(lengths).encode())


def _write(path: Path, data: bytes) -> None:
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_bytes(data)
    part.replace(path)


def encode(samples: NDArray[np.int16], *, pictures: bool) -> bytes:
    """AAC in an M4A, or with moving pictures in an MP4."""
    out = io.BytesIO()
    container: Any = av.open(out, "w", format="mp4" if pictures else "ipod")
    audio = container.add_stream("aac", rate=RATE_HZ, layout="mono")
    audio.bit_rate = _AUDIO_BIT_RATE
    video = container.add_stream("mpeg4", rate=_PICTURES_PER_S) if pictures else None
    if video is not None:
        video.width, video.height = _SIZE
        video.pix_fmt, video.bit_rate = "yuv420p", 64_000
        for frame in _pictures(len(samples) / RATE_HZ):
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
    for at in range(0, len(samples) - _AAC_SAMPLES + 1, _AAC_SAMPLES):
        block = samples[at : at + _AAC_SAMPLES].astype(np.float32) / 32_768
        frame = av.AudioFrame.from_ndarray(block.reshape(1, -1), format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE_HZ, at, Fraction(1, RATE_HZ)
        container.mux(audio.encode(frame))
    container.mux(audio.encode(None))
    container.close()
    return out.getvalue()


def _pictures(seconds: float) -> Iterator[Any]:
    """A bar that moves over a shared screen."""
    width, height = _SIZE
    for number in range(int(seconds * _PICTURES_PER_S)):
        screen = np.full((height, width, 3), 235, np.uint8)
        at = number * 4 % width
        screen[:, at : at + 8] = (40, 90, 200)
        frame = av.VideoFrame.from_ndarray(screen, format="rgb24")
        frame.pts, frame.time_base = number, Fraction(1, _PICTURES_PER_S)
        yield frame
