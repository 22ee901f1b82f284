"""S5 at the Data Center: a stale term changes nothing, and progress never goes back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from recorder.model import SourceProgress
from sim.checkers.violation import Violation

PROMISE = "one_primary"
MARKS = "watermark_never_ahead"


@dataclass
class FenceBook:
    """Takes every control write that was accepted."""

    highest: dict[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])
    """(epoch, watermark) of each source."""

    def written(
        self, call: str, term: int, highest_term: int, progress: Mapping[str, SourceProgress]
    ) -> Iterator[Violation]:
        """`call` was accepted in `term`, while the lease row had `highest_term`."""
        if term < highest_term:
            yield Violation(PROMISE, "a control write of a stale term was accepted", (call,))
        for source, row in progress.items():
            mark = (row.epoch, row.watermark_us)
            if mark < self.highest.get(source, mark):
                yield Violation(MARKS, "a watermark went back within its epoch", (source,))
            self.highest[source] = mark
