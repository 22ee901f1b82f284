"""What call detail records add to an interaction. Pure: what the recording says itself stays."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from recorder.adapters.webex.cdr_records import KEPT, CallRecord, Joined
from recorder.adapters.webex.ids import is_masked, is_number, number_of
from recorder.model import Interaction, Party

_DIRECTIONS: Final = {"ORIGINATING": "outbound", "TERMINATING": "inbound"}
_NO_WORD: Final = re.compile(r"[^a-z0-9]+")
_LEGS_SHOWN: Final = 50


def enriched(found: Interaction, joined: Joined) -> Interaction:
    """`found` with numbers, names, direction and facts of its call's records."""
    own = joined.own
    direction = found.direction
    if direction == "unknown":
        direction = _DIRECTIONS.get(own.get("Direction").upper(), "unknown")
    return replace(
        found,
        direction=direction,
        parties=_with_other_side(_with_own_number(found.parties, own), own),
        attributes={**found.attributes, **attributes_of(joined)},
    )


def attributes_of(joined: Joined) -> Mapping[str, str]:
    """The recorded leg's columns as `cdr_…`, and the Report IDs of all legs."""
    ids = [record.report_id for record in joined.records][:_LEGS_SHOWN]
    found = {
        f"cdr_{_NO_WORD.sub('_', column.lower())}": joined.own.get(column)
        for column in KEPT
        if joined.own.get(column)
    }
    return found | {"cdr_join": joined.rule, "cdr_report_ids": ",".join(ids)}


def _with_own_number(parties: tuple[Party, ...], own: CallRecord) -> tuple[Party, ...]:
    """The owner of the leg, where his number or name is not known."""
    number = number_of(own.get("User number"))
    return tuple(
        replace(
            party,
            name=party.name or own.get("User"),
            number=party.number or number,
        )
        if party.key == own.user_id
        else party
        for party in parties
    )


def _with_other_side(parties: tuple[Party, ...], own: CallRecord) -> tuple[Party, ...]:
    """The other side, where its number is masked or missing."""
    outward = own.get("Direction").upper() == "ORIGINATING"
    side = "Called" if outward else "Calling"
    number, name = number_of(own.get(f"{side} number")), own.get(f"{side} line ID")
    if not is_number(number) or any(party.number == number for party in parties):
        return parties
    others = [party for party in parties if party.key != own.user_id]
    if not others:
        return (*parties, Party(f"tel:{number}", "customer", name, number))
    unknown = [p for p in others if not is_number(p.number) or is_masked(p.number)]
    if len(others) != 1 or len(unknown) != 1:
        return parties
    mended = replace(unknown[0], number=number, name=unknown[0].name or name)
    return tuple(mended if party.key == mended.key else party for party in parties)
