import hashlib
import hmac
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.adapters.webex.webhook import answer_to, is_genuine
from recorder.errors import ConfigError
from recorder.webhooks import WebhookRequest
from tests.recorder.adapters.webex.scripted import SIGNING, FakeSecrets, ScriptedWebex


def signed(body, secret=SIGNING, *, sha256=False):
    name = "x-webex-signature" if sha256 else "x-spark-signature"
    kind = hashlib.sha256 if sha256 else hashlib.sha1
    value = hmac.new(secret.encode(), body, kind).hexdigest()
    return WebhookRequest({name: f"sha256={value}" if sha256 else value}, body)


def event(**fields):
    return json.dumps({"resource": "convergedRecordings", "event": "created"} | fields).encode()


def test_the_published_vector():
    right = "397e225ec853398dabc98f57e38c4bdcddf82b69"
    request = WebhookRequest({"x-spark-signature": right}, b'{"event":"x"}')

    assert is_genuine(request, "secret")
    assert not is_genuine(request, "Secret")
    assert not is_genuine(WebhookRequest({"x-spark-signature": right}, b'{"event":"y"}'), "secret")
    upper = WebhookRequest({"x-spark-signature": right.upper()}, b'{"event":"x"}')
    assert is_genuine(upper, "secret")


@pytest.mark.parametrize("sha256", [False, True])
def test_a_recording_event_asks_for_an_early_poll(sha256):
    answer = answer_to(signed(event(), sha256=sha256), SIGNING)

    assert (answer.status, answer.poll_now) == (200, True)


@pytest.mark.parametrize("resource", ["telephony_calls", None, 5, ["convergedRecordings"]])
def test_another_event_is_taken_and_asks_for_nothing(resource):
    answer = answer_to(signed(event(resource=resource)), SIGNING)

    assert (answer.status, answer.poll_now) == (200, False)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-spark-signature": ""},
        {"x-spark-signature": "0" * 40},
        {"x-webex-signature": "sha256="},
        {"x-webex-signature": "sha1=" + "0" * 40},
        {"x-spark-signature": "\udcff\x00é"},
    ],
)
def test_a_message_without_a_right_signature_is_refused(headers):
    answer = answer_to(WebhookRequest(headers, event()), SIGNING)

    assert (answer.status, answer.poll_now) == (401, False)


def test_a_signature_by_another_secret_is_refused():
    assert answer_to(signed(event(), "another"), SIGNING).status == 401


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b"[" * 99_999])
def test_a_signed_message_that_is_no_event_is_told_so(body):
    assert answer_to(signed(body), SIGNING).status == 400


def test_a_message_without_end_is_not_even_hashed():
    assert answer_to(signed(b" " * (1024**2 + 1)), SIGNING).status == 413


@given(st.binary(max_size=200), st.text(max_size=60))
def test_only_the_secret_makes_a_right_signature(body, value):
    headers = {"x-spark-signature": value, "x-webex-signature": value}

    assert not is_genuine(WebhookRequest(headers, body), SIGNING)
    assert is_genuine(signed(body), SIGNING)


def test_a_source_without_a_secret_hears_nothing():
    source = ScriptedWebex().open()

    assert source.hear(signed(event())).status == 404


def test_the_secret_is_read_at_every_message():
    secrets = FakeSecrets()
    source = ScriptedWebex().open(webhook_secret="env:HOOK", secrets=secrets)
    assert source.hear(signed(event())).poll_now

    secrets.values["env:HOOK"] = "mended"
    assert source.hear(signed(event())).status == 401
    assert source.hear(signed(event(), "mended")).poll_now

    del secrets.values["env:HOOK"]
    with pytest.raises(ConfigError):
        source.hear(signed(event()))
