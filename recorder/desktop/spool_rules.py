"""What of a stream is still needed, where to go on, what must go. Pure.

A *group* of pictures is a key frame and what follows up to the next one: nothing less can be shown, so
nothing less is kept, sent again or dropped. Sequence numbers count from 0 within a stream.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Extent(NamedTuple):
    """The numbers and the size of one group."""

    first: int
    last: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Lost:
    """A stretch that was dropped before a node had it."""

    stream: str
    first: int
    last: int
    size_bytes: int


def needless(groups: Sequence[Extent], kept: int, *, ended: bool) -> int:
    """How many of the oldest groups may go when a node has everything up to `kept`.

    The newest group of a stream that goes on stays: if that node dies, the other one needs its key frame.
    """
    done = sum(1 for group in groups if group.last <= kept)
    return done if ended else min(done, max(0, len(groups) - 1))


def resume_at(groups: Sequence[Extent], kept: int, next_seq: int | None) -> int:
    """Where to go on after a new connection: at the key frame before what the node wants next.

    `next_seq` is what this node wants, None when it does not know the stream: then what no node has yet.
    Packets that it has already are repeats to it. Never before the oldest that is left.
    """
    wanted = kept + 1 if next_seq is None else max(next_seq, 0)
    starts = [group.first for group in groups if group.first <= wanted]
    if starts:
        return starts[-1]
    return groups[0].first if groups else wanted


def too_much(sizes_bytes: Sequence[int], limit_bytes: int) -> int:
    """How many of the oldest must go so that the rest is within the limit; the newest one always stays."""
    total, gone = sum(sizes_bytes), 0
    while total > limit_bytes and gone < len(sizes_bytes) - 1:
        total -= sizes_bytes[gone]
        gone += 1
    return gone
