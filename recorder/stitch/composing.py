"""The timeline of a rendition, from its plan and what was found in the files. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from recorder.stitch.plan_model import File, Plan
from recorder.stitch.screens import Picture, named
from recorder.stitch.sound import Heard, Told
from recorder.stitch.texts import Said
from recorder.stitch.timeline import (
    Event,
    FileRef,
    Line,
    Note,
    Original,
    Peaks,
    Placed,
    Quiet,
    Screen,
    Shown,
    Timeline,
)

QUIET_MS = 100
"""Less than this between two files is no gap."""
_CODES = {Placed.BROKEN: "file_broken", Placed.CUT: "file_cut", Placed.LEFT_OUT: "file_left_out"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an order; originals by object key."""

    rate_hz: int
    peaks: Peaks
    picture: tuple[Shown, ...]
    screens: tuple[Picture, ...]
    heard: Mapping[str, Heard]
    told: Mapping[str, Told]
    said: Mapping[str, tuple[Said, ...]]
    notes: tuple[Note, ...]


def compose(
    plan: Plan,
    outcome: Outcome,
    rendition: FileRef,
    peaks: FileRef,
    screen_files: Sequence[FileRef],
) -> Timeline:
    """The timeline; `screen_files` has one for each screen, or none when there are not several."""
    originals = tuple(_original(one, outcome) for one in plan.files)
    duration_ms = outcome.peaks.duration_ms
    lines = [line for one in plan.files for line in _lines(one, outcome, plan)]
    sound = [one for one in plan.files if _is_heard(one, outcome)]
    return Timeline(
        contact=plan.contact,
        digest=plan.digest,
        origin_us=plan.origin_us,
        duration_ms=duration_ms,
        has_audio=bool(sound),
        has_screen=bool(outcome.screens),
        rendition=rendition,
        peaks=peaks,
        originals=originals,
        quiet=tuple(_quiet([_span(one, outcome) for one in sound], duration_ms)),
        screens=tuple(
            Screen(
                number=number,
                desktop=one.desktop,
                agents=one.agents,
                name=named(one.agents, plan.agent_names),
                stretches=one.stretches,
                file=screen_files[number - 1] if screen_files else None,
            )
            for number, one in enumerate(outcome.screens, 1)
        ),
        picture=outcome.picture,
        segments=plan.segments,
        parties=plan.parties,
        legs=plan.legs,
        masks=plan.masks,
        material=plan.material,
        events=_events(plan, [_span(one, outcome) for one in sound], sound),
        lines=tuple(sorted(lines, key=lambda one: (one.t_ms, one.end_ms, one.media_key))),
        clocks=plan.clocks,
        notes=tuple(_notes(plan, outcome, originals)),
    )


def _is_heard(one: File, outcome: Outcome) -> bool:
    heard = outcome.heard.get(one.object_key)
    return one.use == "sound" and heard is not None and heard.samples > 0


def _span(one: File, outcome: Outcome) -> tuple[int, int]:
    start_ms = (one.start_us + 500) // 1000
    heard = outcome.heard[one.object_key]
    return start_ms, start_ms + round(heard.samples * 1000 / outcome.rate_hz)


def _original(one: File, outcome: Outcome) -> Original:
    heard, told = outcome.heard.get(one.object_key), outcome.told.get(one.object_key)
    state, problem, end_ms = _became(one, outcome, heard, told)
    start_ms = (one.start_us + 500) // 1000
    placed = state in {Placed.PLACED, Placed.CUT, Placed.BESIDE}
    return Original(
        media_key=one.media_key,
        interaction_key=one.interaction_key,
        kind=one.kind,
        file_name=one.file_name,
        media_type=one.media_type,
        object_key=one.object_key,
        size_bytes=one.size_bytes,
        sha256=one.sha256,
        state=state,
        start_ms=start_ms if placed else None,
        end_ms=end_ms if placed else None,
        placed_by=one.placed_by if placed else "",
        channels=0 if told is None else told.channels,
        width=0 if told is None else told.width,
        height=0 if told is None else told.height,
        problem=problem,
    )


def _became(
    one: File, outcome: Outcome, heard: Heard | None, told: Told | None
) -> tuple[Placed, str, int | None]:
    """State, problem and end."""
    start_ms = (one.start_us + 500) // 1000
    if one.beside and told is not None:
        end_ms = None if told.seconds is None else start_ms + round(told.seconds * 1000)
        return Placed.BESIDE, "" if heard is None else heard.problem, end_ms
    if heard is not None:
        end_ms = _span(one, outcome)[1] if heard.samples else None
        return heard.state, heard.problem, end_ms
    if one.use == "text":
        said = outcome.said.get(one.object_key, ())
        if said:
            return Placed.PLACED, "", start_ms + max(line.end_ms for line in said)
        return Placed.LEFT_OUT, "there are no lines in it that could be read", None
    return Placed.LEFT_OUT, one.problem or "it is neither sound, picture nor text", None


def _lines(one: File, outcome: Outcome, plan: Plan) -> Iterator[Line]:
    start_ms = (one.start_us + 500) // 1000
    for said in outcome.said.get(one.object_key, ()):
        yield Line(
            t_ms=start_ms + said.t_ms,
            end_ms=start_ms + said.end_ms,
            who=said.who,
            party_key=plan.party_of_name.get(said.who.strip().casefold(), ""),
            to=said.to,
            text=said.text,
            kind=said.kind,
            media_key=one.media_key,
        )


def _quiet(spans: Sequence[tuple[int, int]], duration_ms: int) -> Iterator[Quiet]:
    at_ms = 0
    for start_ms, end_ms in [*sorted(spans), (duration_ms, duration_ms)]:
        if start_ms - at_ms >= QUIET_MS:
            yield Quiet(start_ms=at_ms, end_ms=start_ms)
        at_ms = max(at_ms, end_ms)


def _events(
    plan: Plan, spans: Sequence[tuple[int, int]], files: Sequence[File]
) -> tuple[Event, ...]:
    recorded = [
        Event(t_ms=at_ms, kind=kind, who="", detail=one.media_key)
        for one, span in zip(files, spans, strict=True)
        for kind, at_ms in zip(("recording_began", "recording_ended"), span, strict=True)
    ]
    return tuple(sorted([*plan.events, *recorded], key=lambda one: (one.t_ms, one.kind, one.who)))


def _notes(plan: Plan, outcome: Outcome, originals: Sequence[Original]) -> Iterator[Note]:
    yield from plan.notes
    yield from outcome.notes
    told = {note.subject for note in outcome.notes}
    for one in originals:
        code = _CODES.get(one.state)
        if code is not None and one.kind != "other" and one.problem and one.media_key not in told:
            yield Note(code=code, subject=one.media_key, what=one.problem)
