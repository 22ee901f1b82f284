"""Who was on a recorded call, and when. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from recorder.adapters.webex.ids import is_masked, is_number
from recorder.adapters.webex.records import (
    Activity,
    CallData,
    Metadata,
    Participant,
    Recording,
    Side,
)
from recorder.model import Party

QUEUE_KINDS: Final = frozenset({"callqueue", "huntgroup", "autoattendant"})
"""They take calls but say nothing."""
_OUTSIDE_KINDS: Final = frozenset({"", "external", "unknown", "pstn"})


@dataclass(frozen=True, slots=True)
class Stretch:
    """From `started_us` on these people were heard."""

    started_us: int | None
    party_keys: frozenset[str]


@dataclass(frozen=True, slots=True)
class Cast:
    """Everyone on the call, and who was heard from when on."""

    parties: tuple[Party, ...]
    stretches: tuple[Stretch, ...]


def cast_of(recording: Recording, metadata: Metadata | None, direction: str) -> Cast:
    """Agents are those the organisation knows by id, customers all others."""
    call = metadata.call if metadata is not None else CallData()
    parties: dict[str, Party] = {}
    for side in _sides(call, direction):
        _add(parties, _party(side, recording))
    keys = _keys_by_number(parties)
    stretches = _stretches(call.activity, recording, parties, keys)
    _add_owner(parties, recording, metadata)
    ended_us = call.session.ended_us
    placed = (_placed(party, stretches, ended_us) for party in parties.values())
    return Cast(tuple(placed), stretches)


def _sides(call: CallData, direction: str) -> Sequence[Side]:
    """Who spoke: the caller, and whoever answered or was connected, in the order of the direction."""
    taken = next((s for s in (call.answerer, call.connected, call.called) if s.is_known), None)
    sides = [call.calling, *([taken] if taken is not None else [])]
    if call.connected.is_known and taken is not call.connected:
        sides.append(call.connected)
    if direction == "outbound":
        sides.reverse()
    return [side for side in sides if side.is_known and side.kind not in QUEUE_KINDS]


def _party(side: Side, recording: Recording) -> Party:
    if side.id and side.kind not in _OUTSIDE_KINDS:
        return Party(side.id, "agent", side.name or side.email, side.number)
    return Party(_outside_key(side.id, side.number, recording), "customer", side.name, side.number)


def _outside_key(actor_id: str, number: str, recording: Recording) -> str:
    """The same number is the same customer; a masked one tells nobody apart."""
    if actor_id:
        return actor_id
    if is_number(number) and not is_masked(number):
        return f"tel:{number}"
    return f"outside:{recording.id}"


def _add(parties: dict[str, Party], party: Party) -> None:
    known = parties.get(party.key)
    if known is None:
        parties[party.key] = party
        return
    parties[party.key] = replace(
        known, name=known.name or party.name, number=known.number or party.number
    )


def _keys_by_number(parties: Mapping[str, Party]) -> dict[str, str]:
    return {party.number: party.key for party in parties.values() if party.number}


def _stretches(
    activity: Iterable[Activity],
    recording: Recording,
    parties: dict[str, Party],
    keys: Mapping[str, str],
) -> tuple[Stretch, ...]:
    """One for each change of the people heard; who is heard only there is added to `parties`."""
    found: list[Stretch] = []
    ordered = sorted(
        (one for one in activity if one.participants and one.at_us is not None),
        key=lambda one: one.at_us or 0,
    )
    for one in ordered:
        heard: set[str] = set()
        for participant in one.participants:
            if participant.kind in QUEUE_KINDS:
                continue
            heard.add(_heard(participant, recording, parties, keys))
        if heard and (not found or found[-1].party_keys != frozenset(heard)):
            found.append(Stretch(one.at_us, frozenset(heard)))
    return tuple(found)


def _heard(
    participant: Participant,
    recording: Recording,
    parties: dict[str, Party],
    keys: Mapping[str, str],
) -> str:
    if participant.id in parties:
        return participant.id
    if not participant.id and participant.number in keys:
        return keys[participant.number]
    party = _party(
        Side(id=participant.id, kind=participant.kind, number=participant.number), recording
    )
    _add(parties, party)
    return party.key


def _add_owner(parties: dict[str, Party], recording: Recording, metadata: Metadata | None) -> None:
    """The owner speaks, unless it is a queue."""
    if not recording.owner_id or recording.owner_kind in QUEUE_KINDS:
        return
    name = (metadata.owner_name if metadata is not None else "") or recording.owner_email
    known = parties.pop(recording.owner_id, None)
    if known is None:
        parties[recording.owner_id] = Party(recording.owner_id, "agent", name)
    else:
        parties[known.key] = replace(known, role="agent", name=known.name or name)


def _placed(party: Party, stretches: Sequence[Stretch], ended_us: int | None) -> Party:
    """When a party was first heard, and when no longer."""
    heard = [number for number, one in enumerate(stretches) if party.key in one.party_keys]
    if not heard:
        return party
    after = heard[-1] + 1
    left_us = stretches[after].started_us if after < len(stretches) else ended_us
    joined_us = stretches[heard[0]].started_us
    if left_us is not None and joined_us is not None and left_us < joined_us:
        left_us = None
    return replace(party, joined_us=joined_us, left_us=left_us)
