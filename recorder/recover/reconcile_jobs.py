"""The blocking work of reconciliation, as plain functions for the workers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice

from recorder.errors import ItemGone, SourceError
from recorder.instants import to_text
from recorder.messages import RecoveriesChanged
from recorder.model import Interaction, ItemRef, ItemState, Page, SourceProgress, Window
from recorder.mounted import refuse_bare
from recorder.ports.proof import FindingsDb, RecoveryDb
from recorder.ports.recording import Archive, ContactDb, DataSource
from recorder.records.contacts import ItemRow
from recorder.records.findings import (
    Closing,
    FindingQuery,
    FindingRow,
    HeldMedia,
    RunRow,
    Scope,
    Sighting,
    Step,
    What,
    Why,
)
from recorder.records.recoveries import Cause, RecoveryKind, RecoveryRow, RecoveryStatus
from recorder.recover import causes
from recorder.recover.causes import Times
from recorder.recover.compare import Compared, Section, compare, judge_objects, settled
from recorder.recover.finding_ends import close_unseen, forget

WAKE = RecoveriesChanged()
"""For the recovery actor: look at once."""
_AT_ONCE = 500
_PAGE = 2_000
_SPANS_MAX = 1_000
_DAY_US = 86_400 * 1_000_000
SPANS_BACK_US = 30 * _DAY_US
"""Spans are read from so long before a section on: what ran before a gap ran before it."""
STRAYS_MAX = 10_000
APART_US = 3600 * 1_000_000
"""Missing items that lie closer together are fetched by one recovery."""
PERIODS_MAX = 20
AGAIN_MAX = 100
"""Items of a section that differed when they were described last: they are asked for first, so many of them."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What the jobs work with."""

    findings: FindingsDb
    recoveries: RecoveryDb
    contact_db: ContactDb
    archive: Archive
    node: str


@dataclass(frozen=True, slots=True)
class Known:
    """What is on record of a source before anything is compared."""

    progress: SourceProgress | None
    oldest_us: int | None
    runs: tuple[RunRow, ...]
    open_counts: Mapping[tuple[str, str, str], int] = field(
        default_factory=dict[tuple[str, str, str], int]
    )


@dataclass(frozen=True, slots=True)
class Look:
    """One section, compared with what needs no question to the source."""

    window: Window
    section: Section
    compared: Compared
    described: tuple[ItemRow, ...]
    """Archived items whose size and hash are to be asked for."""
    opened: tuple[FindingRow, ...]
    """Open findings of this time."""
    media: Mapping[str, tuple[HeldMedia, ...]]


@dataclass(frozen=True, slots=True)
class Told:
    """What the source said of one item: gone, told, or not to be asked now."""

    row: ItemRow
    is_gone: bool = False
    described: Interaction | None = None
    error: str = ""


def read_known(tools: Tools, source: str) -> Known:
    """Raises DataCenterError."""
    progress = next((p for p in tools.contact_db.load_progress() if p.source == source), None)
    return Known(
        progress,
        tools.recoveries.oldest_us(source),
        tools.findings.runs(source, 50),
        tools.findings.open_counts(source),
    )


def list_page(source: DataSource, window: Window, page: str | None) -> Page:
    """Raises SourceError."""
    return source.list_items(window, page)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to compare."""

    source: str
    window: Window
    listed: tuple[ItemRef, ...]
    now_us: int
    young_us: int
    described_max: int
    salt: str
    """Other archived items are described under another one."""


def look(tools: Tools, wanted: Wanted) -> Look:
    """Compare one section with the database, and its files with the archive. Raises RecorderError.

    How far the source is archived is read first: what is proven complete then is on record when items are read.
    """
    times = _times(tools, wanted)
    listed = {ref.key: ref for ref in wanted.listed}
    held = {row.ref.key: row for row in _held(tools.findings, wanted)}
    opened = tuple(_opened(tools.findings, wanted.source, wanted.window))
    # What was found here may lie at another instant by now: it is looked at where its finding is.
    found = [row.subject for row in opened if row.what is not What.OBJECT_WITHOUT_ROW]
    others = [key for key in dict.fromkeys([*listed, *found]) if key not in held]
    for start in range(0, len(others), _AT_ONCE):
        rows = tools.findings.known(wanted.source, others[start : start + _AT_ONCE])
        held |= {row.ref.key: row for row in rows}
    section = Section(listed, held, wanted.young_us)
    compared = compare(section, times)
    broken = {row.subject for row in opened if row.what is What.OBJECT_MISSING}
    archived = [row for row in held.values() if row.state == ItemState.ARCHIVED]
    waiting = [row for row in held.values() if row.ref.key in broken]
    with_files = {row.ref.key: row for row in (*archived, *waiting)}
    sightings, media = _objects(tools, wanted.source, tuple(with_files.values()))
    described = [row for row in archived if row.ref.key in listed]
    differing = {row.subject for row in opened if row.what is What.DIFFERS}
    again = [row for row in described if row.ref.key in differing]
    described.sort(key=lambda row: (row.ref.key not in differing, _draw(wanted.salt, row.ref.key)))
    chosen = tuple(described[: max(wanted.described_max, min(len(again), AGAIN_MAX))])
    compared = replace(compared, sightings=(*compared.sightings, *sightings))
    kept = {key: media.get(key, ()) for key in (*differing, *(row.ref.key for row in chosen))}
    return Look(
        wanted.window,
        section,
        compared,
        chosen,
        opened,
        kept,
    )


def _times(tools: Tools, wanted: Wanted) -> Times:
    progress = [p for p in tools.contact_db.load_progress() if p.source == wanted.source]
    window = Window(wanted.window.from_us - SPANS_BACK_US, wanted.now_us)
    return Times(
        source=wanted.source,
        watermark_us=progress[0].watermark_us if progress else 0,
        covered=progress[0].coverage if progress else (),
        oldest_us=tools.recoveries.oldest_us(wanted.source),
        spans=tools.findings.spans(window, _SPANS_MAX),
        now_us=wanted.now_us,
    )


def _held(db: FindingsDb, wanted: Wanted) -> Iterable[ItemRow]:
    after: tuple[int, str] | None = None
    while rows := db.held(wanted.source, wanted.window, after, _PAGE):
        yield from rows
        after = (rows[-1].ref.changed_us, rows[-1].ref.key)


def _opened(db: FindingsDb, source: str, window: Window) -> Iterable[FindingRow]:
    return _found(db, source, window, is_open=True)


def _found(
    db: FindingsDb,
    source: str,
    window: Window,
    *,
    is_open: bool | None = None,
    accepted_since_us: int | None = None,
) -> Iterable[FindingRow]:
    after: str | None = None
    while True:
        query = FindingQuery(
            source=source,
            is_open=is_open,
            accepted_since_us=accepted_since_us,
            from_us=window.from_us,
            to_us=window.to_us,
            about_only=True,
            after=after,
            limit=1_000,
        )
        page = db.findings(query)
        yield from page.rows
        after = page.next
        if after is None:
            return


def _objects(
    tools: Tools, source: str, rows: Sequence[ItemRow]
) -> tuple[list[Sighting], dict[str, tuple[HeldMedia, ...]]]:
    sightings: list[Sighting] = []
    media: dict[str, tuple[HeldMedia, ...]] = {}
    for start in range(0, len(rows), _AT_ONCE):
        some = rows[start : start + _AT_ONCE]
        media |= _media_of(tools.findings, source, some)
        sizes = {
            one.object_key: _size(tools.archive, one.object_key)
            for row in some
            for one in media[row.ref.key]
        }
        refuse_bare(tools.archive, sizes, [key for key, size in sizes.items() if size is None])
        wrong = [row for row in some if judge_objects(row, sizes, media[row.ref.key]) is not None]
        # Asked again: a policy may have taken the files away after they were read from the record.
        left = _media_of(tools.findings, source, wrong) if wrong else {}
        for row in wrong:
            held = [one for one in left[row.ref.key] if one.object_key in sizes]
            seen = judge_objects(row, sizes, held)
            sightings += [] if seen is None else [seen]
    return sightings, media


def _media_of(
    db: FindingsDb, source: str, rows: Sequence[ItemRow]
) -> dict[str, tuple[HeldMedia, ...]]:
    found: dict[str, list[HeldMedia]] = {row.ref.key: [] for row in rows}
    for one in db.held_media(source, list(found)):
        found[one.item_key].append(one)
    return {key: tuple(held) for key, held in found.items()}


def _size(archive: Archive, key: str) -> int | None:
    info = archive.info(key)
    return None if info is None else info.size_bytes


def _draw(salt: str, key: str) -> bytes:
    return hashlib.sha256(f"{salt}\0{key}".encode(errors="surrogatepass")).digest()


def ask(source: DataSource, row: ItemRow) -> Told:
    """What the source says of one item; an error of the source says nothing of it."""
    try:
        return Told(row, described=source.describe(row.ref))
    except ItemGone:
        return Told(row, is_gone=True)
    except SourceError as error:
        return Told(row, error=f"{error.code}: {error}")


def record(tools: Tools, step: Step, term: int) -> RunRow:
    """Raises StaleTerm, DataCenterError."""
    return tools.findings.record_step(step, term)


def begin_run(tools: Tools, run: RunRow, term: int) -> RunRow:
    """Raises StaleTerm, DataCenterError."""
    return tools.findings.begin_run(run, term)


def end_run(
    tools: Tools, run: RunRow, reason: str, now_us: int, term: int, *, recover: bool
) -> RunRow:
    """Ask for what is missing and still offered, close and forget what is over, then end.

    Raises StaleTerm, DataCenterError.
    """
    if not reason:
        opened = _opened(tools.findings, run.source, Window(run.from_us, run.to_us))
        close_unseen(tools.findings, run, tuple(opened), term)
    forget(tools.findings, tools.node, now_us, term)
    for window in missing_periods(_missing(tools, run)) if recover else ():
        asked = RecoveryRow(
            recovery_id=_recovery_id(run, window, now_us),
            source=run.source,
            kind=RecoveryKind.AUTOMATIC,
            cause=Cause.RECONCILIATION,
            requested_us=now_us,
            requested_by="system",
            window=window,
            updated_us=now_us,
        )
        made = tools.recoveries.request(asked)
        tools.findings.set_recovery(run.source, window, made.recovery_id, term)
    return tools.findings.end_run(run.run_id, reason, term)


def _missing(tools: Tools, run: RunRow) -> Iterable[int]:
    """Instants of what is to be fetched; what waits for its turn comes by itself, or a recovery is at it.

    What differs in another way than by its version is here: to fetch it again would change nothing.
    Who accepts a finding wants no alarm of it; what the source still has is fetched all the same.
    """
    window = Window(run.from_us, run.to_us)
    accepted = _found(tools.findings, run.source, window, accepted_since_us=run.started_us)
    at_it: dict[str, bool] = {"": False}
    for row in chain(_opened(tools.findings, run.source, window), accepted):
        if row.recovery_id not in at_it:
            asked = tools.recoveries.recovery(row.recovery_id)
            at_it[row.recovery_id] = asked is not None and asked.status is RecoveryStatus.RUNNING
        is_missing = row.what is What.NOT_HERE and row.why is not Why.SERVICE_BEHIND
        if (is_missing or row.is_of_version) and not at_it[row.recovery_id]:
            yield row.at_us


def missing_periods(instants: Iterable[int]) -> tuple[Window, ...]:
    """As few periods as hold them all without much between them."""
    parts: list[tuple[int, int]] = []
    for at_us in sorted(instants):
        if parts and at_us - parts[-1][1] <= APART_US:
            parts[-1] = (parts[-1][0], at_us)
        else:
            parts.append((at_us, at_us))
    if len(parts) > PERIODS_MAX:
        parts = [(parts[0][0], parts[-1][1])]
    return tuple(Window(begin, end + 1_000_000) for begin, end in parts)


def _recovery_id(run: RunRow, window: Window, now_us: int) -> str:
    digest = hashlib.sha256(f"{run.run_id} {window.from_us} {window.to_us}".encode()).hexdigest()
    return f"R-{to_text(now_us)[:10].replace('-', '')}-{digest[:6]}"


def strays(tools: Tools, folder: str) -> tuple[str, ...]:
    """Objects of a source that no row names, now: some may be on their way. Flat memory."""
    found: list[str] = []
    keys = (key for key in tools.archive.keys() if key.startswith(folder))  # noqa: SIM118 - a port, no dict
    while len(found) < STRAYS_MAX and (some := list(islice(keys, _AT_ONCE))):
        found += tools.findings.objects_without_row(some)
    return tuple(found[:STRAYS_MAX])


def judge_strays(
    tools: Tools, source: str, suspects: Sequence[str], now_us: int
) -> tuple[tuple[Sighting, ...], tuple[Closing, ...]]:
    """A while later: those that still no row names, and the findings that are over."""
    left: list[str] = []
    for start in range(0, len(suspects), _AT_ONCE):
        left += tools.findings.objects_without_row(suspects[start : start + _AT_ONCE])
    seen = tuple(
        causes.object_without_row(source, key, now_us)
        for key in left
        if _size(tools.archive, key) is not None
    )
    kept = {one.subject for one in seen}
    over: list[Closing] = []
    after: str | None = None
    while True:
        query = FindingQuery(source=source, is_open=True, after=after, limit=1_000)
        page = tools.findings.findings(query)
        rows = [row for row in page.rows if row.what is What.OBJECT_WITHOUT_ROW]
        rows = [row for row in rows if row.subject not in kept]
        # More than STRAYS_MAX may be there: what was not looked for now is not over for that.
        strays_yet = set(tools.findings.objects_without_row([row.subject for row in rows]))
        over += [
            Closing(row.finding_id, "a row names the object, or it is gone")
            for row in rows
            if row.subject not in strays_yet or _size(tools.archive, row.subject) is None
        ]
        after = page.next
        if after is None:
            return seen, tuple(over)


def settle(tools: Tools, source: str, term: int) -> Mapping[tuple[str, str, str], int]:
    """Close findings whose item was archived meanwhile; returns how many are open then."""
    after = ""
    while some := tools.findings.open_items(source, after, _AT_ONCE):
        over = [one for row in some if (one := settled(row.finding, row.row)) is not None]
        if over:
            tools.findings.settle(Step("", 0, 0, (), tuple(over)), term)
        after = some[-1].finding.finding_id
    return tools.findings.open_counts(source)


def is_retention(run: RunRow) -> bool:
    """Whether a run also compares the objects of the archive."""
    return run.scope is Scope.RETENTION
