"""What a page of contacts comes to, and what a decision puts on record. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from recorder.keep.rules import judge
from recorder.records.retention import (
    DAY_US,
    Deletion,
    DeletionState,
    Example,
    Facts,
    Hold,
    Judgement,
    Rules,
    Surveyed,
    Trouble,
    Verdict,
)

EXAMPLES_MAX: Final = 10
HELD_MAX: Final = 5


@dataclass(frozen=True, slots=True)
class Judged:
    """A contact and its judgement."""

    facts: Facts
    judgement: Judgement


def due_of(
    page: Sequence[Facts], holds: Sequence[Hold], rules: Rules, now_us: int
) -> tuple[Judged, ...]:
    """Those that would be deleted but for a hold, and those that are due."""
    judged = (Judged(facts, judge(facts, holds, rules, now_us)) for facts in page)
    return tuple(one for one in judged if one.judgement.verdict is not Verdict.KEPT)


def surveyed(
    looked_at: int,
    judged: Sequence[Judged],
    following: tuple[int, str] | None,
) -> Surveyed:
    """What the page comes to; the walk goes on behind `following`, and is over without it."""
    due = [one for one in judged if one.judgement.verdict is Verdict.DUE]
    ages = [one.judgement.aged_from_us for one in due]
    return Surveyed(
        looked_at=looked_at,
        contacts=len(due),
        bytes=sum(one.facts.size_bytes for one in due),
        held=len(judged) - len(due),
        held_contacts=tuple(
            one.facts.contact_id for one in judged if one.judgement.verdict is Verdict.HELD
        )[:HELD_MAX],
        oldest_us=min(ages, default=None),
        examples=tuple(_example(one) for one in due[:EXAMPLES_MAX]),
        next=following,
        due=tuple(one.facts.contact_id for one in due),
        newest_us=max(ages, default=None),
    )


def _example(one: Judged) -> Example:
    facts = one.facts
    return Example(
        facts.contact_id, facts.source, facts.started_us, one.judgement.policy, facts.size_bytes
    )


def joined(so_far: Surveyed, more: Surveyed) -> Surveyed:
    """Two parts of one walk, the earlier first; without the names of what is due."""
    oldest = [at_us for at_us in (so_far.oldest_us, more.oldest_us) if at_us is not None]
    newest = [at_us for at_us in (so_far.newest_us, more.newest_us) if at_us is not None]
    return Surveyed(
        looked_at=so_far.looked_at + more.looked_at,
        contacts=so_far.contacts + more.contacts,
        bytes=so_far.bytes + more.bytes,
        held=so_far.held + more.held,
        held_contacts=(*so_far.held_contacts, *more.held_contacts)[:HELD_MAX],
        oldest_us=min(oldest, default=None),
        newest_us=max(newest, default=None),
        examples=(*so_far.examples, *more.examples)[:EXAMPLES_MAX],
        next=more.next,
    )


@dataclass(frozen=True, slots=True)
class Stamp:
    """Who takes a step, when, in which term."""

    node: str
    now_us: int
    term: int


def decision(one: Judged, rules: Rules, number: int, stamp: Stamp) -> Deletion:
    """What goes on record of a contact that is due."""
    facts, judged = one.facts, one.judgement
    keep_us = judged.keep_us or 0
    return Deletion(
        contact_id=facts.contact_id,
        number=number,
        source=facts.source,
        session_key=facts.session_key,
        policy=judged.policy,
        decision={
            "aged_from_us": judged.aged_from_us,
            "keep_days": keep_us / DAY_US,
            "legal_minimum_days": rules.legal_minimum_us / DAY_US,
            "recycle_days": rules.recycle_us / DAY_US,
            "over_since_us": judged.aged_from_us + keep_us,
        },
        state=DeletionState.DUE,
        reason=judged.why,
        decided_us=stamp.now_us,
        due_us=stamp.now_us + rules.recycle_us,
        ended_us=None,
        node=stamp.node,
        term=stamp.term,
        size_bytes=facts.size_bytes,
    )


def ended(one: Deletion, now_us: int) -> Deletion:
    """Its objects and rows are gone."""
    return replace(one, state=DeletionState.DELETED, ended_us=now_us, trouble="", tries=0)


FIRST_AGAIN_US: Final = 30_000_000
LAST_AGAIN_US: Final = 4 * 3_600_000_000
_GROWTH: Final = 4
_WHY_MAX: Final = 500


def set_aside(old: Deletion, trouble: Trouble) -> Deletion:
    """What a failed try makes of an open deletion: 30 seconds, then four times as long each time, at most four hours."""
    if not old.state.is_open:
        return old
    wait_us = min(FIRST_AGAIN_US * _GROWTH ** min(old.tries, 9), LAST_AGAIN_US)
    return replace(
        old,
        trouble=trouble.why[:_WHY_MAX],
        tries=old.tries + 1,
        again_us=trouble.now_us + wait_us,
    )


def stepped(
    old: Deletion, facts: Facts | None, judged: Judgement | None, stamp: Stamp, *, begins: bool
) -> Deletion:
    """What becomes of an open deletion now, before anything is erased.

    `begins`: only a step from DUE to DELETING; otherwise DELETING stays, which means: erase.
    """
    same = replace(old, node=stamp.node, term=stamp.term)
    if old.state is DeletionState.DUE and (not begins or old.due_us > stamp.now_us):
        return old
    if not old.state.is_open or old.state is DeletionState.AGAIN:
        return old
    if facts is None or judged is None:
        return replace(same, state=DeletionState.DELETING)
    if judged.verdict is not Verdict.DUE:
        return replace(
            same, state=DeletionState.WITHDRAWN, reason=judged.why, ended_us=stamp.now_us
        )
    return replace(
        same, state=DeletionState.DELETING, media=facts.media, size_bytes=facts.size_bytes
    )
