"""msgpack with types: plain values to bytes and back."""

from __future__ import annotations

from typing import cast

import msgpack  # pyright: ignore[reportMissingTypeStubs]


def pack(value: object) -> bytes:
    """Bytes for None, bool, int, float, str, bytes, list or tuple, and dict of these."""
    return cast("bytes", msgpack.packb(value, use_bin_type=True))  # pyright: ignore[reportUnknownMemberType]


def unpack(data: bytes) -> object:
    """The value behind exactly these bytes. Raises ValueError on anything else."""
    try:
        return cast("object", msgpack.unpackb(data, raw=False, strict_map_key=True))  # pyright: ignore[reportUnknownMemberType]
    except (msgpack.UnpackException, TypeError, RecursionError) as error:  # pyright: ignore[reportUnknownMemberType]
        raise ValueError("not one whole msgpack value") from error
