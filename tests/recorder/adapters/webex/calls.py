"""Metadata and call detail records of plausible calls."""

from __future__ import annotations

from tests.recorder.adapters.webex.scripted import ANNA, BEN, ScriptedWebex, at, uuid

SESSION, ORG, LOCATION = uuid(1, 7), uuid(1, 9), uuid(1, 8)
CUSTOMER = "+14085551234"
CALL = "callhalf-581329:0"


def side(number: str, actor: str = "", kind: str = "USER", **more) -> dict:
    actor_part = {"actor": {"type": kind, "id": actor}} if actor else {}
    return {"number": f"sip:{number}@10.0.0.1;user=phone"} | actor_part | more


def metadata(key: str, *, owner: str = ANNA, **call) -> dict:
    """An inbound call that Anna answered."""
    return {
        "id": key,
        "orgId": ORG,
        "ownerId": owner,
        "ownerType": "USER",
        "ownerName": "Anna Albers",
        "ownerEmail": "anna@contoso.example",
        "storageRegion": "US",
        "serviceType": "calling",
        "version": "1.2",
        "serviceData": {
            "callRecordingId": key,
            "locationId": LOCATION,
            "callSessionId": SESSION,
            "personality": "terminator",
            "callingParty": side(CUSTOMER),
            "calledParty": side("2001", ANNA),
            "answererInfo": side("2001", ANNA),
            "connectedParty": side("2001", ANNA),
            "callId": CALL,
            "recordingType": "alwaysON",
            "session": {"startTime": at(100), "stopTime": at(160)},
            "recordingActions": [{"action": "PAUSE", "time": at(110)}],
            "callActivity": [],
        }
        | call,
    }


def heard(at_s: float, *participants: dict) -> dict:
    return {"timeStamp": at(at_s), "participants": list(participants)}


def participant(number: str, actor: str = "", kind: str = "USER") -> dict:
    found = {"aor": f"sip:{number}@10.0.0.1;user=phone", "send": "stream"}
    return found | ({"actor": {"type": kind, "id": actor}} if actor else {})


def transferred(key: str) -> dict:
    """Anna takes a customer's call, consults Ben while all three are heard, and leaves."""
    customer, anna, ben = (
        participant(CUSTOMER),
        participant("2001", ANNA),
        participant("2002", BEN),
    )
    activity = [
        heard(100, customer, anna),
        heard(130, customer, anna, ben),
        heard(140, customer, ben),
    ]
    return metadata(key, callActivity=activity, connectedParty=side("2002", BEN, name="Ben"))


def record(number: int = 1, **columns) -> dict:
    """The leg on which Anna took the call."""
    return {
        "Answered": "true",
        "Answer time": "2026-01-01T00:01:35.120Z",
        "Call ID": "SSE1101163211405201218829100@10.177.4.29",
        "Called number": "2001",
        "Calling number": CUSTOMER,
        "Calling line ID": "Dora Kunde",
        "Called line ID": "Anna Albers",
        "Call outcome": "Success",
        "Call outcome reason": "Normal",
        "Correlation ID": SESSION,
        "Direction": "TERMINATING",
        "Duration": 70,
        "Hold Duration": 0,
        "Interaction ID": uuid(1, 6),
        "Local call ID": "581329:0",
        "Location": "Richardson",
        "OS type": "na",
        "Queue Type": "NA",
        "Redirecting number": "",
        "Release time": "2026-01-01 00:02:45.621",
        "Report ID": uuid(number, 4),
        "Start time": "2026-01-01T00:01:30.545Z",
        "User": "Anna Albers",
        "User number": "+12025552001",
        "User UUID": ANNA,
        "A column of next year": "new",
    } | columns


def recorded_call(world: ScriptedWebex, story, **fields) -> str:
    """The call above with one recording; returns the recording's key."""
    times = {"timeRecorded": at(100), "durationSeconds": 60}
    key = story.recording(300, session=SESSION, **(times | fields))
    world.metadata[key] = metadata(key)
    return key
