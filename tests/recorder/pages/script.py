"""What happens in the contacts of the stage: who speaks when, and what the timeline tells of it."""

from recorder.model import Party
from recorder.stitch.timeline import Timeline

LENGTH_S = 30
BEGAN_US = 1_763_700_000_000_000
AGENT = "zoom/ada"
ENDS_MS = LENGTH_S * 1000

PARTIES = (
    Party("ada", "agent", "Ada Agent", "", BEGAN_US, BEGAN_US + 30_000_000),
    Party("carl", "customer", "Carl Customer", "+49301234567", BEGAN_US, BEGAN_US + 30_000_000),
    Party("sue", "agent", "Sue Senior", "", BEGAN_US + 18_000_000, BEGAN_US + 25_000_000),
)
LINES = (
    (500, "Ada Agent", "Good morning, this is Ada. What can I do for you?"),
    (4200, "Carl Customer", "Hello. I got a letter about my claim, and it names the wrong car."),
    (8300, "Ada Agent", "Let me look at that with you. Could you read me the number at the top?"),
    (13_000, "Carl Customer", "I will give you the card as well, one moment."),
    (18_500, "Sue Senior", "Sue here. The other car is from the household; I can see both."),
    (24_000, "Carl Customer", "Then it is my wife's. That explains it, thank you."),
)
EVENTS = (
    (0, "ringing"),
    (1800, "connected"),
    (14_000, "mask"),
    (17_000, "unmask"),
    (18_000, "consulting"),
    (25_000, "consult_done"),
    (28_000, "wrap_up"),
    (29_500, "available"),
)


SEGMENTS = (
    ("s1", 0, 18_000, "answered", ("ada", "carl")),
    ("s2", 18_000, ENDS_MS, "consult", ("ada", "carl", "sue")),
)
_FILE = {
    "object_key": "renditions/x",
    "media_type": "video/webm",
    "size_bytes": 1,
    "sha256": "0" * 64,
}


def timeline(contact_id, *, screen=True, sound=True, lines=LINES, notes=()):
    """What the page shows beside the media."""
    return Timeline.model_validate(
        {
            "contact": _contact(contact_id),
            "digest": "0" * 64,
            "origin_us": BEGAN_US,
            "duration_ms": ENDS_MS,
            "has_audio": sound,
            "has_screen": screen,
            "rendition": _FILE,
            "peaks": _FILE,
            "originals": [_original()] if sound else [],
            "quiet": [{"start_ms": 18_000, "end_ms": 19_500}] if sound else [],
            "legs": [_leg()],
            "segments": [_segment(*one) for one in SEGMENTS],
            "parties": [_party(one) for one in PARTIES],
            "events": [
                {"t_ms": ms, "kind": kind, "who": "Ada Agent", "agent": AGENT}
                for ms, kind in EVENTS
            ],
            "lines": [_line(*one) for one in lines],
            "clocks": _clocks(),
            "notes": notes,
            **(_screen() if screen else {}),
        }
    )


SUE = "zoom/sue"
STRETCHES = ((0, ENDS_MS), (0, ENDS_MS), (18_000, 25_000))
"""Of the two monitors of Ada's, and of Sue's, whom she consults."""


def several(one):
    """The same contact with two desktops of Ada's and one of Sue's, each in a file of its own."""
    told = one.model_dump(mode="json")
    (first,) = told["screens"]
    desktops = (
        ("pc-7", AGENT, "Ada Agent"),
        ("pc-8", AGENT, "Ada Agent"),
        ("pc-9", SUE, "Sue Senior"),
    )
    told["screens"] = [
        {
            **first,
            "number": number,
            "desktop": desktop,
            "agents": [agent],
            "name": name,
            "stretches": [{**first["stretches"][0], "start_ms": start_ms, "end_ms": end_ms}],
            "file": {**_FILE, "object_key": f"renditions/several/screen-{number}.webm"},
        }
        for number, ((desktop, agent, name), (start_ms, end_ms)) in enumerate(
            zip(desktops, STRETCHES, strict=True), 1
        )
    ]
    told["picture"] = [
        {"start_ms": 0, "end_ms": 18_000, "screen": 1},
        {"start_ms": 18_000, "end_ms": 25_000, "screen": 3},
        {"start_ms": 25_000, "end_ms": ENDS_MS, "screen": 1},
    ]
    return Timeline.model_validate(told)


def _contact(contact_id):
    return {
        "contact_id": contact_id,
        "source": "zoom",
        "session_key": "s",
        "revision": 1,
        "channel": "voice",
        "direction": "inbound",
        "subject": "",
    }


def _original():
    return {
        "media_key": "whole-file",
        "interaction_key": "call",
        "kind": "audio",
        "file_name": "call.mp3",
        **{name: value for name, value in _FILE.items() if name != "media_type"},
        "media_type": "audio/mpeg",
        "state": "placed",
        "start_ms": 0,
        "end_ms": 18_000,
        "placed_by": "file",
        "channels": 2,
    }


def _screen():
    def stretch(start_ms, end_ms, part):
        size = {"width": 640, "height": 360}
        return {"start_ms": start_ms, "end_ms": end_ms, "stream": "s", "parts": [part], **size}

    shown = [(0, 24_000, "p"), (26_000, ENDS_MS, "q")]
    return {
        "screens": [
            {
                "number": 1,
                "desktop": "pc-7",
                "agents": [AGENT],
                "name": "Ada Agent",
                "stretches": [stretch(*one) for one in shown],
            }
        ],
        "picture": [{"start_ms": a, "end_ms": b, "screen": 1} for a, b, _part in shown],
        "masks": [{"agent": AGENT, "start_ms": 14_000, "end_ms": 17_000}],
    }


def _leg():
    span = {"start_ms": 0, "end_ms": 29_500, "verdict": "kept", "ended_by": "available"}
    return {"agent": AGENT, "name": "Ada Agent", "call": "s", **span}


def _segment(key, start_ms, end_ms, reason, party_keys):
    return {
        "interaction_key": "call",
        "key": key,
        "start_ms": start_ms,
        "end_ms": end_ms,
        "reason": reason,
        "party_keys": party_keys,
    }


def _party(one):
    return {
        "interaction_key": "call",
        "key": one.key,
        "role": one.role,
        "name": one.name,
        "number": one.number,
        "joined_ms": (one.joined_us - BEGAN_US) // 1000,
        "left_ms": (one.left_us - BEGAN_US) // 1000,
    }


def _line(ms, who, text):
    return {
        "t_ms": ms,
        "end_ms": ms + 3000,
        "who": who,
        "party_key": "",
        "to": "",
        "text": text,
        "kind": "caption",
        "media_key": "t",
    }


def _clocks():
    measured = {"ahead_us": 1500, "error_us": 800, "applied_us": 1500}
    return {
        "service": {"ahead_us": 12_000, "error_us": 40_000, "applied_us": 0},
        "desktops": [{"part_key": "p", "stream": "s", "node": "alpha", **measured}],
    }
