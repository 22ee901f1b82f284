"""The records that the call history holds of a call: one for each half, and one for its queue."""

from __future__ import annotations

import uuid
from typing import Any

from sim.ucaas.webex.calls import ORIGINATOR, Call, Half
from sim.ucaas.webex.instants import SECOND_US, loose_text, millis_text
from sim.ucaas.webex.people import Location, Owner

_NAMESPACE = uuid.UUID("6f7c4d1e-0c3a-4b57-9f0e-2d6a8c51b0aa")
_EMPTY = "NA"
_IDLE_COLUMNS = (
    "Authorization code",
    "Call transfer Time",
    "Department ID",
    "Device MAC",
    "Device owner UUID",
    "Final local SessionID",
    "Final remote SessionID",
    "Inbound trunk",
    "Outbound trunk",
    "Redirect reason",
    "Redirecting number",
    "Redirecting party UUID",
    "Recall Type",
    "Route group",
    "Transfer related call ID",
    "WxCC consult merge status",
)


def records_of(call: Call, *, org: str, recorded: frozenset[str]) -> list[dict[str, Any]]:
    """All records of a call; `recorded` holds the numbers of the halves that were recorded."""
    found = [_half(call, half, org, half.number in recorded) for half in call.halves]
    if call.queue is not None:
        found.append(_queue(call, call.queue, org))
    return found


def _half(call: Call, half: Half, org: str, recorded: bool) -> dict[str, Any]:  # noqa: FBT001 - a fact
    other = call.other_side(half)
    mine, theirs = half.owner.number, call.other_number(half)
    outward = half.personality == ORIGINATOR
    record = _common(call, half.owner, org, half.number)
    record |= _times(half)
    record |= {
        "Direction": "ORIGINATING" if outward else "TERMINATING",
        "Calling number": mine if outward else theirs,
        "Called number": theirs if outward else mine,
        "Calling line ID": half.owner.name if outward else call.other_name(half),
        "Called line ID": call.other_name(half) if outward else half.owner.name,
        "Caller ID number": mine if outward else theirs,
        "Dialed digits": theirs if outward else _EMPTY,
        "Call type": _call_type(other, outward=outward),
        "Remote call ID": next((o.number for o in call.halves if o.owner is other), _EMPTY),
        "Releasing party": "Remote" if outward else "Local",
        "Related reason": "CallQueue" if call.queue is not None else _related(call),
        "Original reason": "CallQueue" if call.queue is not None else "",
        "Call Recording Platform Name": "Webex" if recorded else _EMPTY,
        "Call Recording Result": "successful" if recorded else _EMPTY,
        "Call Recording Trigger": "always" if recorded else _EMPTY,
    }
    return record


def _queue(call: Call, queue: Owner, org: str) -> dict[str, Any]:
    first = call.halves[0]
    number = f"{int(first.number.partition(':')[0]) - 1}:0"
    record = _common(call, queue, org, number)
    record |= _times(first)
    record |= {
        "Direction": "TERMINATING",
        "Calling number": call.far_number,
        "Called number": queue.number,
        "Calling line ID": call.far_name,
        "Called line ID": queue.name,
        "Call type": "SIP_INBOUND",
        "Queue Type": "customerAssist",
        "Related call ID": first.number,
        "Answer indicator": "Yes-PostRedirection",
    }
    return record


def _common(call: Call, whose: Owner, org: str, number: str) -> dict[str, Any]:
    """What every record has, and columns that are empty in one of the two ways."""
    site: Location = whose.location
    report = uuid.uuid5(_NAMESPACE, f"{call.session} {number} {whose.key}")
    return dict.fromkeys(_IDLE_COLUMNS, _EMPTY) | {
        "Report ID": str(report),
        "Correlation ID": call.session,
        "Interaction ID": call.interaction,
        "Local call ID": number,
        "Network call ID": f"BW{number.partition(':')[0]}@198.51.100.7",
        "Call ID": f"SSE{number.partition(':')[0]}@198.51.100.7",
        "Org UUID": org,
        "Site UUID": site.key,
        "Site timezone": "0",
        "Location": site.name,
        "User": whose.name,
        "User UUID": whose.key,
        "User number": whose.number,
        "User type": whose.history_type,
        "Client type": "WXC_CLIENT",
        "Client version": "",
        "OS type": "na",
        "Model": "",
        "Recorded Mood": "calm",
    }


def _times(half: Half) -> dict[str, Any]:
    answered = half.answered_us is not None
    talk_from_us = half.end_us if half.answered_us is None else half.answered_us
    hold_us = 0 if half.hold is None else half.hold[1] - half.hold[0]
    return {
        "Start time": millis_text(half.start_us),
        "Answer time": millis_text(talk_from_us) if answered else _EMPTY,
        "Release time": loose_text(half.end_us),
        "Report time": millis_text(half.end_us + SECOND_US),
        "Answered": "true" if answered else "false",
        "Answer indicator": "Yes" if answered else "No",
        "Call outcome": "Success",
        "Call outcome reason": "Normal" if answered else "NoAnswer",
        "Duration": (half.end_us - talk_from_us) // SECOND_US,
        "Ring duration": (talk_from_us - half.start_us) // SECOND_US,
        "Hold Duration": hold_us // SECOND_US,
    }


def _related(call: Call) -> str:
    return "ConsultativeTransfer" if call.interaction != call.session else _EMPTY


def _call_type(other: Owner | None, *, outward: bool) -> str:
    if other is not None:
        return "SIP_ENTERPRISE"
    return "SIP_NATIONAL" if outward else "SIP_INBOUND"
