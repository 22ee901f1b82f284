"""Parties, segments, legs and events of a contact on its timeline. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from recorder.model import Interaction
from recorder.model import Party as ReportedParty
from recorder.records.contacts import ContactDetail
from recorder.scn.model import AgentEvent, Span
from recorder.scn.model import Leg as FoldedLeg
from recorder.stitch.inputs import calls_of, names_of
from recorder.stitch.spans import overlap
from recorder.stitch.timeline import Event, Leg, Party, Segment

_LAST = 2**62


@dataclass(frozen=True, slots=True)
class Story:
    """What happened, as far as it was told."""

    parties: tuple[Party, ...]
    party_of_name: dict[str, str]
    segments: tuple[Segment, ...]
    legs: tuple[Leg, ...]
    events: tuple[Event, ...]


def told(
    detail: ContactDetail,
    events: Sequence[AgentEvent],
    legs: Sequence[FoldedLeg],
    origin_us: int,
) -> Story:
    """Everything in order of its position, then by its key."""
    names = names_of(detail)
    parts = sorted(detail.interactions, key=lambda one: one.key)
    parties = [(one, party) for one in parts for party in one.parties]
    happened = [
        *(event for one, party in parties for event in _of_party(one, party, origin_us)),
        *(event for one in parts for event in _of_segments(one, origin_us)),
        *_of_agents(detail, events, legs, origin_us, names),
    ]
    return Story(
        parties=tuple(sorted((_party(*one, origin_us) for one in parties), key=_by_joining)),
        party_of_name=_only_names(detail),
        segments=tuple(sorted(_segments(parts, origin_us), key=_by_start)),
        legs=tuple(_leg(leg, names, origin_us) for leg in legs),
        events=tuple(_sorted(happened)),
    )


def _sorted(events: Sequence[Event]) -> list[Event]:
    return sorted(events, key=lambda one: (one.t_ms, one.kind, one.who, one.agent, one.detail))


def _ms(at_us: int | None, origin_us: int) -> int | None:
    return None if at_us is None else (at_us - origin_us + 500) // 1000


def _party(one: Interaction, party: ReportedParty, origin_us: int) -> Party:
    return Party(
        interaction_key=one.key,
        key=party.key,
        role=party.role,
        name=party.name,
        number=party.number,
        joined_ms=_ms(party.joined_us, origin_us),
        left_ms=_ms(party.left_us, origin_us),
    )


def _by_joining(one: Party) -> tuple[int, str, str, str]:
    at_ms = -_LAST if one.joined_ms is None else one.joined_ms
    return at_ms, one.interaction_key, one.key, one.role


def _only_names(detail: ContactDetail) -> dict[str, str]:
    """Names that belong to one key alone: two people of one name cannot be told apart."""
    named = {
        (party.name.strip().casefold(), party.key)
        for one in detail.interactions
        for party in one.parties
        if party.name.strip()
    }
    times = Counter(name for name, _ in named)
    return {name: key for name, key in sorted(named) if times[name] == 1}


def _segments(parts: Sequence[Interaction], origin_us: int) -> Iterator[Segment]:
    for one in parts:
        for segment in one.segments:
            yield Segment(
                interaction_key=one.key,
                key=segment.key,
                start_ms=_ms(segment.started_us, origin_us),
                end_ms=_ms(segment.ended_us, origin_us),
                reason=segment.reason,
                party_keys=tuple(sorted(segment.party_keys)),
            )


def _by_start(one: Segment) -> tuple[int, str, str]:
    return -_LAST if one.start_ms is None else one.start_ms, one.interaction_key, one.key


def _leg(leg: FoldedLeg, names: Mapping[str, str], origin_us: int) -> Leg:
    verdict: Literal["undecided", "kept", "deleted"] = leg.verdict.value
    return Leg(
        agent=leg.agent_key,
        name=names.get(leg.agent_key, ""),
        call=leg.call,
        start_ms=(leg.span.from_us - origin_us + 500) // 1000,
        end_ms=_ms(leg.span.to_us, origin_us),
        verdict=verdict,
        ended_by=leg.ended_by,
    )


# -- events ----


def _of_party(one: Interaction, party: ReportedParty, origin_us: int) -> Iterator[Event]:
    who = party.name or party.number or party.key
    for kind, at_us in (("joined", party.joined_us), ("left", party.left_us)):
        at_ms = _ms(at_us, origin_us)
        if at_ms is not None:
            yield Event(t_ms=at_ms, kind=kind, who=who, call=one.session_key, detail=party.role)


def _of_segments(one: Interaction, origin_us: int) -> Iterator[Event]:
    for segment in one.segments:
        ended = segment.reason or segment.key
        for kind, at_us, detail in (
            ("segment_began", segment.started_us, segment.key),
            ("segment_ended", segment.ended_us, ended),
        ):
            at_ms = _ms(at_us, origin_us)
            if at_ms is not None:
                yield Event(t_ms=at_ms, kind=kind, who="", call=one.session_key, detail=detail)


def _of_agents(
    detail: ContactDetail,
    events: Sequence[AgentEvent],
    legs: Sequence[FoldedLeg],
    origin_us: int,
    names: Mapping[str, str],
) -> Iterator[Event]:
    """Those of the contact's calls, and of its agents as a whole while they were on one."""
    calls = {*calls_of(detail), *(leg.call for leg in legs if leg.call)}
    for event in {(one.source, one.event_id): one for one in events}.values():
        at = Span(event.at_us - 1, event.at_us + 1)
        on_it = any(leg.agent_key == event.agent_key and overlap(leg.span, at) for leg in legs)
        if event.call not in calls and (event.call or not on_it):
            continue
        yield Event(
            t_ms=(event.at_us - origin_us + 500) // 1000,
            kind=event.kind.value,
            who=names.get(event.agent_key) or event.agent,
            agent=event.agent_key,
            call=event.call,
        )
