"""Contacts, rules and holds for tests of retention."""

from recorder.model import Window
from recorder.records.retention import (
    DAY_US,
    Facts,
    Hold,
    KeptMedia,
    Match,
    Part,
    Policy,
    Rules,
    Scope,
)

T0_US = 1_700_000_000_000_000
VOICE = (Part("voice", "inbound"),)


def a_contact(contact_id="c1", *, ended_us=T0_US, parts=VOICE, **more):
    facts = {
        "source": "dyn",
        "session_key": f"ses-{contact_id}",
        "started_us": None if ended_us is None else ended_us - 60_000_000,
        "updated_us": T0_US + 5,
        "channel": "voice",
        "direction": "inbound",
        "names": ("ada agent",),
        "texts": ("+4930", "rec-1"),
        "media": (KeptMedia("m", f"dyn/{contact_id}", 100, "ab"),),
    }
    return Facts(contact_id=contact_id, ended_us=ended_us, parts=tuple(parts), **{**facts, **more})


def a_policy(name="all", days=30.0, **match):
    return Policy(name, Match(**match), round(days * DAY_US))


def rules(*policies, legal=0.0, recycle=5.0):
    return Rules(tuple(policies), round(legal * DAY_US), round(recycle * DAY_US))


def a_hold(hold_id="H-1", *, released_us=None, **scope):
    return Hold(hold_id, "case 7", Scope(**scope), T0_US, "ada", released_us)


def a_window(low=0, high=1):
    return Window(T0_US + low, T0_US + high)
