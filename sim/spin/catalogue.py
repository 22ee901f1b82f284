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
ROLE = "role_and_lease"
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

_WRITES = ("WRITES", "FAULTS=1")
ROLE_ERRORS = (
    Case(ROLE, "FROM_REPLY", what="belief in the lease is counted from the answer"),
    Case(ROLE, "TERM_NOT_SAVED", ("TERM_MAX=8",), "a reign begins before its term is durable"),
    Case(ROLE, "STALE_RENEW", what="the row is renewed for a term that is over"),
    Case(ROLE, "STALE_WRITE", _WRITES, "a control write of an older term is taken"),
    Case(ROLE, "ANY_EVIDENCE", what="evidence ends reigns that began after it"),
    Case(ROLE, "LATE_EVIDENCE", what="evidence is dated when it is handled"),
    Case(ROLE, "CLOCK_STOPS", what="a pause does not count, and is not doubted"),
    Case(ROLE, "COUNT_ON_ALONE", what="alone, a node takes the next term"),
    Case(ROLE, "ANY_DIGIT", ("FIRST_TERM=7",), "a node acts in a term taken alone"),
    Case(ROLE, "DUTY_KEPT", what="the lease changes hands before duty ended"),
    Case(ROLE, "UNKNOWN_IS_NO", what="an unanswered transfer counts as not done"),
    Case(ROLE, "SPENT_FORGOTTEN", what="a new process goes on with an old reign"),
)


def cases() -> Iterator[Case]:
    """All of them, the sound ones of a model first."""
    yield Case(WATERMARK, what="roles lost and gained at will, a crash, late items")
    yield Case(WATERMARK, defines=_STRAY, what="an item later than promised, and a rewind")
    for flag, what in WATERMARK_ERRORS:
        yield Case(WATERMARK, flag, what=what)
    for flag, what in STRAY_ERRORS:
        yield Case(WATERMARK, flag, _STRAY, what)
    yield Case(ROLE, what="any two of: crash, pause, no Data Center, slow call, link, hand-over")
    yield Case(ROLE, defines=("FIRST_TERM=7", "FAULTS=1"), what="begun in a term taken alone")
    yield Case(ROLE, defines=_WRITES, what="control writes that arrive late")
    yield from ROLE_ERRORS
