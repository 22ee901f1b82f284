"""Keeps the parts of this node: turns what happens into orders for the files. Pure; the actor runs the orders.

Orders are run one job after the other, in the order in which they came up here, so what is ordered for a part
after its end finds it ended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import BinaryIO

from recorder.scn.model import Leg, ScreenPacket, ScreenPart, Span
from recorder.scn.part import ScnHead, SealedScn
from recorder.scn.verdicts import calls_of
from recorder.screen.file_jobs import (
    FileAdopt,
    FileAppend,
    FileBegin,
    FileDiscard,
    FileKeep,
    FileMask,
    FileOp,
    FilePass,
    FileSeal,
    FilesReport,
    Masked,
)
from recorder.screen.part_job import PartsReport
from recorder.screen.parts import (
    Next,
    Part,
    PartState,
    found_part,
    new_masks,
    new_part,
    next_of,
)

LegsOf = Callable[[Part], tuple[Leg, ...]]
"""What is known of the agents of a part."""


@dataclass(slots=True)
class Counts:
    """Since the start."""

    packets: int = 0
    bytes: int = 0
    archived: int = 0
    deleted: int = 0
    masked: int = 0


class Keeper:
    """Every part in the call buffer of this node."""

    def __init__(self, legs_of: LegsOf, may_archive: Callable[[Part], bool]) -> None:
        """`may_archive`: whether what is kept may leave now."""
        self.parts: dict[str, Part] = {}
        self.counts = Counts()
        self._legs_of = legs_of
        self._may_archive = may_archive
        self._ops: list[FileOp] = []
        self._to_archive: dict[str, None] = {}
        self._lost: list[str] = []
        self._adopted: dict[str, ScreenPart] = {}
        """Parts on record that were fetched back."""
        self._became: dict[str, tuple[str, ...]] = {}
        """Of those, what took their place."""

    def take_ops(self) -> tuple[FileOp, ...]:
        """What the next job on the files is to do; appends that follow one another are one."""
        taken, self._ops = self._ops, []
        return tuple(_joined(taken))

    def take_lost(self) -> tuple[str, ...]:
        """Parts that were open and are no more: their streams begin another one, or none."""
        taken, self._lost = self._lost, []
        return tuple(taken)

    def to_archive(self, limit: int) -> tuple[Part, ...]:
        """What the next job on the archive is to bring there."""
        return tuple(self.parts[key] for key in list(self._to_archive)[:limit])

    # -- from a stream ----

    def begin(self, head: ScnHead, packet: ScreenPacket, masks: tuple[Span, ...]) -> None:
        """A part begins with this packet, which is written next."""
        self.parts[head.part_key] = new_part(head, packet.pts_ms, masks)
        self._ops.append(FileBegin(head))

    def write(self, part_key: str, packet: ScreenPacket) -> None:
        """One more packet of an open part."""
        part = self.parts[part_key]
        assert part.state is PartState.OPEN, "only open parts are written to"
        part.last_ms = packet.pts_ms
        self.counts.packets += 1
        self.counts.bytes += len(packet.data)
        self._ops.append(FileAppend(part_key, part.head.stream.stream, (packet,)))

    def pass_over(self, stream: str, seq: int) -> None:
        """A packet that is not written."""
        self._ops.append(FilePass(stream, seq))

    def seal(self, part_key: str) -> None:
        """Nothing more comes for an open part."""
        part = self.parts.get(part_key)
        if part is not None and part.state is PartState.OPEN:
            part.state = PartState.SEALING
            self._ops.append(FileSeal(part_key))

    # -- decisions ----

    def review(self, agents: Iterable[str] | None = None) -> None:
        """Do what is to be done next with the parts of these agents; None for all."""
        among = None if agents is None else set(agents)
        for part in list(self.parts.values()):
            if among is None or among.intersection(part.head.stream.agents):
                self._review(part)

    def discard(self, part_key: str) -> None:
        """Delete a part, whatever it is."""
        part = self.parts.get(part_key)
        if part is None or part.state is PartState.DISCARDING:
            return
        self._drop(part)
        self.counts.deleted += 1

    def keep(self, part_key: str) -> None:
        """Somebody needs it."""
        part = self.parts.get(part_key)
        if part is not None and not part.kept:
            part.kept = True
            self._ops.append(FileKeep(part_key))

    def adopt(self, row: ScreenPart, fetch: Callable[[], BinaryIO]) -> None:
        """An archived part shows what is masked: fetch it back, and replace it."""
        if row.part_key not in self.parts and row.part_key not in self._adopted:
            self._adopted[row.part_key] = row
            self._ops.append(FileAdopt(row, fetch))

    def take_replaced(self) -> tuple[ScreenPart, ...]:
        """Adopted parts of which everything that may be seen is on record under other names."""
        waiting = {key for names in self._became.values() for key in names if key in self.parts}
        done = [key for key, names in self._became.items() if waiting.isdisjoint(names)]
        for key in done:
            del self._became[key]
        return tuple(self._adopted.pop(key) for key in done)

    def _review_those(self, keys: Iterable[str]) -> None:
        """Only these: looking at every part after every job would cost more than writing them."""
        for key in keys:
            part = self.parts.get(key)
            if part is not None:
                self._review(part)

    def _review(self, part: Part) -> None:
        legs = self._legs_of(part)
        touching = calls_of(part.from_us, part.to_us, legs)
        part.calls = tuple(dict.fromkeys((*part.calls, *touching)))
        match next_of(part, legs, archives=self._may_archive(part)):
            case Next.NOTHING:
                pass
            case Next.SEAL:
                self._lost.append(part.key)
                self.seal(part.key)
            case Next.MASK:
                self._mask(part, legs)
            case Next.KEEP:
                self.keep(part.key)
                self._review(part)
            case Next.ARCHIVE:
                self._to_archive[part.key] = None
            case Next.DISCARD:
                self.discard(part.key)

    def _mask(self, part: Part, legs: tuple[Leg, ...]) -> None:
        assert part.sealed is not None, "only sealed parts are rewritten"
        masks = new_masks(part, legs)
        part.state = PartState.MASKING
        part.masked_with = (*part.masked_with, *masks)
        self._to_archive.pop(part.key, None)
        self._ops.append(FileMask(part.sealed, part.offset, part.masked_with))

    def _drop(self, part: Part) -> None:
        if part.state is PartState.OPEN:
            self._lost.append(part.key)
        part.state = PartState.DISCARDING
        self._to_archive.pop(part.key, None)
        self._ops.append(FileDiscard(part.key))

    # -- answers ----

    def files_done(self, report: FilesReport) -> None:
        """What became of a job on the files."""
        changed = [*report.sealed, *(failure.part_key for failure in report.failures)]
        for sealed in report.found or ():
            if sealed.part_key not in self.parts:
                self.parts[sealed.part_key] = found = found_part(sealed)
                found.is_found = True
                changed.append(found.key)
        for key, sealed in report.sealed.items():
            self._sealed(key, sealed)
        for key, sealed in report.adopted.items():
            self._fetched(key, sealed)
            changed.append(key)
        # Before what was made anew in the same job, perhaps under a name that was discarded in it.
        for key in report.discarded:
            self.parts.pop(key, None)
            if key not in self._became:
                self._adopted.pop(key, None)
        for masked in report.masked:
            self._masked(masked)
            changed += [one.part_key for one in masked.became]
        for failure in report.failures:
            self._failed(failure.part_key)
        self._review_those(changed)

    def archiving(self, keys: Iterable[str]) -> None:
        """A job on the archive began."""
        for key in keys:
            self.parts[key].state = PartState.ARCHIVING

    def archive_done(self, keys: Iterable[str], report: PartsReport) -> None:
        """What became of it: what is on record leaves the buffer."""
        refused, done = dict(report.refused), tuple(keys)
        for key in done:
            part = self.parts[key]
            assert part.state is PartState.ARCHIVING, "nobody else touches what is being archived"
            part.state = PartState.SEALED
            part.refused = refused.get(key, "")
            if key in report.archived:
                self._drop(part)
                self.counts.archived += 1
            elif part.refused:
                self._to_archive.pop(key, None)
        self._review_those(done)

    def try_refused_again(self) -> None:
        """The archive may take them now."""
        for part in self.parts.values():
            part.refused = ""
        self.review()

    def _sealed(self, key: str, sealed: SealedScn | None) -> None:
        part = self.parts.get(key)
        if part is None:
            return
        if sealed is None:
            if part.state is not PartState.DISCARDING:
                del self.parts[key]
            return
        part.sealed = sealed
        part.first_ms, part.last_ms = sealed.pts_first_ms, sealed.pts_last_ms
        if part.state is PartState.SEALING:
            part.state = PartState.SEALED

    def _fetched(self, key: str, sealed: SealedScn | None) -> None:
        if sealed is None:
            del self._adopted[key]
            return
        self.parts[key] = part = found_part(sealed, self._adopted[key].offset)
        part.kept = True

    def _masked(self, masked: Masked) -> None:
        old = self.parts.pop(masked.part_key)
        self.counts.masked += 1
        if old.key in self._adopted:
            self._became[old.key] = tuple(one.part_key for one in masked.became)
        for sealed in masked.became:
            # An earlier life may have made the very same one, and died before it deleted the old one.
            part = self.parts.setdefault(sealed.part_key, found_part(sealed, old.offset))
            part.masked_with = (*part.masked_with, *old.masked_with)
            part.calls = tuple(dict.fromkeys((*part.calls, *old.calls)))
            part.kept = part.kept or old.kept

    def _failed(self, key: str) -> None:
        """Whatever is there of an open part is sealed; of others the next job tries again."""
        if key not in self.parts:
            self._adopted.pop(key, None)
        part = self.parts.get(key)
        if part is None:
            return
        # What was to follow in it would leave a gap.
        self._ops = [op for op in self._ops if not isinstance(op, FileAppend) or op.part_key != key]
        match part.state:
            case PartState.OPEN:
                self._lost.append(key)
                self.seal(key)
            case PartState.MASKING:
                part.state = PartState.SEALED
                part.masked_with = ()
            case PartState.DISCARDING:
                self._ops.append(FileDiscard(key))
            case PartState.SEALING:
                self._ops.append(FileSeal(key))
            case PartState.SEALED | PartState.ARCHIVING:
                pass


def _joined(ops: list[FileOp]) -> Iterable[FileOp]:
    """The same orders, with neighbouring appends to one part as one."""
    last: FileAppend | None = None
    for op in ops:
        if isinstance(op, FileAppend):
            if last is not None and last.part_key == op.part_key:
                last = FileAppend(op.part_key, op.stream, (*last.packets, *op.packets))
                continue
            if last is not None:
                yield last
            last = op
            continue
        if last is not None:
            yield last
            last = None
        yield op
    if last is not None:
        yield last
