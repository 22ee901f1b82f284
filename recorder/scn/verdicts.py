"""What legs mean for a desktop and for a part of its screen. Pure; instants are on the node's clock, in microseconds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from recorder.scn.model import ClockOffset, Leg, ScreenStream, Span, Verdict
from recorder.scn.part import ScnPacket

CUT_WITHIN_US: Final = 3_000_000
"""A part ends so soon after the leg began for which the next part was begun: it is not of that leg."""
MASK_MARGIN_US: Final = 500_000
"""On both sides of a masked span: clocks differ, and nothing of it may survive."""


class Fate(Enum):
    """What becomes of a part."""

    WAIT = "wait"
    """Nobody decided."""
    KEEP = "keep"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a desktop is to do, by what is known of its agents' legs."""

    record: bool | None
    """None: nothing is known, so whatever it does goes on."""
    masked: bool
    calls: tuple[str, ...]
    """That go on now."""


def wish(legs: Iterable[Leg], streaming_since_us: int | None) -> Wish:
    """`streaming_since_us`: since when a desktop streams that this node did not start; None otherwise.

    Only a leg that ended stops it; one that ended before the stream began says nothing about it.
    """
    known = list(legs)
    lasting = [leg for leg in known if leg.span.to_us is None and not _is_deleted(leg)]
    masked = any(mask.to_us is None for leg in known for mask in leg.masks)
    if lasting:
        return Wish(
            record=True, masked=masked, calls=tuple(dict.fromkeys(leg.call for leg in lasting))
        )
    since_us = streaming_since_us
    ended = [leg for leg in known if since_us is None or (leg.span.to_us or 0) >= since_us]
    return Wish(record=False if ended else None, masked=masked, calls=())


def fate(from_us: int, to_us: int, legs: Iterable[Leg]) -> Fate:
    """What becomes of a part that shows [from_us, to_us], by the legs of its agents.

    It is kept when a kept leg touches it, and waits while an undecided one does; what else is touched by a
    deleted leg is deleted. A leg that began just before the end of a part, and after its begin, has a part of
    its own, the one that was cut for it, unless it is all that touches this one. A part that no leg touches waits.
    """
    touching = [leg for leg in legs if _touches(leg, from_us, to_us)]
    own = [leg for leg in touching if not from_us < leg.span.from_us >= to_us - CUT_WITHIN_US]
    verdicts = {leg.verdict for leg in own or touching}
    if Verdict.KEPT in verdicts:
        return Fate.KEEP
    if Verdict.DELETED in verdicts and Verdict.UNDECIDED not in verdicts:
        return Fate.DELETE
    # An undecided leg that is over will hardly be refused any more: then whatever else was answered decides.
    goes_on = any(leg.verdict is Verdict.UNDECIDED and leg.span.to_us is None for leg in own)
    answered = any(leg.verdict is Verdict.KEPT for leg in touching)
    return Fate.KEEP if answered and not goes_on else Fate.WAIT


def calls_of(from_us: int, to_us: int, legs: Iterable[Leg]) -> tuple[str, ...]:
    """Of the legs that touch a part."""
    return tuple(dict.fromkeys(leg.call for leg in legs if _touches(leg, from_us, to_us)))


def masks_of(legs: Iterable[Leg]) -> tuple[Span, ...]:
    """Masked spans with their margins, in order of their begin."""
    spans = [
        Span(
            mask.from_us - MASK_MARGIN_US,
            None if mask.to_us is None else mask.to_us + MASK_MARGIN_US,
        )
        for leg in legs
        for mask in leg.masks
    ]
    return tuple(sorted(set(spans), key=lambda span: (span.from_us, span.to_us or 0)))


def is_masked(at_us: int, error_us: int, masks: Iterable[Span]) -> bool:
    """Whether a frame captured at `at_us`, give or take `error_us`, may lie inside a masked span."""
    return touches_mask(at_us, at_us, error_us, masks)


def touches_mask(from_us: int, to_us: int, error_us: int, masks: Iterable[Span]) -> bool:
    """Whether any of [from_us, to_us], give or take `error_us`, may lie inside a masked span."""
    return any(
        to_us + error_us >= span.from_us and (span.to_us is None or from_us - error_us < span.to_us)
        for span in masks
    )


def pieces(
    packets: Sequence[ScnPacket], stream: ScreenStream, offset: ClockOffset, masks: Sequence[Span]
) -> tuple[tuple[int, int], ...]:
    """What of a part may survive: ranges of `seq`, each from a key frame on, in order.

    Packets inside masked spans are left out, and those behind until the next key frame, as they build on them.
    """
    found: list[tuple[int, int]] = []
    whole = False
    for packet in packets:
        at_us = stream.t0_us + packet.pts_ms * 1000 - offset.ahead_us
        if is_masked(at_us, offset.error_us, masks):
            whole = False
        elif whole:
            found[-1] = (found[-1][0], packet.seq)
        elif packet.is_key:
            whole = True
            found.append((packet.seq, packet.seq))
    return tuple(found)


def _touches(leg: Leg, from_us: int, to_us: int) -> bool:
    return leg.span.from_us <= to_us and (leg.span.to_us is None or leg.span.to_us >= from_us)


def _is_deleted(leg: Leg) -> bool:
    return leg.verdict is Verdict.DELETED
