"""S8 of replay: what is replayed of a contact is what is on record of it, and nothing that must not be seen.

Once somebody asked, after all faults, a contact with sound has a rendition of exactly what is on record: every file, and
every frame of its answered calls that is in the archive, but for those so near to a mask that, by what its makers could
know of the service's clock, they may be masked. No rendition that is left shows what was masked. What is on record of
renditions is in the archive, and of a contact that was deleted nothing is left.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from recorder.scn.model import Verdict
from sim.checkers.screen_follows_agent import (
    CLOCK_US,
    CUT_US,
    MASK_US,
    AgentLeg,
    Frame,
    Place,
    ScreenRun,
)
from sim.checkers.violation import Violation

PROMISE: Final = "replay_whole"
EDGE_US: Final = 1_200_000
"""Platforms tell whole seconds, and clocks differ: so near to the ends of a call a frame may or may not be shown."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a rendition says it was made of."""

    contact_id: str
    digest: str
    heard: tuple[str, ...]
    """Object keys of files."""
    missing: tuple[str, ...]
    """Object keys of what was not there."""
    frames: tuple[Place, ...]
    led: tuple[Place, ...]
    """Frames of before, on which the first one that is shown builds."""
    clock_us: int = 0
    """How exactly the service's clock was known when it was made, as it is on record with it."""


@dataclass(frozen=True, slots=True)
class SeenRendition:
    """A rendition on record."""

    contact_id: str
    number: int
    digest: str
    content: Content | None
    """None: its object is not there."""
    lost: tuple[str, ...]
    """Object keys it names that are not in the archive as it names them."""


@dataclass(frozen=True, slots=True)
class SeenContact:
    """A contact on record."""

    contact_id: str
    call: str
    files: tuple[str, ...]
    """Object keys of what is heard."""
    digest: str
    """Of everything that is on record of it."""


@dataclass(frozen=True, slots=True)
class ReplayRun:
    """How everything is."""

    screens: ScreenRun
    contacts: Sequence[SeenContact]
    renditions: Sequence[SeenRendition]
    left: Sequence[str]
    """Object keys of renditions whose contact is not on record."""


def check_replays(run: ReplayRun) -> Iterator[Violation]:
    """Everything that is wrong after somebody asked for every contact."""
    for contact in run.contacts:
        yield from _current(run, contact)
    yield from check_always(run)


def check_always(run: ReplayRun) -> Iterator[Violation]:
    """What must be so whoever asked for what."""
    yield from _rows(run)
    for one in run.renditions:
        yield from _hidden(run, one)
    if run.left:
        homes = tuple(dict.fromkeys(key.split("/")[2] for key in run.left))
        what = f"{len(run.left)} objects of renditions are left of contacts that were deleted"
        yield Violation(PROMISE, what, homes)


def not_shown(run: ReplayRun) -> Iterator[SeenContact]:
    """Contacts with a screen of which no rendition has all files and all frames."""
    for contact in run.contacts:
        whole = (
            set(due_frames(run.screens, contact.call, one.content.clock_us)).issubset(
                one.content.frames
            )
            and set(contact.files) == set(one.content.heard)
            for one in run.renditions
            if one.contact_id == contact.contact_id and one.content is not None
        )
        if due_frames(run.screens, contact.call) and not any(whole):
            yield contact


def due_frames(screens: ScreenRun, call: str, clock_us: int = 0) -> tuple[Place, ...]:
    """Frames in the archive that a rendition of this call must show.

    A mask is told by the service's clock: as far as that may be wrong (`clock_us`), what is beside it is left out with it.
    """
    archived = {place for part in screens.parts if part.archived for place in part.frames}
    found: dict[Place, None] = {}
    for leg in screens.legs:
        if leg.call == call and leg.verdict is Verdict.KEPT:
            found.update(dict.fromkeys(_due(screens, leg, archived, clock_us)))
    return tuple(found)


def _current(run: ReplayRun, contact: SeenContact) -> Iterator[Violation]:
    mine = [one for one in run.renditions if one.contact_id == contact.contact_id]
    current = next((one for one in mine if one.digest == contact.digest), None)
    items = (contact.call, contact.contact_id)
    if current is None:
        what = (
            "a contact has no rendition of what is on record" if mine else "never made replayable"
        )
        yield Violation(PROMISE, what, items)
        return
    if current.content is None or current.lost:
        yield Violation(PROMISE, "the newest rendition of a contact is not in the archive", items)
        return
    if sorted(current.content.heard) != sorted(contact.files):
        what = f"a rendition has {len(current.content.heard)} of {len(contact.files)} files"
        yield Violation(PROMISE, what, items)
    shown = set(current.content.frames)
    due = due_frames(run.screens, contact.call, current.content.clock_us)
    unseen = [place for place in due if place not in shown]
    if unseen:
        yield _wrong(run, "a rendition does not show what is in the archive", contact, unseen)
    refused = [place for place in current.content.frames if _is_refused(run.screens, place)]
    if refused:
        yield _wrong(run, "a rendition shows a call that was not answered", contact, refused)


def _rows(run: ReplayRun) -> Iterator[Violation]:
    known = {contact.contact_id: contact for contact in run.contacts}
    masked = {leg.call for leg in run.screens.legs if _masks(run.screens, leg)}
    homes = Counter(one.contact_id for one in run.renditions)
    for home in homes:
        mine = [one for one in run.renditions if one.contact_id == home]
        digests = {one.digest for one in mine}
        numbers = [one.number for one in mine]
        if numbers != [*range(1, len(mine) + 1)] or len(digests) < len(mine):
            yield Violation(
                PROMISE, "renditions of a contact have no numbers of their own", (home,)
            )
        for one in mine:
            if one.lost and (home not in known or known[home].call not in masked):
                what = f"rendition {one.number} is on record, and not in the archive"
                yield Violation(PROMISE, what, (home, *one.lost))
            if one.content is not None and (
                (one.content.contact_id, one.content.digest) != (home, one.digest)
            ):
                yield Violation(PROMISE, "a rendition is of something else", (home,))


def _hidden(run: ReplayRun, one: SeenRendition) -> Iterator[Violation]:
    """What is masked is shown by no rendition, however old."""
    if one.content is None:
        return
    shown = [*one.content.frames, *one.content.led]
    frames = [run.screens.frames[place] for place in shown if place in run.screens.frames]
    wrong = [frame for frame in frames if _is_masked(run.screens, frame)]
    if wrong:
        what = f"rendition {one.number} shows {len(wrong)} frames that are masked"
        yield Violation(PROMISE, what, (one.contact_id, wrong[0].stream))


def _is_masked(screens: ScreenRun, frame: Frame) -> bool:
    return any(
        from_us <= frame.at_us < to_us
        for leg in screens.legs
        if leg.agent_key == frame.agent_key
        for from_us, to_us in leg.masks
    )


def _is_refused(screens: ScreenRun, place: Place) -> bool:
    """Whether it shows a call that was refused, and no other."""
    frame = screens.frames.get(place)
    if frame is None:
        return False
    mine = [leg for leg in screens.legs if leg.agent_key == frame.agent_key]
    refused = [leg for leg in mine if leg.verdict is Verdict.DELETED]
    others = [leg for leg in mine if leg.verdict is not Verdict.DELETED]
    return any(_inside(frame, leg, EDGE_US) for leg in refused) and not any(
        _inside(frame, leg, -CUT_US) for leg in others
    )


def _due(screens: ScreenRun, leg: AgentLeg, archived: set[Place], clock_us: int) -> Iterator[Place]:
    """From the first frame of the call that stands alone on, and again after each mask and each hole."""
    margin_us = max(MASK_US, CLOCK_US + clock_us)
    masks = _masks(screens, leg)
    frames = [
        frame
        for place, frame in screens.frames.items()
        if place in archived and frame.agent_key == leg.agent_key
    ]
    frames.sort(key=lambda one: (one.stream, one.seq))
    begins = [
        frame.at_us
        for before, frame in pairwise([None, *frames])
        if frame is not None and (before is None or before.stream != frame.stream)
    ]
    last: Frame | None = None
    clear = False
    for frame in frames:
        if last is None or (last.stream, last.seq + 1) != (frame.stream, frame.seq):
            clear = False
        last = frame
        inside = _inside(frame, leg, EDGE_US)
        hidden = any(a - margin_us <= frame.at_us < b + margin_us for a, b in masks)
        if hidden or not inside:
            clear = False
            continue
        clear = clear or frame.is_key
        overtaken = any(0 < at_us - frame.at_us <= 2 * CLOCK_US for at_us in begins)
        if clear and not overtaken:
            yield frame.place


def _masks(screens: ScreenRun, leg: AgentLeg) -> list[tuple[int, int]]:
    return [
        mask
        for one in screens.legs
        if one.agent_key == leg.agent_key
        for mask in (*one.masks, *one.doubtful)
    ]


def _inside(frame: Frame, leg: AgentLeg, margin_us: int) -> bool:
    return leg.from_us + margin_us <= frame.at_us <= leg.to_us - margin_us


def _wrong(run: ReplayRun, what: str, contact: SeenContact, places: Iterable[Place]) -> Violation:
    frames = sorted((run.screens.frames[one] for one in places), key=lambda one: one.at_us)
    legs = [leg.from_us for leg in run.screens.legs if leg.call == contact.call]
    begun_us = min(legs, default=frames[0].at_us)
    first, last = ((one.at_us - begun_us) / 1e6 for one in (frames[0], frames[-1]))
    text = f"{what}: {len(frames)} frames, {first:.1f} to {last:.1f} s into it"
    return Violation(PROMISE, text, (contact.call, contact.contact_id))
