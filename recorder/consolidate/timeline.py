"""The common timeline of a contact: what happened in all its interactions, side by side. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from recorder.consolidate.contact import media_end_us
from recorder.model import Interaction

_KINDS = ("interaction", "party", "segment", "media")


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a contact. Spans of one or of several interactions may overlap."""

    kind: str
    """interaction, party (a stay on the call), segment or media."""
    key: str
    interaction_key: str
    text: str
    """For people: subject, name or number, how a segment ended, name of a file."""
    offset_us: int | None
    """From the start of the contact; negative for what began before it. None where it is unknown."""
    end_offset_us: int | None


@dataclass(frozen=True, slots=True)
class _Stretch:
    kind: str
    key: str
    interaction_key: str
    text: str
    started_us: int | None
    ended_us: int | None


def timeline(interactions: Sequence[Interaction], started_us: int | None) -> tuple[Span, ...]:
    """Every interaction with its parties, segments and media, in order of start; unknown starts last.

    `started_us` is the start of the contact. Without one everything counts from the first instant named.
    """
    stretches = sorted((one for part in interactions for one in _stretches(part)), key=_place)
    starts = [one.started_us for one in stretches if one.started_us is not None]
    zero_us = min(starts, default=None) if started_us is None else started_us
    return tuple(
        Span(
            kind=one.kind,
            key=one.key,
            interaction_key=one.interaction_key,
            text=one.text,
            offset_us=_offset(one.started_us, zero_us),
            end_offset_us=_offset(one.ended_us, zero_us),
        )
        for one in stretches
    )


def _stretches(part: Interaction) -> Iterator[_Stretch]:
    own = part.key
    yield _Stretch("interaction", own, own, part.subject, part.started_us, part.ended_us)
    for party in part.parties:
        name = party.name or party.number or party.role
        yield _Stretch("party", party.key, own, name, party.joined_us, party.left_us)
    for segment in part.segments:
        text, end_us = segment.reason, segment.ended_us
        yield _Stretch("segment", segment.key, own, text, segment.started_us, end_us)
    for media in part.media:
        text, end_us = media.file_name, media_end_us(media)
        yield _Stretch("media", media.key, own, text, media.started_us, end_us)


def _place(one: _Stretch) -> tuple[bool, int, int, str, str]:
    unknown = one.started_us is None
    return (unknown, one.started_us or 0, _KINDS.index(one.kind), one.interaction_key, one.key)


def _offset(instant_us: int | None, zero_us: int | None) -> int | None:
    return None if instant_us is None or zero_us is None else instant_us - zero_us
