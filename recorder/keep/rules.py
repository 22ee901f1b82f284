"""What the rules say of a contact, and which rules keep no contact shorter than others do. Pure.

Each interaction is kept as long as the longest policy that matches it says, and for ever where none
does; a contact as long as that of its interactions which is kept longest. So two policies that disagree,
or one more in the file, never make anything go earlier. A hold beats them all.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from pydantic import TypeAdapter

from recorder.instants import to_text
from recorder.keep.holds import covering
from recorder.records.retention import (
    DAY_US,
    Facts,
    Hold,
    Judgement,
    Match,
    Part,
    Policy,
    Rules,
    Verdict,
)

PLAUSIBLE_US = 946_684_800_000_000
"""2000: what claims to be older has no date that anyone could rely on."""
_RULES = TypeAdapter(Rules)


def judge(facts: Facts, holds: Sequence[Hold], rules: Rules, now_us: int) -> Judgement:
    """What becomes of the contact now. HELD only of what would be due otherwise."""
    aged_us = aged_from_us(facts)
    policy, keep_us = kept_by(facts, rules)
    if keep_us is None:
        return Judgement(Verdict.KEPT, "no policy is about all of it", "", "", aged_us)
    until_us = aged_us + keep_us
    judged = Judgement(Verdict.DUE, "", policy, "", aged_us, keep_us)
    if now_us < until_us:
        return replace(
            judged, verdict=Verdict.KEPT, why=f"kept until {to_text(until_us)} by {policy}"
        )
    hold = covering(facts, holds)
    if hold is not None:
        why = f"held by {hold.hold_id}: {hold.reason}"
        return replace(judged, verdict=Verdict.HELD, why=why, hold_id=hold.hold_id)
    return replace(judged, why=f"kept until {to_text(until_us)} by {policy}, which is over")


def aged_from_us(facts: Facts) -> int:
    """From when its age counts: its end, else its start; where neither can be relied on, its last change."""
    for at_us in (facts.ended_us, facts.started_us):
        if at_us is not None and at_us >= PLAUSIBLE_US:
            return at_us
    return facts.updated_us


def kept_by(facts: Facts, rules: Rules) -> tuple[str, int | None]:
    """The policy that keeps the contact longest, and how long; None: for ever."""
    parts = facts.parts or (Part(facts.channel, facts.direction),)
    longest: tuple[int, str] | None = None
    for part in parts:
        matching = [
            (max(one.keep_us, rules.legal_minimum_us), one.name)
            for one in rules.policies
            if matches(one.match, facts.source, part)
        ]
        if not matching:
            return "", None
        longest = max([*matching, *([longest] if longest else [])])
    assert longest is not None, "there is a part"
    return longest[1], longest[0]


def matches(match: Match, source: str, part: Part) -> bool:
    """Whether a policy is about an interaction."""
    return (
        (not match.sources or source in match.sources)
        and (not match.channels or part.channel in match.channels)
        and (not match.directions or part.direction in match.directions)
        and all(part.attributes.get(name) == value for name, value in match.attributes.items())
    )


def shortest_us(rules: Rules) -> int | None:
    """Nothing younger is ever due; None when nothing is."""
    kept = [max(one.keep_us, rules.legal_minimum_us) for one in rules.policies]
    return min(kept, default=None)


def never_shorter(new: Rules, old: Rules) -> bool:
    """Whether it is certain that no contact goes earlier under `new`. In doubt it is not.

    A policy more may be the first that is about a contact, and one less the only one that kept it long.
    """
    if not new.policies:
        return True
    now, before = _by_match(new), _by_match(old)
    return (
        now.keys() == before.keys()
        and all(keep_us >= before[match] for match, keep_us in now.items())
        and new.recycle_us >= old.recycle_us
    )


def _by_match(rules: Rules) -> dict[str, int]:
    """How long what a match covers is kept, at least."""
    kept: dict[str, int] = {}
    for one in rules.policies:
        match = json.dumps(_match_fields(one.match), sort_keys=True)
        kept[match] = max(kept.get(match, 0), one.keep_us, rules.legal_minimum_us)
    return kept


def _match_fields(match: Match) -> Mapping[str, object]:
    return {
        "sources": sorted(match.sources),
        "channels": sorted(match.channels),
        "directions": sorted(match.directions),
        "attributes": dict(match.attributes),
    }


def rules_text(rules: Rules) -> str:
    """As stored; the same text for equal rules."""
    return json.dumps(_RULES.dump_python(rules, mode="json"), sort_keys=True, separators=(",", ":"))


def rules_of(text: str) -> Rules:
    """Of a text of `rules_text`; none at all for an empty one."""
    return _RULES.validate_json(text) if text else Rules()


def plan_id(rules: Rules, made_us: int) -> str:
    """Names a plan by what it is of."""
    digest = hashlib.sha256(f"{made_us} {rules_text(rules)}".encode()).hexdigest()
    return f"P-{digest[:10]}"


def told(policy: Policy) -> str:
    """For people."""
    return f"{policy.name}: {policy.keep_us / DAY_US:g} days"
