"""Which media files of a contact are heard, read or shown, and where they begin. Pure.

Files of a meeting often hold the same sound: its video, its audio, a participant's own recording. What
another file lets be heard already is not summed a second time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from zoneinfo import ZoneInfo

from recorder.model import Interaction, MediaKind, MediaRef
from recorder.records.contacts import ContactDetail, MediaRow
from recorder.scn.model import Span
from recorder.stitch.plan_model import File
from recorder.stitch.spans import covered_us

LENGTH_MAX_US: Final = 24 * 3_600_000_000
"""A timeline is not longer: what begins further away has a wrong date, or is another story."""
HEARD_ALREADY: Final = 0.95
"""Of a file's time, so much in another file of the same meeting is all of it."""
_MEETING = "meeting"
_HEARD = (MediaKind.AUDIO.value, MediaKind.VIDEO.value)
_Kind = Literal["audio", "video", "text", "other"]
_KINDS: Final[Mapping[str, _Kind]] = {"audio": "audio", "video": "video", "text": "text"}


@dataclass(frozen=True, slots=True)
class Begun:
    """A file with the instant its content began, on the service's clock."""

    row: MediaRow
    interaction: Interaction | None
    start_us: int
    placed_by: Literal["file", "interaction", "contact"]
    span: Span | None
    """None when nothing tells how long it is."""


def begun(detail: ContactDetail) -> tuple[Begun, ...]:
    """Every file, in order of begin, then key."""
    refs = {ref.key: (one, ref) for one in detail.interactions for ref in one.media}
    parts = {one.key: one for one in detail.interactions}
    found = [
        _begun(detail, row, *refs.get(row.media_key, (parts.get(row.interaction_key), None)))
        for row in detail.media
    ]
    return tuple(sorted(found, key=lambda one: (one.start_us, one.row.media_key)))


def _begun(
    detail: ContactDetail, row: MediaRow, part: Interaction | None, ref: MediaRef | None
) -> Begun:
    start_us, by = _start(detail, part, ref)
    duration_ms = row.duration_ms if ref is None or ref.duration_ms is None else ref.duration_ms
    if duration_ms is not None and duration_ms > 0:
        return Begun(row, part, start_us, by, Span(start_us, start_us + duration_ms * 1000))
    ended_us = None if part is None else part.ended_us
    known = ended_us is not None and ended_us > start_us
    return Begun(row, part, start_us, by, Span(start_us, ended_us) if known else None)


def _start(
    detail: ContactDetail, part: Interaction | None, ref: MediaRef | None
) -> tuple[int, Literal["file", "interaction", "contact"]]:
    if ref is not None and ref.started_us is not None:
        return ref.started_us, "file"
    if part is not None and part.started_us is not None:
        return part.started_us, "interaction"
    return detail.row.started_us or 0, "contact"


def silent_ones(files: Sequence[Begun]) -> Mapping[str, str]:
    """Media keys of what is not to be heard although it has sound, and which file lets it be heard.

    In a meeting that is what other files hold as well. Elsewhere every audio file is heard, and the sound of
    a video only where no audio file of its interaction covers it.
    """
    silent: dict[str, str] = {}
    heard: dict[str, list[Begun]] = {}
    for one in sorted((one for one in files if one.row.kind in _HEARD), key=_rank):
        others = heard.setdefault(one.row.interaction_key, [])
        may_double = one.row.kind == MediaKind.VIDEO or _is_meeting(one)
        other = _heard_in(one, others) if may_double else None
        if other is None:
            others.append(one)
        else:
            silent[one.row.media_key] = other.row.media_key
    return silent


def _rank(one: Begun) -> tuple[bool, int, int, str]:
    """Sound files before videos, then the longest first."""
    length_us = 0 if one.span is None or one.span.to_us is None else one.span.to_us - one.start_us
    return one.row.kind == MediaKind.VIDEO, -length_us, one.start_us, one.row.media_key


def _is_meeting(one: Begun) -> bool:
    return one.interaction is not None and one.interaction.channel == _MEETING


def _heard_in(one: Begun, others: Sequence[Begun]) -> Begun | None:
    if not others:
        return None
    spans = [other.span for other in others if other.span is not None]
    if one.span is None or one.span.to_us is None or len(spans) < len(others):
        return others[0]  # nothing tells their length: better heard once than twice
    length_us = one.span.to_us - one.span.from_us
    if covered_us(one.span, spans) < HEARD_ALREADY * length_us:
        return None
    return max(
        others,
        key=lambda other: covered_us(one.span, [other.span]) if one.span and other.span else 0,
    )


def planned(one: Begun, origin_us: int, silent: Mapping[str, str], *, too_far: bool) -> File:
    """What becomes of a file."""
    row, part = one.row, one.interaction
    kind: _Kind = _KINDS.get(row.kind, "other")
    heard_in = silent.get(row.media_key)
    use: Literal["sound", "text", "none"] = "none"
    problem = ""
    if too_far and kind != "other":
        problem = "begins more than a day from the rest of the contact"
    elif kind in {"audio", "video"} and heard_in is None:
        use = "sound"
    elif kind == "text":
        use = "text"
    elif heard_in is not None:
        problem = f"its sound is heard from {heard_in}"
    return File(
        media_key=row.media_key,
        interaction_key=row.interaction_key,
        kind=kind,
        file_name=row.file_name,
        media_type=row.media_type,
        object_key=row.object_key,
        size_bytes=row.size_bytes,
        sha256=row.sha256,
        use=use,
        beside=kind == "video" and not too_far,
        start_us=one.start_us - origin_us,
        placed_by=one.placed_by,
        wall_ms=_time_of_day_ms(one) if kind == "text" else None,
        names=_names(part) if kind == "text" else (),
        problem=problem,
    )


def _names(part: Interaction | None) -> tuple[str, ...]:
    return () if part is None else tuple(sorted({one.name for one in part.parties if one.name}))


def _time_of_day_ms(one: Begun) -> int | None:
    """When it began by the clock on the wall, where the interaction tells its time zone."""
    zone = "" if one.interaction is None else one.interaction.attributes.get("timezone", "")
    if not zone or one.placed_by == "contact":
        return None
    try:
        at = datetime.fromtimestamp(one.start_us / 1e6, ZoneInfo(zone))
    except (KeyError, ValueError, OverflowError, OSError):
        return None
    return ((at.hour * 60 + at.minute) * 60 + at.second) * 1000 + at.microsecond // 1000
