"""S7: a screen is recorded while, and only while, its agent has a call.

What was answered is in the archive, what was not answered is nowhere, nothing of a masked span is anywhere. Legs are
those that the agents really had. Instants are true time, in microseconds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from recorder.scn.model import Span, Verdict
from recorder.scn.verdicts import CUT_WITHIN_US, MASK_MARGIN_US
from sim.checkers.violation import Violation

PROMISE: Final = "screen_follows_agent"
_S: Final = 1_000_000
CLOCK_US: Final = 100_000
"""So far a node may place a frame from when it was captured: half of a round trip to the desktop (10 ms in a world), what two
clocks drift in the ten minutes for which a measure holds (60 ms at DRIFT_PPM), and rounding."""
FRAME_US: Final = 500_000
"""Between two frames, at the two a second of a world."""
CUT_US: Final = CUT_WITHIN_US + FRAME_US + CLOCK_US
"""A leg that began so late in a part of another one has a part of its own: what it shows in the first one goes with that."""
KEY_US: Final = 1 * _S
"""Within this the frame that stands alone is there with which the part of a leg begins of which a node was told."""
MASK_US: Final = MASK_MARGIN_US + CLOCK_US
"""So much before and after a masked span is left out with it: the margin of whoever cuts, as it places frames."""

Place = tuple[str, int]
"""A frame: its stream and its number."""


@dataclass(frozen=True, slots=True)
class AgentLeg:
    """A leg as it really was."""

    agent_key: str
    call: str
    from_us: int
    to_us: int
    verdict: Verdict
    masks: tuple[tuple[int, int], ...] = ()
    doubtful: tuple[tuple[int, int], ...] = ()
    """As far as a node may have taken a mask to last: nobody had told it that it was over."""
    told_us: int = 0
    """When the last of the nodes was told of it that ever was: before that it may go with what was refused."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame that a desktop captured."""

    agent_key: str
    stream: str
    seq: int
    at_us: int
    is_key: bool

    @property
    def place(self) -> Place:
        """Its name."""
        return (self.stream, self.seq)


@dataclass(frozen=True, slots=True)
class SeenPart:
    """A file with frames that is there at the end."""

    key: str
    node: str
    """Whose file it is, or was."""
    archived: bool
    """On record and in the archive; otherwise in the call buffer of the node."""
    frames: Sequence[Place]


@dataclass(frozen=True, slots=True)
class ScreenRun:
    """All that is known of a run at its end."""

    legs: Sequence[AgentLeg]
    frames: Mapping[Place, Frame]
    parts: Sequence[SeenPart]
    lost: Collection[Place] = ()
    """Given up by a desktop whose spool was full, or lost with the power of a node: a real gap."""
    moved: Collection[str] = ()
    """Streams that were sent over more than one connection."""
    believed: Mapping[tuple[str, str], Sequence[Span]] = field(
        default_factory=dict[tuple[str, str], Sequence[Span]]
    )
    """By node and agent: stretches that the node was told to be of answered calls, rightly or not."""


def check_screens(run: ScreenRun) -> Iterator[Violation]:
    """Everything that is wrong at the end."""
    archived = {place for part in run.parts if part.archived for place in part.frames}
    yield from _kept(run, archived)
    yield from _refused(run)
    yield from _masked(run)
    yield from _twice(run)


def check_discarded(
    legs: Sequence[AgentLeg],
    frames: Sequence[Frame],
    others: Iterable[SeenPart],
    done_us: int,
) -> Iterator[Violation]:
    """A file with `frames` is being deleted by a node that knows of these legs; `others` stay.

    `done_us`: what is older was reconciled, and may go although nobody decided about it.
    """
    left = {place for part in others for place in part.frames}
    for leg in legs:
        if leg.verdict is Verdict.UNDECIDED:
            gone = [
                one
                for one in frames
                if _inside(one, leg, CUT_US) and one.at_us > done_us and one.place not in left
            ]
            if gone:
                yield _wrong("the screen of an undecided call is deleted too early", leg, gone)


def missing(run: ScreenRun) -> tuple[Place, ...]:
    """Frames of answered calls that are not in the archive, and should be."""
    archived = {place for part in run.parts if part.archived for place in part.frames}
    return tuple(
        frame.place
        for leg in run.legs
        if leg.verdict is Verdict.KEPT
        for frame in _required(run, leg)
        if frame.place not in archived
    )


def _kept(run: ScreenRun, archived: Collection[Place]) -> Iterator[Violation]:
    for leg in run.legs:
        if leg.verdict is Verdict.KEPT:
            gone = [one for one in _required(run, leg) if one.place not in archived]
            if gone:
                yield _wrong("the screen of an answered call is not archived", leg, gone)


def _refused(run: ScreenRun) -> Iterator[Violation]:
    """A file of a call that was not answered may only be there where it shows another call as well."""
    for part in run.parts:
        frames = [run.frames[place] for place in part.frames if place in run.frames]
        for leg in run.legs:
            if leg.verdict is not Verdict.DELETED:
                continue
            shown = [one for one in frames if _inside(one, leg, CLOCK_US)]
            if shown and not any(_excused(run, part, one) for one in frames):
                where = "archived" if part.archived else "in the call buffer"
                what = f"the screen of a call that was not answered is {where}"
                yield _wrong(what, leg, shown)


def _masked(run: ScreenRun) -> Iterator[Violation]:
    for part in run.parts:
        frames = [run.frames[place] for place in part.frames if place in run.frames]
        for leg in run.legs:
            shown = [
                one
                for one in frames
                if one.agent_key == leg.agent_key
                and any(from_us <= one.at_us < to_us for from_us, to_us in leg.masks)
            ]
            if shown:
                where = "archived" if part.archived else "in the call buffer"
                yield _wrong(f"a masked screen is {where}", leg, shown)


def _twice(run: ScreenRun) -> Iterator[Violation]:
    """Only what was sent again to another node, or to another life of one, may be there twice."""
    counts = Counter(place for part in run.parts if part.archived for place in part.frames)
    double = [place for place, number in counts.items() if number > 1 and place[0] not in run.moved]
    if double:
        streams = tuple(dict.fromkeys(stream for stream, _ in double))
        yield Violation(PROMISE, f"{len(double)} frames are archived twice", streams)


def _required(run: ScreenRun, leg: AgentLeg) -> Iterator[Frame]:
    """Frames of a leg that must be there."""
    early_us = leg.from_us
    if _follows(run, leg):
        early_us = max(leg.from_us + CUT_US, leg.told_us + KEY_US)
    mine = sorted(
        (one for one in run.frames.values() if one.agent_key == leg.agent_key),
        key=lambda one: (one.at_us, one.seq),
    )
    masks = [
        mask
        for one in run.legs
        if one.agent_key == leg.agent_key
        for mask in (*one.masks, *one.doubtful)
    ]
    covered: set[str] = set()
    """Streams of which everything up to the next key frame builds on what is left out."""
    for one in mine:
        if any(from_us - MASK_US <= one.at_us < to_us + MASK_US for from_us, to_us in masks):
            covered.add(one.stream)
            continue
        if one.is_key:
            covered.discard(one.stream)
        inside = early_us <= one.at_us <= leg.to_us
        if inside and one.stream not in covered and one.place not in run.lost:
            yield one


def _follows(run: ScreenRun, leg: AgentLeg) -> bool:
    """Whether a leg that was not answered came before: then its first seconds may be in that one's file."""
    return any(
        other.agent_key == leg.agent_key
        and other.verdict is not Verdict.KEPT
        and other.from_us < leg.from_us
        for other in run.legs
    )


def _inside(frame: Frame, leg: AgentLeg, margin_us: int) -> bool:
    return (
        frame.agent_key == leg.agent_key
        and leg.from_us + margin_us <= frame.at_us <= leg.to_us - margin_us
    )


def _excused(run: ScreenRun, part: SeenPart, frame: Frame) -> bool:
    """Whether a frame is of another leg, or of one that the node was told to be answered."""
    for leg in run.legs:
        if leg.verdict is not Verdict.DELETED and _inside(frame, leg, -CUT_US):
            return True
    spans = run.believed.get((part.node, frame.agent_key), ())
    return any(
        span.from_us <= frame.at_us and (span.to_us is None or frame.at_us <= span.to_us)
        for span in spans
    )


def _wrong(what: str, leg: AgentLeg, frames: Iterable[Frame]) -> Violation:
    seen = sorted(frames, key=lambda one: one.at_us)
    first = (seen[0].at_us - leg.from_us) / _S
    last = (seen[-1].at_us - leg.from_us) / _S
    text = f"{what}: {len(seen)} frames, {first:.1f} to {last:.1f} s into it"
    return Violation(PROMISE, text, (leg.call, *dict.fromkeys(one.stream for one in seen)))
