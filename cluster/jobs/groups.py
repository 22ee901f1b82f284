"""Jobs in groups that must not delay each other: a line, and a record of who breaks what, for each. Pure.

A group that fails everywhere says nothing about the nodes' work for other groups; hence trust is by group.
"""

from __future__ import annotations

from collections.abc import Callable

from cluster.jobs.trust import Trust
from cluster.jobs.waiting import Line


class Group:
    """One group: who waits, who is trusted with it, how many of it are claimed."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.line = Line()
        self.trust = Trust()
        self.claimed = 0


class Groups:
    """Every group ever heard of, by what `group_of` makes of a key; it must know few."""

    def __init__(self, group_of: Callable[[str], str]) -> None:
        self._group_of = group_of
        self._groups: dict[str, Group] = {}

    def of(self, key: str) -> Group:
        """The group of a job."""
        name = self._group_of(key)
        group = self._groups.get(name)
        if group is None:
            group = self._groups[name] = Group(name)
        return group

    def all(self) -> tuple[Group, ...]:
        """In the order they were heard of."""
        return tuple(self._groups.values())

    def in_turn(self) -> list[Group]:
        """Those with work, the one with the fewest claims first: of room that is shared it is owed most."""
        return sorted((g for g in self._groups.values() if len(g.line)), key=lambda g: g.claimed)

    def clear(self) -> None:
        """Nothing waits, nothing is claimed, everyone is trusted."""
        self._groups.clear()

    @property
    def waiting(self) -> int:
        """Jobs that nobody has."""
        return sum(len(group.line) for group in self._groups.values())
