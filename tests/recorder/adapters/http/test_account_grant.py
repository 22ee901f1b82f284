"""What is Zoom's own about tokens; the machine around it is tested with its other grants."""

import base64

import httpx
import pytest

from recorder.adapters.http.account_grant import AccountGrant
from recorder.adapters.http.client import Answer
from recorder.errors import AuthRefused, BadAnswer, Throttled, Unreachable
from tests.recorder.adapters.dynamics.scripted import FakeSecrets

TOKEN_URL = "https://zoom.us/oauth/token"


@pytest.fixture
def grant():
    return AccountGrant(
        token_url=TOKEN_URL,
        account_id="account-1",
        client_id="node-a",
        secret_reference="env:ZOOM",
        secrets=FakeSecrets({"env:ZOOM": "hush: ü"}),
    )


def answer(status, **body):
    response = httpx.Response(status, json=body)
    return Answer(httpx.URL(TOKEN_URL), status, response.headers, response.content, 0, 0)


def test_the_app_speaks_by_basic_and_the_account_is_in_the_form(grant):
    request = grant.request(httpx.Client())

    basic = base64.b64encode("node-a:hush: ü".encode()).decode()
    assert (request.method, str(request.url)) == ("POST", TOKEN_URL)
    assert request.headers["authorization"] == f"Basic {basic}"
    assert request.content == b"grant_type=account_credentials&account_id=account-1"


def test_a_token_lives_as_long_as_the_service_says(grant):
    granted = grant.granted(answer(200, access_token="t", token_type="bearer", expires_in=3599))

    assert (granted.access_token, granted.lifetime_s) == ("t", 3599)


@pytest.mark.parametrize("body", [{}, {"access_token": "t", "token_type": "bearer"}])
def test_an_answer_without_a_token_is_a_bad_answer(grant, body):
    with pytest.raises(BadAnswer) as caught:
        grant.granted(answer(200, **body))

    assert "oauth_url" in caught.value.hint


@pytest.mark.parametrize(
    ("status", "reason", "word", "hint"),
    [
        (400, "Invalid client_id or client_secret", "invalid_client", "client_secret"),
        (401, "Invalid client_id or client_secret", "invalid_client", "activated"),
        (400, "Account does not exist", "invalid_request", "account_id"),
        (400, "unsupported grant type", "unsupported_grant_type", "Server-to-Server"),
        (400, "", "a_new_word", "client_id"),
    ],
)
def test_a_refusal_says_why_and_what_to_do(grant, status, reason, word, hint):
    error = grant.refusal(answer(status, reason=reason, error=word))

    assert type(error) is AuthRefused
    assert str(error).endswith(f"{word} {reason}".strip())
    assert hint in error.hint


@pytest.mark.parametrize(
    ("status", "kind"), [(429, Throttled), (500, Unreachable), (503, Unreachable)]
)
def test_a_token_end_point_that_is_away_passes(grant, status, kind):
    assert type(grant.refusal(answer(status))) is kind


@pytest.mark.parametrize("body", [{"error": 5, "reason": []}, {"error": "A b\n" * 99}])
def test_a_refusal_of_any_shape_is_read_as_far_as_it_goes(grant, body):
    assert "\n" not in str(grant.refusal(answer(400, **body)))


def test_nothing_shows_the_secret(grant):
    assert "hush" not in repr(grant)
