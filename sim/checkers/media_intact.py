"""S3, bytes are true: what rests in the archive is what the source served, to the byte."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from recorder.model import MediaKind
from recorder.records.contacts import MediaRow
from sim.checkers.contents import Contents, StoredObject
from sim.checkers.violation import Violation
from sim.truth import TruthItem

PROMISE = "media_intact"


def check_media_intact(truth: Sequence[TruthItem], contents: Contents) -> tuple[Violation, ...]:
    """Rows against objects, objects against the truth."""
    served = {item.sha256: item.size_bytes for item in truth if item.sha256}
    others = {sha for item in truth for sha in item.other_sha256}
    objects = {item.key: item for item in contents.objects}
    found: dict[str, list[str]] = {}
    for contact in contents.contacts:
        for row in contact.media:
            for what in _wrongs(row, objects.get(row.object_key), served, others):
                found.setdefault(what, []).append(row.media_key)
    return tuple(Violation(PROMISE, what, tuple(keys)) for what, keys in found.items())


def _wrongs(
    row: MediaRow, stored: StoredObject | None, served: Mapping[str, int], others: set[str]
) -> Iterator[str]:
    if stored is None:
        yield "a media row without its object"
    elif (stored.sha256, stored.size_bytes) != (row.sha256, row.size_bytes):
        yield "an object differs from its row"
    if row.size_bytes == 0:
        yield "an empty file"
    # Where every file is an item of its own, texts are served as sound is.
    is_known = row.sha256 in served or (row.kind != MediaKind.AUDIO and row.sha256 in others)
    if not is_known:
        yield "bytes that the source never served"
    elif row.size_bytes != served.get(row.sha256, row.size_bytes):
        yield "a size other than the source's"


def bytes_verified(truth: Sequence[TruthItem], contents: Contents) -> int:
    """Bytes in the archive whose hash is one that the source served."""
    served = {item.sha256 for item in truth if item.sha256}
    return sum(item.size_bytes for item in contents.objects if item.sha256 in served)


class Served:
    """While a run goes on: every body that the source ever had to serve."""

    def __init__(self) -> None:
        self._sizes: dict[str, int] = {}
        self._others: set[str] = set()

    def offered(self, item: TruthItem) -> None:
        """The service has an item, or something of it changed."""
        if item.sha256:
            self._sizes[item.sha256] = item.size_bytes
        self._others.update(item.other_sha256)

    def committed(
        self, row: MediaRow, stored: StoredObject | None, *, durable: bool
    ) -> tuple[Violation, ...]:
        """The database names an object. `durable`: it outlives a power cut of the archive."""
        whats = [*_wrongs(row, stored, self._sizes, self._others)]
        if not durable:
            whats.append("the database names an object that is not durable")
        return tuple(Violation(PROMISE, what, (row.media_key,)) for what in whats)
