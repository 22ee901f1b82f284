"""What Webex says of agents: Calling by its webhooks, Contact Center by events and when it is asked."""

import base64
import hashlib
import hmac
import json

import httpx
import pytest

from recorder.adapters.webex.activities import activities
from recorder.adapters.webex.agent_calls import events_of
from recorder.adapters.webex.contact_center import STATES
from recorder.adapters.webex.contact_center import events_of as center_events
from recorder.adapters.webex.webhook import answer_to
from recorder.errors import BadAnswer
from recorder.model import Window
from recorder.screen.legs import Limits, fold
from recorder.webhooks import WebhookRequest
from sim.ucaas.webex.calls import ORIGINATOR, TERMINATOR, Call, Half
from sim.ucaas.webex.people import owner, public_id
from sim.ucaas.webex.talk import data_of, steps_of

S = 1_000_000
START = 1_700_000_000 * S
SECRET = "secret-of-the-hook"
ANN = owner(1, 0)
LIMITS = Limits.of(ringing_s=180, talking_s=14_400, wrap_up_s=900)


def half(personality=TERMINATOR, answered_s=5, end_s=60, hold=None):
    answered_us = None if answered_s is None else START + answered_s * S
    held = None if hold is None else tuple(START + second * S for second in hold)
    return Half("7:0", ANN, personality, START, answered_us, START + end_s * S, held)


def messages(one, **more):
    """The envelopes of a half of a call, in order."""
    call = Call("5d1b1a0e-0000-4000-8000-000000000001", "x", (one,), "Eve", "+1202")
    steps = steps_of(one, recorded=True)
    for count in range(1, len(steps) + 1):
        data = data_of(call, one, steps[:count]) | more
        yield {"resource": "telephony_calls", "actorId": public_id("PEOPLE", ANN.key), "data": data}


def heard(one, **more):
    return [
        event
        for message in messages(one, **more)
        for event in events_of(message, source="webex", heard_us=START)
    ]


def kinds(events):
    return [event.kind.value for event in events]


def verdicts(events):
    known = fold(events, LIMITS, START + 3_600 * S)
    return [(leg.call[:8], leg.verdict.value, leg.ended_by) for leg in known.legs]


def test_an_answered_call_is_kept_and_ends_at_once():
    events = heard(half(hold=(20, 30)))
    assert kinds(events)[:3] == ["ringing", "ringing", "connected"]
    assert kinds(events)[-2:] == ["ended", "available"]
    assert "on_hold" in kinds(events)
    assert "hold_done" in kinds(events)
    assert verdicts(events) == [("5d1b1a0e", "kept", "available")]
    assert {event.agent for event in events} == {ANN.key}


def test_a_call_nobody_answered_is_deleted():
    assert verdicts(heard(half(answered_s=None))) == [("5d1b1a0e", "deleted", "not_responding")]


def test_a_call_answered_elsewhere_is_not_decided():
    events = heard(half(answered_s=None), completedElsewhere=True)
    assert verdicts(events) == [("5d1b1a0e", "undecided", "available")]


def test_an_outbound_call_rings_at_the_other_end():
    assert kinds(heard(half(ORIGINATOR)))[0] == "ringing"
    assert verdicts(heard(half(ORIGINATOR))) == [("5d1b1a0e", "kept", "available")]
    assert verdicts(heard(half(ORIGINATOR, answered_s=None)))[0][1] == "undecided"


def test_a_paused_recording_masks():
    events = heard(half(), recordingState="paused")
    assert "mask" in kinds(events)
    (leg,) = fold(events, LIMITS, START + 3_600 * S).legs
    assert leg.masks[0].to_us == leg.span.to_us


def test_ids_are_the_same_over_two_webhooks():
    first, second = heard(half()), heard(half())
    assert [one.event_id for one in first] == [one.event_id for one in second]
    assert len({one.event_id for one in first}) == len(first)


def test_the_call_is_named_as_its_recordings_are():
    assert {one.call for one in heard(half())} == {"5d1b1a0e-0000-4000-8000-000000000001"}


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"actorId": "!", "data": {}},
        {"actorId": ANN.key, "data": []},
        {"actorId": ANN.key, "data": {"callId": "x"}},
        {"actorId": ANN.key, "data": {"callId": "x", "eventTimestamp": "yesterday"}},
    ],
)
def test_what_cannot_be_read_says_nothing(message):
    assert events_of(message, source="webex", heard_us=START) == ()


# --- Contact Center ---


def activity(state, at_s=0, **more):
    row = {"agentId": "ag-1", "currentState": state, "taskId": "task-1"}
    return row | {"createdTime": (START + at_s * S) // 1000} | more


def signed(message, secret=SECRET, header="X-WebexCC-Signature"):
    body = json.dumps(message).encode()
    value = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return WebhookRequest({header.lower(): value}, body)


def center(message, **more):
    return answer_to(
        signed(message, **more),
        None,
        contact_center_secret=SECRET,
        source="webex",
        heard_us=START,
    )


def test_a_state_of_an_agent_is_an_event():
    answer = center({"type": "agent:state_change", "data": activity("ringing")})
    (one,) = answer.agent_events
    assert (one.agent, one.call, one.kind.value, one.at_us) == ("ag-1", "task-1", "ringing", START)


def test_available_is_of_the_agent_and_wrap_up_done_of_the_task():
    available, done = (
        center({"type": "agent:channel_state_change", "data": activity(state)}).agent_events[0]
        for state in ("available", "wrapup-done")
    )
    assert (available.call, available.kind) == ("", done.kind)
    assert done.call == "task-1"


@pytest.mark.parametrize("state", ["idle", "logged-out", ""])
def test_other_states_say_nothing(state):
    answer = center({"type": "agent:state_change", "data": activity(state)})
    assert (answer.status, answer.agent_events) == (200, ())


def test_tasks_and_captures_say_nothing_of_a_screen():
    for name in ("task:ended", "capture:available"):
        answer = center({"type": name, "data": activity("connected")})
        assert (answer.status, answer.agent_events) == (200, ())


def test_a_wrong_signature_is_refused_and_no_secret_hears_nothing():
    message = {"type": "agent:state_change", "data": activity("ringing")}
    assert center(message, secret="another").status == 401
    assert answer_to(signed(message), SECRET).status == 404
    assert answer_to(signed(message, header="X-Other"), None).status == 404


def test_an_event_and_the_list_of_activities_give_the_same_id():
    (pushed,) = center({"type": "agent:state_change", "data": activity("connected")}).agent_events
    row = activity("connected")
    row["startTime"] = row.pop("createdTime")
    (asked,) = center_events([row, {"agentId": 5}, None], source="webex", heard_us=START)
    assert asked == pushed


def test_every_state_has_a_kind():
    assert len(STATES) == 12


class Pages:
    """An API that answers with these pages."""

    def __init__(self, *pages):
        self.pages, self.asked = list(pages), []

    def object(self, path):
        self.asked.append(httpx.URL(f"https://x/{path}").params)
        return {"data": self.pages.pop(0)}, None


def test_activities_are_read_page_by_page_and_a_day_at_most():
    api = Pages([{}] * 1000, [{}] * 3)
    window = Window(0, START)
    assert len(activities(api, window, org="o-1")) == 1003
    assert [one["page"] for one in api.asked] == ["0", "1"]
    assert int(api.asked[0]["to"]) - int(api.asked[0]["from"]) < 86_400_000
    assert api.asked[0]["orgId"] == "o-1"


def test_a_page_that_makes_no_sense_holds_nothing():
    api = Pages(None)
    assert activities(api, Window(0, START), org="") == ()
    assert BadAnswer


def test_base64_ids_become_bare():
    long_id = base64.urlsafe_b64encode(f"ciscospark://us/PEOPLE/{ANN.key}".encode()).decode()
    message = next(messages(half()))
    assert message["actorId"].rstrip("=") == long_id.rstrip("=")
