import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.adapters.zoom.webhook import (
    COMPLETED,
    Challenge,
    Hint,
    Refused,
    answer,
    signature,
    verify,
)
from recorder.errors import ConfigError
from recorder.webhooks import WebhookAnswer, WebhookRequest
from tests.recorder.adapters.zoom.scripted import EPOCH_S, HOOK_SECRET, ScriptedZoom

NOW_S = 1_700_000_000
NOW_US = NOW_S * 1_000_000
BODY = b'{"event":"x"}'
VECTOR = "v0=aaaddc2382ce58a607b298ab6361ae1667ddff72c622b1993fd76c02908634c3"
PLAIN = "qgg8vlvZRS6UYooatFL8Aw"
ENCRYPTED = "72cef096bfd47c0b8664df30d07721641e4abd7e885ba432204260db477a9a3e"


def signed(body, *, key="secret", at_s=NOW_S):
    return {
        "x-zm-signature": signature(key, str(at_s), body),
        "x-zm-request-timestamp": str(at_s),
    }


def event(name, **payload):
    return json.dumps({"event": name, "payload": payload, "event_ts": NOW_S * 1000}).encode()


def test_the_signature_is_that_of_the_service():
    assert signature("secret", "1700000000", BODY) == VECTOR
    headers = {"x-zm-signature": VECTOR, "x-zm-request-timestamp": "1700000000"}
    assert verify("secret", headers, BODY, NOW_US) == Hint("x", poll_now=False)


@pytest.mark.parametrize("is_signed", [True, False])
def test_the_challenge_is_answered_with_the_encrypted_token(is_signed):
    body = event("endpoint.url_validation", plainToken=PLAIN)

    outcome = verify("secret", signed(body) if is_signed else {}, body, NOW_US)

    assert isinstance(outcome, Challenge)
    assert json.loads(outcome.body) == {"plainToken": PLAIN, "encryptedToken": ENCRYPTED}
    assert answer(outcome) == WebhookAnswer(200, outcome.body)


def test_completed_files_ask_for_an_early_poll_and_nothing_else():
    body = event(COMPLETED, object={"uuid": "x", "archive_files": [{"id": "never believed"}]})

    outcome = verify("secret", signed(body), body, NOW_US)

    assert outcome == Hint(COMPLETED, poll_now=True)
    assert answer(outcome) == WebhookAnswer(204, poll_now=True)


def test_other_events_are_taken_and_change_nothing():
    body = event("meeting.ended")

    assert answer(verify("secret", signed(body), body, NOW_US)) == WebhookAnswer(204)


@pytest.mark.parametrize("off_s", [-300, -1, 0, 1, 300])
def test_a_signature_of_these_minutes_is_good(off_s):
    headers = signed(BODY, at_s=NOW_S + off_s)

    assert isinstance(verify("secret", headers, BODY, NOW_US), Hint)


@pytest.mark.parametrize("off_s", [-301, 301, 10**9])
def test_a_signature_of_another_time_is_refused(off_s):
    headers = signed(BODY, at_s=NOW_S + off_s)

    assert isinstance(verify("secret", headers, BODY, NOW_US), Refused)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-zm-signature": VECTOR},
        {"x-zm-request-timestamp": str(NOW_S)},
        signed(BODY, key="other"),
        signed(BODY + b" "),
        signed(BODY) | {"x-zm-request-timestamp": str(NOW_S + 1)},
        signed(BODY) | {"x-zm-signature": VECTOR.removeprefix("v0=")},
        signed(BODY) | {"x-zm-signature": VECTOR + "\n"},
        signed(BODY) | {"x-zm-signature": VECTOR.upper()},
        signed(BODY) | {"x-zm-signature": "é" * 67},
        signed(BODY) | {"x-zm-request-timestamp": "9" * 500},
        signed(BODY) | {"x-zm-request-timestamp": "\u0661\u0667" + "\u0660" * 8},
        signed(BODY) | {"x-zm-request-timestamp": "-5"},
    ],
)
def test_what_is_not_signed_by_the_service_is_refused(headers):
    outcome = verify("secret", headers, BODY, NOW_US)

    assert isinstance(outcome, Refused)
    assert answer(outcome) == WebhookAnswer(401)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b"{}",
        b'{"event":5}',
        b'{"event":"x","payload":[]}',
        b"\xff\xfe",
        b'{"event":"' + b"x" * (4 * 1024**2) + b'"}',
    ],
)
def test_a_signed_body_that_is_no_event_is_refused(body):
    assert isinstance(verify("secret", signed(body), body, NOW_US), Refused)


@pytest.mark.parametrize(
    "plain", [None, 5, "", "v0:1700000000:{}", "a b", "a\n", ["x"], "x" * 201, "é"]
)
def test_no_challenge_makes_us_sign_an_event(plain):
    body = event("endpoint.url_validation", plainToken=plain)

    assert isinstance(verify("secret", {}, body, NOW_US), Refused)


def test_a_challenge_with_a_wrong_signature_is_refused():
    body = event("endpoint.url_validation", plainToken=PLAIN)

    assert isinstance(verify("secret", signed(body, key="other"), body, NOW_US), Refused)


@given(st.binary(max_size=200), st.dictionaries(st.text(), st.text(), max_size=3))
def test_any_request_has_an_outcome(body, headers):
    assert isinstance(verify("secret", headers, body, NOW_US), (Refused, Challenge))


# --- through the source ----------------------------------------------------------------------------


def heard(source, body, **kwargs):
    return source.hear(WebhookRequest(signed(body, **kwargs), body))


def test_a_source_hears_with_its_own_secret():
    world = ScriptedZoom()
    source = world.open(webhook_secret="env:HOOK")
    now_s = int(world.clock.wall_s)
    body = event(COMPLETED)

    good = heard(source, body, key=HOOK_SECRET, at_s=now_s)
    assert (good.status, good.poll_now) == (204, True)
    assert heard(source, body, key="other", at_s=now_s).status == 401
    assert heard(source, body, key=HOOK_SECRET, at_s=EPOCH_S).status == 401
    assert world.requests == []


def test_without_a_secret_nothing_is_heard():
    source = ScriptedZoom().open()

    assert heard(source, event(COMPLETED)) == WebhookAnswer(403)


def test_a_secret_that_cannot_be_read_is_told():
    with pytest.raises(ConfigError, match="env:NONE"):
        heard(ScriptedZoom().open(webhook_secret="env:NONE"), event(COMPLETED))
