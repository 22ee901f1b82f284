"""What is checked: each model as it is meant, and with one deliberate error at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Case:
    """One exhaustive search. `flag` is the deliberate error; empty for the model as it is meant."""

    model: str
    flag: str = ""
    defines: tuple[str, ...] = ()
    """How large the world is, and which part of it is switched on."""
    what: str = ""

    @property
    def holds(self) -> bool:
        """Whether the promises are expected to hold."""
        return not self.flag

    @property
    def name(self) -> str:
        """Unique among the cases."""
        return " ".join((self.model, *self.defines, self.flag)).strip()


WATERMARK = "watermark"
_STRAY = ("STRAY", "CRASHES=0")

WATERMARK_ERRORS = (
    ("NEWEST_COMPLETED", "the mark moves to the newest completed item"),
    ("DONE_BEFORE_COMMIT", "an item counts as final when it is downloaded"),
    ("OPEN_BOUND", "windows begin above their lower bound"),
    ("NO_OVERLAP", "an overlap of zero"),
    ("MOVE_BEFORE_FOUND", "the horizon moves before the items are held"),
    ("LATE_END", "a window ends when its last page was listed"),
    ("TOKEN_KEPT", "the page token of an interrupted poll is used again"),
    ("CLAIM_KEPT", "a dead node keeps its items"),
)
STRAY_ERRORS = (
    ("REWIND_NO_EPOCH", "marks are merged by instant alone"),
    ("GAP_ACCEPTED", "a window that leaves a gap moves the horizon"),
)


def cases() -> Iterator[Case]:
    """All of them, the sound ones of a model first."""
    yield Case(WATERMARK, what="roles lost and gained at will, a crash, late items")
    yield Case(WATERMARK, defines=_STRAY, what="an item later than promised, and a rewind")
    for flag, what in WATERMARK_ERRORS:
        yield Case(WATERMARK, flag, what=what)
    for flag, what in STRAY_ERRORS:
        yield Case(WATERMARK, flag, _STRAY, what)
