"""A Merkle tree as in RFC 6962: one hash that stands for a list, and short proofs that a leaf is in it. Pure.

Leaves and nodes are hashed with different first bytes, so that no node can be shown as a leaf. A list whose
length is no power of two is split at the largest one below it: nothing is hashed twice to fill up, so
that a list with its end repeated has another root. A proof names the place and the length of the list.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

HASH_BYTES: Final = 32
_LEAF: Final = b"\x00"
_NODE: Final = b"\x01"
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()
"""Of a list without leaves: no leaf and no node has it."""


def leaf_hash(data: bytes) -> bytes:
    """What a leaf counts as."""
    return hashlib.sha256(_LEAF + data).digest()


def root_of(hashes: Sequence[bytes]) -> bytes:
    """The root over hashes of leaves, in order."""
    if not hashes:
        return EMPTY_ROOT
    # The peaks of the whole trees so far, as (height, hash); a binary counter.
    peaks: list[tuple[int, bytes]] = []
    for one in hashes:
        height, carried = 0, one
        while peaks and peaks[-1][0] == height:
            carried = _node(peaks.pop()[1], carried)
            height += 1
        peaks.append((height, carried))
    root = peaks.pop()[1]
    while peaks:
        root = _node(peaks.pop()[1], root)
    return root


def path_of(hashes: Sequence[bytes], place: int) -> tuple[bytes, ...]:
    """What is to be hashed with the leaf at `place` to come to the root, from below."""
    assert 0 <= place < len(hashes), "a leaf of the list"
    begin, end = 0, len(hashes)
    path: list[bytes] = []
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if place < middle:
            path.append(root_of(hashes[middle:end]))
            end = middle
        else:
            path.append(root_of(hashes[begin:middle]))
            begin = middle
    return tuple(reversed(path))


def root_by_path(leaf: bytes, place: int, count: int, path: Sequence[bytes]) -> bytes | None:
    """The root that a proof leads to; None when no list of `count` leaves has such a proof.

    `leaf` is the hash of the leaf.
    """
    if not 0 <= place < count:
        return None
    sides = _sides(place, count)
    if len(sides) != len(path) or any(len(step) != HASH_BYTES for step in path):
        return None
    found = leaf
    for is_left, step in zip(sides, path, strict=True):
        found = _node(found, step) if is_left else _node(step, found)
    return found


def _sides(place: int, count: int) -> list[bool]:
    """From below, whether the way to the root comes from the left."""
    sides: list[bool] = []
    while count > 1:
        middle = _split(count)
        sides.append(place < middle)
        place, count = (place, middle) if place < middle else (place - middle, count - middle)
    return sides[::-1]


def _split(count: int) -> int:
    """The largest power of two below `count`."""
    return 1 << ((count - 1).bit_length() - 1)


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(_NODE + left + right).digest()
