"""What a section of the source's listing says against what is on record. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from recorder.instants import to_text
from recorder.model import Interaction, ItemRef, ItemState, MediaRef
from recorder.records.contacts import ItemRow
from recorder.records.findings import NEW_VERSION, Closing, FindingRow, HeldMedia, Sighting, What
from recorder.recover import causes
from recorder.recover.causes import Times

ENDED = frozenset({ItemState.ARCHIVED.value, ItemState.NOT_RECORDABLE.value})
_ITEMS = frozenset(
    {What.NOT_HERE, What.LOST, What.NOT_AT_SOURCE, What.DIFFERS, What.OBJECT_MISSING}
)
_FETCHED = frozenset({What.NOT_HERE, What.DIFFERS})


@dataclass(frozen=True, slots=True)
class Section:
    """Both sides of one section, whole."""

    listed: Mapping[str, ItemRef]
    held: Mapping[str, ItemRow]
    """By key: those of the section's time, and those that were listed."""
    young_us: int
    """What was found later than this is still on its way, and no finding yet."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What follows without asking anybody, and what is to be asked."""

    sightings: tuple[Sighting, ...]
    unlisted: tuple[ItemRow, ...]
    """On record and not listed: the source is to be asked for each."""
    counts: Mapping[str, int] = field(default_factory=dict[str, int])


def compare(section: Section, times: Times) -> Compared:
    """Both directions."""
    sightings: list[Sighting] = []
    counts = {"at_source": len(section.listed), "here": 0, "not_here": 0, "on_the_way": 0}
    for key, ref in section.listed.items():
        row = section.held.get(key)
        if _is_here(ref, row):
            counts["here"] += 1
        elif row is not None and _is_young(row, section.young_us):
            counts["on_the_way"] += 1
        elif row is not None and row.state == ItemState.ARCHIVED:
            sightings.append(causes.differs(ref, NEW_VERSION, is_offered=True))
        else:
            counts["not_here"] += 1
            sightings.append(causes.not_here(ref, row, times))
    unlisted = [
        row
        for key, row in section.held.items()
        if key not in section.listed and row.state != ItemState.NOT_RECORDABLE
        if not _is_young(row, section.young_us)
    ]
    counts["not_listed"] = len(unlisted)
    return Compared(tuple(sightings), tuple(unlisted), counts)


def judge_unlisted(row: ItemRow, *, is_gone: bool) -> Sighting | None:
    """The source was asked for one that it did not list; None when it has it: at another instant by now."""
    if row.state == ItemState.ARCHIVED:
        return causes.deleted_at_source(row) if is_gone else None
    return causes.lost(row) if is_gone else None


def judge_described(
    row: ItemRow, described: Interaction, held: Iterable[HeldMedia]
) -> Sighting | None:
    """What the source tells of an archived item now; None when size and hash are as archived.

    An item whose files were deleted here by decision has none to compare.
    """
    files = {one.media_key: one for one in held}
    if not files:
        return None
    wrong: list[str] = []
    for media in described.media:
        one = files.get(media.key)
        if one is None:
            wrong.append(f"{media.file_name or media.key} is new or replaced")
        else:
            wrong += _different(media, one)
    if not wrong:
        return None
    return causes.differs(row.ref, "; ".join(wrong), is_offered=False)


def judge_objects(
    row: ItemRow, sizes: Mapping[str, int | None], held: Sequence[HeldMedia]
) -> Sighting | None:
    """Whether every file of an item is in the archive, in its size."""
    wrong = [
        f"{one.object_key} is not there"
        if sizes.get(one.object_key) is None
        else f"{one.object_key} has {sizes[one.object_key]} bytes instead of {one.size_bytes}"
        for one in held
        if sizes.get(one.object_key) != one.size_bytes
    ]
    return causes.object_missing(row, "; ".join(wrong)) if wrong else None


def closings(
    opened: Iterable[FindingRow],
    seen: Iterable[Sighting],
    section: Section,
    *,
    unasked: Iterable[str],
    gone: Collection[str] = (),
) -> tuple[Closing, ...]:
    """Open findings of this section that are seen no more; those that could not be asked for stay.

    `gone`: what the source says it has no more. What it has at another instant by now is told of, or not, there.
    """
    places = {one.place for one in seen}
    left = set(unasked)
    over: list[Closing] = []
    for row in opened:
        about = (row.source, row.what, row.subject)
        waits = row.subject in left and row.what is not What.OBJECT_MISSING
        if about in places or waits or row.what not in _ITEMS:
            continue
        item, listed = section.held.get(row.subject), section.listed.get(row.subject)
        if row.what is What.NOT_HERE and item is None and listed is None:
            continue  # nobody can be asked: it may be listed at another instant, see finding_ends
        is_gone = listed is None and row.subject in gone
        if row.what in _FETCHED and not is_gone and _is_on_the_way(row, item, listed):
            continue
        because = why_over(row, item, listed)
        over.append(Closing(row.finding_id, because))
    return tuple(over)


def why_over(row: FindingRow, item: ItemRow | None, listed: ItemRef | None) -> str:
    """Why a finding that is seen no more is over."""
    if row.what is What.OBJECT_MISSING:
        return "the archive has the file again"
    if row.what is What.DIFFERS and not row.is_of_version:
        return "the source no longer has it" if listed is None else "it agrees again"
    if item is not None and item.state in ENDED:
        return _why_ended(row, item)
    if row.what is What.LOST:
        return "the source has it again"
    if listed is None:
        return "the source no longer has it, and nothing of it is on record"
    return "it agrees again"


def _why_ended(row: FindingRow, item: ItemRow) -> str:
    if item.state == ItemState.NOT_RECORDABLE:
        return f"not recordable: {item.reason}"
    by = f" by {item.archived_by}" if item.archived_by else ""
    at = f" at {to_text(item.archived_us)}" if item.archived_us is not None else ""
    recovery = f", fetched by {row.recovery_id}" if row.recovery_id else ""
    return f"archived{at}{by}{recovery}"


def settled(row: FindingRow, item: ItemRow | None) -> Closing | None:
    """Whether what became of its item ends a finding between two reconciliations."""
    if item is None or item.state not in ENDED or row.what not in {What.NOT_HERE, What.LOST}:
        return None
    return Closing(row.finding_id, why_over(row, item, item.ref))


def _is_here(ref: ItemRef, row: ItemRow | None) -> bool:
    if row is None or row.state not in ENDED:
        return False
    return row.ref.version == ref.version or row.ref.changed_us > ref.changed_us


def _is_young(row: ItemRow, young_us: int) -> bool:
    ended = row.state in ENDED or row.state == ItemState.GONE
    return not ended and not row.parked and row.found_us > young_us


def _is_on_the_way(finding: FindingRow, row: ItemRow | None, listed: ItemRef | None) -> bool:
    """It was found, and has not come to its end: too young to be told of, and not here either.

    Or it was replaced once more, and is listed at its new instant.
    """
    if row is None or row.state not in ENDED:
        return row is not None
    return finding.is_of_version and listed is None and row.ref.changed_us < finding.at_us


def _different(media: MediaRef, held: HeldMedia) -> list[str]:
    name = media.file_name or media.key
    wrong: list[str] = []
    if media.size_bytes is not None and media.size_bytes != held.size_bytes:
        wrong.append(f"{name}: {media.size_bytes} bytes at the source, {held.size_bytes} here")
    if media.sha256 is not None and media.sha256.lower() != held.sha256:
        wrong.append(f"{name}: another hash at the source")
    return wrong
