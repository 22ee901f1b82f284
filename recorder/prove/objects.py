"""Whether the archive holds what media rows name."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final

from recorder.errors import ArchiveError
from recorder.ports.recording import Archive
from recorder.prove.judge import ObjectFault
from recorder.records.certificates import Cause, LeafMedia

_READ_BYTES: Final = 1024 * 1024


def object_faults(
    archive: Archive, objects: Mapping[str, LeafMedia], *, read: bool
) -> dict[str, ObjectFault]:
    """What is wrong, by object key. `read` hashes every byte; else presence and size are looked at."""
    found: dict[str, ObjectFault] = {}
    for key, media in objects.items():
        fault = _look(archive, key, media, read=read)
        if fault is not None:
            found[key] = fault
    return found


def _look(archive: Archive, key: str, media: LeafMedia, *, read: bool) -> ObjectFault | None:
    try:
        held = archive.info(key)
        if held is None:
            return ObjectFault(Cause.OBJECT_MISSING, "the archive does not hold it")
        if held.size_bytes != media.size_bytes:
            reason = f"the archive holds {held.size_bytes} bytes, not {media.size_bytes}"
            return ObjectFault(Cause.OBJECT_DIFFERS, reason)
        if read and _hash_of(archive, key) != media.sha256:
            return ObjectFault(Cause.OBJECT_DIFFERS, "its bytes have another hash")
    except ArchiveError as error:
        return ObjectFault(Cause.OBJECT_MISSING, f"it cannot be read: {error}"[:300])
    return None


def _hash_of(archive: Archive, key: str) -> str:
    with archive.open(key) as body:
        digest = hashlib.sha256()
        while chunk := body.read(_READ_BYTES):
            digest.update(chunk)
        return digest.hexdigest()
