"""How frames of the next version look to this one: fields nobody here has heard of."""

from __future__ import annotations

from typing import Final, cast

from cluster.packing import pack, unpack

_LENGTH_BYTES: Final = 4
UNKNOWN: Final = "of_the_next_version"


def with_unknown_field(frame: bytes) -> bytes:
    """The same frame with a field, and a value of several levels, that this version does not know."""
    payload = unpack(frame[_LENGTH_BYTES:])
    assert isinstance(payload, dict), "a frame is a map"
    known = cast("dict[str, object]", payload)
    longer = pack({**known, UNKNOWN: {"at": [1, 2.5, "three"], "more": None}})
    return len(longer).to_bytes(_LENGTH_BYTES, "big") + longer
