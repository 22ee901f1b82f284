"""A certificate as a document: leaves, statement and signature as JSON, and back. Pure.

    {"checks": "...", "leaves": [...], "signature": {...}, "statement": {...}}

The signature is over the statement, the statement names the root of the tree over the leaves. A leaf is
hashed as its canonical JSON. `checks` holds the first bytes of each leaf's hash, in order, and the statement
names its hash: the root proves, the checks tell which leaf was changed, added, or taken out.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from recorder.prove.canonical import INT_MAX, canonical, canonical_of_plain, parsed
from recorder.prove.merkle import leaf_hash
from recorder.prove.signature import ALGORITHM, to_base64
from recorder.records.certificates import Leaf, LeafMedia, LeafState

CHECK_BYTES: Final = 8
_LEVEL: Final = 3
_UNPACKED_BYTES_MAX: Final = 2**31
_LEAF_KEYS: Final = (
    "cause",
    "changed_us",
    "committed_us",
    "item",
    "listed",
    "media",
    "reason",
    "recovery",
    "state",
    "version",
)
_MEDIA_KEYS: Final = ("media", "object", "sha256", "size_bytes")


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate as it was read: nothing of it is verified."""

    statement: Mapping[str, Any]
    signature: Mapping[str, Any]
    leaves: tuple[Leaf, ...]
    checks: str
    """Base64; see checks_of."""


def leaf_values(leaf: Leaf) -> dict[str, object]:
    """The JSON of a leaf."""
    return {
        "cause": leaf.cause,
        "changed_us": leaf.changed_us,
        "committed_us": leaf.committed_us,
        "item": leaf.item,
        "listed": leaf.listed,
        "media": [
            {
                "media": one.key,
                "object": one.object_key,
                "sha256": one.sha256,
                "size_bytes": one.size_bytes,
            }
            for one in leaf.media
        ],
        "reason": leaf.reason,
        "recovery": leaf.recovery,
        "state": leaf.state.value,
        "version": leaf.version,
    }


def leaf_bytes(leaf: Leaf) -> bytes:
    """Its canonical JSON."""
    return canonical_of_plain(leaf_values(leaf))


def hash_of(leaf: Leaf) -> bytes:
    """What the tree is over. Raises ValueError for half a character."""
    return leaf_hash(leaf_bytes(leaf))


def checks_of(hashes: Sequence[bytes]) -> str:
    """The member `checks`: base64 of the first bytes of each hash."""
    return to_base64(b"".join(one[:CHECK_BYTES] for one in hashes))


def digest_of(checks: str) -> str:
    """The member `checks_sha256` of a statement."""
    return hashlib.sha256(checks.encode()).hexdigest()


def signature_values(key_id: str, public_key: bytes, value: bytes) -> dict[str, object]:
    """The member `signature`."""
    return {
        "algorithm": ALGORITHM,
        "key_id": key_id,
        "public_key": to_base64(public_key),
        "value": to_base64(value),
    }


def to_text(certificate: Certificate) -> str:
    """The file: one line for each leaf, so that two of them can be compared with ordinary tools."""
    leaves = b",\n".join(leaf_bytes(leaf) for leaf in certificate.leaves).decode()
    statement = canonical(dict(certificate.statement)).decode()
    signature = canonical(dict(certificate.signature)).decode()
    checks = canonical(certificate.checks).decode()
    return (
        f'{{"checks":{checks},\n"leaves":[\n{leaves}\n],\n'
        f'"signature":{signature},\n"statement":{statement}}}\n'
    )


def from_text(text: str | bytes) -> Certificate:
    """Raises ValueError, saying where, when this is no certificate."""
    found = _object(parsed(text), "the document")
    _keys(found, ("checks", "leaves", "signature", "statement"), "the document")
    return Certificate(
        checks=_text(found, "checks", "the document"),
        statement=_object(found["statement"], "statement"),
        signature=_object(found["signature"], "signature"),
        leaves=_leaves(found["leaves"]),
    )


def pack(leaves: Sequence[Leaf], checks: str) -> bytes:
    """As the Data Center keeps them."""
    joined = b",".join(leaf_bytes(leaf) for leaf in leaves)
    return zlib.compress(b'{"checks":%b,"leaves":[%b]}' % (canonical(checks), joined), _LEVEL)


def unpack(packed: bytes) -> tuple[tuple[Leaf, ...], str]:
    """Leaves and checks. Raises ValueError for what `pack` did not give."""
    unzip = zlib.decompressobj()
    try:
        text = unzip.decompress(packed, _UNPACKED_BYTES_MAX)
    except zlib.error as error:
        raise ValueError(f"the leaves cannot be unpacked: {error}") from error
    found = _object(parsed(text), "the leaves")
    _keys(found, ("checks", "leaves"), "the leaves")
    return _leaves(found["leaves"]), _text(found, "checks", "the leaves")


def _leaves(value: object) -> tuple[Leaf, ...]:
    return tuple(leaf_of(one, f"leaves[{n}]") for n, one in enumerate(_list(value, "leaves")))


def leaf_of(value: object, where: str) -> Leaf:
    """From its JSON. Raises ValueError, naming `where`."""
    found = _object(value, where)
    _keys(found, _LEAF_KEYS, where)
    committed_us = found["committed_us"]
    return Leaf(
        item=_text(found, "item", where),
        version=_text(found, "version", where),
        state=LeafState(_text(found, "state", where)),
        changed_us=_whole(found, "changed_us", where),
        committed_us=None if committed_us is None else _whole(found, "committed_us", where),
        listed=_truth(found, "listed", where),
        cause=_text(found, "cause", where),
        reason=_text(found, "reason", where),
        recovery=_text(found, "recovery", where),
        media=tuple(
            _media(one, f"{where}.media[{n}]")
            for n, one in enumerate(_list(found["media"], f"{where}.media"))
        ),
    )


def _media(value: object, where: str) -> LeafMedia:
    found = _object(value, where)
    _keys(found, _MEDIA_KEYS, where)
    return LeafMedia(
        key=_text(found, "media", where),
        sha256=_text(found, "sha256", where),
        size_bytes=_whole(found, "size_bytes", where),
        object_key=_text(found, "object", where),
    )


def _keys(found: Mapping[str, object], keys: Sequence[str], where: str) -> None:
    if len(found) != len(keys) or any(key not in found for key in keys):
        raise ValueError(f"{where} has other keys than {', '.join(keys)}")


def _object(value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{where} is no object")  # noqa: TRY004 - one error for a bad document
    return cast("dict[str, Any]", value)


def _list(value: object, where: str) -> list[object]:
    if not isinstance(value, list):
        raise ValueError(f"{where} is no list")  # noqa: TRY004 - as above
    return cast("list[object]", value)


def _text(found: Mapping[str, object], key: str, where: str) -> str:
    value = found[key]
    if not isinstance(value, str):
        raise ValueError(f"{where}.{key} is no text")  # noqa: TRY004 - as above
    return value


def _whole(found: Mapping[str, object], key: str, where: str) -> int:
    value = found[key]
    if type(value) is not int or not -INT_MAX <= value <= INT_MAX:
        raise ValueError(f"{where}.{key} is no whole number, or too large a one")
    return value


def _truth(found: Mapping[str, object], key: str, where: str) -> bool:
    value = found[key]
    if not isinstance(value, bool):
        raise ValueError(f"{where}.{key} is neither true nor false")  # noqa: TRY004 - as above
    return value
