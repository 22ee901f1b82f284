"""A rendition made from an order: the work of the worker, without its process."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from av.error import FFmpegError

from recorder.stitch.composing import Outcome, compose
from recorder.stitch.files import LENGTH_MAX_US
from recorder.stitch.frames import Shot, cuts
from recorder.stitch.peaks import PeakMeter
from recorder.stitch.plan_model import File, Made, Order, Written
from recorder.stitch.screens import Picture, pictures
from recorder.stitch.sound import BLOCK_S, Block, Heard, Source, Told, look, mixed, rate_for
from recorder.stitch.texts import Said, parse
from recorder.stitch.timeline import RENDITION_TYPE, TIMELINE_TYPE, FileRef, Note, Placed, Shown
from recorder.stitch.webm import WebmFile

TEXT_BYTES_MAX = 64 * 1024**2
LENGTH_MAX_MS = LENGTH_MAX_US // 1000
Reading = Callable[[str], None]


@dataclass(slots=True)
class Findings:
    """What was found out about the originals on the way, by object key."""

    told: dict[str, Told] = field(default_factory=dict[str, Told])
    heard: dict[str, Heard] = field(default_factory=dict[str, Heard])
    said: dict[str, tuple[Said, ...]] = field(default_factory=dict[str, tuple[Said, ...]])
    notes: list[Note] = field(default_factory=list[Note])


def make(order: Order, reading: Reading) -> Made:
    """Write rendition, peaks and timeline into the order's directory.

    `reading` hears the object key of what is read next, so that a crash has a name. Raises OSError when the
    disk refuses; originals that cannot be read are told in the timeline.
    """
    found = Findings()
    sources = _open_originals(order, found, reading)
    rate_hz = rate_for([found.told[source.key].rate_hz for source in sources])
    for source in sources:
        source.rate_hz = rate_hz
        source.start = round(source.start * rate_hz / 1_000_000)
    screens = _screens(order, found, reading)
    chosen = cuts([one.shots for one in screens])
    picture = tuple(
        Shown(
            start_ms=screens[cut.screen].shots[cut.first].at_ms,
            end_ms=screens[cut.screen].shots[cut.last].at_ms,
            screen=cut.screen + 1,
        )
        for cut in chosen
    )
    meter = PeakMeter(rate_hz)
    path = Path(order.directory) / "rendition.webm"
    size = screens[chosen[0].screen].sizes[0] if chosen else None
    output = WebmFile(str(path), size=size, rate_hz=rate_hz)
    shots = _shots(screens, [(cut.screen, cut.first, cut.last) for cut in chosen])
    least = max(_least_ms(order, found, screens), 1) * rate_hz // 1000
    _write(output, shots, mixed(sources, least, round(BLOCK_S * rate_hz), reading), meter)
    found.heard.update({source.key: source.heard for source in sources})
    outcome = Outcome(
        rate_hz=rate_hz,
        peaks=meter.result(),
        picture=picture,
        screens=screens,
        heard=found.heard,
        told=found.told,
        said=found.said,
        notes=tuple(found.notes),
    )
    return _finish(order, outcome, path)


def _finish(order: Order, outcome: Outcome, path: Path) -> Made:
    directory = Path(order.directory)
    rendition = _named(order, path, RENDITION_TYPE)
    peaks_path = directory / "peaks.json"
    peaks_path.write_text(outcome.peaks.model_dump_json(), encoding="utf-8")
    peaks = _named(order, peaks_path, TIMELINE_TYPE)
    several = len(outcome.screens) > 1
    screens = tuple(
        _named(order, _alone(directory, number, screen), RENDITION_TYPE)
        for number, screen in enumerate(outcome.screens, 1)
        if several
    )
    timeline = compose(
        order.plan, outcome, rendition.file, peaks.file, [one.file for one in screens]
    )
    timeline_path = directory / "timeline.json"
    timeline_path.write_text(timeline.model_dump_json(), encoding="utf-8")
    return Made(
        rendition=rendition,
        peaks=peaks,
        timeline=_named(order, timeline_path, TIMELINE_TYPE),
        screens=screens,
        duration_ms=timeline.duration_ms,
        has_screen=timeline.has_screen,
        has_audio=timeline.has_audio,
        notes=timeline.notes,
        seconds=0.0,
        memory_bytes=0,
    )


# -- reading ----


def _open_originals(order: Order, found: Findings, reading: Reading) -> list[Source]:
    """Sources of sound, with their begin still in microseconds; texts are read whole."""
    sources: list[Source] = []
    for one in order.plan.files:
        if one.use == "none" and not one.beside:
            continue
        path = _path(order, one, found)
        if path is None:
            continue
        reading(one.object_key)
        if one.use == "text":
            found.said[one.object_key] = _said(one, path)
            continue
        told = _told(one, path, found)
        if told is None:
            continue
        found.told[one.object_key] = told
        if one.use == "sound" and (told.channels or one.kind == "audio"):
            sources.append(Source(one.object_key, path, one.start_us, 0))
    return sources


def _path(order: Order, one: File, found: Findings) -> str | None:
    path = order.paths.get(one.object_key)
    if path is None:
        _lose(found, one, "file_missing", "the archive does not have it")
    elif one.object_key in order.avoid:
        _lose(found, one, "file_broken", "reading it ended the program that reads")
        return None
    return path


def _told(one: File, path: str, found: Findings) -> Told | None:
    try:
        return look(path)
    except (FFmpegError, ValueError) as error:
        _lose(found, one, "file_broken", f"it cannot be opened: {type(error).__name__}")
        return None


def _lose(found: Findings, one: File, code: str, what: str) -> None:
    found.heard[one.object_key] = Heard(Placed.BROKEN, what)
    found.notes.append(Note(code=code, subject=one.media_key, what=what))


def _said(one: File, path: str) -> tuple[Said, ...]:
    with Path(path).open("rb") as file:
        return parse(file.read(TEXT_BYTES_MAX), names=one.names, wall_ms=one.wall_ms)


def _screens(order: Order, found: Findings, reading: Reading) -> tuple[Picture, ...]:
    for stream in order.plan.streams:
        for part in stream.parts:
            reading(part.object_key)
    return pictures(order, found.notes)


def _least_ms(order: Order, found: Findings, screens: Sequence[Picture]) -> int:
    """How long it is at least, whatever is heard: a mistaken cue or a false head makes no timeline of weeks."""
    ends = [one.shots[-1].at_ms for one in screens]
    for one in order.plan.files:
        start_ms = one.start_us // 1000
        told = found.told.get(one.object_key)
        if one.beside and told is not None and told.seconds is not None:
            ends.append(start_ms + round(told.seconds * 1000))
        ends += [start_ms + line.end_ms for line in found.said.get(one.object_key, ())[-1:]]
    return min(max(ends, default=0), LENGTH_MAX_MS)


# -- writing ----


def _shots(
    screens: Sequence[Picture], runs: Sequence[tuple[int, int, int]]
) -> Iterator[tuple[Shot, bytes]]:
    readers = [one.packets() for one in screens]
    for screen, first, last in runs:
        for shot in screens[screen].shots[first : last + 1]:
            yield shot, readers[screen].bytes_of(shot)
    for reader in readers:
        reader.close()


def _write(
    output: WebmFile,
    shots: Iterator[tuple[Shot, bytes]],
    sound: Iterator[tuple[int, Block, bool]],
    meter: PeakMeter,
) -> None:
    """Frames go in front of the sound that is heard with them, so that a player reads straight on."""
    waiting = next(shots, None)
    for at, block, _ in sound:
        end_ms = (at + block.shape[1]) * 1000 // output.rate_hz
        while waiting is not None and waiting[0].at_ms < end_ms:
            output.show(waiting[0].at_ms, waiting[1], is_key=waiting[0].is_key)
            waiting = next(shots, None)
        output.hear(at, block)
        meter.add(block)
    while waiting is not None:
        output.show(waiting[0].at_ms, waiting[1], is_key=waiting[0].is_key)
        waiting = next(shots, None)
    output.close()


def _alone(directory: Path, number: int, screen: Picture) -> Path:
    """A screen by itself, whole."""
    path = directory / f"screen-{number}.webm"
    output = WebmFile(str(path), size=screen.sizes[screen.shots[0].part], rate_hz=None)
    for shot, data in _shots([screen], [(0, 0, len(screen.shots) - 1)]):
        output.show(shot.at_ms, data, is_key=shot.is_key)
    output.close()
    return path


def _named(order: Order, path: Path, media_type: str) -> Written:
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    key = f"{order.prefix}{path.stem}-{sha256[:12]}{path.suffix}"
    size_bytes = path.stat().st_size
    reference = FileRef(object_key=key, media_type=media_type, size_bytes=size_bytes, sha256=sha256)
    return Written(path=str(path), file=reference)
