"""The program that stitches, as a world has it: it takes its time, may fail, and writes down what it was made of.

What a rendition shows is chosen by the product's own rules (`recorder.stitch.frames`); its content is a list of
names instead of sound and pictures.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Final, Protocol

from pydantic import TypeAdapter

from recorder.errors import ArchiveError, CallBufferError, StitchFailed
from recorder.ports.recording import Archive
from recorder.scn.model import ScreenPacket
from recorder.scn.webm import ScnReader
from recorder.stitch.frames import Frame, joined, shown
from recorder.stitch.plan_model import Keep, Made, Plan, Stream, Written
from recorder.stitch.timeline import RENDITION_TYPE, TIMELINE_TYPE, FileRef, Timeline
from recorder.traps import Trap
from sim.checkers.replay_whole import Content
from sim.checkers.screen_follows_agent import Place
from sim.clockwork.kernel import Chance
from sim.world.points import MAKE
from sim.world.screens.frames import frame_of

_TAKES_S: Final = (0.2, 3.0)
_FOLDER: Final = "screens/stitch"
"""Where a node's disk keeps what it has to do with screens."""
_CONTENT: Final = TypeAdapter(Content)


@dataclass
class StudioTrouble:
    """What is wrong with the program on one node. Faults count up and down, so that they may overlap."""

    slow_s: float = 0.0
    failing: int = 0
    """Faults that make it end without an answer."""
    full: int = 0
    """Faults that leave it no space."""


class Book(Protocol):
    """Who is told of the program's work."""

    def begins(self) -> None:
        """It was started."""
        ...

    def ends(self, content: Content, masks: int) -> None:
        """It is done: what it made, and how many masks it knew of."""
        ...

    def fails(self, contact_id: str) -> None:
        """It ended without an answer."""
        ...


class SimStudio:
    """Implements recorder.stitch.stitch_ports.Studio in one life of a node; `files` outlive it."""

    def __init__(
        self,
        *,
        files: dict[str, bytes],
        wait: Callable[[float], None],
        chance: Chance,
        trouble: StudioTrouble,
        trap: Trap,
        book: Book,
    ) -> None:
        self._files = files
        self._wait = wait
        self._chance = chance
        self._trouble = trouble
        self._trap = trap
        self._book = book

    def make(self, plan: Plan, prefix: str, archive: Archive) -> Made:
        """See Studio."""
        self.clear()
        self._book.begins()
        content = _Making(plan, archive).content()
        half_s = (self._chance.uniform(*_TAKES_S) + self._trouble.slow_s) / 2
        self._wait(half_s)
        self._trap(MAKE)
        self._wait(half_s)
        self._book.ends(content, len(plan.masks))
        if self._trouble.failing:
            self._book.fails(content.contact_id)
            raise StitchFailed("the program that stitches ended: signal 11")
        return self._written(plan, prefix, content, 2 * half_s)

    def write(self, name: str, data: bytes) -> str:
        """See Studio."""
        path = f"{_FOLDER}/{name}"
        if self._trouble.full:
            raise CallBufferError(f"{path} cannot be written: no space left on device")
        self._files[path] = data
        return path

    def clear(self) -> None:
        """See Studio."""
        self._files.clear()

    def _written(self, plan: Plan, prefix: str, content: Content, seconds: float) -> Made:
        text = json.dumps(asdict(content), sort_keys=True)
        rendition = self._named(prefix, "rendition.webm", text.encode(), RENDITION_TYPE)
        peaks = self._named(prefix, "peaks.json", plan.digest.encode(), TIMELINE_TYPE)
        has_screen = bool(content.frames)
        timeline = Timeline(
            contact=plan.contact,
            digest=plan.digest,
            origin_us=plan.origin_us,
            duration_ms=1,
            has_audio=bool(content.heard),
            has_screen=has_screen,
            rendition=rendition.file,
            peaks=peaks.file,
            masks=plan.masks,
            material=plan.material,
            clocks=plan.clocks,
        )
        told = timeline.model_dump_json().encode()
        return Made(
            rendition=rendition,
            peaks=peaks,
            timeline=self._named(prefix, "timeline.json", told, TIMELINE_TYPE),
            screens=(),
            duration_ms=1,
            has_screen=has_screen,
            has_audio=bool(content.heard),
            notes=(),
            seconds=round(seconds, 3),
            memory_bytes=1,
        )

    def _named(self, prefix: str, name: str, data: bytes, media_type: str) -> Written:
        sha256 = hashlib.sha256(data).hexdigest()
        stem, _, suffix = name.partition(".")
        file = FileRef(
            object_key=f"{prefix}{stem}-{sha256[:12]}.{suffix}",
            media_type=media_type,
            size_bytes=len(data),
            sha256=sha256,
        )
        return Written(path=self.write(name, data), file=file)


def content_of(data: bytes) -> Content:
    """What a rendition of a world says of itself. Raises ValueError for another one."""
    return _CONTENT.validate_json(data)


class _Making:
    """One rendition."""

    def __init__(self, plan: Plan, archive: Archive) -> None:
        self._plan = plan
        self._archive = archive
        self._missing: list[str] = []

    def content(self) -> Content:
        """Read everything. Raises ArchiveError."""
        plan = self._plan
        wanted = [one.object_key for one in plan.files if one.use != "none" or one.beside]
        heard = tuple(key for key in wanted if self._read(key) is not None)
        shots = [shot for stream in plan.streams for shot in self._shots(stream)]
        return Content(
            contact_id=plan.contact.contact_id,
            digest=plan.digest,
            heard=heard,
            missing=tuple(self._missing),
            frames=tuple(place for place, is_led in shots if not is_led),
            led=tuple(place for place, is_led in shots if is_led),
            clock_us=plan.clocks.service.error_us or 0,
        )

    def _read(self, key: str) -> bytes | None:
        """None for what is not there, also when it goes just now."""
        if self._archive.info(key) is not None:
            try:
                with self._archive.open(key) as file:
                    return file.read()
            except ArchiveError:
                if self._archive.info(key) is not None:
                    raise
        self._missing.append(key)
        return None

    def _shots(self, stream: Stream) -> Iterator[tuple[Place, bool]]:
        """Frames that are in the rendition, and whether each is there only for others to build on."""
        packets: dict[tuple[int, int], ScreenPacket] = {}
        parts: list[list[Frame]] = []
        for number, part in enumerate(stream.parts):
            data = self._read(part.object_key)
            if data is None:
                continue
            read = tuple(ScnReader(io.BytesIO(data)).packets())
            packets.update({(number, index): one for index, one in enumerate(read)})
            parts.append(
                [
                    Frame(number, index, one.pts_ms, one.is_key, one.seq)
                    for index, one in enumerate(read)
                ]
            )
        for shot in shown(joined(parts), stream.base_us, stream.keeps):
            packet = packets[shot.part, shot.number]
            told = frame_of(packet.data)
            yield (told.stream, told.seq), not _is_kept(stream, packet.pts_ms)


def _is_kept(stream: Stream, pts_ms: int) -> bool:
    at_us = stream.base_us + pts_ms * 1000
    keeps: tuple[Keep, ...] = stream.keeps
    return any(one.from_us <= at_us and (one.to_us is None or at_us < one.to_us) for one in keeps)
