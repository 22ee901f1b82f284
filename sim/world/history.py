"""What led to a violation, in a few lines: lives, faults and roles, and what was done with the items concerned."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from heapq import merge
from typing import Final, TypeAlias

LINES_MAX: Final = 20
_STORY_MAX: Final = 2_000
_KEPT_OF_ITEM: Final = 12
_SHOWN_OF_STORY: Final = 12

Line: TypeAlias = tuple[int, int, str]
"""Instant in nanoseconds, order of writing, text."""


class History:
    """Takes down short lines as things happen; `of` picks those that concern a violation."""

    def __init__(self) -> None:
        self._story: deque[Line] = deque(maxlen=_STORY_MAX)
        self._about: dict[str, deque[Line]] = {}
        self._lines = 0

    def world(self, at_ns: int, text: str) -> None:
        """Something that concerns everything: a life, a fault, a role."""
        self._lines += 1
        self._story.append((at_ns, self._lines, text))

    def about(self, at_ns: int, keys: Iterable[str], text: str) -> None:
        """Something that concerns items, or sources."""
        self._lines += 1
        for key in keys:
            self._about.setdefault(key, deque(maxlen=_KEPT_OF_ITEM)).append(
                (at_ns, self._lines, text)
            )

    def of(self, keys: Iterable[str], lines_max: int = LINES_MAX) -> tuple[str, ...]:
        """The newest lines about `keys`, among the newest about everything, in order of time."""
        lines = {line for key in keys for line in self._about.get(key, ())}
        mine = sorted(lines)[-(lines_max - min(_SHOWN_OF_STORY, len(self._story))) :]
        story = [*self._story][-(lines_max - len(mine)) :]
        return tuple(f"{at_ns / 1e9:.3f} s  {text}" for at_ns, _, text in merge(mine, story))
