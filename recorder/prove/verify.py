"""Whether a certificate is whole, from the file alone, and if not, what of it was changed. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, cast

from recorder.prove.canonical import canonical
from recorder.prove.document import CHECK_BYTES, Certificate, digest_of, hash_of
from recorder.prove.merkle import root_of
from recorder.prove.signature import ALGORITHM, from_base64, is_signed_by, key_id
from recorder.prove.statement import summary
from recorder.records.certificates import FORMAT, Leaf

_DAY_US = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is not as it was certified."""

    code: str
    item: str
    """Which item; empty for the certificate as a whole."""
    what: str


def verify(certificate: Certificate, *, trusted: Sequence[str] = ()) -> tuple[Fault, ...]:
    """What is wrong with a certificate; empty when it is whole.

    `trusted` are public keys or key ids: any will do. Without one, whoever made the file may have signed
    it with a key of their own: compare `signature.key_id` with what the nodes publish.
    """
    statement = certificate.statement
    if statement.get("format") != FORMAT:
        said = str(statement.get("format"))[:80]
        return (Fault("format", "", f"this is no {FORMAT}, but {said!r}"),)
    return (
        *signature_faults(statement, certificate.signature, trusted),
        *_leaf_faults(certificate),
        *_said_wrongly(statement, certificate.leaves),
    )


def signature_faults(
    statement: Mapping[str, Any], signature: Mapping[str, Any], trusted: Sequence[str]
) -> Iterator[Fault]:
    """Whether the key that is named signed the statement, and is one that is trusted."""
    try:
        public_key = from_base64(str(signature.get("public_key")))
        value = from_base64(str(signature.get("value")))
        signed = canonical(dict(statement))
    except ValueError as error:
        yield Fault("signature", "", f"the signature cannot be read: {error}")
        return
    mine = key_id(public_key)
    if signature.get("algorithm") != ALGORITHM or not is_signed_by(public_key, signed, value):
        yield Fault("signature", "", "the statement is not what was signed")
    if signature.get("key_id") != mine:
        yield Fault("signature", "", f"the key is {mine}, but is called otherwise")
    if trusted and not {mine, str(signature.get("public_key"))} & set(trusted):
        yield Fault("key", "", f"it is signed by {mine}, which is none of the trusted keys")


def _leaf_faults(certificate: Certificate) -> Iterator[Fault]:
    statement = certificate.statement
    try:
        hashes = [hash_of(leaf) for leaf in certificate.leaves]
        checks = _split(from_base64(certificate.checks))
    except ValueError as error:
        yield Fault("format", "", f"leaves or checks are not as they are written: {error}")
        return
    yield from _disorder(certificate.leaves)
    is_whole = digest_of(certificate.checks) == statement.get("checks_sha256")
    if not is_whole:
        yield Fault("checks", "", "the checks are not those that were certified")
    if root_of(hashes).hex() == statement.get("root") and len(hashes) == statement.get("leaves"):
        return
    yield Fault("root", "", "the leaves are not those that were certified")
    if not is_whole:
        yield Fault("checks", "", "only the archive can tell which leaves: compare with it")
        return
    order = sorted(range(len(hashes)), key=lambda at: (certificate.leaves[at].item, at))
    sorted_leaves = [(certificate.leaves[at], hashes[at][:CHECK_BYTES]) for at in order]
    yield from _named(checks, sorted_leaves)


def _disorder(leaves: Sequence[Leaf]) -> Iterator[Fault]:
    for before, leaf in pairwise(leaves):
        if leaf.item == before.item:
            yield Fault("leaf_repeated", leaf.item, "it is there twice")
        elif leaf.item < before.item:
            yield Fault("leaf_order", leaf.item, "it is not at its place: leaves are in order")


def _named(checks: Sequence[bytes], leaves: Sequence[tuple[Leaf, bytes]]) -> Iterator[Fault]:
    """Walk along both: what fits is an anchor; between two anchors are the changes."""
    place_of = {check: at for at, check in enumerate(checks)}
    at, gap, before = 0, list[Leaf](), ""
    for leaf, check in leaves:
        place = place_of.get(check, -1)
        if place < at:
            gap.append(leaf)
            continue
        yield from _gap(place - at, gap, before, leaf.item)
        at, gap, before = place + 1, [], leaf.item
    yield from _gap(len(checks) - at, gap, before, "")


def _gap(certified: int, found: Sequence[Leaf], before: str, after: str) -> Iterator[Fault]:
    """`certified` leaves are not there as they were, `found` are there instead."""
    for leaf in found[:certified]:
        yield Fault("leaf_changed", leaf.item, "it is not what was certified")
    for leaf in found[certified:]:
        yield Fault("leaf_added", leaf.item, "it was not certified")
    lost = certified - len(found)
    if lost > 0:
        left = f"after {before!r}" if before else "at the beginning"
        right = f"before {after!r}" if after else "at the end"
        many = "an item was" if lost == 1 else f"{lost} items were"
        yield Fault("leaf_removed", "", f"{many} taken out {left}, {right}")


def _split(checks: bytes) -> list[bytes]:
    return [checks[at : at + CHECK_BYTES] for at in range(0, len(checks), CHECK_BYTES)]


def _said_wrongly(statement: Mapping[str, Any], leaves: Sequence[Leaf]) -> Iterator[Fault]:
    """Counts, causes and verdict follow from the leaves: they are counted again."""
    is_over = _is_over(statement)
    for name, value in summary(leaves, is_over=is_over).items():
        said = statement.get(name)
        if said != value:
            yield Fault("statement", "", _difference(name, said, value))
    begin, end = statement.get("from_us"), statement.get("to_us")
    if not isinstance(begin, int) or not isinstance(end, int) or end - begin != _DAY_US:
        yield Fault("statement", "", "from_us and to_us are no day")


def _is_over(statement: Mapping[str, Any]) -> bool:
    clock, over, end = (statement.get(name) for name in ("source_clock_us", "over_us", "to_us"))
    if not (isinstance(clock, int) and isinstance(over, int) and isinstance(end, int)):
        return False
    return over >= end and clock >= over


def _difference(name: str, said: object, value: object) -> str:
    if isinstance(said, dict) and isinstance(value, dict):
        claims, facts = cast("dict[str, object]", said), cast("dict[str, object]", value)
        wrong = [key for key in sorted({*claims, *facts}) if claims.get(key) != facts.get(key)]
        told = ", ".join(f"{key} is {claims.get(key)}, not {facts.get(key)}" for key in wrong)
        return f"{name}: by the statement {told}"
    return f"{name}: the statement and the leaves do not agree"
