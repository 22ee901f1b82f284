"""How an interaction was before more became known of it: only what is different, so that many steps cost little. Pure.

A step is taken back by the values it replaced. Media are no part of it: they never change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from recorder.model import Interaction, Party, Segment

T = TypeVar("T")
P = TypeVar("P", Party, Segment)


@dataclass(frozen=True, slots=True)
class Texts:
    """Those fields of an interaction that were other texts; None for those that were the same."""

    channel: str | None = None
    direction: str | None = None
    subject: str | None = None
    not_recordable: str | None = None


@dataclass(frozen=True, slots=True)
class Before:
    """What was different: by key or name, as it was; None for what was not there."""

    texts: Texts = Texts()
    times: tuple[int | None, int | None] | None = None
    """`started_us` and `ended_us`; None when both were the same."""
    parties: Mapping[str, Party | None] = field(default_factory=dict[str, Party | None])
    segments: Mapping[str, Segment | None] = field(default_factory=dict[str, Segment | None])
    attributes: Mapping[str, str | None] = field(default_factory=dict[str, str | None])


def before(old: Interaction, new: Interaction) -> Before:
    """What `taken_back` needs to make the old one of the new one."""
    times = (old.started_us, old.ended_us)
    return Before(
        texts=Texts(
            channel=_other(old.channel, new.channel),
            direction=_other(old.direction, new.direction),
            subject=_other(old.subject, new.subject),
            not_recordable=_other(old.not_recordable, new.not_recordable),
        ),
        times=None if times == (new.started_us, new.ended_us) else times,
        parties=_others(_by_key(old.parties), _by_key(new.parties)),
        segments=_others(_by_key(old.segments), _by_key(new.segments)),
        attributes=_others(old.attributes, new.attributes),
    )


def taken_back(new: Interaction, step: Before) -> Interaction:
    """The old interaction, with the media of the new one; parties and segments in order of their keys."""
    texts = step.texts
    times = (new.started_us, new.ended_us) if step.times is None else step.times
    parties = _applied(_by_key(new.parties), step.parties)
    segments = _applied(_by_key(new.segments), step.segments)
    return replace(
        new,
        channel=_same(texts.channel, new.channel),
        direction=_same(texts.direction, new.direction),
        subject=_same(texts.subject, new.subject),
        not_recordable=_same(texts.not_recordable, new.not_recordable),
        started_us=times[0],
        ended_us=times[1],
        parties=tuple(parties[key] for key in sorted(parties)),
        segments=tuple(segments[key] for key in sorted(segments)),
        attributes=_applied(new.attributes, step.attributes),
    )


def _other(old: str, new: str) -> str | None:
    return None if old == new else old


def _same(old: str | None, new: str) -> str:
    return new if old is None else old


def _by_key(things: Iterable[P]) -> dict[str, P]:
    return {thing.key: thing for thing in things}


def _others(old: Mapping[str, T], new: Mapping[str, T]) -> dict[str, T | None]:
    return {key: old.get(key) for key in sorted({*old, *new}) if old.get(key) != new.get(key)}


def _applied(new: Mapping[str, T], step: Mapping[str, T | None]) -> dict[str, T]:
    mixed = {**new, **step}
    return {key: thing for key in sorted(mixed) if (thing := mixed[key]) is not None}
