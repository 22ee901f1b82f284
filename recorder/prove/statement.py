"""What a certificate says of its leaves: counts, causes, verdict, root. Pure.

Everything in `summary` follows from the leaves alone (and the instant a day is over), so that whoever has the
file can count again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from recorder.prove.document import checks_of, digest_of
from recorder.prove.merkle import root_of
from recorder.records.audit import AuditHead
from recorder.records.certificates import (
    FORMAT,
    CertificateHead,
    Leaf,
    LeafState,
    PublishedKey,
    Verdict,
)

LATE_US: Final = 86_400_000_000
"""Archived so long after the source's own instant counts as late."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a statement says beside its leaves."""

    cluster: str
    source: str
    kind: str
    day: str
    from_us: int
    to_us: int
    number: int
    made_us: int
    made_by: str
    build: str
    source_us: int
    """The source's clock before it was listed."""
    over_us: int
    """From this instant on the day is over: its end, and the time for a source to show what is late."""
    watermark_us: int | None
    pages: int
    audit: AuditHead | None = None
    previous: CertificateHead | None = None
    keys: tuple[PublishedKey, ...] = ()


def statement_of(leaves: Sequence[Leaf], hashes: Sequence[bytes], facts: Facts) -> dict[str, Any]:
    """The statement, to be signed; `hashes` are those of the leaves."""
    return {
        "format": FORMAT,
        "cluster": facts.cluster,
        "source": facts.source,
        "kind": facts.kind,
        "day": facts.day,
        "from_us": facts.from_us,
        "to_us": facts.to_us,
        "number": facts.number,
        "made_us": facts.made_us,
        "made_by": facts.made_by,
        "build": facts.build,
        "source_clock_us": facts.source_us,
        "over_us": facts.over_us,
        "watermark_us": facts.watermark_us,
        "pages": facts.pages,
        **summary(leaves, is_over=facts.source_us >= facts.over_us),
        "root": root_of(hashes).hex(),
        "checks_sha256": digest_of(checks_of(hashes)),
        "audit": None
        if facts.audit is None
        else {"number": facts.audit.number, "hash": facts.audit.hash},
        "previous": None
        if facts.previous is None
        else {"number": facts.previous.number, "root": facts.previous.root},
        "keys": [
            {"node": one.node, "key_id": one.key_id, "public_key": one.public_key}
            for one in facts.keys
        ],
    }


def summary(leaves: Sequence[Leaf], *, is_over: bool) -> dict[str, Any]:
    """Verdict, counts and causes: nothing but what the leaves say."""
    states = Counter(leaf.state for leaf in leaves)
    archived = [leaf for leaf in leaves if leaf.state is LeafState.ARCHIVED]
    causes = Counter((leaf.state.value, leaf.cause) for leaf in leaves if leaf.cause)
    unlisted = Counter(leaf.state.value for leaf in leaves if not leaf.listed)
    return {
        "verdict": verdict_of(states, is_over=is_over).value,
        "day_is_over": is_over,
        "leaves": len(leaves),
        "counts": {
            "source_total": sum(leaf.listed for leaf in leaves),
            **{state.value: states[state] for state in LeafState},
            "recovered_late": sum(bool(leaf.recovery) for leaf in archived),
            "archived_late": sum(_is_late(leaf) for leaf in archived),
            "not_listed_any_more": sum(unlisted.values()),
        },
        "not_listed_any_more": dict(sorted(unlisted.items())),
        "causes": [
            {"state": state, "cause": cause, "items": causes[state, cause]}
            for state, cause in sorted(causes)
        ],
        "files": sum(len(leaf.media) for leaf in archived),
        "size_bytes": sum(one.size_bytes for leaf in archived for one in leaf.media),
    }


_WHOLE: Final = ("from_us", "to_us", "made_us", "number", "leaves")
_WORDS: Final = ("cluster", "source", "day", "made_by", "verdict", "root")


def lacks(said: Mapping[str, Any]) -> tuple[str, ...]:
    """Members that are missing in a statement or are not what they must be: it is compared by them."""
    wrong = [name for name in _WHOLE if type(said.get(name)) is not int]
    wrong += [name for name in _WORDS if not isinstance(said.get(name), str)]
    if not wrong and said["from_us"] >= said["to_us"]:
        wrong.append("to_us")
    return (*wrong, *(() if _is_anchor(said.get("audit")) else ("audit",)))


def _is_anchor(value: object) -> bool:
    if value is None:
        return True
    named = cast("dict[str, object]", value) if isinstance(value, dict) else {}
    return type(named.get("number")) is int and isinstance(named.get("hash"), str)


def verdict_of(states: Mapping[LeafState, int], *, is_over: bool) -> Verdict:
    """What the day is as a whole."""
    if not is_over or states.get(LeafState.MISSING) or states.get(LeafState.FAILED):
        return Verdict.INCOMPLETE
    return Verdict.LOSSES if states.get(LeafState.GONE) else Verdict.COMPLETE


def _is_late(leaf: Leaf) -> bool:
    return leaf.committed_us is not None and leaf.committed_us - leaf.changed_us > LATE_US
