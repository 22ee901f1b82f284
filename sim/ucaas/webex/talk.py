"""What telephony_calls webhooks are told of a half of a call: a sequence of events with their instants. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sim.ucaas.webex.calls import ORIGINATOR, Call, Half
from sim.ucaas.webex.instants import millis_text
from sim.ucaas.webex.people import plain_id, public_id


@dataclass(frozen=True, slots=True)
class Told:
    """One event of a call, on the service's clock."""

    at_us: int
    event: str
    data: Mapping[str, Any]


def story_of(call: Call, half: Half, *, recorded: bool) -> Iterator[Told]:
    """From the first ring to the end, in order."""
    outward = half.personality == ORIGINATOR
    ringing = "connecting" if outward else "alerting"
    data = _begin(call, half)

    def told(at_us: int, event: str, kind: str, state: str, **more: object) -> Told:
        data.update(more, eventType=kind, eventTimestamp=millis_text(at_us), state=state)
        return Told(at_us, event, dict(data))

    yield told(half.start_us, "created", "originated" if outward else "received", ringing)
    if not outward:
        device = public_id("APPLICATION", half.owner.key)
        yield told(
            half.start_us + 40_000,
            "updated",
            "updated",
            ringing,
            endpointType="APPLICATION",
            endpointId=device,
        )
    if half.answered_us is not None:
        kind = "connected" if outward else "answered"
        answered = millis_text(half.answered_us)
        yield told(half.answered_us, "updated", kind, "connected", answered=answered)
        if recorded:
            at_us = half.answered_us + 200_000
            yield told(at_us, "updated", "recording", "connected", recordingState="started")
        if half.hold is not None:
            yield told(half.hold[0], "updated", "held", "held")
            yield told(half.hold[1], "updated", "resumed", "connected")
    end_us = half.end_us
    yield told(end_us, "deleted", "disconnected", "disconnected", disconnected=millis_text(end_us))


def _begin(call: Call, half: Half) -> dict[str, Any]:
    other = call.other_side(half)
    remote: dict[str, Any] = {"privacyEnabled": False}
    if other is None:
        remote |= {"name": call.far_name, "number": call.far_number, "callType": "external"}
    else:
        near = other.location == half.owner.location
        remote |= {
            "name": other.name,
            "number": other.extension,
            "personId": other.person_id,
            "callType": "location" if near else "organization",
        }
    return {
        "eventType": "",
        "eventTimestamp": "",
        "callId": public_id("CALL", half.call_id),
        "callSessionId": plain_id(call.session),
        "personality": half.personality,
        "state": "",
        "remoteParty": remote,
        "appearance": 1,
        "created": millis_text(half.start_us),
        "muteCapable": half.answered_us is not None,
        "muted": False,
        "completedElsewhere": False,
    }
