"""How many more jobs a node takes, and of which group. Pure.

Jobs of one group share its room on a node; no group ever waits for the room of another one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Capacity:
    """The word of one node: what it takes of each group it names, and of any other."""

    free: int = 0
    """Of a group that is not named, and all that a node says that knows of no groups."""
    by_group: Mapping[str, int] = field(default_factory=dict[str, int])

    def of(self, group: str) -> int:
        """Jobs of `group` it takes now."""
        return self.by_group.get(group, self.free)

    @property
    def total(self) -> int:
        """Jobs it takes now, of whatever group."""
        return sum(self.by_group.values()) if self.by_group else self.free

    def less(self, groups: Iterable[str]) -> Capacity:
        """What is left after one job of each of these groups; the same group may come again."""
        left, taken = dict(self.by_group), 0
        for group in groups:
            taken += 1
            if group in left:
                left[group] = max(0, left[group] - 1)
        return shared_out(left) if left else Capacity(max(0, self.free - taken))


def shared_out(by_group: Mapping[str, int]) -> Capacity:
    """Each group has a share of its own.

    A peer that knows of no groups hears the smallest share: what it gives in ignorance of them then
    finds room, whatever group it is of.
    """
    return Capacity(min(by_group.values(), default=0), by_group)


class Room:
    """The last word of one node, less what it was given and does not reckon with yet."""

    def __init__(self) -> None:
        self._word = Capacity()
        self._taken: dict[str, int] = {}

    @property
    def taken(self) -> int:
        """Jobs that the word does not reckon with."""
        return sum(self._taken.values())

    def said(self, word: Capacity) -> None:
        """The node says what it takes; what it was given counts on."""
        self._word = word

    def take(self, group: str) -> None:
        """It was given a job."""
        self._taken[group] = self._taken.get(group, 0) + 1

    def give_back(self, group: str) -> None:
        """One of them is in its word, or will never be."""
        self._taken[group] -= 1
        assert self._taken[group] >= 0, "more was given back than taken"

    def clear(self) -> None:
        """Nothing was given."""
        self._taken.clear()

    def of(self, group: str) -> int:
        """How many more jobs of `group` it should be given now."""
        taken = self._taken.get(group, 0) if group in self._word.by_group else self.taken
        return max(0, self._word.of(group) - taken)

    @property
    def left(self) -> Capacity:
        """The same for all groups."""
        if not self._word.by_group:
            return Capacity(max(0, self._word.free - self.taken))
        return shared_out({group: self.of(group) for group in self._word.by_group})
