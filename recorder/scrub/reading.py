"""Jobs of the scrub that read: one slice of the archive at a time.

A large object is read over several slices; what was hashed of it is handed from job to job. A restart
begins it anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from recorder.errors import ArchiveError
from recorder.ports.recording import Archive
from recorder.ports.scrub import ScrubDb
from recorder.records.scrub import Change, Outcome, Reading, ScrubObject

CHUNK_BYTES: Final = 256 * 1024
OBJECTS_MAX: Final = 200
"""In one slice: each is a look at the archive."""


NOT_THERE: Final = "the archive does not have it"


class Digest(Protocol):
    """A hash under way, of hashlib."""

    def update(self, data: bytes, /) -> None:
        """Go on."""
        ...

    def copy(self) -> Digest:
        """Another one that has come as far."""
        ...

    def hexdigest(self) -> str:
        """What it comes to."""
        ...


class ArchiveAway(ArchiveError):
    """Raised when the archive as a whole cannot be read: nothing is said of single objects."""


@dataclass(frozen=True, slots=True)
class Partial:
    """An object that was read in part. The hash is never changed, only copied."""

    object: ScrubObject
    offset: int
    digest: Digest


@dataclass(frozen=True, slots=True)
class SliceOrder:
    """What to do next."""

    queue: tuple[ScrubObject, ...]
    """What is known to be due; asked for when it is empty."""
    partial: Partial | None
    before_us: int
    bad_before_us: int
    slice_bytes: int
    now_us: int
    term: int


@dataclass(frozen=True, slots=True)
class Slice:
    """What a slice brought."""

    queue: tuple[ScrubObject, ...]
    partial: Partial | None
    bytes_read: int
    readings: tuple[Reading, ...]
    changes: tuple[Change, ...]
    exhausted: bool
    """Nothing more is due."""


def read_slice(archive: Archive, db: ScrubDb, order: SliceOrder) -> Slice:
    """Job: read on, and put on record what came to its end. Raises ArchiveAway, DataCenterError, StaleTerm."""
    queue, partial = list(order.queue), order.partial
    if partial is None and not queue:
        queue = list(db.due(order.before_us, order.bad_before_us, OBJECTS_MAX))
    left, bytes_read = order.slice_bytes, 0
    readings: list[Reading] = []
    exhausted = partial is None and not queue
    while (partial is not None or queue) and left > 0 and len(readings) < OBJECTS_MAX:
        if partial is None:
            partial = Partial(queue.pop(0), 0, hashlib.sha256())
        read, ended, partial = _read(archive, partial, left)
        bytes_read += read
        left -= read
        if ended is not None:
            readings.append(replace(ended, read_us=order.now_us))
    changes: tuple[Change, ...] = ()
    if readings:
        sure(archive, readings)
        changes = db.record(readings, order.term)
    return Slice(tuple(queue), partial, bytes_read, tuple(readings), changes, exhausted)


def _read(
    archive: Archive, partial: Partial, left: int
) -> tuple[int, Reading | None, Partial | None]:
    """Read on; how much, what was found at its end, or how far it has come."""
    one = partial.object
    try:
        found = archive.info(one.object_key) if partial.offset == 0 else None
        if partial.offset == 0 and found is None:
            return 0, _told(one, Outcome.MISSING, NOT_THERE), None
        if found is not None and found.size_bytes != one.size_bytes:
            detail = f"it has {found.size_bytes} bytes, not {one.size_bytes}"
            return 0, _told(one, Outcome.DAMAGED, detail), None
        return _hashed(archive, partial, left)
    except (ArchiveError, OSError) as error:
        _check(archive)
        why = error.strerror if isinstance(error, OSError) else str(error)
        return 0, _told(one, Outcome.DAMAGED, f"it cannot be read: {why}"), None


def _hashed(
    archive: Archive, partial: Partial, left: int
) -> tuple[int, Reading | None, Partial | None]:
    one, digest, read = partial.object, partial.digest.copy(), 0
    with archive.open(one.object_key) as file:
        file.seek(partial.offset)
        while read < left:
            chunk = file.read(min(CHUNK_BYTES, left - read))
            if not chunk:
                break
            digest.update(chunk)
            read += len(chunk)
    offset = partial.offset + read
    if offset < one.size_bytes and read == left:
        return read, None, Partial(one, offset, digest)
    if offset != one.size_bytes:
        detail = f"it has {offset} bytes, not {one.size_bytes}"
        return read, _told(one, Outcome.DAMAGED, detail), None
    if digest.hexdigest() != one.sha256:
        detail = f"its bytes have the hash {digest.hexdigest()}"
        return read, _told(one, Outcome.DAMAGED, detail), None
    return read, _told(one, Outcome.WHOLE, ""), None


def _told(one: ScrubObject, outcome: Outcome, detail: str) -> Reading:
    return Reading(one, outcome, detail, 0)


def sure(archive: Archive, readings: Sequence[Reading]) -> None:
    """Raises ArchiveAway: an archive that is not mounted looks like one without objects, and then nothing is missing."""
    if any(reading.outcome is Outcome.MISSING for reading in readings):
        _check(archive)
        if next(iter(archive.keys()), None) is None:
            raise ArchiveAway(
                "the archive holds no object at all",
                hint="Is it mounted? What was archived is expected there.",
            )


def _check(archive: Archive) -> None:
    """Raise ArchiveAway when it is not one object that cannot be read."""
    try:
        archive.check()
    except ArchiveError as error:
        raise ArchiveAway(str(error), hint=error.hint) from error
