"""What is known of the absence of something, or of its whole history: composed from what others wrote. Pure.

Every answer begins with a verdict in one sentence; the facts below it, in order of time, are what it rests on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from recorder.instants import to_text
from recorder.model import ItemRef, ItemState, SourceProgress, Window
from recorder.records.contacts import ContactRow, HistoryRow, ItemRow
from recorder.records.findings import NODE_UP, FindingRow, Sighting, Span
from recorder.records.recoveries import RecoveryRow
from recorder.records.retention import Deletion, Hold
from recorder.why.words import (
    Fact,
    contact_text,
    coverage_at,
    coverage_fact,
    covers,
    deletion_text,
    finding_fact,
    finding_text,
    in_order,
    lasts,
    recovery_fact,
    recovery_text,
    span_fact,
)


@dataclass(frozen=True, slots=True)
class Explanation:
    """An answer."""

    verdict: str
    facts: tuple[Fact, ...] = ()
    items: tuple[ItemRow, ...] = ()
    """Whose stories belong to the answer."""
    is_known: bool = True
    """False when nobody here has heard of what was asked for."""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class About:
    """What is on record about items or contacts."""

    findings: tuple[FindingRow, ...] = ()
    deletions: tuple[Deletion, ...] = ()
    holds: tuple[Hold, ...] = ()
    recoveries: tuple[RecoveryRow, ...] = ()


@dataclass(frozen=True, slots=True)
class Around:
    """What was so around an instant."""

    window: Window
    at_us: int
    sources: tuple[SourceProgress, ...]
    now_us: int = 2**62
    contacts: tuple[ContactRow, ...] = ()
    """Those nearest to the instant."""
    contacts_total: int = 0
    more_contacts: bool = False
    """Whether there are more than were counted."""
    items: tuple[ItemRow, ...] = ()
    """Those nearest to the instant that are not in the archive."""
    absent: Mapping[str, int] = field(default_factory=dict[str, int])
    """How many items of the window are not in the archive, by state."""
    spans: tuple[Span, ...] = ()
    findings: tuple[FindingRow, ...] = ()
    roles: tuple[HistoryRow, ...] = ()
    agent: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a source said when it was asked for an id."""

    source: str
    refs: tuple[ItemRef, ...] = ()
    known: tuple[ItemRow, ...] = ()
    """Those of them that are on record."""
    absences: tuple[Sighting, ...] = ()
    """Of the others, with their causes."""
    error: str = ""


# --- items -----------------------------------------------------------------------------------------


def of_items(rows: Sequence[ItemRow], about: About) -> Explanation:
    """Items that are on record."""
    assert rows, "there is something to tell of"
    verdict = item_verdict(rows[0], about)
    if len(rows) > 1:
        verdict = f"{len(rows)} items are called so; the first: {verdict}"
    return Explanation(verdict, facts_about(about), tuple(rows))


def item_verdict(row: ItemRow, about: About) -> str:
    """Where it is, or why not."""
    source = row.ref.source
    deletion = next((one for one in about.deletions if one.ended_us is not None), None)
    if row.state == ItemState.ARCHIVED and row.contact_id is None:
        decided = deletion_text(deletion) if deletion is not None else row.reason
        return f"It was archived, and deleted here by decision: {decided}."
    match row.state:
        case ItemState.ARCHIVED:
            at = "" if row.archived_us is None else f" since {to_text(row.archived_us)}"
            held = "; it is held and cannot be deleted" if about.holds else ""
            return f"It is archived{at}, by {row.archived_by or 'an earlier node'}{held}."
        case ItemState.NOT_RECORDABLE:
            return f"It was intentionally not recorded: {row.reason}."
        case ItemState.GONE:
            return f"It is lost: {source} no longer had it when it was fetched: {row.reason}."
        case _:
            pass
    if row.parked:
        return f"It is missing: {row.attempts} tries failed, and it is tried on: {row.reason}."
    waits = f": {row.reason}" if row.reason else ""
    return f"It is on its way: found at {to_text(row.found_us)}, {row.state}{waits}."


def facts_about(about: About) -> tuple[Fact, ...]:
    """Findings, recoveries, holds and deletions, in order of time."""
    facts = [finding_fact(row) for row in about.findings]
    facts += [recovery_fact(row) for row in about.recoveries]
    facts += [
        Fact("deletion", deletion_text(one), one.decided_us, one.contact_id)
        for one in about.deletions
    ]
    facts += [
        Fact("hold", f"held by {one.hold_id}: {one.reason}", one.placed_us, one.hold_id)
        for one in about.holds
    ]
    return in_order(facts)


# --- what is not an item ---------------------------------------------------------------------------


def of_contacts(rows: Sequence[ContactRow], about: About) -> Explanation:
    """Contacts that are called so."""
    held = "; it is held and cannot be deleted" if about.holds else ""
    one = rows[0]
    verdict = f"It is in the archive as contact {one.contact_id}, {contact_text(one)}{held}."
    if len(rows) > 1:
        verdict = f"{len(rows)} contacts are called so; the first: {verdict}"
    facts = [Fact("contact", contact_text(row), row.started_us, row.contact_id) for row in rows]
    return Explanation(verdict, in_order([*facts, *facts_about(about)]))


def of_deletion(one: Deletion) -> Explanation:
    """A contact that is no more."""
    verdict = f"Contact {one.contact_id} is {one.state.value}: {deletion_text(one)}."
    return Explanation(verdict, facts_about(About(deletions=(one,))))


def of_recovery(row: RecoveryRow, findings: Sequence[FindingRow]) -> Explanation:
    """A recovery."""
    facts = [recovery_fact(row), *(finding_fact(one) for one in findings)]
    return Explanation(f"{recovery_text(row)}.", in_order(facts))


def of_finding(row: FindingRow, items: Sequence[ItemRow], about: About) -> Explanation:
    """A finding of reconciliation."""
    return Explanation(
        f"{finding_text(row)}.", in_order([finding_fact(row), *facts_about(about)]), tuple(items)
    )


def of_nobody(
    key: str, sources: Sequence[SourceProgress], asked: Sequence[Asked], *, can_ask: bool
) -> Explanation:
    """Nobody here knows it: what the sources say, or up to where they were listed without it."""
    facts = [coverage_fact(one) for one in sources]
    for one in asked:
        facts += _of_asked(one)
    hint = "`tandem item list` shows what is known."
    if not asked and can_ask:
        hint = f"Ask the sources themselves: add --ask-source. {hint}"
    elif any(one.absences for one in asked):
        hint = "`tandem recovery start --source NAME --ids -` fetches it."
    return Explanation(
        _nobody_verdict(key, asked), in_order(facts), _known(asked), _heard(asked), hint
    )


def _nobody_verdict(key: str, asked: Sequence[Asked]) -> str:
    known = _known(asked)
    if known:
        one = known[0]
        return f"{key} leads to {one.ref.key} at {one.ref.source}. {item_verdict(one, About())}"
    absences = [seen for one in asked for seen in one.absences]
    if absences:
        seen = absences[0]
        return f"{key} is at {seen.source} and not here: {seen.why}: {seen.detail}."
    failed = [one for one in asked if one.error]
    if asked and not failed:
        names = ", ".join(one.source for one in asked)
        return f"{key} is known neither here nor at {names}."
    if failed:
        one = failed[0]
        return f"{key} is not known here, and {one.source} could not say: {one.error}."
    return f"{key} is not known here: it was never listed by a source in the periods below."


def _known(asked: Sequence[Asked]) -> tuple[ItemRow, ...]:
    return tuple(row for one in asked for row in one.known)


def _heard(asked: Sequence[Asked]) -> bool:
    return any(one.refs for one in asked)


def _of_asked(one: Asked) -> list[Fact]:
    if one.error:
        return [Fact("source", f"{one.source} could not be asked: {one.error}", None, one.source)]
    if not one.refs:
        return [Fact("source", f"{one.source} has nothing under this id", None, one.source)]
    facts = [
        Fact("source", f"{one.source} has {ref.key}, changed at {to_text(ref.changed_us)}",
             ref.changed_us, ref.key)
        for ref in one.refs
    ]  # fmt: skip
    facts += [
        Fact(
            "source",
            f"{seen.subject} is not here: {seen.why}: {seen.detail}",
            seen.at_us,
            seen.subject,
        )
        for seen in one.absences
    ]
    return facts


# --- times and agents ------------------------------------------------------------------------------


def of_time(around: Around) -> Explanation:
    """What was recorded around an instant, and what was so then."""
    facts = [coverage_at(one, around.at_us) for one in around.sources]
    facts += [
        Fact("contact", contact_text(row), row.started_us, row.contact_id)
        for row in around.contacts
    ]
    facts += [
        Fact(
            "item",
            f"{row.ref.source} {row.ref.key} {row.state}: {row.reason}",
            row.ref.changed_us,
            row.ref.key,
        )
        for row in around.items
        if row.state != ItemState.ARCHIVED
    ]
    facts += [span_fact(span) for span in around.spans]
    facts += [finding_fact(row) for row in around.findings]
    facts += [
        Fact(
            "role", f"{row.node}: {row.old} → {row.new} in term {row.term}: {row.reason}", row.at_us
        )
        for row in around.roles
    ]
    return Explanation(_time_verdict(around), in_order(facts), is_known=True)


def _time_verdict(around: Around) -> str:
    if around.at_us > around.now_us:
        return f"That time lies in the future: it is {to_text(around.now_us)}."
    to_us = min(around.window.to_us, around.now_us)
    period = f"between {to_text(around.window.from_us)} and {to_text(to_us)}"
    whose = f" of {around.agent}" if around.agent else ""
    more = "more than " if around.more_contacts else ""
    shown = len(around.contacts)
    nearest = f" (the {shown} nearest to it are shown)" if shown < around.contacts_total else ""
    found = (
        f"{more}{around.contacts_total} contacts{whose} began {period}{nearest}{_missing(around)}"
    )
    open_ones = [row for row in around.findings if row.is_open]
    absent = [one.source for one in around.sources if not covers(one, around.at_us)]
    if not around.sources:
        return f"{found}; no source was ever listed."
    if absent:
        names = ", ".join(absent)
        return f"{found}; that time is not proven complete for {names}{_trouble(around)}."
    if open_ones:
        return f"{found}; {_proven(around)}, and {len(open_ones)} findings are open about it."
    nothing = "" if around.contacts or around.absent else ": the sources had none"
    return f"{found}; {_proven(around)}{nothing}."


def _missing(around: Around) -> str:
    """What of the time is not here, whatever became of its listing."""
    count = sum(around.absent.values())
    if not count:
        return ""
    states = ", ".join(f"{n} {state.replace('_', ' ')}" for state, n in around.absent.items())
    return f"; {count} items of that time are not in the archive ({states})"


def _proven(around: Around) -> str:
    """What was listed to the end: not what lies behind the watermark of a source."""
    from_us = max(covered.from_us for covered in _covered(around))
    to_us = min(covered.to_us for covered in _covered(around))
    whole = from_us <= around.window.from_us and around.window.to_us <= to_us
    part = f" from {to_text(max(from_us, around.window.from_us))}" if not whole else ""
    part += f" to {to_text(min(to_us, around.window.to_us))}" if not whole else ""
    return f"its time was listed to the end and is proven complete{part}"


def _covered(around: Around) -> tuple[Window, ...]:
    return tuple(
        window
        for one in around.sources
        for window in one.coverage
        if window.from_us <= around.at_us < window.to_us
    )


def _trouble(around: Around) -> str:
    wrong = [span for span in around.spans if span.code != NODE_UP]
    if not any(span.code == NODE_UP and lasts(span, around.at_us) for span in around.spans):
        return ": no node is known to have run then"
    if wrong:
        return f": {wrong[0].code} on {wrong[0].node}: {wrong[0].detail or 'no more is known'}"
    return ""


def of_agent(agent: str, contacts: Sequence[ContactRow], *, more: bool) -> Explanation:
    """What is recorded of somebody, the latest first."""
    facts = tuple(
        Fact("contact", contact_text(row), row.started_us, row.contact_id) for row in contacts
    )
    if not contacts:
        return Explanation(
            f"No contact here names {agent}, or somebody whose name or number begins so.",
            is_known=False,
            hint="Names are as the source tells them; --at INSTANT shows whom it told of around a time.",
        )
    last = next((row.started_us for row in contacts if row.started_us is not None), None)
    when = "" if last is None else f", the last at {to_text(last)}"
    count = f"more than {len(contacts)}" if more else f"{len(contacts)}"
    return Explanation(f"{count} contacts are recorded of {agent}{when}.", facts)
