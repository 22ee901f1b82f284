"""S7 as a trace shows it: what a node knew of its agents, what it told their desktops, and what became of the parts.

Each node is judged by what it had been told itself, and only where its trace tells enough: a part that was there
before the trace began, or an agent nobody spoke of, is not held against it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from recorder.scn.model import Verdict
from recorder.scn.verdicts import CUT_WITHIN_US
from recorder.screen.desktops import TOLD_AGAIN_NS
from recorder.screen.reception import PARTED_NS
from recorder.tracing.rows import TraceRow
from sim.checkers.screen_orders import ORDER_US, Orders
from sim.checkers.screen_told import SURE_US, Told, ToldPart, covers, part_of, wrong
from sim.checkers.violation import Violation

_S: Final = 1_000_000
AFTER_US: Final = (PARTED_NS + TOLD_AGAIN_NS) // 1000
"""So long after the last leg ended, and the node knew, frames may be written yet: the part of a desktop that went away
stays open for its return, and one that does not obey is told again."""
REFUSED_US: Final = 30 * _S
"""Within this what was refused is gone from the call buffer."""
LATE_MASK_US: Final = 150 * _S
"""Within this a part that was archived before its mask was heard is replaced: it is looked for once a minute, and again."""
_WHOLE: Final = frozenset({"sealed", "copied", "fetched", "found"})


class ScreensOfNode:
    """Takes the rows of one life of one node, in order. Instants are microseconds on its clock."""

    def __init__(self, node: str) -> None:
        self._node = node
        self._told = Told()
        self._orders = Orders(self._told)
        self._late: dict[str, int] = {}
        """Parts archived before their mask was heard, and since when both is so."""
        self._now_us = 0

    def passes(self, now_us: int) -> Iterator[Violation]:
        """Any row of the node."""
        self._now_us = now_us
        return self._orders.passes(self._node, now_us)

    def row(self, row: TraceRow, now_us: int) -> Iterator[Violation]:
        """A row about screens."""
        key = str(row.data.get("part", ""))
        part = self._told.parts.get(key)
        if row.what == "legs":
            self._legs(row, now_us)
        elif row.what == "first":
            at_us = int(row.data.get("at_us", 0))
            self._told.parts[key] = part_of(row, [(at_us, at_us)], whole=False)
        elif row.what in _WHOLE:
            yield from self._whole(key, row, now_us)
        elif row.what == "kept" and part is not None:
            part.marked = True
        elif row.what == "deleted" and part is not None and not part.archived:
            del self._told.parts[key]
            yield from self._deleted(key, part, now_us)
        elif row.what == "archived" and part is not None and not part.archived:
            yield from self._archived(key, part, row, now_us)
        elif row.what == "forgotten":
            self._late.pop(key, None)
        elif not key:
            self._orders.row(row, now_us)

    def at_the_end(self) -> Iterator[Violation]:
        """What should have happened by the last row, of a node that lives then."""
        for key, part in self._told.parts.items():
            if self._is_left(part):
                yield wrong(
                    "the screen of a call that was not answered is in the call buffer", [key]
                )
        for key, since_us in self._late.items():
            if self._now_us - since_us > LATE_MASK_US:
                yield wrong("a masked screen stays in the archive", [key])

    # -- rows ----

    def _legs(self, row: TraceRow, now_us: int) -> None:
        agent = self._told.tell(row, now_us)
        self._orders.look(now_us)
        for key, part in self._told.parts.items():
            if part.archived and agent in part.agents:
                if self._told.masks_shown(part):
                    self._late.setdefault(key, now_us)
                else:
                    self._late.pop(key, None)

    def _whole(self, key: str, row: TraceRow, now_us: int) -> Iterator[Violation]:
        runs = [(int(a), int(b)) for a, b in row.data.get("runs", ())]
        if not runs:
            return
        before, source = (self._told.parts.get(name) for name in (key, str(row.data.get("of", ""))))
        part = self._told.parts[key] = part_of(row, runs, whole=True)
        part.archived = row.what == "fetched"
        part.marked |= any(one.marked for one in (before, source) if one is not None)
        if source is not None:
            source.replaced = True
        if row.what == "sealed":
            yield from self._beyond(part, int(row.data.get("began_us", 0)), now_us)

    def _beyond(self, part: ToldPart, began_us: int, now_us: int) -> Iterator[Violation]:
        """Frames of a time when nobody had had a call for long, and the node knew."""
        if not part.is_sure or any(agent not in self._told.legs for agent in part.agents):
            return
        ends_us: list[int] = []
        for leg in self._told.legs_of(part.agents):
            if leg.span.to_us is None:
                return
            if leg.span.to_us >= began_us:
                ends_us.append(max(leg.span.to_us, self._told.over_us.get(leg.place, now_us)))
        if ends_us and part.to_us > max(ends_us) + AFTER_US:
            yield wrong("an agent without a call was recorded", (*part.agents, part.stream))

    def _deleted(self, key: str, part: ToldPart, now_us: int) -> Iterator[Violation]:
        told = self._told
        if part.replaced or not part.is_sure or told.was_masked(part):
            return
        if part.marked:
            yield wrong("a screen that was marked as kept is deleted", (key, *part.agents))
            return
        for leg in told.legs_of(part.agents):
            # A leg that began just before the end of a part has a part of its own.
            own = not part.from_us < leg.span.from_us >= part.to_us - CUT_WITHIN_US - SURE_US
            sure = leg.touches(part.from_us + SURE_US, part.to_us - SURE_US)
            known = now_us - told.kept_us.get(leg.place, now_us) > ORDER_US
            if leg.verdict is Verdict.KEPT and known and own and sure:
                yield wrong("the screen of an answered call is deleted", (leg.call, key))

    def _archived(
        self, key: str, part: ToldPart, row: TraceRow, now_us: int
    ) -> Iterator[Violation]:
        part.archived = True
        moved_us = int(row.data.get("from_us", part.from_us)) - part.from_us
        part.runs = [(a + moved_us, b + moved_us) for a, b in part.runs]
        for mask in self._told.masks_shown(part):
            # What was told before the file was closed was known to whoever sent it to the archive.
            known = (told for agent in part.agents for told in self._told.masks.get(agent, ()))
            if any(number < part.row and covers(one, mask) for number, one in known):
                yield wrong("a masked screen is archived", (key, *part.agents))
            else:
                self._late.setdefault(key, now_us)
        yield from self._unanswered(key, part)

    def _unanswered(self, key: str, part: ToldPart) -> Iterator[Violation]:
        from_us, to_us = part.from_us - SURE_US, part.to_us + SURE_US
        legs = [leg for leg in self._told.legs_of(part.agents) if leg.touches(from_us, to_us)]
        answered = any(
            span.from_us <= to_us and (span.to_us is None or span.to_us >= from_us)
            for span in self._told.kept_of(part.agents)
        )
        refused = bool(legs) and all(leg.verdict is Verdict.DELETED for leg in legs)
        if refused and part.is_sure and not answered and not part.marked:
            what = "the screen of a call that was not answered is archived"
            yield wrong(what, (*(leg.call for leg in legs), key))

    def _is_left(self, part: ToldPart) -> bool:
        """Whether a part that only refused legs cover is there for long."""
        if part.archived or part.marked or part.replaced or not part.is_sure:
            return False
        legs = [
            leg for leg in self._told.legs_of(part.agents) if leg.touches(part.from_us, part.to_us)
        ]
        told_us = [self._told.refused_us.get(leg.place, self._now_us) for leg in legs]
        return bool(legs) and self._now_us - max(told_us) > REFUSED_US
