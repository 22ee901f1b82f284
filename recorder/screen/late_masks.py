"""Masks that are heard when the part is archived: the part is fetched back, rewritten, and replaced.

    1. look     which parts of this node on record touch a masked span
    2. adopt    each of them back into the call buffer; from there on it is a part like any other that touches a mask
    3.          it is rewritten, and what came of it is archived under names of its own
    4. forget   the old one: its object goes, that is put on record with the legal holds it overrode, then its row names the reason

A crash anywhere is healed by looking again: the rewritten parts have names that follow from what is in them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from cluster.board import Board
from cluster.ports import Address, Clock, Outcome, Workers
from cluster.status import PeerStatus
from recorder.errors import ArchiveError, DataCenterError
from recorder.model import Window
from recorder.ports.audit import AuditTrail
from recorder.records.audit import SYSTEM
from recorder.scn.holds_over import overriding
from recorder.scn.masks import was_replaced
from recorder.scn.messages import LegsChanged
from recorder.scn.model import ScreenPart, Span
from recorder.scn.verdicts import masks_of, touches_mask
from recorder.screen.keeper import Keeper
from recorder.screen.part_job import PartTools

_FAR_US: Final = 2**62
MASKED: Final = "masked"
_HOUR_US: Final = 3_600_000_000
"""What a part became may have ended before the mask began."""


@dataclass(frozen=True, slots=True)
class MasksLooked:
    """Somebody looked for parts that show what is masked; None when nobody answered."""

    agent: str
    masks: tuple[Span, ...]
    outcome: Outcome[Found | None]


@dataclass(frozen=True, slots=True)
class PartsForgotten:
    """Replaced parts are gone; those that are not are found again."""

    outcome: Outcome[tuple[str, ...]]


ORPHAN_NS: Final = 600 * 10**9
"""A node that was away for so long leaves its parts on record to whoever is there."""


@dataclass(frozen=True, slots=True)
class Found:
    """Parts on record that show what is masked."""

    parts: tuple[ScreenPart, ...]
    left: int
    """That are another node's to rewrite, as long as it is not away for too long, or could not be forgotten now."""


class Peers:
    """Which other nodes were there lately."""

    def __init__(self, board: Board, clock: Clock) -> None:
        self._board = board
        self._clock = clock
        self._begun_ns = clock.monotonic_ns()
        self._seen_ns: dict[str, int] = {}

    def lately(self) -> frozenset[str] | None:
        """Their names; None for any: this node has not been there for long itself."""
        now_ns = self._clock.monotonic_ns()
        peer = self._board.read("peer", PeerStatus)
        if peer is not None and peer.connected:
            self._seen_ns[peer.node] = now_ns
        if now_ns - self._begun_ns < ORPHAN_NS:
            return None
        return frozenset(
            node for node, seen_ns in self._seen_ns.items() if now_ns - seen_ns < ORPHAN_NS
        )


class LateMasks:
    """Of one node: the parts it archived itself, and those of nodes that are gone."""

    def __init__(
        self,
        *,
        node: str,
        keeper: Keeper,
        tools: PartTools,
        lane: Workers,
        me: Address[MasksLooked | PartsForgotten],
        trail: AuditTrail,
        peers: Peers,
    ) -> None:
        """`lane` is that of the archive."""
        self._node = node
        self._keeper = keeper
        self._tools = tools
        self._lane = lane
        self._me = me
        self._trail = trail
        self._peers = peers
        self._wanted: dict[str, tuple[Span, ...]] = {}
        """Masks of agents to be looked after."""
        self._known: dict[str, tuple[Span, ...]] = {}
        """Masks that were looked after."""
        self._replaced: dict[str, ScreenPart] = {}
        self._forgetting = False

    def legs_changed(self, changed: LegsChanged) -> None:
        """Masks that are new are looked after at once, and again until somebody answered."""
        masks = masks_of(changed.legs)
        if masks and masks != self._known.get(changed.agent_key):
            self._wanted[changed.agent_key] = masks
            self._look(changed.agent_key)

    def again(self) -> None:
        """Once in a while: whatever could not be done, or is another node's to do and is not done."""
        self._peers.lately()
        for agent in list(self._wanted):
            self._look(agent)
        self.forget_replaced()

    def looked(self, looked: MasksLooked, found: Found | None) -> None:
        """Fetch them back; once nothing is found, these masks are done with."""
        for row in found.parts if found is not None else ():
            self._keeper.adopt(row, partial(self._tools.archive.open, row.object_key))
        if found == Found((), 0) and self._wanted.get(looked.agent) == looked.masks:
            del self._wanted[looked.agent]
            self._known[looked.agent] = looked.masks

    def forget_replaced(self) -> None:
        """What was replaced by parts that are on record goes."""
        self._replaced |= {row.part_key: row for row in self._keeper.take_replaced()}
        if self._replaced and not self._forgetting:
            self._forgetting = True
            rows = tuple(self._replaced.values())
            job = partial(forget_masked, self._tools, self._trail, rows)
            self._lane.submit(job, self._me, PartsForgotten)

    def forgotten(self, keys: Sequence[str]) -> None:
        """The others are tried again."""
        self._forgetting = False
        for key in keys:
            del self._replaced[key]

    def _look(self, agent: str) -> None:
        masks = self._wanted[agent]
        job = partial(
            masked_parts,
            self._tools,
            self._trail,
            agent,
            masks,
            node=self._node,
            peers=self._peers.lately(),
        )
        self._lane.submit(job, self._me, partial(MasksLooked, agent, masks))


def masked_parts(
    tools: PartTools,
    trail: AuditTrail,
    agent: str,
    masks: tuple[Span, ...],
    *,
    node: str,
    peers: frozenset[str] | None,
) -> Found | None:
    """Job: parts on record that may show a masked span; None when the database does not answer.

    Those of `peers` are theirs to rewrite; None: all but those of `node`.
    """
    begin_us = min(span.from_us for span in masks)
    end_us = max(_FAR_US if span.to_us is None else span.to_us for span in masks)
    try:
        parts = tools.db.parts([agent], Window(max(0, begin_us - _HOUR_US), end_us))
        shown = [
            part
            for part in parts
            if touches_mask(part.from_us, part.to_us, part.offset.error_us, masks)
        ]
        touching = [
            part
            for part in shown
            if part.node == node or (peers is not None and part.node not in peers)
        ]
        replaced = [
            part
            for part in touching
            if tools.archive.info(part.object_key) is None and was_replaced(part, masks, parts)
        ]
    except (DataCenterError, ArchiveError):
        return None
    again = len(replaced) - len(forget_masked(tools, trail, replaced))
    mine = tuple(part for part in touching if part not in replaced)
    return Found(mine, len(shown) - len(touching) + again)


def forget_masked(
    tools: PartTools, trail: AuditTrail, rows: Sequence[ScreenPart]
) -> tuple[str, ...]:
    """Job: the object first, as it shows what nobody may see, whatever hold there is.

    Before the row goes it is on record, with the holds. Those that went; the others are to be tried again.
    """
    gone: list[str] = []
    for row in rows:
        try:
            tools.archive.delete(row.object_key)
            tools.trap("discard")
            detail = overriding(tools.holds.part(row))
            once = f"screen_masked:{row.part_key}"
            trail.record("screen_masked", row.part_key, SYSTEM, detail, once=once)
            tools.db.forget_part(row.part_key, MASKED)
        except (DataCenterError, ArchiveError):
            continue
        gone.append(row.part_key)
    return tuple(gone)
