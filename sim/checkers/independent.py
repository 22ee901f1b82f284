"""A source that is broken, slow or throttled delays no other: those that are left alone are archived as usual."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from sim.checkers.healing import Patience
from sim.checkers.violation import Violation
from sim.truth import TruthItem

PROMISE = "independent"
CALM_US: Final = 60_000_000
"""After trouble of its own a source may have a backlog for so long."""

_FOR_EVER: Final = 1 << 62


@dataclass
class _Trouble:
    """When something was wrong that concerns one source: begins and ends, in order of the begins."""

    spans: list[list[int]] = field(default_factory=list[list[int]])
    active: int = 0

    def begins(self, now_us: int) -> None:
        if not self.active:
            self.spans.append([now_us, _FOR_EVER])
        self.active += 1

    def ends(self, now_us: int) -> None:
        self.active -= 1
        if not self.active:
            self.spans[-1][1] = now_us

    def within(self, from_us: int, to_us: int) -> bool:
        return any(begin <= to_us and end >= from_us for begin, end in self.spans)


@dataclass
class IndependenceBook:
    """Takes faults and lives as they happen, in true time."""

    sources: Collection[str]
    _trouble: dict[str, _Trouble] = field(default_factory=dict[str, _Trouble])
    beside: int = 0
    """Items judged while another source was in trouble."""

    def __post_init__(self) -> None:
        """Nothing was wrong yet."""
        self._trouble = {source: _Trouble() for source in self.sources}

    def begins(self, source: str, now_us: int) -> None:
        """Something is wrong with a source, or, without a name, with what all of them need."""
        for one in self._concerned(source):
            one.begins(now_us)

    def ends(self, source: str, now_us: int) -> None:
        """It is over."""
        for one in self._concerned(source):
            one.ends(now_us)

    def strikes(self, now_us: int) -> None:
        """Something happened that concerns all, and is over at once: a process began or ended."""
        self.begins("", now_us)
        self.ends("", now_us)

    def check(
        self,
        truth: Iterable[TruthItem],
        archived_us: Mapping[tuple[str, str, str], int],
        failed: Collection[tuple[str, str, str]],
        now_us: int,
        patience: Mapping[str, Patience],
    ) -> Iterator[Violation]:
        """At the end of a run; places are source, key and version."""
        slow: dict[str, list[str]] = {}
        for item in truth:
            place = (item.source, item.key, item.version)
            limit_us = round(_limit_s(item, patience[item.source], place in failed) * 1e6)
            # A row that changed before it was listed is listed by its new stamp.
            from_us = max(item.offered_us, item.changed_us)
            until_us = from_us + limit_us
            mine = self._trouble[item.source]
            if not item.must_be_archived or until_us > now_us:
                continue
            if mine.within(from_us - CALM_US, until_us):
                continue
            self.beside += self._others_in_trouble(item, until_us)
            if archived_us.get(place, _FOR_EVER) > until_us:
                slow.setdefault(item.source, []).append(item.key)
        for source, keys in slow.items():
            what = f"items of {source} came late although nothing was wrong with it"
            yield Violation(PROMISE, what, tuple(keys))

    def _others_in_trouble(self, item: TruthItem, until_us: int) -> bool:
        return any(
            one.within(item.offered_us, until_us)
            for source, one in self._trouble.items()
            if source != item.source
        )

    def _concerned(self, source: str) -> Iterator[_Trouble]:
        for name, one in self._trouble.items():
            if source in {"", name}:
                yield one


def _limit_s(item: TruthItem, patience: Patience, tried: bool) -> float:  # noqa: FBT001 - internal
    limit_s = patience.poll_s + patience.ingest_s
    limit_s += patience.retry_s if tried else 0.0
    return limit_s + (patience.look_back_s if item.late else 0.0)
