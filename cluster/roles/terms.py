"""Which terms a node may take, so that two nodes never act in the same one.

With the witness a term comes from its row, which hands out each number once. Without it each node
counts on alone, and "highest seen + 1" on both sides of a partition would be the same number. So
the last digit tells who may take a term unwitnessed:

    0-6  only granted by the witness
    7    a node that never heard of a peer
    8    the node with the lower id
    9    the node with the higher id

The row may pass through 7, 8 and 9 (a transfer adds one), but nobody acts in a term so granted: the
holder asks once more, for a term above.
"""

from __future__ import annotations

from typing import Final

TERM_MAX: Final = 2**53
"""No pair ever counts that far: what claims a higher term is damaged or means harm."""
TERM_JUMP_MAX: Final = 1_000_000
"""A peer's term, or revision of the pause flag, farther above all this node knows is not learnt."""

_BASE = 10
_NO_PEER, _LOWER_ID, _HIGHER_ID = 7, 8, 9


def is_unwitnessed(term: int) -> bool:
    """True for terms that the witness must not grant to anybody."""
    return term % _BASE >= _NO_PEER


def leap(what: str, said: int, known: int) -> str:
    """Why `said` must not be learnt by a node that knows `known`; empty when it may be."""
    if said - known <= TERM_JUMP_MAX:
        return ""
    return f"its {what} {said} is absurdly far above {known}, the highest this node knows"


def next_unwitnessed(seen: int, *, node: str, peer: str) -> int:
    """The lowest term above `seen` that `node` may take without the witness.

    `peer` is the peer's node id, empty when never heard.
    """
    assert seen >= 0
    if peer:
        assert peer != node, "a cloned node id must have been refused"
        digit = _LOWER_ID if node < peer else _HIGHER_ID
    else:
        digit = _NO_PEER
    term = seen - seen % _BASE + digit
    return term if term > seen else term + _BASE


def ask_above(seen: int) -> int:
    """What to pass to `Lease.acquire` as `seen_term`, so that the row does not grant 7, 8 or 9."""
    assert seen >= 0
    return seen - seen % _BASE + _HIGHER_ID if is_unwitnessed(seen + 1) else seen
