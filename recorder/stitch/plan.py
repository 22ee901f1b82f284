"""What a contact's rendition is made of, and where everything lies on its timeline. Pure.

The timeline is that of the service, whose instants calls, segments and agent events carry. Screens come with a
desktop's clock; two measured offsets bring them there: desktop against node, and service against node. The
latter is applied only where it exceeds its own error, and is no part of the digest: it is measured anew by
each node at each look, and must not make another rendition of the same contact.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from recorder.scn.model import ClockOffset, Leg, ScreenPart, Span, Verdict
from recorder.stitch.files import LENGTH_MAX_US, Begun, begun, planned, silent_ones
from recorder.stitch.inputs import Inputs, names_of, own_legs
from recorder.stitch.plan_model import Keep, Part, Plan, Stream
from recorder.stitch.spans import overlap, union, widened, without
from recorder.stitch.story import Story, told
from recorder.stitch.timeline import Clocks, Contact, DesktopClock, Mask, Note, ServiceClock

WHOLE_US: Final = 1_000_000
"""Platforms tell whole seconds: a call that is not archived may have ended so much later than they say."""
MAKER: Final = 1
"""Raised when the same inputs make something else; part of the digest."""


def plan(inputs: Inputs) -> Plan:
    """The plan, the same for inputs in any order. `plan.nothing` tells that there is nothing to replay."""
    unmeasured = _plan(replace(inputs, service=None), "")
    bare = unmeasured.model_copy(
        update={"contact": unmeasured.contact.model_copy(update={"revision": 0})}
    )
    text = f"{MAKER} {bare.model_dump_json(exclude={'every_mask'})}"
    return _plan(inputs, hashlib.sha256(text.encode()).hexdigest())


def _plan(inputs: Inputs, digest: str) -> Plan:
    detail = inputs.detail
    applied_us = applied_offset_us(inputs.service)
    legs, shown = own_legs(detail, inputs.legs, inputs.others)
    files = begun(detail)
    streams = _streams(inputs, shown, applied_us)
    origin_us, far = _origin(inputs, files, streams)
    streams = tuple(one for one in streams if not _is_far(one.first_us, origin_us, far))
    silent = silent_ones([one for one in files if not _is_far(one.start_us, origin_us, far)])
    story: Story = told(detail, inputs.events, legs, origin_us)
    return Plan(
        contact=_contact(inputs),
        digest=digest,
        origin_us=origin_us,
        files=tuple(
            planned(one, origin_us, silent, too_far=_is_far(one.start_us, origin_us, far))
            for one in files
        ),
        streams=tuple(_stream(one, origin_us) for one in streams),
        agent_names=dict(names_of(detail)),
        party_of_name=story.party_of_name,
        segments=story.segments,
        parties=story.parties,
        legs=story.legs,
        masks=_masks(inputs.legs, shown, origin_us),
        every_mask=tuple(_mask(*one, origin_us) for one in _masked(inputs.legs)),
        events=story.events,
        clocks=_clocks(inputs.service, applied_us, streams),
        notes=_notes(files, origin_us),
    )


def applied_offset_us(service: ClockOffset | None) -> int:
    """What to add to a node's instant to have the service's: nothing while they agree within the error."""
    if service is None or abs(service.ahead_us) <= service.error_us:
        return 0
    return service.ahead_us


def _contact(inputs: Inputs) -> Contact:
    row = inputs.detail.row
    return Contact(
        contact_id=row.contact_id,
        source=row.source,
        session_key=row.session_key,
        revision=row.revision,
        channel=row.channel,
        direction=row.direction,
        subject=row.subject,
    )


# -- where the timeline begins ----


def _origin(inputs: Inputs, files: Sequence[Begun], streams: Sequence[_Found]) -> tuple[int, int]:
    """Position 0, and the last instant that still belongs to the timeline."""
    row = inputs.detail.row
    known = [
        one.start_us for one in files if one.placed_by != "contact" and one.row.kind != "other"
    ]
    begins = [*known, *(one.first_us for one in streams)]
    anchor_us = row.started_us if row.started_us is not None else min(begins, default=0)
    if begins and not any(abs(one - anchor_us) <= LENGTH_MAX_US for one in begins):
        anchor_us = min(begins)
    near = [one for one in begins if abs(one - anchor_us) <= LENGTH_MAX_US]
    origin_us = min(near, default=anchor_us)
    return origin_us, origin_us + LENGTH_MAX_US


def _is_far(at_us: int, origin_us: int, last_us: int) -> bool:
    return not origin_us <= at_us <= last_us


def _notes(files: Sequence[Begun], origin_us: int) -> tuple[Note, ...]:
    lost = [
        one for one in files if one.placed_by == "contact" and one.row.kind in {"audio", "video"}
    ]
    text = "nothing tells when it began; it is placed where the contact begins"
    return tuple(
        Note(code="no_origin", subject=one.row.media_key, what=text)
        for one in lost
        if one.start_us >= origin_us
    )


# -- screens ----


@dataclass(frozen=True, slots=True)
class _Found:
    """A stream, on the service's clock."""

    parts: tuple[ScreenPart, ...]
    offset: ClockOffset
    base_us: int
    keeps: tuple[Span, ...]
    leads_us: tuple[int, ...]
    """By span of `keeps`: since when nothing forbids to decode what came before it."""
    first_us: int


def _streams(inputs: Inputs, shown: Sequence[Leg], applied_us: int) -> tuple[_Found, ...]:
    by_stream: dict[str, list[ScreenPart]] = {}
    for part in sorted(inputs.parts, key=_part_order):
        by_stream.setdefault(part.stream.stream, []).append(part)
    found = (_found(parts, inputs, shown, applied_us) for parts in by_stream.values())
    some = [one for one in found if one is not None]
    return tuple(sorted(some, key=lambda one: (one.first_us, one.parts[0].stream.stream)))


def _part_order(part: ScreenPart) -> tuple[str, int, int, str]:
    return part.stream.stream, part.seq_first, part.seq_last, part.part_key


def _found(
    parts: Sequence[ScreenPart], inputs: Inputs, shown: Sequence[Leg], applied_us: int
) -> _Found | None:
    """One offset for the whole stream, the best that was measured: its frame times never jump.

    Masks of every call of the agent count: what must not be seen is on the screen whichever call it is for.
    """
    stream = parts[0].stream
    best = min(parts, key=lambda one: (one.offset.error_us, one.offset.ahead_us))
    offset = best.offset
    service_us = 0 if inputs.service is None else inputs.service.error_us
    masks = [
        widened(mask, offset.error_us + service_us)
        for leg in inputs.legs
        if leg.agent_key in stream.agents
        for mask in leg.masks
    ]
    mine = [leg for leg in inputs.legs if leg.agent_key in stream.agents]
    keeps = without((leg.span for leg in shown if leg.agent_key in stream.agents), masks)
    kept = [leg.span for leg in mine if leg.verdict is Verdict.KEPT]
    closed = without((_surely(leg.span) for leg in mine if leg.verdict is not Verdict.KEPT), kept)
    placed = [(part, _span(part, best, applied_us)) for part in parts]
    inside = [(part, span) for part, span in placed if any(overlap(span, one) for one in keeps)]
    if not inside:
        return None
    since_us = min(span.from_us for _, span in inside)
    begins = [
        max(span.from_us, keep.from_us)
        for _, span in placed
        for keep in keeps
        if overlap(span, keep)
    ]
    base_us = _begin_us(best) + applied_us
    return _Found(
        parts=tuple(part for part, _ in inside),
        offset=offset,
        base_us=base_us,
        keeps=keeps,
        leads_us=tuple(_lead_us(one, since_us, (*masks, *closed)) for one in keeps),
        first_us=min(begins),
    )


def _surely(span: Span) -> Span:
    """A stretch of which nothing may be in a file, not even unseen."""
    return Span(span.from_us, None if span.to_us is None else span.to_us + WHOLE_US)


def _lead_us(keep: Span, since_us: int, forbidden: Sequence[Span]) -> int:
    """A frame builds on those before it, which may be of any time but a mask or a call that is not archived."""
    allowed = without([Span(since_us, keep.from_us)], forbidden)
    return allowed[-1].from_us if allowed and allowed[-1].to_us == keep.from_us else keep.from_us


def _begin_us(part: ScreenPart) -> int:
    """Of its stream. What a desktop sends after it was started again is told on another clock."""
    return part.stream.t0_us - part.offset.ahead_us


def _span(part: ScreenPart, best: ScreenPart, applied_us: int) -> Span:
    """Of a part, by the best measure of its whole stream; the last frame lies inside."""
    shift_us = _begin_us(best) - _begin_us(part) + applied_us
    return Span(part.from_us + shift_us, part.to_us + shift_us + 1)


def _stream(found: _Found, origin_us: int) -> Stream:
    stream = found.parts[0].stream
    return Stream(
        stream=stream.stream,
        desktop=stream.desktop,
        agents=tuple(sorted(stream.agents)),
        base_us=found.base_us - origin_us,
        keeps=tuple(
            _keep(span, lead_us, origin_us)
            for span, lead_us in zip(found.keeps, found.leads_us, strict=True)
        ),
        parts=tuple(
            Part(
                part_key=part.part_key,
                object_key=part.object_key,
                size_bytes=part.size_bytes,
                sha256=part.sha256,
                seq_first=part.seq_first,
                seq_last=part.seq_last,
            )
            for part in found.parts
        ),
    )


def _keep(span: Span, lead_us: int, origin_us: int) -> Keep:
    return Keep(
        lead_us=lead_us - origin_us,
        from_us=span.from_us - origin_us,
        to_us=None if span.to_us is None else span.to_us - origin_us,
    )


def _masks(legs: Iterable[Leg], shown: Sequence[Leg], origin_us: int) -> tuple[Mask, ...]:
    """As the platform told them; what is left out is a little longer, by what the clocks may be wrong."""
    return tuple(
        _mask(agent, span, origin_us)
        for agent, span in _masked(legs)
        if any(overlap(span, leg.span) for leg in shown if leg.agent_key == agent)
    )


def _masked(legs: Iterable[Leg]) -> tuple[tuple[str, Span], ...]:
    """Of each agent, in order of their begin."""
    spans: dict[str, list[Span]] = {}
    for leg in legs:
        spans.setdefault(leg.agent_key, []).extend(leg.masks)
    found = [(agent, span) for agent, mine in spans.items() for span in union(mine)]
    return tuple(sorted(found, key=lambda one: (one[1].from_us, one[0])))


def _mask(agent: str, span: Span, origin_us: int) -> Mask:
    ends_ms = None if span.to_us is None else ms(span.to_us - origin_us)
    return Mask(agent=agent, start_ms=ms(span.from_us - origin_us), end_ms=ends_ms)


def _clocks(service: ClockOffset | None, applied_us: int, streams: Iterable[_Found]) -> Clocks:
    return Clocks(
        service=ServiceClock(
            ahead_us=None if service is None else service.ahead_us,
            error_us=None if service is None else service.error_us,
            applied_us=applied_us,
        ),
        desktops=tuple(
            DesktopClock(
                part_key=part.part_key,
                stream=part.stream.stream,
                node=part.node,
                ahead_us=part.offset.ahead_us,
                error_us=part.offset.error_us,
                applied_us=found.offset.ahead_us,
            )
            for found in streams
            for part in found.parts
        ),
    )


def ms(position_us: int) -> int:
    """The nearest millisecond."""
    return (position_us + 500) // 1000
