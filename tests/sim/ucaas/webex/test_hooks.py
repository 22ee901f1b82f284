"""Webhooks: registration, what they are told, in which order, and when they are given up."""

import base64
import hashlib
import hmac
import json

import pytest

from sim.ucaas.webex.hooks import Manner, signature
from sim.ucaas.webex.scripts import Change, Leg
from tests.sim.ucaas.webex.fakes import API, Fake, recording

HOOK = {
    "name": "recorder",
    "targetUrl": "https://recorder.example/hooks/webex",
    "resource": "convergedRecordings",
    "event": "all",
    "secret": "hush",
    "ownedBy": "org",
}
CALLS = HOOK | {"resource": "telephony_calls", "ownedBy": "creator"}


@pytest.fixture
def fake():
    return Fake()


def create(fake, client=None, **more):
    return (client or fake.http).post(f"{API}/webhooks", json=HOOK | more)


def told(fake, after=0):
    return [json.loads(delivery.body) for delivery in fake.service.deliveries(after)]


def later(fake, seconds=120):
    fake.clock.go(seconds)
    return told(fake)


def test_the_signature_is_the_known_one():
    expected = "397e225ec853398dabc98f57e38c4bdcddf82b69"

    assert signature("secret", b'{"event":"x"}') == expected


def test_a_webhook_is_created_shown_listed_and_deleted(fake):
    made = create(fake).json()
    key = made["id"]

    assert made["status"] == "active"
    assert made["targetUrl"] == HOOK["targetUrl"]
    assert fake.get(f"webhooks/{key}").json() == made
    assert fake.get("webhooks", ownedBy="org").json()["items"] == [made]
    assert fake.http.delete(f"{API}/webhooks/{key}").status_code == 204
    assert fake.get("webhooks").json()["items"] == []
    assert fake.get(f"webhooks/{key}").status_code == 404


def test_webhooks_of_others_are_not_there(fake):
    key = create(fake).json()["id"]
    beta = fake.as_client("beta")

    assert fake.get(f"webhooks/{key}", client=beta).status_code == 404
    assert fake.get("webhooks", client=beta).json()["items"] == []
    assert beta.delete(f"{API}/webhooks/{key}").status_code == 404


def test_the_same_webhook_twice_is_a_conflict(fake):
    create(fake)

    assert create(fake, name="another name").status_code == 409
    assert create(fake, event="created").status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": None},
        {"targetUrl": ""},
        {"resource": "sandwiches"},
        {"event": "eaten"},
        {"ownedBy": "nobody"},
        {"resource": "telephony_calls"},
        {"secret": 7},
    ],
)
def test_a_malformed_webhook_is_refused(fake, wrong):
    assert create(fake, **wrong).status_code == 400


def test_name_target_and_secret_may_be_changed_and_status_only_to_active(fake):
    key = create(fake).json()["id"]
    url = f"{API}/webhooks/{key}"
    body = {"name": "new", "targetUrl": "https://other.example/"}

    changed = fake.http.put(url, json=body)

    assert changed.json()["name"] == "new"
    assert fake.http.put(url, json=body | {"status": "inactive"}).status_code == 400
    assert fake.http.put(url, json={"name": "x"}).status_code == 400


def test_a_recording_that_is_ready_is_told_signed_to_whoever_asked(fake):
    create(fake)
    key = fake.key(recording(file_delay_s=10))
    (delivery,) = fake.service.deliveries()
    body = json.loads(delivery.body)
    expected = hmac.new(b"hush", delivery.body, hashlib.sha1).hexdigest()

    assert (delivery.method, delivery.url) == ("POST", HOOK["targetUrl"])
    assert dict(delivery.headers)["X-Spark-Signature"] == expected
    assert (body["resource"], body["event"]) == ("convergedRecordings", "created")
    assert body["data"]["id"] == key
    assert body["created"] == "2026-01-01T00:00:00.000Z"
    assert delivery.at_us > fake.truth(key).offered_us


def test_without_a_secret_nothing_is_signed(fake):
    create(fake, secret=None)
    fake.key()

    (delivery,) = fake.service.deliveries()

    assert [name for name, _ in delivery.headers] == ["Content-Type"]


def test_changes_and_ends_of_recordings_are_told(fake):
    create(fake)
    fake.key(recording(changes=(Change(2, "reassign"), Change(4, "trash"), Change(6, "delete"))))

    assert [body["event"] for body in told(fake)] == ["created", "updated", "deleted", "deleted"]


def test_a_filter_and_an_event_narrow_what_is_told(fake):
    create(fake, event="created", filter="ownerEmail=user1@contoso.example")
    fake.key(recording(changes=(Change(2, "delete"),)), legs=(Leg(1, 20.0),))
    fake.key(legs=(Leg(2, 20.0),))

    (body,) = told(fake)

    assert body["filter"] == "ownerEmail=user1@contoso.example"
    assert body["data"]["ownerEmail"] == "user1@contoso.example"


def calls(fake, *legs, **more):
    ada = fake.as_client("ada")
    assert ada.post(f"{API}/webhooks", json=CALLS).status_code == 200
    placed = fake.place(legs=legs, ends_in_s=sum(leg.seconds for leg in legs), **more)
    return placed, [body["data"] for body in later(fake)]


def test_an_inbound_call_is_told_from_ring_to_end(fake):
    placed, seen = calls(fake, Leg(0, 30.0, hold_s=6.0))

    assert [(data["eventType"], data["state"]) for data in seen] == [
        ("received", "alerting"),
        ("updated", "alerting"),
        ("answered", "connected"),
        ("recording", "connected"),
        ("held", "held"),
        ("resumed", "connected"),
        ("disconnected", "disconnected"),
    ]
    assert base64.urlsafe_b64decode(seen[0]["callSessionId"] + "==").decode() == placed.session
    first = base64.urlsafe_b64decode(seen[0]["callId"] + "==").decode()
    assert first.startswith("ciscospark://us/CALL/callhalf-")
    assert "answered" not in seen[1]
    assert "endpointId" not in seen[0]
    assert {"endpointId", "answered", "recordingState"} <= set(seen[-1])
    assert seen[-1]["disconnected"] == "2026-01-01T00:00:30.000Z"
    assert [data["eventTimestamp"] for data in seen] == sorted(d["eventTimestamp"] for d in seen)


def test_events_of_a_call_are_created_updated_and_deleted(fake):
    calls(fake, Leg(0, 30.0))

    events = [body["event"] for body in told(fake)]

    assert events[0] == "created"
    assert set(events[1:-1]) == {"updated"}
    assert events[-1] == "deleted"


def test_a_call_that_nobody_answers_ends_without_an_answer(fake):
    _, seen = calls(fake, Leg(0, 12.0, answered=False), Leg(1, 20.0))

    assert [data["state"] for data in seen] == ["alerting", "alerting", "disconnected"]
    assert "answered" not in seen[-1]


def test_a_consultation_is_a_second_call_of_the_same_person(fake):
    _, seen = calls(fake, Leg(0, 60.0, consult=4))

    personalities = {data["callSessionId"]: data["personality"] for data in seen}

    assert sorted(personalities.values()) == ["originator", "terminator"]
    (second,) = (d for d in seen if d["eventType"] == "originated")
    assert second["state"] == "connecting"
    assert second["remoteParty"]["callType"] == "organization"


def test_calls_of_others_are_not_told(fake):
    _, seen = calls(fake, Leg(3, 30.0))

    assert seen == []


def test_most_posts_come_in_order_and_once(fake):
    create(fake)
    for _ in range(20):
        fake.place(wait_s=1.0)

    keys = [body["data"]["id"] for body in later(fake)]

    assert keys == [item.key for item in fake.service.truth()]


def test_posts_may_come_late_and_twice():
    fake = Fake(hook_manner=Manner(late=0.5, late_s=30.0, repeated=0.5))
    create(fake)
    for _ in range(40):
        fake.place(wait_s=1.0)

    keys = [body["data"]["id"] for body in later(fake)]
    truth = [item.key for item in fake.service.truth()]

    assert len(keys) > len(set(keys)) == len(truth)
    assert list(dict.fromkeys(keys)) != truth
    assert [d.number for d in fake.service.deliveries(10)] == list(range(11, len(keys) + 1))
    due = [delivery.at_us for delivery in fake.service.deliveries()]
    assert due == sorted(due)


def test_a_webhook_that_fails_too_often_becomes_inactive_until_it_is_woken():
    fake = Fake(hook_manner=Manner(failures_max=3))
    key = create(fake).json()["id"]
    for _ in range(3):
        fake.key()
    for delivery in fake.service.deliveries():
        fake.service.report_delivery(delivery.number, 500)
    assert fake.get(f"webhooks/{key}").json()["status"] == "inactive"
    fake.key()
    assert len(fake.service.deliveries()) == 3

    body = {"name": "x", "targetUrl": HOOK["targetUrl"], "status": "active"}
    assert fake.http.put(f"{API}/webhooks/{key}", json=body).json()["status"] == "active"
    fake.key()

    assert len(fake.service.deliveries()) == 4


def test_failures_that_lie_apart_or_are_healed_do_not_count():
    fake = Fake(hook_manner=Manner(failures_max=2, failures_s=100))
    key = create(fake).json()["id"]
    for _ in range(3):
        fake.key()
    one, two, three = fake.service.deliveries()
    fake.service.report_delivery(one.number, 0)
    fake.clock.go(101)
    fake.service.report_delivery(two.number, 0)
    fake.service.report_delivery(two.number, 204)
    fake.service.report_delivery(three.number, 0)

    assert fake.get(f"webhooks/{key}").json()["status"] == "active"
    fake.http.delete(f"{API}/webhooks/{key}")
    fake.service.report_delivery(three.number, 0)
