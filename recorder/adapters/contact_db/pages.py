"""Cursors: where a page of a list ended, opaque to whoever carries them."""

from __future__ import annotations

import base64
import binascii
import json
from typing import cast

from recorder.errors import BadCursor

ROWS_MAX = 1_000


def encode_cursor(*place: int | str) -> str:
    """The place of the last row of a page."""
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def decode_cursor(cursor: str, *kinds: type) -> list[int | str]:
    """Raises BadCursor when this is no cursor with such a place."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        place = cast("object", json.loads(base64.urlsafe_b64decode(padded.encode())))
    except (ValueError, RecursionError, binascii.Error):
        place = None
    if isinstance(place, list):
        parts = cast("list[int | str]", place)
        if [type(part) for part in parts] == list(kinds) and all(map(_can_be_asked, parts)):
            return parts
    raise BadCursor(
        "this is no cursor of a list", hint="Begin again without one, at the first page."
    )


def _can_be_asked(part: int | str) -> bool:
    """What a database takes as a value: a 64-bit number, or text without lone surrogates."""
    if isinstance(part, int):
        return -(2**63) <= part < 2**63
    return part.isprintable() or part.encode("utf-8", "replace").decode() == part


def bounded(limit: int) -> int:
    """How many rows a page may have."""
    return max(1, min(limit, ROWS_MAX))
