"""SCN files read for stitching: which frames of them are shown, and their bytes, one at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import av
from av.error import FFmpegError

from recorder.stitch.frames import Frame, Shot, joined, runs, shown
from recorder.stitch.plan_model import Order, Part, Stream
from recorder.stitch.timeline import Note, Stretch
from recorder.stitch.unseen import Seen, unseen

CODEC = "vp9"


@dataclass(frozen=True, slots=True)
class Picture:
    """All that one desktop showed."""

    desktop: str
    agents: tuple[str, ...]
    parts: tuple[Part, ...]
    paths: tuple[str, ...]
    sizes: tuple[tuple[int, int], ...]
    """Width and height, by part."""
    streams: tuple[str, ...]
    """By part."""
    shots: tuple[Shot, ...]
    recorded: tuple[tuple[int, int], ...]
    """First and last millisecond of what could be read, shown or not, by part."""
    has_lost: bool
    """A part could not be read."""

    @property
    def seen(self) -> Seen:
        """For telling what is not there."""
        shown = tuple((one.start_ms, one.end_ms) for one in self.stretches)
        return Seen(self.agents, shown, self.recorded, self.has_lost)

    @property
    def stretches(self) -> tuple[Stretch, ...]:
        """Runs without a hole, in order."""
        return tuple(self._stretch(first, last) for first, last in runs(self.shots))

    def _stretch(self, first: int, last: int) -> Stretch:
        used = sorted({shot.part for shot in self.shots[first : last + 1]})
        width, height = self.sizes[used[0]]
        return Stretch(
            start_ms=self.shots[first].at_ms,
            end_ms=self.shots[last].at_ms,
            stream=self.streams[used[0]],
            width=width,
            height=height,
            parts=tuple(self.parts[part].part_key for part in used),
        )

    def packets(self) -> PacketReader:
        """The bytes of the shots."""
        return PacketReader(self.paths)


@dataclass(frozen=True, slots=True)
class _Read:
    part: Part
    path: str
    size: tuple[int, int]
    frames: tuple[Frame, ...]


def pictures(order: Order, notes: list[Note]) -> tuple[Picture, ...]:
    """One for each desktop that shows anything, in the order in which they begin; `notes` says what is missing."""
    by_desktop: dict[str, list[Stream]] = {}
    for stream in order.plan.streams:
        by_desktop.setdefault(stream.desktop, []).append(stream)
    found = [_picture(streams, order, notes) for streams in by_desktop.values()]
    notes.extend(unseen(order.plan.legs, order.plan.masks, [one.seen for one in found]))
    some = [one for one in found if one.shots]
    return tuple(sorted(some, key=lambda one: (one.shots[0].at_ms, one.desktop)))


def _picture(streams: Sequence[Stream], order: Order, notes: list[Note]) -> Picture:
    reads: list[_Read] = []
    names: list[str] = []
    shots: list[Shot] = []
    recorded: list[tuple[int, int]] = []
    for stream in streams:
        first = len(reads)
        for part in stream.parts:
            read = _read(part, order, len(reads), notes)
            if read is not None:
                reads.append(read)
                names.append(stream.stream)
                recorded.append(_recorded(read, stream.base_us // 1000))
        found = shown(joined([one.frames for one in reads[first:]]), stream.base_us, stream.keeps)
        while found and shots and shots[-1].at_ms >= found[0].at_ms:
            shots.pop()  # two streams of one desktop that overlap by the error of a clock
        shots.extend(found)
    return Picture(
        desktop=streams[0].desktop,
        agents=tuple(sorted({agent for stream in streams for agent in stream.agents})),
        parts=tuple(one.part for one in reads),
        paths=tuple(one.path for one in reads),
        sizes=tuple(one.size for one in reads),
        streams=tuple(names),
        shots=tuple(shots),
        recorded=tuple(recorded),
        has_lost=len(reads) < sum(len(stream.parts) for stream in streams),
    )


def _recorded(read: _Read, base_ms: int) -> tuple[int, int]:
    times = [frame.pts_ms for frame in read.frames] or [0]
    return base_ms + min(times), base_ms + max(times)


def _read(part: Part, order: Order, number: int, notes: list[Note]) -> _Read | None:
    path = order.paths.get(part.object_key)
    if path is None:
        notes.append(_note("part_missing", part, "the archive does not have it"))
        return None
    if part.object_key in order.avoid:
        notes.append(_note("part_broken", part, "reading it ended the program that reads"))
        return None
    try:
        return _index(part, path, number, notes)
    except (FFmpegError, ValueError) as error:
        notes.append(_note("part_broken", part, f"it cannot be read: {type(error).__name__}"))
        return None


def _index(part: Part, path: str, number: int, notes: list[Note]) -> _Read | None:
    with av.open(path) as container:
        video = container.streams.video[0] if container.streams.video else None
        if video is None or video.codec_context.name not in {CODEC, "libvpx-vp9"}:
            notes.append(_note("part_broken", part, f"there is no {CODEC} in it"))
            return None
        found = list(_whole(container, video, part, notes))
        size = video.codec_context.width, video.codec_context.height
    sure = len(found) == part.seq_last - part.seq_first + 1
    frames = tuple(
        Frame(number, index, pts_ms, is_key, part.seq_first + index if sure else None)
        for index, (pts_ms, is_key) in enumerate(found)
    )
    return _Read(part, path, size, frames)


def _whole(container: Any, video: Any, part: Part, notes: list[Note]) -> Iterator[tuple[int, bool]]:
    """Time and kind of each packet that is there as a whole; a file may be cut anywhere."""
    packets = container.demux(video)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except FFmpegError as error:
            notes.append(_note("part_broken", part, f"cut short: {type(error).__name__}"))
            return
        if packet.size and packet.pts is not None and not packet.is_corrupt:
            yield round(packet.pts * packet.time_base * 1000), packet.is_keyframe


def _note(code: str, part: Part, what: str) -> Note:
    return Note(code=code, subject=part.part_key, what=what)


class PacketReader:
    """Gives the bytes of shots; one file is open at a time, and opened anew for what lies further ahead in it."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._paths = paths
        self._part = -1
        self._number = -1
        self._packets: Iterator[bytes] = iter(())
        self._container: Any = None

    def bytes_of(self, shot: Shot) -> bytes:
        """One packet, as it is in its file."""
        if shot.part != self._part or shot.number <= self._number:
            self.close()
            self._container = av.open(self._paths[shot.part])
            self._packets = self._of(self._container)
            self._part, self._number = shot.part, -1
        while True:
            data = next(self._packets)
            self._number += 1
            if self._number == shot.number:
                return data

    def close(self) -> None:
        """Give the file back."""
        if self._container is not None:
            self._container.close()
            self._container = None

    @staticmethod
    def _of(container: Any) -> Iterator[bytes]:
        for packet in container.demux(container.streams.video[0]):
            if packet.size and packet.pts is not None and not packet.is_corrupt:
                yield bytes(packet)


def named(agents: Iterable[str], names: Mapping[str, str]) -> str:
    """The name of who sits there, where the contact tells it."""
    return next((names[agent] for agent in agents if names.get(agent)), "")
