"""Audio files as one stretch of samples on the contact's timeline: decoded block by block, placed, summed.

Two channels, 16-bit. Nothing is held but one block and what a decoder gives at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.error import EOFError as EndOfFile
from av.error import FFmpegError
from numpy.typing import NDArray

from recorder.stitch.timeline import Placed

Block = NDArray[np.int16]
"""Samples of shape (2, n)."""
RATES: Final = (16_000, 24_000, 48_000)
"""What is encoded: the lowest that keeps the highest rate among the originals."""
BLOCK_S: Final = 0.5
_JUMP_S: Final = 0.05
_FILE_S_MAX: Final = 24 * 3600
_ERRORS_MAX: Final = 1_000
_STEREO: Final = 2
_MP3_LATE: Final = 529 + 576
"""Samples that sound in front of an MP3: 529 of every decoder, 576 of the usual encoder (LAME).

A header says it exactly, and decoders then leave them out by themselves; without one they are heard as silence.
"""


@dataclass(slots=True)
class Heard:
    """What became of one file."""

    state: Placed = Placed.PLACED
    problem: str = ""
    samples: int = 0
    channels: int = 0


@dataclass(slots=True)
class Source:
    """One file on its way through a decoder. `start` is the sample of the mix where it begins."""

    key: str
    path: str
    start: int
    rate_hz: int
    heard: Heard = field(default_factory=Heard)
    _blocks: Iterator[Block] | None = None
    _rest: Block = field(default_factory=lambda: np.zeros((2, 0), np.int16))
    _ended: bool = False

    @property
    def ended(self) -> bool:
        """Whether everything was taken."""
        return self._ended and self._rest.shape[1] == 0

    def take(self, count: int) -> Block:
        """The next samples, fewer at the end."""
        if self._blocks is None:
            self._blocks = _decoded(self.path, self.rate_hz, self.heard)
        held = [self._rest]
        have = self._rest.shape[1]
        while have < count and not self._ended:
            block = next(self._blocks, None)
            if block is None:
                self._ended = True
                break
            held.append(block)
            have += block.shape[1]
        joined = held[0] if len(held) == 1 else np.concatenate(held, axis=1)
        self._rest = joined[:, count:]
        taken = joined[:, :count]
        self.heard.samples += taken.shape[1]
        return taken

    def close(self) -> None:
        """Give the file back."""
        if self._blocks is not None:
            self._blocks.close()  # type: ignore[attr-defined]  # it is a generator
            self._blocks = None


@dataclass(frozen=True, slots=True)
class Told:
    """What a file says of itself before anything is decoded."""

    rate_hz: int
    channels: int
    width: int
    height: int
    seconds: float | None


def look(path: str) -> Told:
    """Open a file. Raises FFmpegError when it is none that can be read."""
    with av.open(path) as container:
        audio = container.streams.audio[0] if container.streams.audio else None
        video = container.streams.video[0] if container.streams.video else None
        seconds = None if container.duration is None else container.duration / 1e6
        return Told(
            0 if audio is None else audio.codec_context.sample_rate,
            0 if audio is None else audio.codec_context.channels,
            0 if video is None else video.codec_context.width,
            0 if video is None else video.codec_context.height,
            seconds,
        )


def rate_for(rates: Sequence[int]) -> int:
    """The rate of the mix."""
    wanted = max(rates, default=0)
    return next((rate for rate in RATES if rate >= wanted), RATES[-1])


def mixed(
    sources: Sequence[Source], samples_min: int, block: int, reading: Callable[[str], None]
) -> Iterator[tuple[int, Block, bool]]:
    """The whole mix, block by block: first sample, samples, and whether anything was placed in it.

    It ends with the last source, or with `samples_min`. `reading` hears which file is decoded next.
    """
    waiting = sorted(sources, key=lambda one: (one.start, one.key))
    active: list[Source] = []
    at = 0
    while waiting or active or at < samples_min:
        while waiting and waiting[0].start < at + block:
            active.append(waiting.pop(0))
        total = np.zeros((2, block), np.int32)
        used = 0
        for source in active:
            offset = max(0, source.start - at)
            reading(source.key)
            taken = source.take(block - offset)
            total[:, offset : offset + taken.shape[1]] += taken
            if taken.shape[1]:
                used = max(used, offset + taken.shape[1])
            if source.ended:
                source.close()
        active = [source for source in active if not source.ended]
        is_last = not waiting and not active and at + block >= samples_min
        count = max(used, min(block, samples_min - at)) if is_last else block
        if count > 0:
            clipped = np.clip(total[:, :count], -32768, 32767).astype(np.int16)
            yield at, clipped, used > 0
        at += block


def _decoded(path: str, rate_hz: int, heard: Heard) -> Iterator[Block]:
    """Blocks of a file, with silence where its own times jump; `heard` tells how it went."""
    try:
        container = av.open(path, metadata_errors="ignore")
    except (FFmpegError, ValueError) as error:
        heard.state, heard.problem = Placed.BROKEN, f"it cannot be opened: {_why(error)}"
        return
    with container:
        if not container.streams.audio:
            heard.state, heard.problem = Placed.BROKEN, "there is no sound in it"
            return
        yield from _after(_late(container, rate_hz), _of_stream(container, rate_hz, heard))


def _late(container: Any, rate_hz: int) -> int:
    """Samples in front of the sound that nobody leaves out. A file with the header begins after 0."""
    stream = container.streams.audio[0]
    source_hz = stream.codec_context.sample_rate
    if container.format.name != "mp3" or stream.start_time or not source_hz:
        return 0
    return round(_MP3_LATE * rate_hz / source_hz)


def _after(count: int, blocks: Iterator[Block]) -> Iterator[Block]:
    """Without the first samples."""
    for block in blocks:
        if block.shape[1] > count:
            yield block[:, count:]
        count = max(0, count - block.shape[1])


def _of_stream(container: Any, rate_hz: int, heard: Heard) -> Iterator[Block]:
    stream = container.streams.audio[0]
    heard.channels = stream.codec_context.channels
    resampler = AudioResampler(format="s16p", layout="stereo", rate=rate_hz)
    begin_s = float(stream.start_time * stream.time_base) if stream.start_time else 0.0
    given = 0
    errors = 0
    trouble = ""
    packets = container.demux(stream)
    while errors < _ERRORS_MAX and given < _FILE_S_MAX * rate_hz:
        try:
            packet = next(packets)
            frames: Sequence[AudioFrame] = packet.decode()
        except StopIteration:
            break
        except FFmpegError as error:
            errors += 1
            trouble = trouble or f"broken near {given / rate_hz:.1f} s: {_why(error)}"
            if isinstance(error, EndOfFile):
                break
            continue
        for frame in frames:
            gap = _gap(frame, begin_s, given, rate_hz)
            if gap:
                yield np.zeros((2, gap), np.int16)
                given += gap
            for block in _resampled(resampler, frame):
                given += block.shape[1]
                yield block
    for block in _resampled(resampler, None):
        given += block.shape[1]
        yield block
    _judge(container, heard, given / rate_hz, trouble)


def _resampled(resampler: AudioResampler, frame: AudioFrame | None) -> Iterator[Block]:
    for out in resampler.resample(frame):
        samples = out.to_ndarray()
        if samples.size:
            yield samples.astype(np.int16, copy=False).reshape(_STEREO, -1)


def _gap(frame: AudioFrame, begin_s: float, given: int, rate_hz: int) -> int:
    """Samples of silence before a frame whose own time is clearly later than what came before it."""
    if frame.pts is None or frame.time_base is None:
        return 0
    late_s = float(frame.pts * frame.time_base) - begin_s - given / rate_hz
    limit = _FILE_S_MAX * rate_hz - given
    return min(round(late_s * rate_hz), limit) if late_s > _JUMP_S else 0


def _judge(container: Any, heard: Heard, seconds: float, trouble: str) -> None:
    """Say how far the file could be read."""
    if seconds <= 0:
        heard.state, heard.problem = Placed.BROKEN, trouble or "there is no sound in it"
        return
    told_s = container.duration / 1e6 if container.duration else 0.0
    if trouble:
        heard.state, heard.problem = Placed.CUT, trouble
    elif told_s - seconds > max(1.0, told_s / 20):
        heard.state = Placed.CUT
        heard.problem = f"it ends after {seconds:.1f} s, and says that it is {told_s:.1f} s long"


def _why(error: Exception) -> str:
    """For people, without the path."""
    text = getattr(error, "strerror", None) or str(error)
    return str(text).split(";")[0].split(": '")[0][:200]
