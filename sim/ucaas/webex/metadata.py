"""Recording metadata: who called whom, and what happened in the call while it was recorded."""

from __future__ import annotations

from typing import Any

from sim.clockwork.chance import guid, stream
from sim.ucaas.webex.calls import ORIGINATOR
from sim.ucaas.webex.instants import SECOND_US, seconds_text
from sim.ucaas.webex.people import Owner
from sim.ucaas.webex.shelf import Row

_HIDDEN = ("mediaStreams", "participants", "redirectInfo", "redirectedCall")
"""Of each activity, unless all types are asked for."""
_DOMAIN = "@198.51.100.7;user=phone"


def metadata_of(row: Row, *, org: str, all_types: bool) -> dict[str, Any]:
    """The whole document."""
    half, call = row.half, row.call
    other = call.other_side(half)
    mine = _party(half.owner)
    far = _far(call.far_number) if other is None else _party(other)
    outward = half.personality == ORIGINATOR
    end_us = row.began_us + int(row.script.audio.seconds * SECOND_US)
    activity = _activity(row, (mine, far))
    if not all_types:
        activity = {name: value for name, value in activity.items() if name not in _HIDDEN}
    document: dict[str, Any] = {
        "id": row.key,
        "orgId": org,
        "ownerId": row.owner.key,
        "ownerType": row.owner.actor_type,
        "ownerName": row.owner.name,
        "ownerEmail": row.owner.email,
        "storageRegion": row.owner.location.region,
        "serviceType": row.service_type,
        "version": "1.2",
        "serviceData": {
            "callRecordingId": row.key,
            "locationId": row.owner.location.key,
            "callSessionId": call.session,
            "personality": half.personality,
            "callingParty": mine if outward else far,
            "calledParty": far if outward else mine,
            "callId": half.call_id,
            "session": {
                "startTime": seconds_text(row.began_us),
                "stopTime": seconds_text(end_us),
            },
            "recordingType": "alwaysON",
            "answererInfo": far if outward else mine,
            "recordingActions": _actions(row, end_us),
            "callActivity": [activity],
            "connectedParty": far if outward else mine,
        },
    }
    if call.queue is not None:
        document["serviceData"]["managedBy"] = _party(call.queue)
    return document


def _party(owner: Owner) -> dict[str, Any]:
    return {
        "actor": {"type": owner.actor_type, "id": owner.key},
        "number": f"sip:{owner.extension}{_DOMAIN}",
        "name": owner.name,
    }


def _far(number: str) -> dict[str, Any]:
    return {"actor": {"type": "EXTERNAL", "id": ""}, "number": f"sip:{number}{_DOMAIN}"}


def _actions(row: Row, end_us: int) -> list[dict[str, str]]:
    """What was done to the recording: parts that are missing from the audio."""
    actions = [("START", row.began_us), ("STOP", end_us)]
    hold = row.half.hold
    if hold is not None:
        actions[1:1] = [("PAUSE", hold[0]), ("RESUME", hold[1])]
    return [{"action": what, "time": seconds_text(at_us)} for what, at_us in actions]


def _activity(row: Row, parties: tuple[dict[str, Any], dict[str, Any]]) -> dict[str, Any]:
    media = guid(stream(0, "media", row.key))
    at = seconds_text(row.began_us)
    aors = [str(party["number"]) for party in parties]
    return {
        "timeStamp": at,
        "mediaStreams": [{"streamId": media, "mode": "mixed", "mLineIndex": "0"}],
        "participants": [
            {"actor": party["actor"], "aor": aor, "send": media}
            for party, aor in zip(parties, aors, strict=True)
        ],
        "announcementData": {
            "announcementFilename": "http:///media/en_US/TrtCallRecordingStarted.wav",
            "announcementTimestamp": at,
            "announcementParticipants": aors,
            "announcementType": "USER_LEVEL",
        },
    }
