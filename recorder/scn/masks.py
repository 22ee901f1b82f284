"""What masks that are heard late mean for parts on record, for every stage that carries them out. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from recorder.scn.model import ScreenPart, Span


def was_replaced(part: ScreenPart, masks: Iterable[Span], listed: Iterable[ScreenPart]) -> bool:
    """Whether a part on record, whose object is gone, was masked by a life that died before it could forget the row.

    What it became is among the parts `listed`, or a mask covers it from end to end, so that nothing may be left of
    it. Without either the object is missing for another reason, and the row stays.
    """
    covered = any(
        mask.from_us <= part.from_us and (mask.to_us is None or part.to_us < mask.to_us)
        for mask in masks
    )
    return covered or any(
        one.part_key != part.part_key
        and one.stream.stream == part.stream.stream
        and one.node == part.node
        and part.seq_first <= one.seq_first <= one.seq_last <= part.seq_last
        for one in listed
    )
