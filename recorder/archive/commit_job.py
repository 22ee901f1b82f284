"""The job that brings a batch of items from the call buffer into the Data Center.

    1. journal   what is new, when the names of its files are durable: one fsync each for all
    2. put       every file into the archive
    3. sync      the archive, once for all
    4. commit    contacts, media, items and events, in one transaction
    5. note      in the journal that these items arrived
    6. discard   their files in the call buffer

A crash may strike between any two of these, and the next start simply begins again at 2 with what is
journaled and not noted. That heals every case, because each step is harmless when repeated (a put of
the same content is the same put, a commit of the same item changes nothing, a note and a discard
likewise), and because of their order:

* 1 before 4: what was fetched is known after a restart, also while the Data Center is away for hours.
* 3 before 4: the database never names an object that a power cut could still take away.
* 4 before 5: the journal never forgets an item that the database does not have. So nothing is lost.
* 5 before 6: the journal never promises a file that is gone.

Should the journal's disk refuse, the batch is archived without it: that is what frees the disk. The
watermark has not passed these items, so even a crash just then loses nothing the source still has.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from recorder.archive.journal_records import Replay, item_records, note_record, replay
from recorder.archive.object_key import object_key
from recorder.codec import job_key
from recorder.errors import (
    ArchiveError,
    CallBufferError,
    DataCenterDown,
    DataCenterError,
    DataCenterUnfit,
    RecorderError,
    SchemaTooNew,
)
from recorder.model import BufferedItem
from recorder.ports.recording import Archive, BufferFiles, ContactDb, Journal
from recorder.traps import Trap, no_trap

REFUSED = "archive_refused"
LOST = "buffer_file_lost"


@dataclass(frozen=True, slots=True)
class CommitTools:
    """The ports a commit uses."""

    journal: Journal
    files: BufferFiles
    archive: Archive
    contact_db: ContactDb
    trap: Trap = no_trap


@dataclass(frozen=True, slots=True)
class Batch:
    """What one job is to do. Items are known by their job keys."""

    items: tuple[BufferedItem, ...]
    to_journal: tuple[BufferedItem, ...] = ()
    """New since the last job, in this batch or not."""
    stored: frozenset[str] = frozenset()
    """Items whose objects an earlier job made durable: they are not put again."""
    compact_to: tuple[BufferedItem, ...] | None = None
    """Rewrite the journal with these, what cannot be read in it, and what of the batch stays open, instead of noting."""


@dataclass(frozen=True, slots=True)
class Outage:
    """The Data Center does not take anything now."""

    code: str
    """data_center_down, data_center_unfit, schema_too_new, archive_failing or buffer_unreadable."""
    what: str
    hint: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """One item that cannot be archived as it is."""

    item: str
    code: str
    """archive_refused, or buffer_file_lost: then it must be fetched anew."""
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a commit did; every item of the batch is in `archived`, in `refused`, or still open."""

    journaled: tuple[str, ...] = ()
    """Items that survive a crash now."""
    archived: tuple[str, ...] = ()
    already: int = 0
    """Of the archived ones, those the Data Center had before."""
    stored: tuple[str, ...] = ()
    """Items whose objects are durable now, archived or not."""
    refused: tuple[Refusal, ...] = ()
    rejected: str = ""
    """Why the database refused the rest of the batch as a whole, without being down."""
    outage: Outage | None = None
    journal_error: str = ""
    compacted: bool = False


def replay_journal(journal: Journal) -> Replay:
    """Job: what a restart has to finish; compacts the journal. Raises CallBufferError."""
    found = replay(journal.read())
    if found.spent:
        journal.rewrite([*found.unreadable, *item_records(found.open_items)])
    return found


def clean_buffer(files: BufferFiles, keep: frozenset[str], age_s: float) -> int:
    """Job: discard files nobody wrote to for `age_s` and no open item needs; returns how many.

    They are left over from items that the other node archived, or that ended otherwise: whatever is
    not archived is still in the journal, or comes again from the source. Raises CallBufferError.
    """
    orphans = [name for name in files.old_names(age_s) if name not in keep]
    for name in orphans:
        files.discard(name)
    return len(orphans)


def commit_batch(tools: CommitTools, batch: Batch) -> Report:
    """Job: the six steps. Raises nothing but bugs; the report tells everything."""
    report = _journal(tools, batch.to_journal)
    ready: list[BufferedItem] = []
    refused: list[Refusal] = []
    try:
        for item in batch.items:
            refusal = None if job_key(item.ref) in batch.stored else _put(tools, item)
            if refusal is None:
                ready.append(item)
            else:
                refused.append(refusal)
        tools.archive.sync()
    except CallBufferError as error:
        return replace(report, outage=_outage("buffer_unreadable", error))
    except ArchiveError as error:
        return replace(report, outage=_outage("archive_failing", error))
    report = replace(
        report, stored=tuple(job_key(item.ref) for item in ready), refused=tuple(refused)
    )
    try:
        tools.trap("commit")
        names = [object_keys(item) for item in ready]
        already = len(tools.contact_db.commit(ready, names).already) if ready else 0
    except (SchemaTooNew, DataCenterDown) as error:
        return replace(report, outage=_no_data_center(error))
    except DataCenterError as error:
        return replace(report, rejected=str(error))
    report = replace(report, archived=report.stored, already=already)
    return _clear_up(tools, batch, report)


def object_keys(item: BufferedItem) -> list[str]:
    """Where each file of the item rests in the archive, in the order of `item.media`."""
    return [object_key(item.ref.source, media.ref.key, media.media_type) for media in item.media]


def _journal(tools: CommitTools, items: Sequence[BufferedItem]) -> Report:
    """Step 1; the beginning of the report."""
    try:
        if items:
            tools.files.sync()
        tools.journal.append(item_records(items))
    except CallBufferError as error:
        return Report(journal_error=str(error))
    return Report(journaled=tuple(job_key(item.ref) for item in items))


def _put(tools: CommitTools, item: BufferedItem) -> Refusal | None:
    """Step 2 for one item. Raises ArchiveError and CallBufferError when it is not about this item."""
    for media, key in zip(item.media, object_keys(item), strict=True):
        path = tools.files.path(media.buffer_name)
        try:
            tools.archive.put(key, path, media.sha256, media.size_bytes)
        except ArchiveError as error:
            if media.buffer_name in tools.files.names():
                tools.archive.check()
                return Refusal(job_key(item.ref), REFUSED, str(error))
            # Put, and perhaps discarded, by a try that died before its note or its sync.
            if not tools.archive.holds(key, media.size_bytes):
                what = f"{media.ref.file_name} is no longer in the call buffer"
                return Refusal(job_key(item.ref), LOST, what)
    return None


def _clear_up(tools: CommitTools, batch: Batch, report: Report) -> Report:
    """Steps 5 and 6. Whatever fails here is mended by a replay or by `clean_buffer`."""
    over = (*report.archived, *(gone.item for gone in report.refused if gone.code == LOST))
    try:
        tools.trap("note")
        if batch.compact_to is not None:
            still_open = (item for item in batch.items if job_key(item.ref) not in over)
            kept = replay(tools.journal.read()).unreadable
            tools.journal.rewrite([*kept, *item_records((*batch.compact_to, *still_open))])
            report = replace(report, compacted=True)
        elif over:
            tools.journal.append([note_record(over)])
    except CallBufferError as error:
        report = replace(report, journal_error=str(error))
    tools.trap("discard")
    archived = set(report.archived)
    for item in batch.items:
        if job_key(item.ref) in archived:
            for media in item.media:
                with suppress(CallBufferError):
                    tools.files.discard(media.buffer_name)
    return report


def _no_data_center(error: SchemaTooNew | DataCenterDown) -> Outage:
    match error:
        case SchemaTooNew():
            return _outage("schema_too_new", error)
        case DataCenterUnfit():
            return _outage("data_center_unfit", error)
        case DataCenterDown():
            return _outage("data_center_down", error)


def _outage(code: str, error: RecorderError) -> Outage:
    return Outage(code, str(error), error.hint)
