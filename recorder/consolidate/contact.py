"""Interactions with one session key become one contact, whatever the order they arrive in.

Merging is a join: commutative, associative and idempotent (a property test holds it to that). So
parts may be merged one by one as items finish, on either node, twice, or all at once, and the result
is the same. Where two parts contradict each other, a known value beats an unknown one, periods grow
to cover both, and of two texts the greater one stays: any fixed choice would do, but it must not
depend on who came first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from recorder.model import Interaction, MediaRef, Party, Segment
from recorder.settings.bounds import INSTANT_US_MAX

T = TypeVar("T")

UNKNOWN = "unknown"
_ROLES = ("external", "bot", "monitor", "consultant", "agent", "customer")


@dataclass(frozen=True, slots=True)
class Contact:
    """A customer's whole experience: every interaction of one call session."""

    session_key: str
    started_us: int | None
    """Earliest start of any interaction or segment; where none names one, the first sign of a party or file.

    None when no part names any instant.
    """
    ended_us: int | None
    """Latest end of any interaction or segment; where none names one, the last sign of a party or file."""
    channel: str
    """Of the root, else of the earliest interaction that names one.

    The root is the interaction the session is named after, such as a meeting among its breakout rooms.
    """
    direction: str
    """inbound, outbound or unknown; of the root, else of the earliest interaction that knows."""
    subject: str
    """Of the root, else of the earliest interaction that has one."""
    parties: tuple[Party, ...]
    """Each once, by key; in order of joining, then key."""
    segments: tuple[Segment, ...]
    """The common timeline: each once, by key, in order of start, then key."""
    interactions: tuple[Interaction, ...]
    """Each once, by key, in order of start, then key."""


def contact_id(source: str, session_key: str) -> str:
    """32 hexadecimal digits, the same on every node and after every restart."""
    return hashlib.sha256(_framed(source, session_key)).hexdigest()[:32]


def consolidate(parts: Sequence[Interaction]) -> Contact:
    """One contact out of at least one interaction of one session.

    `parts` may hold the same interaction several times (each item of it brings its own media), in any
    order, also already merged ones. All must have the same session key.
    """
    assert parts, "a contact has at least one interaction"
    session_key = parts[0].session_key
    assert all(part.session_key == session_key for part in parts), "one session, one contact"
    interactions = _sorted_by_start(_by_key(parts, _key, merge), lambda part: part.started_us)
    segments = _sorted_by_start(
        _by_key((s for part in interactions for s in part.segments), _key, _merge_segments),
        lambda segment: segment.started_us,
    )
    parties = _sorted_by_start(
        _by_key((p for part in interactions for p in part.parties), _key, _merge_parties),
        lambda party: party.joined_us,
    )
    told = (*(part for part in interactions if part.key == session_key), *interactions)
    return Contact(
        session_key=session_key,
        started_us=_start(interactions, segments, parties),
        ended_us=_end(interactions, segments, parties),
        channel=_first_known(part.channel for part in told) or "",
        direction=_first_known(part.direction for part in told) or UNKNOWN,
        subject=_first_known(part.subject for part in told) or "",
        parties=parties,
        segments=segments,
        interactions=interactions,
    )


def _start(
    interactions: Sequence[Interaction], segments: Sequence[Segment], parties: Sequence[Party]
) -> int | None:
    known = _least([*(i.started_us for i in interactions), *(s.started_us for s in segments)])
    if known is not None:
        return known
    files = (media.started_us for part in interactions for media in part.media)
    return _least([*files, *(party.joined_us for party in parties)])


def _end(
    interactions: Sequence[Interaction], segments: Sequence[Segment], parties: Sequence[Party]
) -> int | None:
    known = _most([*(i.ended_us for i in interactions), *(s.ended_us for s in segments)])
    if known is not None:
        return known
    files = (media_end_us(media) for part in interactions for media in part.media)
    return _most([*files, *(party.left_us for party in parties)])


def media_end_us(media: MediaRef) -> int | None:
    """When a file ends; None unless it names both its start and its duration."""
    if media.started_us is None or media.duration_ms is None:
        return None
    return min(media.started_us + media.duration_ms * 1000, INSTANT_US_MAX)


def merge(one: Interaction, other: Interaction) -> Interaction:
    """What two reports of the same interaction say together; `media` is the union."""
    assert one.key == other.key, "only reports of the same interaction merge"
    assert one.session_key == other.session_key, "an interaction belongs to one session"
    media = _by_key((*one.media, *other.media), _key, _merge_media)
    reason = "" if media else max(one.not_recordable, other.not_recordable)
    return Interaction(
        key=one.key,
        session_key=one.session_key,
        channel=_known(one.channel, other.channel),
        direction=_known(one.direction, other.direction),
        started_us=_earlier(one.started_us, other.started_us),
        ended_us=_later(one.ended_us, other.ended_us),
        subject=_known(one.subject, other.subject),
        parties=_by_key((*one.parties, *other.parties), _key, _merge_parties),
        segments=_by_key((*one.segments, *other.segments), _key, _merge_segments),
        media=media,
        attributes=_merge_attributes(one.attributes, other.attributes),
        not_recordable=reason,
    )


def _merge_parties(one: Party, other: Party) -> Party:
    return Party(
        key=one.key,
        role=one.role if one.role == other.role else max(one.role, other.role, key=_rank),
        name=_known(one.name, other.name),
        number=_known(one.number, other.number),
        joined_us=_earlier(one.joined_us, other.joined_us),
        left_us=_later(one.left_us, other.left_us),
    )


def _merge_segments(one: Segment, other: Segment) -> Segment:
    return Segment(
        key=one.key,
        started_us=_earlier(one.started_us, other.started_us),
        ended_us=_later(one.ended_us, other.ended_us),
        reason=_known(one.reason, other.reason),
        party_keys=tuple(sorted({*one.party_keys, *other.party_keys})),
    )


def _merge_media(one: MediaRef, other: MediaRef) -> MediaRef:
    return MediaRef(
        key=one.key,
        kind=max(one.kind, other.kind),
        file_name=_known(one.file_name, other.file_name),
        media_type=_known(one.media_type, other.media_type),
        size_bytes=_later(one.size_bytes, other.size_bytes),
        sha256=_known(one.sha256 or "", other.sha256 or "") or None,
        started_us=_earlier(one.started_us, other.started_us),
        duration_ms=_later(one.duration_ms, other.duration_ms),
    )


def _merge_attributes(one: Mapping[str, str], other: Mapping[str, str]) -> dict[str, str]:
    return {name: _known(one.get(name, ""), other.get(name, "")) for name in sorted({*one, *other})}


def _by_key(
    things: Iterable[T], key: Callable[[T], str], join: Callable[[T, T], T]
) -> tuple[T, ...]:
    """Each key once, in order of the key; a single one is normalised by joining it with itself."""
    merged: dict[str, T] = {}
    for thing in things:
        merged[key(thing)] = join(merged.get(key(thing), thing), thing)
    return tuple(merged[name] for name in sorted(merged))


def _sorted_by_start(things: Sequence[T], start: Callable[[T], int | None]) -> tuple[T, ...]:
    """Known starts first; the sort is stable, so things that came by key stay by key within a tie."""

    def order(thing: T) -> tuple[bool, int]:
        instant = start(thing)
        return (instant is None, instant or 0)

    return tuple(sorted(things, key=order))


def _key(thing: Interaction | Party | Segment | MediaRef) -> str:
    return thing.key


def _rank(role: str) -> tuple[int, str]:
    return (_ROLES.index(role) if role in _ROLES else -1, role)


def _known(one: str, other: str) -> str:
    if one == other:
        return one
    return max(one, other, key=lambda text: (text not in {"", UNKNOWN}, text))


def _first_known(texts: Iterable[str]) -> str | None:
    return next((text for text in texts if text not in {"", UNKNOWN}), None)


def _earlier(one: int | None, other: int | None) -> int | None:
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)


def _later(one: int | None, other: int | None) -> int | None:
    if one is None or other is None:
        return other if one is None else one
    return max(one, other)


def _least(instants: Iterable[int | None]) -> int | None:
    return min((instant for instant in instants if instant is not None), default=None)


def _most(instants: Iterable[int | None]) -> int | None:
    return max((instant for instant in instants if instant is not None), default=None)


def _framed(*texts: str) -> bytes:
    """Bytes that two different tuples of texts never share."""
    return b"".join(b"%d:%b" % (len(raw), raw) for raw in (text.encode() for text in texts))
