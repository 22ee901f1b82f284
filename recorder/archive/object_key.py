"""Where a media file rests in the archive: a function of what the source says of it. Pure.

Whoever archives a file, however often, puts it under the same key, so a repeated put is the same put.
Only what every node sees alike has a part in it: source, media key, and what the bytes are. When a
call began has none: a node may describe it before the source knows that, and another one after.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

_SUFFIXES = {
    "application/json": "json",
    "application/xml": "xml",
    "audio/aac": "aac",
    "audio/amr": "amr",
    "audio/flac": "flac",
    "audio/mp4": "m4a",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg",
    "audio/wav": "wav",
    "audio/webm": "webm",
    "audio/x-matroska": "mka",
    "text/plain": "txt",
    "text/vtt": "vtt",
    "video/mp4": "mp4",
    "video/ogg": "ogv",
    "video/webm": "webm",
    "video/x-matroska": "mkv",
    "video/x-msvideo": "avi",
}
_NAMED_MAX = 3


def object_key(source: str, media_key: str, media_type: str) -> str:
    """`source/d/<64 hexadecimal digits>.suffix`; `media_type` is what the bytes are.

    Sixteen folders: each one that a group commit touches costs a sync of its own, and a folder of a
    million names is still quick to look one up in.
    """
    raw = source.encode()
    digest = hashlib.sha256(b"%d:%b%b" % (len(raw), raw, media_key.encode())).hexdigest()
    folder = re.sub(r"[^A-Za-z0-9_-]", "_", source).lstrip("-") or "_"
    return f"{folder}/{digest[0]}/{digest}.{_SUFFIXES.get(media_type, 'bin')}"


def objects_text(keys: Sequence[str]) -> str:
    """For people: `object 07c6ab12….mp3`. The hash is that of a name, not of the bytes: so it is cut short."""
    if not keys:
        return "no object"
    names = [re.sub(r"([0-9a-f]{8})[0-9a-f]+", r"\1…", key.rpartition("/")[2]) for key in keys]
    more = f" and {len(names) - _NAMED_MAX} more" if len(names) > _NAMED_MAX else ""
    return f"object{'s' if len(names) > 1 else ''} {', '.join(names[:_NAMED_MAX])}{more}"
