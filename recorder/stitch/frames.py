"""Which frames of which parts are shown, and which screen the rendition's own picture is of. Pure.

A frame says how it differs from the one before it, so that a run of frames is only of use from a key frame on
and without a hole. Wherever a run is broken (a mask, a lost part, another screen), it begins again at the
next key frame.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from recorder.stitch.plan_model import Keep


class Frame(NamedTuple):
    """One packet of an SCN file, without its bytes."""

    part: int
    """Number of its part within the stream, in order."""
    number: int
    """Of the packet within the part."""
    pts_ms: int
    """On the stream's own clock."""
    is_key: bool
    seq: int | None = None
    """Within the stream, where it is certain."""


class Shot(NamedTuple):
    """A frame at its place."""

    at_ms: int
    part: int
    number: int
    is_key: bool
    begins: bool
    """Nothing shown before it goes on in it."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Which of the screens is shown from one position on, until the next cut or the end of its run."""

    screen: int
    first: int
    """Index of a shot of that screen; it is a key frame."""
    last: int


def joined(parts: Sequence[Sequence[Frame]]) -> Iterator[tuple[Frame, bool]]:
    """All frames of a stream once each, in order, each with whether it follows the one before without a hole.

    Parts overlap where two nodes received the same frames; the second lot is left out.
    """
    last: Frame | None = None
    for frames in parts:
        before: Frame | None = None
        for frame in frames:
            goes_on = before is not None and before is last
            if (
                last is None
                or frame.pts_ms > last.pts_ms
                or (goes_on and frame.pts_ms == last.pts_ms)
            ):
                same = before is not None and last is not None and before.pts_ms == last.pts_ms
                yield frame, goes_on or same or _is_next(last, frame)
                last = frame
            before = frame


def _is_next(last: Frame | None, frame: Frame) -> bool:
    return last is not None and last.seq is not None and frame.seq == last.seq + 1


def shown(
    frames: Iterable[tuple[Frame, bool]], base_us: int, keeps: Sequence[Keep]
) -> tuple[Shot, ...]:
    """The frames inside of `keeps`, each stretch from its first key frame on, unbroken.

    Where a stretch can be decoded from a key frame before it, all up to its begin is shown at its begin, at once: the
    picture that stood there then is what remains of it.
    """
    shots: list[Shot] = []
    group: list[Frame] = []  # since the last key frame, without a hole
    running = False
    inside: Keep | None = None
    for frame, follows in frames:
        if frame.is_key or not follows:
            group = []
        at_us = base_us + frame.pts_ms * 1000
        here = next((one for one in keeps if _holds(one, at_us)), None)
        running = running and follows and here is inside
        inside = here
        begins = not running
        if here is not None and begins and not frame.is_key and _may_lead(group, base_us, here):
            shots.extend(_led(group, (here.from_us + 500) // 1000))
            running, begins = True, False
        running = here is not None and (running or frame.is_key)
        if frame.is_key or group:
            group.append(frame)
        at_ms = (at_us + 500) // 1000
        if running and at_ms >= 0:
            shots.append(Shot(at_ms, frame.part, frame.number, frame.is_key, begins))
    return tuple(shots)


def _may_lead(group: Sequence[Frame], base_us: int, keep: Keep) -> bool:
    """Whether frames before a stretch are all that it needs, and none of them is forbidden."""
    if not group:
        return False
    first_us, last_us = (base_us + one.pts_ms * 1000 for one in (group[0], group[-1]))
    return keep.lead_us <= first_us and last_us < keep.from_us


def _led(frames: Sequence[Frame], at_ms: int) -> Iterator[Shot]:
    for index, frame in enumerate(frames):
        yield Shot(at_ms, frame.part, frame.number, frame.is_key, begins=index == 0)


def _holds(keep: Keep, at_us: int) -> bool:
    return keep.from_us <= at_us and (keep.to_us is None or at_us < keep.to_us)


def runs(shots: Sequence[Shot]) -> Iterator[tuple[int, int]]:
    """First and last index of each unbroken run."""
    first = 0
    for index, shot in enumerate(shots):
        if shot.begins and index > first:
            yield first, index - 1
            first = index
    if shots:
        yield first, len(shots) - 1


def cuts(screens: Sequence[Sequence[Shot]]) -> tuple[Cut, ...]:
    """What one picture shows of several screens: whichever began to be recorded last, while it lasts.

    `screens` are in the order in which they began. After a transfer or while somebody is consulted the new
    screen is of more interest than the old one, which goes on at its next key frame when the new one ends.
    """
    if len(screens) == 1:
        return tuple(Cut(0, first, last) for first, last in runs(screens[0]))
    spans = sorted(
        (shots[first].at_ms, number, first, last)
        for number, shots in enumerate(screens)
        for first, last in runs(shots)
    )
    found: list[Cut] = []
    free_ms = 0
    for begin_ms, number, first, last in _pieces(spans, screens):
        shots = screens[number]
        start = next(
            (
                i
                for i in range(first, last + 1)
                if shots[i].is_key and shots[i].at_ms >= max(free_ms, begin_ms)
            ),
            None,
        )
        if start is not None:
            found.append(Cut(number, start, last))
            free_ms = shots[last].at_ms + 1
    return tuple(found)


def _pieces(
    spans: Sequence[tuple[int, int, int, int]], screens: Sequence[Sequence[Shot]]
) -> list[tuple[int, int, int, int]]:
    """Runs cut where a later screen takes over, in order of time."""
    pieces: list[tuple[int, int, int, int]] = []
    for _, number, first, last in spans:
        shots = screens[number]
        later = [(begin, screens[n][end].at_ms) for begin, n, _, end in spans if n > number]
        piece: int | None = None
        for index in range(first, last + 1):
            at_ms = shots[index].at_ms
            before_ms = shots[index - 1].at_ms if index > first else at_ms - 1
            between = any(before_ms < begin <= at_ms for begin, _ in later)
            hidden = any(begin <= at_ms <= end for begin, end in later)
            if (hidden or between) and piece is not None:
                pieces.append((shots[piece].at_ms, number, piece, index - 1))
                piece = None
            if not hidden and piece is None:
                piece = index
        if piece is not None:
            pieces.append((shots[piece].at_ms, number, piece, last))
    return sorted(pieces)
