"""Server-to-Server OAuth: who gets a token, how refusals look, and what a token opens."""

import base64

import pytest

from sim.ucaas.faults import FaultKind
from sim.ucaas.zoom.oauth import ClientApp
from sim.ucaas.zoom.service import ACCOUNT
from tests.sim.ucaas.zoom.fakes import API, TOKEN_URL, Fake


@pytest.fixture
def zoom():
    return Fake()


def test_a_token_lives_an_hour_less_a_second_and_names_scopes_and_the_region(zoom):
    token = zoom.login().json()

    assert token["token_type"] == "bearer"
    assert token["expires_in"] == 3599
    assert "archiving:read:list_archived_files:admin" in token["scope"].split()
    assert token["api_url"] == "https://api.zoom.us"
    zoom.clock.go(3598)
    assert zoom.list().status_code == 200
    zoom.clock.go(1)
    assert zoom.list().json() == {"code": 124, "message": "Access token is expired."}


def test_parameters_may_come_in_the_query(zoom):
    given = {"grant_type": "account_credentials", "account_id": ACCOUNT}

    assert zoom.bare.post(TOKEN_URL, params=given, auth=("alpha", "secret-a")).is_success


def test_several_tokens_are_valid_at_once_and_a_revoked_client_has_none(zoom):
    first = dict(zoom.http.headers)
    zoom.login()
    assert zoom.bare.get(f"{API}/archive_files", headers=first).status_code == 200

    zoom.fault(FaultKind.TOKEN_REVOKED)

    assert zoom.list().status_code == 401
    assert zoom.login().is_success
    assert zoom.list().status_code == 200


@pytest.mark.parametrize(
    ("given", "status", "body"),
    [
        (
            {"secret": "wrong"},
            400,
            {"reason": "Invalid client_id or client_secret", "error": "invalid_client"},
        ),
        (
            {"client": "nobody"},
            400,
            {"reason": "Invalid client_id or client_secret", "error": "invalid_client"},
        ),
        (
            {"account": "another"},
            400,
            {"reason": "Account does not exist", "error": "invalid_request"},
        ),
        (
            {"grant_type": "client_credentials"},
            400,
            {"reason": "unsupported grant type", "error": "unsupported_grant_type"},
        ),
    ],
)
def test_refusals_have_a_shape_of_their_own(zoom, given, status, body):
    answer = zoom.login(**given)

    assert (answer.status_code, answer.json()) == (status, body)


def test_other_sources_saw_other_statuses_and_numbers():
    zoom = Fake(refused_status=401, oauth_errors="numbers")

    answer = zoom.login(secret="wrong")

    assert answer.status_code == 401
    assert answer.json() == {"code": 4702, "message": "Invalid client_id or client_secret"}


def test_a_fault_makes_a_true_secret_wrong(zoom):
    zoom.fault(FaultKind.SECRET_WRONG, count=1)

    assert zoom.login().json()["error"] == "invalid_client"
    assert zoom.login().is_success


def test_secrets_come_in_the_basic_header_alone(zoom):
    form = {
        "grant_type": "account_credentials",
        "account_id": ACCOUNT,
        "client_id": "alpha",
        "client_secret": "secret-a",
    }
    garbled = {"Authorization": "Basic " + base64.b64encode(b"\xff\xff").decode()}

    assert zoom.bare.post(TOKEN_URL, data=form).json()["error"] == "invalid_client"
    assert zoom.bare.post(TOKEN_URL, data=form, headers=garbled).status_code == 400
    assert zoom.bare.post(TOKEN_URL, data=form, headers={"Authorization": "Basic !"}).is_error


def test_a_disabled_app_loses_its_tokens(zoom):
    zoom.service.register(ClientApp("alpha", "secret-a", enabled=False))

    assert zoom.list().status_code == 401
    assert zoom.login().json()["reason"] == "The app has been disabled"


def test_an_unknown_token_is_refused_also_in_the_query(zoom):
    token = zoom.http.headers["Authorization"].partition(" ")[2]

    refused = zoom.bare.get(f"{API}/archive_files", params={"access_token": token})
    unknown = zoom.bare.get(f"{API}/archive_files", headers={"Authorization": "Bearer x"})

    assert refused.status_code == unknown.status_code == 401
    assert refused.json() == {"code": 124, "message": "Invalid access token."}
    assert "x-zm-trackingid" in refused.headers


def test_a_token_without_the_scope_is_told_which_one():
    zoom = Fake(clients=[ClientApp("alpha", "secret-a", scopes=("user:read",))])

    answer = zoom.list()

    assert answer.status_code == 400
    assert answer.json()["code"] == 4711
    assert "archiving:read:list_archived_files:admin" in answer.json()["message"]


def test_requests_count_for_the_client_whose_token_it_is(zoom):
    zoom.list()
    zoom.login("beta", "secret-b")
    zoom.list()
    zoom.list()

    rows = zoom.service.statistics()["requests"]
    assert {r["client"]: r["count"] for r in rows if r["request"] == "list"} == {
        "alpha": 1,
        "beta": 2,
    }
