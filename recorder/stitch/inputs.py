"""What a rendition is made from, and which screens belong to a contact. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from recorder.model import Interaction
from recorder.records.contacts import ContactDetail
from recorder.scn.model import (
    AgentEvent,
    ClockOffset,
    Leg,
    ScreenPart,
    Span,
    Verdict,
    agent_key,
    agent_keys_of,
)
from recorder.stitch.spans import overlap

AGENT = "agent"
CUSTOMER = "customer"


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything that is known about a contact; lists in any order."""

    detail: ContactDetail
    events: tuple[AgentEvent, ...] = ()
    legs: tuple[Leg, ...] = ()
    """Of every agent who may have taken part, of whatever calls."""
    parts: tuple[ScreenPart, ...] = ()
    others: frozenset[str] = frozenset()
    """Calls of these agents that are known to belong to other contacts."""
    service: ClockOffset | None = None
    """How far the service's clock is ahead of this node's; None: nothing told."""


def calls_of(detail: ContactDetail) -> tuple[str, ...]:
    """Session keys that events of this contact's calls name."""
    keys = {detail.row.session_key, *(one.session_key for one in detail.interactions)}
    return tuple(sorted(key for key in keys if key))


def agents_of(detail: ContactDetail) -> Mapping[str, str]:
    """Names of the contact's agents by agent key."""
    source = detail.row.source
    named: dict[str, str] = {}
    for one in detail.interactions:
        for party in one.parties:
            if party.role == AGENT and party.key:
                key = agent_key(source, party.key)
                named[key] = max(named.get(key, ""), party.name)
    return dict(sorted(named.items()))


def names_of(detail: ContactDetail) -> Mapping[str, str]:
    """Names of whoever but the customer took part, by agent key."""
    named: dict[str, str] = {}
    parties = [party for one in detail.interactions for party in one.parties]
    for party in parties:
        if party.role != CUSTOMER and party.name:
            for key in agent_keys_of(detail.row.source, party.key):
                named[key] = max(named.get(key, ""), party.name)
    return dict(sorted(named.items()))


def own_legs(
    detail: ContactDetail, legs: Sequence[Leg], others: frozenset[str]
) -> tuple[tuple[Leg, ...], tuple[Leg, ...]]:
    """The contact's legs, and those of them whose screen is shown.

    A leg belongs to the contact whose session it names. Of an agent who has no such leg, one counts that
    was kept and overlaps an interaction he took part in, unless its call is one of `others`: some platforms
    name calls otherwise. One that nobody decided is shown as well when it names the session: its call is here, so it took place.
    """
    calls = set(calls_of(detail))
    ours = [leg for leg in legs if leg.call in calls]
    decided = {leg.agent_key for leg in ours}
    spans = _spans_of_agents(detail)
    ours += [
        leg
        for leg in legs
        if leg.call not in calls
        and leg.call not in others
        and leg.agent_key not in decided
        and leg.verdict is Verdict.KEPT
        and any(overlap(leg.span, span) for span in spans.get(leg.agent_key, ()))
    ]
    ordered = tuple(sorted(ours, key=_order))
    return ordered, tuple(leg for leg in ordered if leg.verdict is not Verdict.DELETED)


def _order(leg: Leg) -> tuple[int, int, str, str, str, str]:
    ends_us = 2**62 if leg.span.to_us is None else leg.span.to_us
    return leg.span.from_us, ends_us, leg.agent_key, leg.call, leg.verdict.value, leg.ended_by


def _spans_of_agents(detail: ContactDetail) -> Mapping[str, Sequence[Span]]:
    source = detail.row.source
    spans: dict[str, list[Span]] = {}
    for one in detail.interactions:
        span = _span_of(one)
        if span is None:
            continue
        for party in one.parties:
            if party.role == AGENT and party.key:
                spans.setdefault(agent_key(source, party.key), []).append(span)
    return spans


def _span_of(one: Interaction) -> Span | None:
    if one.started_us is None or one.ended_us is None or one.ended_us <= one.started_us:
        return None
    return Span(one.started_us, one.ended_us)
