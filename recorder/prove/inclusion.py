"""The proof that one item is in a certificate, without the others. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, cast

from recorder.prove.canonical import canonical, parsed
from recorder.prove.document import Certificate, hash_of, leaf_of, leaf_values
from recorder.prove.merkle import path_of, root_by_path
from recorder.prove.verify import Fault, signature_faults
from recorder.records.certificates import FORMAT, Leaf

INCLUSION_FORMAT: Final = "tandem-inclusion/1"
_KEYS: Final = {"format", "leaf", "path", "place", "signature", "statement"}


def inclusion_of(certificate: Certificate, item: str) -> dict[str, Any] | None:
    """The proof as JSON; None when the certificate has no such item."""
    place = next((n for n, leaf in enumerate(certificate.leaves) if leaf.item == item), None)
    if place is None:
        return None
    hashes = [hash_of(leaf) for leaf in certificate.leaves]
    return {
        "format": INCLUSION_FORMAT,
        "leaf": leaf_values(certificate.leaves[place]),
        "place": place,
        "path": [step.hex() for step in path_of(hashes, place)],
        "statement": dict(certificate.statement),
        "signature": dict(certificate.signature),
    }


def to_text(proof: dict[str, Any]) -> str:
    """The file."""
    return canonical(proof).decode() + "\n"


def is_inclusion(text: str | bytes) -> bool:
    """Whether a document says that it is such a proof. Raises ValueError for no JSON."""
    found = parsed(text)
    named = cast("dict[str, Any]", found) if isinstance(found, dict) else {}
    return named.get("format") == INCLUSION_FORMAT


def verify_inclusion(
    text: str | bytes, *, trusted: Sequence[str] = ()
) -> tuple[Leaf, dict[str, Any], tuple[Fault, ...]]:
    """The item, the statement, and what is wrong. Raises ValueError when this is no such proof."""
    found = parsed(text)
    if not isinstance(found, dict) or set(cast("dict[str, Any]", found)) != _KEYS:
        raise ValueError(f"a proof has the keys {', '.join(sorted(_KEYS))}")
    proof = cast("dict[str, Any]", found)
    if not isinstance(proof["statement"], dict) or not isinstance(proof["signature"], dict):
        raise ValueError("statement and signature are objects")  # noqa: TRY004 - one error for all
    statement = cast("dict[str, Any]", proof["statement"])
    leaf = leaf_of(proof["leaf"], "leaf")
    faults = [*signature_faults(statement, cast("dict[str, Any]", proof["signature"]), trusted)]
    if statement.get("format") != FORMAT:
        faults.append(Fault("format", "", f"its statement is no {FORMAT}"))
    if _root(leaf, proof, statement) != statement.get("root"):
        faults.append(Fault("leaf_changed", leaf.item, "the proof does not lead to the root"))
    return leaf, statement, tuple(faults)


def _root(leaf: Leaf, proof: dict[str, Any], statement: dict[str, Any]) -> str | None:
    place, count, path = proof["place"], statement.get("leaves"), proof["path"]
    if type(place) is not int or type(count) is not int or not isinstance(path, list):
        return None
    steps = [bytes.fromhex(str(step)) for step in cast("list[object]", path)]
    root = root_by_path(hash_of(leaf), place, count, steps)
    return None if root is None else root.hex()
