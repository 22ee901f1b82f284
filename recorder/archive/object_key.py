"""Where a media file rests in the archive: a function of what the source says of it. Pure.

Whoever archives a file, however often, puts it under the same key, so a repeated put is the same put.
Only lasting facts have a part in it: source, media key, and the day the call began. The day keeps
together what is archived together, so that one sync serves many files, and what people look for.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta

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


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def object_key(source: str, media_key: str, media_type: str, started_us: int | None) -> str:
    """`source/2026/11/05/<64 hexadecimal digits>.suffix`, or `source/undated/…`.

    `media_type` is what the bytes are, `started_us` when the interaction began.
    """
    raw = source.encode()
    digest = hashlib.sha256(b"%d:%b%b" % (len(raw), raw, media_key.encode())).hexdigest()
    folder = re.sub(r"[^A-Za-z0-9_-]", "_", source).lstrip("-") or "_"
    return f"{folder}/{_day(started_us)}/{digest}.{_SUFFIXES.get(media_type, 'bin')}"


def _day(instant_us: int | None) -> str:
    try:
        return (
            f"{_EPOCH + timedelta(microseconds=instant_us or 0):%Y/%m/%d}"
            if instant_us
            else "undated"
        )
    except OverflowError:
        return "undated"
