"""The parts in the call buffer, and what is to be done with each of them next. Pure.

OPEN → SEALING → SEALED → ARCHIVING → gone
         ↑          ↓ ↑
         └─ MASKING ─┘        and from anywhere: DISCARDING → gone
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from recorder.scn.model import ClockOffset, Leg, Span
from recorder.scn.part import UNMEASURED, ScnHead, SealedScn, node_us
from recorder.scn.verdicts import Fate, fate, masks_of, touches_mask

PART_MAX_MS: Final = 3_600_000
"""After so long a part is cut at the next key frame: what is finished leaves the buffer."""


class PartState(Enum):
    """How far a part is."""

    OPEN = "open"
    SEALING = "sealing"
    SEALED = "sealed"
    MASKING = "masking"
    ARCHIVING = "archiving"
    DISCARDING = "discarding"


class Next(Enum):
    """What is to be done with a part."""

    NOTHING = "nothing"
    SEAL = "seal"
    MASK = "mask"
    KEEP = "keep"
    ARCHIVE = "archive"
    DISCARD = "discard"


@dataclass(slots=True)
class Part:
    """One file."""

    head: ScnHead
    offset: ClockOffset
    state: PartState
    first_ms: int
    last_ms: int
    sealed: SealedScn | None = None
    kept: bool = False
    """It is marked, or about to be."""
    is_found: bool = False
    """Of an earlier life of this node."""
    calls: tuple[str, ...] = ()
    """Of every leg that was ever known to touch it."""
    masked_with: tuple[Span, ...] = ()
    """It was rewritten for these."""
    refused: str = ""
    """Why the archive does not take it."""

    @property
    def key(self) -> str:
        """Its name."""
        return self.head.part_key

    @property
    def from_us(self) -> int:
        """First frame, on the node's clock."""
        return node_us(self.head.stream, self.first_ms, self.offset)

    @property
    def to_us(self) -> int:
        """Last frame so far, on the node's clock."""
        return node_us(self.head.stream, self.last_ms, self.offset)

    def measured(self, offset: ClockOffset | None) -> None:
        """Take a better measure of the desktop's clock; not once it is sealed."""
        if offset is not None and self.state is PartState.OPEN:
            self.offset = offset


def found_part(sealed: SealedScn, offset: ClockOffset | None = None) -> Part:
    """The part of a file that is there, sealed."""
    return Part(
        head=sealed.head,
        offset=offset or sealed.head.offset,
        state=PartState.SEALED,
        first_ms=sealed.pts_first_ms,
        last_ms=sealed.pts_last_ms,
        sealed=sealed,
        kept=sealed.kept,
        calls=sealed.head.calls,
    )


def new_part(head: ScnHead, pts_ms: int, masks: tuple[Span, ...]) -> Part:
    """The part that begins with a frame; `masks` are known, so nothing of them is written to it."""
    return Part(
        head, head.offset, PartState.OPEN, pts_ms, pts_ms, calls=head.calls, masked_with=masks
    )


def next_of(part: Part, legs: Sequence[Leg], *, archives: bool) -> Next:
    """What is to be done with a part now, by what is known of its agents' legs.

    `archives`: whether a part that is kept may leave now. Masks come first: nothing that touches one is
    marked or archived before it was rewritten. What is marked stays, whatever is heard later.
    """
    if part.state not in {PartState.OPEN, PartState.SEALED}:
        return Next.NOTHING
    is_open = part.state is PartState.OPEN
    verdict = Fate.KEEP if part.kept else fate(part.from_us, part.to_us, legs)
    if verdict is Fate.DELETE:
        return Next.DISCARD
    if new_masks(part, legs):
        return Next.SEAL if is_open else Next.MASK
    if verdict is Fate.WAIT:
        return Next.NOTHING
    if not part.kept:
        return Next.KEEP
    return Next.ARCHIVE if archives and not is_open and not part.refused else Next.NOTHING


def new_masks(part: Part, legs: Sequence[Leg]) -> tuple[Span, ...]:
    """Masked spans that the part may still show: none of those it was rewritten for."""
    return tuple(
        span
        for span in masks_of(legs)
        if not any(_within(span, known) for known in part.masked_with)
        and touches_mask(part.from_us, part.to_us, _error_us(part), (span,))
    )


def _within(span: Span, known: Span) -> bool:
    """Whether rewriting for `known` was rewriting for `span`, too."""
    if span.from_us < known.from_us:
        return False
    return known.to_us is None or (span.to_us is not None and span.to_us <= known.to_us)


def _error_us(part: Part) -> int:
    """Of a clock nobody measured an hour would be masked for a minute: what is likely must do."""
    return 0 if part.offset.error_us >= UNMEASURED.error_us else part.offset.error_us
