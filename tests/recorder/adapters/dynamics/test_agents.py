"""What Dataverse says of agents: in its messages, and when it is asked; against the simulator's fake service."""

import json

import pytest

from recorder.adapters.dynamics.agent_rows import Presence, Seat, Teller
from recorder.adapters.dynamics.sessions import SessionMemory
from recorder.errors import AuthRefused
from recorder.model import Window
from recorder.screen.legs import Limits, fold
from recorder.webhooks import WebhookRequest
from sim.ucaas.dynamics.hooks import Endpoint, Manner
from sim.ucaas.dynamics.people import agent_id
from sim.ucaas.dynamics.scripts import CallScript, Leg, RecordingScript
from sim.ucaas.faults import Fault, FaultKind, Target
from tests.recorder.adapters.dynamics.scripted import SECRET, FakeSecrets
from tests.recorder.adapters.dynamics.test_with_fake import AUDIO, Bench

HOOK = "hook-secret"
URL = "https://node.example/api"
SETTINGS = {"webhook_secret": "env:HOOK"}
LIMITS = Limits.of(ringing_s=180, talking_s=14_400, wrap_up_s=900)


class Heard(Bench):
    """A source whose messages are posted to it by hand."""

    def __init__(self, settings=None, *, endpoint=None, **options):
        endpoint = endpoint or Endpoint((URL,), query=f"?code={HOOK}")
        super().__init__(SETTINGS | (settings or {}), endpoint=endpoint, **options)
        secrets = FakeSecrets({"env:DYNAMICS": SECRET, "env:HOOK": HOOK})
        self.source._secrets = secrets
        self.seen = 0

    def call(self, *legs, **more):
        """A call that begins now."""
        end_us = self.clock.wall_us() + int(sum(leg.seconds for leg in legs) * 1_000_000)
        (placed,) = self.fake.place([CallScript(end_us, legs, (RecordingScript(AUDIO),), **more)])
        return placed

    def until(self, seconds):
        """Let time pass; the answers to what was posted meanwhile."""
        self.clock.advance(seconds)
        posts = self.fake.deliveries(self.seen)
        self.seen = posts[-1].number if posts else self.seen
        return [self.source.hear(request_of(post)) for post in posts]

    def asked(self, back_s=600.0):
        now_us = self.clock.wall_us()
        return self.source.agent_events(Window(now_us - int(back_s * 1e6), now_us + 1))


def request_of(post):
    headers = {name.lower(): value for name, value in post.headers}
    _, _, query = post.url.partition("?")
    return WebhookRequest(
        headers, post.body, dict(part.split("=", 1) for part in query.split("&") if part)
    )


def events_of(answers):
    return [event for answer in answers for event in answer.agent_events]


def told(events):
    return [(event.agent, event.kind.value, event.call) for event in events]


def verdicts(events, agent, now_us):
    known = fold([event for event in events if event.agent == agent], LIMITS, now_us)
    return [(leg.call, leg.verdict.value, leg.ended_by) for leg in known.legs]


ANN, BOB = agent_id(1, 0), agent_id(1, 1)


def test_a_call_is_heard_from_its_ring_to_its_wrap_up():
    bench = Heard()
    call = bench.call(Leg(0, 30.0), wrap_up_s=10).conversation
    assert told(events_of(bench.until(2))) == [(ANN, "ringing", call)]
    assert told(events_of(bench.until(5))) == [(ANN, "connected", call)]
    rest = told(events_of(bench.until(40)))
    assert (ANN, "ended", call) in rest
    assert (ANN, "wrap_up", call) in rest
    assert rest[-1] == (ANN, "available", call)


def test_an_offer_that_is_refused_and_the_next_one_are_told_apart():
    bench = Heard()
    call = bench.call(Leg(0, 8.0, "rejected"), Leg(1, 30.0)).conversation
    events = events_of(bench.until(60))
    now_us = bench.clock.wall_us()
    assert verdicts(events, ANN, now_us)[0] == (call, "deleted", "not_responding")
    assert verdicts(events, BOB, now_us) == [(call, "kept", "available")]


def test_who_is_consulted_is_recorded_too():
    bench = Heard()
    call = bench.call(Leg(0, 60.0, consult=1)).conversation
    events = events_of(bench.until(70))
    assert (BOB, "connected", call) in told(events)


def test_what_is_asked_for_has_the_ids_of_what_was_heard():
    bench = Heard()
    bench.call(Leg(0, 8.0, "timed_out"), Leg(1, 30.0, consult=2), wrap_up_s=5)
    heard = {event.event_id: (event.kind, event.at_us) for event in events_of(bench.until(60))}
    asked = {event.event_id: (event.kind, event.at_us) for event in bench.asked()}
    assert heard.items() <= asked.items()
    presence = asked.keys() - heard.keys()
    assert all(".available." in one for one in presence), "presences are only asked for"


def test_nothing_is_heard_and_everything_is_found_by_asking():
    bench = Heard()
    call = bench.call(Leg(0, 8.0, "rejected"), Leg(1, 30.0), wrap_up_s=5).conversation
    bench.clock.advance(60)
    events, now_us = bench.asked(), bench.clock.wall_us()
    assert verdicts(events, ANN, now_us) == [(call, "deleted", "not_responding")]
    assert verdicts(events, BOB, now_us) == [(call, "kept", "available")]


def test_without_an_image_the_service_is_asked():
    bench = Heard(hook_manner=Manner(images=False))
    bench.call(Leg(0, 30.0))
    first = bench.until(2)
    assert [event.kind.value for event in events_of(first)] == ["ringing"]
    later = bench.until(5)
    assert events_of(later) == []
    assert any(answer.ask_states for answer in later)


def test_a_session_that_nobody_told_of_is_asked_for():
    bench = Heard()
    bench.call(Leg(0, 30.0))
    bench.source._sessions = SessionMemory()
    answers = [
        answer
        for post in (bench.clock.advance(2), bench.fake.deliveries())[1]
        if b"msdyn_sessionparticipant" in post.body
        for answer in [bench.source.hear(request_of(post))]
    ]
    assert [answer.ask_states for answer in answers] == [True]
    assert len(bench.asked()) == 1
    again = bench.source.hear(
        request_of(next(p for p in bench.fake.deliveries() if b"participant" in p.body))
    )
    assert len(again.agent_events) == 1, "asking filled the memory"


def test_a_message_that_was_cut_is_a_reason_to_ask():
    bench = Heard(hook_manner=Manner(size_max=500))
    bench.call(Leg(0, 3.0))
    answers = bench.until(60)
    assert events_of(answers) == []
    assert any(answer.ask_states for answer in answers)
    assert any(answer.poll_now for answer in answers), "a recording was among them"


def test_a_recording_is_a_reason_to_poll():
    bench = Heard()
    bench.place()
    assert any(answer.poll_now for answer in bench.until(1))


@pytest.mark.parametrize(
    ("settings", "endpoint"),
    [
        ({}, Endpoint((URL,), query=f"?code={HOOK}")),
        ({"webhook_auth": "query", "webhook_name": "key"}, Endpoint((URL,), query=f"?key={HOOK}")),
        (
            {"webhook_auth": "header", "webhook_name": "X-Own"},
            Endpoint((URL,), headers=(("X-Own", HOOK),)),
        ),
    ],
)
def test_each_place_of_the_secret_is_understood_and_a_wrong_secret_refused(settings, endpoint):
    bench = Heard(settings, endpoint=endpoint)
    bench.call(Leg(0, 30.0))
    assert {answer.status for answer in bench.until(2)} == {200}
    bench.source._secrets.values["env:HOOK"] = "another"
    bench.call(Leg(0, 30.0))
    assert {answer.status for answer in bench.until(2)} == {401}


def test_the_secret_in_another_place_than_registered_is_none():
    bench = Heard({"webhook_auth": "header"})
    bench.call(Leg(0, 30.0))
    assert {answer.status for answer in bench.until(2)} == {401}


def test_a_source_without_a_secret_hears_nothing():
    bench = Bench()
    assert bench.source.hear(WebhookRequest({}, b"{}", {"code": ""})).status == 403


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"[]", 400),
        (b"{}", 200),
        (b'{"PrimaryEntityName": "msdyn_sessionparticipant", "PrimaryEntityId": 5}', 200),
        (b'{"PrimaryEntityName": ["account"]}', 200),
        (b"x" * 600_000, 413),
    ],
)
def test_bodies_of_all_sorts_are_answered(body, status):
    bench = Heard()
    answer = bench.source.hear(WebhookRequest({}, body, {"code": HOOK}))
    assert (answer.status, answer.agent_events) == (status, ())


def test_a_date_may_carry_an_offset_and_is_utc_all_the_same():
    bench = Heard()
    seat = "11111111-2222-3333-4444-555555555555"
    bench.source._sessions.keep({seat: seat})
    columns = {
        "msdyn_agentid": {"Id": seat.upper()},
        "msdyn_omnichannelsession": {"Id": seat},
        "msdyn_mode": {"Value": 192350002},
        "msdyn_joinedon": "/Date(1506384247000-0700)/",
        "msdyn_lefton": "/Date(nonsense)/",
    }
    body = {
        "MessageName": "Update",
        "PrimaryEntityName": "msdyn_sessionparticipant",
        "PrimaryEntityId": seat,
        "InputParameters": [
            {
                "key": "Target",
                "value": {"Attributes": [{"key": k, "value": v} for k, v in columns.items()]},
            }
        ],
    }
    answer = bench.source.hear(WebhookRequest({}, json.dumps(body).encode(), {"code": HOOK}))
    (one,) = answer.agent_events
    assert (one.agent, one.kind.value, one.at_us) == (seat, "connected", 1506384247000000)


def test_a_table_the_environment_does_not_show_is_left_out():
    bench = Heard()
    bench.call(Leg(0, 30.0))
    bench.clock.advance(5)
    kinds = {event.kind.value for event in bench.asked()}
    assert kinds == {"ringing", "connected"}
    bench.fake.add_fault(Fault(FaultKind.SECRET_WRONG, Target(), count=50))
    bench.fake.add_fault(Fault(FaultKind.TOKEN_REVOKED, Target()))
    with pytest.raises(AuthRefused):
        bench.asked()


def test_a_change_of_capacity_is_no_change_of_presence():
    stretches = [
        Presence("1", "ann", is_available=True, from_us=10),
        Presence("2", "ann", is_available=True, from_us=20),
        Presence("3", "ann", is_available=False, from_us=30),
        Presence("4", "ann", is_available=True, from_us=40),
        Presence("5", "bob", is_available=True, from_us=15),
    ]
    teller = Teller("crm", 99)
    events = list(teller.of_presences(stretches, since_us=11))
    assert [(event.agent, event.at_us) for event in events] == [("bob", 15), ("ann", 40)]


def test_who_only_monitors_is_no_party():
    seat = Seat(
        id="1", agent="a", session="s", mode=192350004, added_us=1, joined_us=2, left_us=None
    )  # fmt: skip
    assert list(Teller("crm", 9).of_seat(seat, "call")) == []


def test_the_memory_of_sessions_is_bounded():
    memory = SessionMemory(sessions_max=2)
    memory.keep({"a": "1", "b": "2"})
    memory.keep({"a": "1", "c": "3"})
    assert memory.known(["a", "b", "c"]) == {"a": "1", "c": "3"}
