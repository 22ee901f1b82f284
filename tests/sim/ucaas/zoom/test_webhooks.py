"""Webhooks as data: signed, tried again by a timetable, and the check of the end point."""

import hashlib
import hmac
import json
from itertools import pairwise

import pytest

from sim.ucaas.zoom.scripts import AttachmentScript
from sim.ucaas.zoom.webhooks import (
    Subscription,
    completed_event,
    encrypted_token,
    signature,
    signed_headers,
    validation_event,
)
from tests.sim.ucaas.fakes import START_US
from tests.sim.ucaas.zoom.fakes import AUDIO, Fake

URL = "https://alpha.example/webhooks/zoom"
SECRET = "hook-secret"


@pytest.fixture
def zoom():
    return Fake(subscriptions=(Subscription(URL, SECRET),))


def test_the_signature_is_that_of_the_documented_example():
    assert signature("secret", "1700000000", b'{"event":"x"}') == (
        "v0=aaaddc2382ce58a607b298ab6361ae1667ddff72c622b1993fd76c02908634c3"
    )


def test_the_answer_to_a_validation_is_that_of_the_documented_example():
    assert encrypted_token("secret", "qgg8vlvZRS6UYooatFL8Aw") == (
        "72cef096bfd47c0b8664df30d07721641e4abd7e885ba432204260db477a9a3e"
    )


def test_a_complete_archive_is_told_with_a_signature(zoom):
    placed = zoom.place(AUDIO, topic="Prüfung", attachments=(AttachmentScript("a", b"b"),))

    (post,) = zoom.service.deliveries()

    headers = dict(post.headers)
    stamp = headers["x-zm-request-timestamp"]
    signed = b"v0:" + stamp.encode() + b":" + post.body
    expected = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert (post.method, post.url, post.attempt) == ("POST", URL, 1)
    assert headers["x-zm-signature"] == f"v0={expected}"
    assert int(stamp) == post.at_us // 1_000_000
    event = json.loads(post.body)
    assert event["event"] == "recording.archive_files_completed"
    assert event["payload"]["account_id"] == "acmeAccountId42"
    meeting = event["payload"]["object"]
    assert (meeting["uuid"], meeting["status"]) == (placed.meeting, "completed")
    assert meeting["archive_files"][0]["file_name"] == "audio_only.m4a"
    assert "physical_files" not in meeting


def test_the_body_is_as_one_who_parses_and_writes_it_again_would_write_it(zoom):
    zoom.place(topic="取引 / ü")
    (post,) = zoom.service.deliveries()

    again = json.dumps(json.loads(post.body), separators=(",", ":"), ensure_ascii=False)

    assert again.encode() == post.body


def test_nothing_is_told_of_what_is_not_complete(zoom):
    zoom.place(complete_s=None, after_s=1000)

    assert zoom.service.deliveries() == ()


def test_a_post_is_due_after_its_delay_and_counted_up():
    zoom = Fake(subscriptions=(Subscription(URL, SECRET, delay_s=20.0),))
    zoom.place(after_s=15.0)
    assert zoom.service.deliveries() == ()
    zoom.clock.go(10)
    (first,) = zoom.service.deliveries()

    zoom.place(after_s=60.0)
    (second,) = zoom.service.deliveries(first.number)

    assert (first.number, second.number) == (1, 2)
    assert first.at_us == START_US + 23_000_000


@pytest.mark.parametrize("scale", [1.0, 0.01])
def test_a_post_without_a_good_answer_is_tried_three_times_more(scale):
    zoom = Fake(subscriptions=(Subscription(URL, SECRET, scale=scale),))
    zoom.place()
    posts = []
    for status in (500, 0, 302, 404):
        (post,) = zoom.service.deliveries(len(posts))
        posts.append(post)
        zoom.service.report_delivery(post.number, status)
        zoom.clock.go(3601 * scale + 1)

    assert zoom.service.deliveries(len(posts)) == ()
    waits = [(b.at_us - a.at_us) / 1e6 for a, b in pairwise(posts)]
    assert waits == pytest.approx([300 * scale, 1200 * scale, 3600 * scale])
    assert [post.attempt for post in posts] == [1, 2, 3, 4]
    assert len({post.body for post in posts}) == 1
    assert len({dict(post.headers)["x-zm-signature"] for post in posts}) == 4


@pytest.mark.parametrize("status", [200, 204])
def test_a_good_answer_ends_it(zoom, status):
    zoom.place()
    (post,) = zoom.service.deliveries()
    zoom.service.report_delivery(post.number, status)
    zoom.service.report_delivery(post.number, 500)
    zoom.clock.go(10_000)

    assert zoom.service.deliveries(post.number) == ()


def test_posts_may_come_twice():
    zoom = Fake(subscriptions=(Subscription(URL, SECRET, repeated=1.0),))
    zoom.place()

    one, other = zoom.service.deliveries()

    assert one.body == other.body


def test_an_end_point_is_asked_to_prove_its_secret(zoom):
    zoom.service.validate_webhooks()

    (post,) = zoom.service.deliveries()

    event = json.loads(post.body)
    assert event["event"] == "endpoint.url_validation"
    assert event["payload"]["plainToken"]
    assert event["event_ts"] == START_US // 1000
    stamp = START_US // 1_000_000
    assert post.headers == signed_headers(SECRET, stamp, post.body)


def test_every_subscription_is_told():
    zoom = Fake(subscriptions=(Subscription(URL, SECRET), Subscription(f"{URL}2", "other")))
    zoom.place()

    assert [post.url for post in zoom.service.deliveries()] == [URL, f"{URL}2"]


def test_bodies_can_be_made_without_a_service():
    meeting = {"uuid": "u", "archive_files": [], "auto_delete": True}

    body = json.loads(completed_event(meeting, account="a", token="t", service_us=5_000_000))
    check = json.loads(validation_event("plain", service_us=5_000_000))

    assert body["payload"]["object"] == {"uuid": "u", "archive_files": []}
    assert (body["download_token"], body["event_ts"]) == ("t", 5000)
    assert check["payload"] == {"plainToken": "plain"}
