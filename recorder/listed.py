"""What a listing tells of an item's size, so that a dry run of a recovery needs no estimate.

A source whose listing carries sizes keeps them in the item's hints and offers
`listed_bytes(ref) -> int | None`; a source without it is estimated.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

BYTES: Final = "bytes"
_ABSURD: Final = 2**50


def bytes_hint(size_bytes: int | None) -> Mapping[str, str]:
    """For the hints of an item; empty for a size that is not known yet."""
    return {BYTES: str(size_bytes)} if size_bytes and 0 < size_bytes < _ABSURD else {}


def hinted_bytes(hints: Mapping[str, str]) -> int | None:
    """None when the listing told no size."""
    told = hints.get(BYTES, "")
    return int(told) if told.isdecimal() else None
