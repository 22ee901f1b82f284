"""Stretches of time as sorted, disjoint lists. Pure. An end of None is open."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from recorder.scn.model import Span


def union(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The same instants in as few stretches as possible, in order; empty ones vanish."""
    joined: list[Span] = []
    for span in sorted(spans, key=lambda one: one.from_us):
        if span.to_us is not None and span.to_us <= span.from_us:
            continue
        last = joined[-1] if joined else None
        if last is not None and (last.to_us is None or span.from_us <= last.to_us):
            joined[-1] = Span(last.from_us, _later(last.to_us, span.to_us))
        else:
            joined.append(span)
    return tuple(joined)


def without(spans: Iterable[Span], holes: Iterable[Span]) -> tuple[Span, ...]:
    """What remains of `spans` when every instant of `holes` is taken out."""
    rest = list(union(spans))
    for hole in union(holes):
        rest = [piece for span in rest for piece in _cut(span, hole)]
    return tuple(rest)


def widened(span: Span, by_us: int) -> Span:
    """Longer by so much on both sides."""
    return Span(span.from_us - by_us, None if span.to_us is None else span.to_us + by_us)


def overlap(one: Span, other: Span) -> bool:
    """Whether they have an instant in common."""
    return (other.to_us is None or one.from_us < other.to_us) and (
        one.to_us is None or other.from_us < one.to_us
    )


def covered_us(span: Span, others: Sequence[Span]) -> int:
    """How much of a stretch with an end lies inside others."""
    assert span.to_us is not None, "only what ends has a length"
    left = sum((one.to_us or 0) - one.from_us for one in without([span], others))
    return max(0, span.to_us - span.from_us - left)


def _cut(span: Span, hole: Span) -> Iterable[Span]:
    if not overlap(span, hole):
        yield span
        return
    if span.from_us < hole.from_us:
        yield Span(span.from_us, hole.from_us)
    if hole.to_us is not None and (span.to_us is None or hole.to_us < span.to_us):
        yield Span(hole.to_us, span.to_us)


def _later(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else max(one, other)
