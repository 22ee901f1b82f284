"""What telephony_calls webhooks are told of a half of a call: a sequence of steps, each with its data. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sim.ucaas.webex.calls import ORIGINATOR, Call, Half
from sim.ucaas.webex.instants import millis_text
from sim.ucaas.webex.people import plain_id, public_id

_DEVICE_US, _RECORDED_US = 40_000, 200_000
_UPDATED = "updated"


@dataclass(frozen=True, slots=True)
class Step:
    """One event of a call, on the service's clock."""

    at_us: int
    event: str
    """created, updated or deleted."""
    kind: str
    """Its eventType."""
    state: str


def steps_of(half: Half, *, recorded: bool) -> list[Step]:
    """From the first ring to the end, in order."""
    outward = half.personality == ORIGINATOR
    ringing = "connecting" if outward else "alerting"
    start_us, answered_us = half.start_us, half.answered_us
    steps = [Step(start_us, "created", "originated" if outward else "received", ringing)]
    if not outward:
        steps.append(Step(start_us + _DEVICE_US, _UPDATED, "updated", ringing))
    if answered_us is not None:
        kind = "connected" if outward else "answered"
        steps.append(Step(answered_us, _UPDATED, kind, "connected"))
        if recorded:
            steps.append(Step(answered_us + _RECORDED_US, _UPDATED, "recording", "connected"))
        if half.hold is not None:
            steps.append(Step(half.hold[0], _UPDATED, "held", "held"))
            steps.append(Step(half.hold[1], _UPDATED, "resumed", "connected"))
    return [*steps, Step(half.end_us, "deleted", "disconnected", "disconnected")]


def data_of(call: Call, half: Half, steps: Sequence[Step]) -> dict[str, Any]:
    """What is told at the last of `steps`: what it says, and what those before it added."""
    last = steps[-1]
    data: dict[str, Any] = {
        "eventType": last.kind,
        "eventTimestamp": millis_text(last.at_us),
        "callId": public_id("CALL", half.call_id),
        "callSessionId": plain_id(call.session),
        "personality": half.personality,
        "state": last.state,
        "remoteParty": _remote(call, half),
        "appearance": 1,
        "created": millis_text(half.start_us),
        "muteCapable": half.answered_us is not None,
        "muted": False,
        "completedElsewhere": False,
    }
    for step in steps:
        match step.kind:
            case "updated":
                device = public_id("APPLICATION", half.owner.key)
                data |= {"endpointType": "APPLICATION", "endpointId": device}
            case "answered" | "connected":
                data["answered"] = millis_text(step.at_us)
            case "recording":
                data["recordingState"] = "started"
            case "disconnected":
                data["disconnected"] = millis_text(step.at_us)
            case _:
                pass
    return data


def _remote(call: Call, half: Half) -> dict[str, Any]:
    other = call.other_side(half)
    remote: dict[str, Any] = {"privacyEnabled": False}
    if other is None:
        return remote | {
            "name": call.far_name,
            "number": call.far_number,
            "callType": "external",
        }
    near = other.location == half.owner.location
    return remote | {
        "name": other.name,
        "number": other.extension,
        "personId": other.person_id,
        "callType": "location" if near else "organization",
    }
