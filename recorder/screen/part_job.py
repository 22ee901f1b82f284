"""The job that brings parts of screens from the call buffer into the Data Center.

    1. ask       which of them are on record: an earlier life archived those, and nothing is to be done
    2. put       each other file into the archive
    3. sync      the archive, once for all
    4. record    the parts, in one transaction

The files are discarded afterwards. A crash between any two of these is healed by doing all of it again, because each
step is harmless when repeated, and because of their order: what is on record is in the archive, durably, and
what is discarded is on record. A part that somebody forgot (its object was replaced or deleted) stays forgotten.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from recorder.errors import ArchiveError, DataCenterError
from recorder.ports.recording import Archive
from recorder.ports.screens import ScreenDb
from recorder.scn.holds_over import NO_HOLDS, HoldsOver
from recorder.scn.model import ClockOffset, ScreenPart
from recorder.scn.part import SealedScn, node_us, part_object_key
from recorder.traps import Trap, no_trap


@dataclass(frozen=True, slots=True)
class PartTools:
    """The ports that archiving parts uses."""

    archive: Archive
    db: ScreenDb
    trap: Trap = no_trap
    holds: HoldsOver = NO_HOLDS
    """Those that a mask overrides."""


@dataclass(frozen=True, slots=True)
class PartsReport:
    """What became of a batch; a part that is nowhere here is tried again."""

    archived: tuple[str, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()
    """Parts that cannot be archived as they are, and why."""
    outage: str = ""
    """Why nothing gets through now; empty when it does."""
    hint: str = ""


def row_of(part: SealedScn, offset: ClockOffset, stored_us: int) -> ScreenPart:
    """The part as it is to be on record."""
    stream = part.head.stream
    return ScreenPart(
        part_key=part.part_key,
        stream=stream,
        node=part.head.node,
        from_us=node_us(stream, part.pts_first_ms, offset),
        to_us=node_us(stream, part.pts_last_ms, offset),
        seq_first=part.head.seq_first,
        seq_last=part.seq_last,
        offset=offset,
        size_bytes=part.size_bytes,
        sha256=part.sha256,
        object_key=part_object_key(part.part_key),
        stored_us=stored_us,
    )


def archive_parts(tools: PartTools, parts: Sequence[tuple[SealedScn, ScreenPart]]) -> PartsReport:
    """Job: the four steps. Raises nothing but bugs; the report tells everything."""
    try:
        known = tools.db.known([row.part_key for _, row in parts])
    except DataCenterError as error:
        return PartsReport(outage=str(error), hint=error.hint)
    ready: list[ScreenPart] = []
    refused: list[tuple[str, str]] = []
    try:
        for file, row in parts:
            if row.part_key in known:
                continue
            try:
                tools.archive.put(row.object_key, file.path, row.sha256, row.size_bytes)
            except ArchiveError as error:
                tools.archive.check()
                refused.append((row.part_key, str(error)))
            else:
                ready.append(row)
        tools.archive.sync()
    except ArchiveError as error:
        return PartsReport(outage=str(error), hint=error.hint)
    report = PartsReport(archived=tuple(sorted(known)), refused=tuple(refused))
    try:
        tools.trap("commit")
        if ready:
            tools.db.record_parts(ready)
    except DataCenterError as error:
        return replace(report, outage=str(error), hint=error.hint)
    return replace(report, archived=(*report.archived, *(row.part_key for row in ready)))
