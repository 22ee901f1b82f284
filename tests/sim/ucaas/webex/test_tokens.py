"""Grants, lives and owners of tokens."""

import re
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from sim.ucaas.faults import FaultKind
from tests.sim.ucaas.webex.fakes import ALPHA, API, CLIENTS, TOKEN_URL, Fake

DAY_S = 86_400


@pytest.fixture
def fake():
    return Fake()


def test_a_refresh_token_gives_a_bearer_token_with_a_life_in_whole_seconds(fake):
    given = fake.refresh().json()

    assert given["token_type"] == "Bearer"
    assert isinstance(given["expires_in"], int)
    assert given["expires_in"] == 43_200
    assert given["refresh_token_expires_in"] == 90 * DAY_S
    assert "spark-compliance:recordings_read" in given["scope"].split()


def test_the_refresh_token_stays_the_same_and_its_use_renews_its_life(fake):
    for _ in range(3):
        fake.clock.go(60 * DAY_S)
        assert fake.refresh().json()["refresh_token"] == ALPHA.refresh_token


def test_a_service_that_rotates_gives_a_new_refresh_token_and_takes_the_old_no_more():
    fake = Fake(rotate_refresh_tokens=True)
    first = fake.refresh(CLIENTS[1]).json()["refresh_token"]

    assert first != CLIENTS[1].refresh_token
    assert fake.refresh(CLIENTS[1]).status_code == 400
    assert fake.refresh(CLIENTS[1], refresh_token=first).status_code == 200


def test_an_expired_refresh_token_is_an_invalid_grant(fake):
    fake.clock.go(91 * DAY_S)

    answer = fake.refresh()

    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_grant"
    assert re.fullmatch(r"ROUTER_[0-9A-F]{24}", answer.json()["trackingId"])


def test_a_newly_authorised_app_gets_tokens_again(fake):
    fake.clock.go(91 * DAY_S)
    fake.service.register(replace(ALPHA, refresh_token="another"))

    assert fake.refresh().status_code == 400
    assert fake.refresh(refresh_token="another").status_code == 200


@pytest.mark.parametrize(
    ("wrong", "status", "word"),
    [
        ({"client_secret": "no"}, 401, "invalid_client"),
        ({"client_id": "nobody"}, 401, "invalid_client"),
        ({"refresh_token": "refresh-b"}, 400, "invalid_grant"),
        ({"grant_type": "client_credentials"}, 400, "unsupported_grant_type"),
    ],
)
def test_a_wrong_request_for_a_token_is_refused(fake, wrong, status, word):
    answer = fake.refresh(**wrong)

    assert (answer.status_code, answer.json()["error"]) == (status, word)


def test_the_code_flow_ends_in_tokens_and_a_code_serves_once(fake):
    asked = {
        "client_id": "alpha",
        "response_type": "code",
        "redirect_uri": "https://recorder.example/back",
        "state": "42",
    }
    back = fake.bare.get(f"{API}/authorize", params=asked).headers["location"]
    answer = parse_qs(urlsplit(back).query)
    form = {
        "grant_type": "authorization_code",
        "client_id": "alpha",
        "client_secret": ALPHA.secret,
        "code": answer["code"][0],
        "redirect_uri": asked["redirect_uri"],
    }

    given = fake.bare.post(TOKEN_URL, data=form)

    assert answer["state"] == ["42"]
    assert given.status_code == 200
    assert fake.refresh(refresh_token=given.json()["refresh_token"]).status_code == 200
    assert fake.bare.post(TOKEN_URL, data=form).json()["error"] == "invalid_grant"


def test_a_code_flow_without_a_known_client_is_refused(fake):
    assert fake.bare.get(f"{API}/authorize", params={"client_id": "nobody"}).status_code == 400


def test_a_service_app_gets_its_first_pair_from_its_application(fake):
    body = {"clientId": "beta", "clientSecret": CLIENTS[1].secret, "targetOrgId": "org"}

    given = fake.http.post(f"{API}/applications/app-beta/token", json=body)

    assert given.status_code == 200
    again = fake.refresh(CLIENTS[1], refresh_token=given.json()["refresh_token"])
    assert again.status_code == 200


@pytest.mark.parametrize(
    ("app", "wrong", "status"),
    [
        ("app-beta", {"clientSecret": "no"}, 401),
        ("app-beta", {"clientId": "nobody"}, 404),
        ("app-beta", {"targetOrgId": None}, 400),
        ("other", {}, 404),
    ],
)
def test_a_service_app_is_refused_what_is_not_its_own(fake, app, wrong, status):
    body = {"clientId": "beta", "clientSecret": CLIENTS[1].secret, "targetOrgId": "org"}

    assert (
        fake.http.post(f"{API}/applications/{app}/token", json=body | wrong).status_code == status
    )


def test_an_access_token_serves_until_it_expires(fake):
    assert fake.listing().status_code == 200
    fake.clock.go(43_200)

    answer = fake.listing()

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert fake.bare.get(f"{API}/admin/convergedRecordings").status_code == 401


def test_a_revoked_token_is_refused_and_counted_for_its_client(fake):
    fake.fault(FaultKind.TOKEN_REVOKED, client="alpha")

    assert fake.listing().status_code == 401
    (row,) = (row for row in fake.service.statistics()["requests"] if row["status"] == 401)
    assert (row["client"], row["request"]) == ("alpha", "list")
    assert fake.get("people/me", client=fake.as_client("alpha")).status_code == 200


@pytest.mark.parametrize(
    ("kind", "status", "word"),
    [
        (FaultKind.SECRET_WRONG, 401, "invalid_client"),
        (FaultKind.GRANT_EXPIRED, 400, "invalid_grant"),
    ],
)
def test_the_authority_refuses_while_a_fault_lasts(fake, kind, status, word):
    number = fake.fault(kind)
    refused = fake.refresh()
    fake.service.remove_fault(number)

    assert (refused.status_code, refused.json()["error"]) == (status, word)
    assert fake.refresh().status_code == 200


def test_a_client_learns_for_whom_it_speaks(fake):
    shown = fake.get("people/me").json()

    assert shown["type"] == "person"
    assert shown["emails"] == ["user0@contoso.example"]
