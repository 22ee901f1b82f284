"""The job of the scrub that compares keys: what the archive has, and what the contact database has."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import Final

from recorder.ports.recording import Archive
from recorder.ports.scrub import ScrubDb
from recorder.records.scrub import CENSUS, CensusPage, Change, Outcome, Reading, Walk
from recorder.scn.rendition_keys import is_rendition
from recorder.scrub.reading import NOT_THERE, sure

PAGE: Final = 500


@dataclass(frozen=True, slots=True)
class CensusOrder:
    """Which page is next."""

    walk: Walk
    stray_after_us: int
    now_us: int
    term: int


@dataclass(frozen=True, slots=True)
class Counted:
    """What a page brought."""

    walk: Walk
    changes: tuple[Change, ...]


def count_page(archive: Archive, db: ScrubDb, order: CensusOrder) -> Counted:
    """Job: compare one page of keys and go on. Raises ArchiveError, DataCenterError, StaleTerm.

    The database is asked first: an object that is committed in between has no row yet, and is only
    suspected. One that the archive does not list is looked for, and is missing from then on.
    """
    after = order.walk.place
    objects = db.census(after, PAGE)
    keys = tuple(islice(archive.keys(after), PAGE))
    ends = [objects[-1].object_key] if len(objects) == PAGE else []
    ends += [keys[-1]] if len(keys) == PAGE else []
    upto = min(ends, default=None)
    known = {one.object_key for one in objects}
    page = CensusPage(
        after=after,
        upto=upto,
        objects=tuple(one for one in objects if upto is None or one.object_key <= upto),
        without_row=tuple(
            key
            for key in keys
            if key not in known and (upto is None or key <= upto) and not is_rendition(key)
        ),
        now_us=order.now_us,
        stray_after_us=order.stray_after_us,
    )
    there = set(keys)
    missing = [
        Reading(one, Outcome.MISSING, NOT_THERE, order.now_us)
        for one in page.objects
        if one.object_key not in there and archive.info(one.object_key) is None
    ]
    sure(archive, missing)
    changes = db.enrol(page, order.term)
    if missing:
        changes += db.record(missing, order.term)
    walk = order.walk
    if upto is None:
        walk = Walk("", walk.started_us, order.now_us, walk.started_us)
    else:
        walk = Walk(upto, walk.started_us, walk.ended_us, walk.ended_started_us)
    db.save_walk(CENSUS, walk, order.term)
    return Counted(walk, changes)
