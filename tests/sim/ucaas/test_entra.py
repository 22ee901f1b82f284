"""The authority and what the organisation makes of its tokens."""

import base64

import pytest

from sim.ucaas.dynamics.entra import ClientApp
from sim.ucaas.faults import Fault, FaultKind, Target
from tests.sim.ucaas.fakes import ORG, TOKEN_URL, Fake, token_form


@pytest.fixture
def fake():
    return Fake()


def test_a_good_request_gives_a_bearer_token_that_opens_the_organisation(fake):
    body = fake.bare.post(TOKEN_URL, data=token_form()).json()
    assert body["token_type"] == "Bearer"
    assert body["expires_in"] == 3599
    assert body["access_token"].count(".") == 2
    assert fake.get("WhoAmI").status_code == 200
    assert {"BusinessUnitId", "UserId", "OrganizationId"} < set(fake.get("WhoAmI()").json())


def test_discovery_names_the_token_endpoint(fake):
    url = "https://login.microsoftonline.com/contoso.example/v2.0/.well-known/openid-configuration"
    assert fake.bare.get(url).json()["token_endpoint"] == TOKEN_URL


@pytest.mark.parametrize(
    ("change", "status", "error", "code"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client", 7000215),
        ({"client_id": "nobody"}, 400, "unauthorized_client", 700016),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
        ({"scope": "https://other.crm.dynamics.com/.default"}, 400, "invalid_resource", 500011),
        ({"scope": ORG}, 400, "invalid_scope", 1002012),
    ],
)
def test_bad_token_requests_are_refused_in_the_words_of_the_authority(
    fake, change, status, error, code
):
    answer = fake.bare.post(TOKEN_URL, data=token_form() | change)
    body = answer.json()
    assert (answer.status_code, body["error"], body["error_codes"]) == (status, error, [code])
    assert body["error_description"].startswith(f"AADSTS{code}: ")
    assert "\r\nTrace ID: " in body["error_description"]


def test_unknown_tenant_is_refused(fake):
    answer = fake.bare.post(TOKEN_URL.replace("contoso.example", "nobody"), data=token_form())
    assert answer.json()["error_codes"] == [90002]


def test_basic_authentication_and_the_older_endpoint_work_too(fake):
    basic = base64.b64encode(b"alpha:secret-a").decode()
    form = {"grant_type": "client_credentials", "scope": f"{ORG}//.default"}
    headers = {"Authorization": f"Basic {basic}"}
    assert fake.bare.post(TOKEN_URL, data=form, headers=headers).status_code == 200
    form = {**token_form(), "resource": f"{ORG}/"}
    del form["scope"]
    assert fake.bare.post(TOKEN_URL.replace("/v2.0", ""), data=form).status_code == 200


def test_requests_without_a_valid_token_are_401_with_a_challenge(fake):
    for headers in ({}, {"Authorization": "Bearer nonsense"}):
        answer = fake.bare.get(f"{ORG}/api/data/v9.2/WhoAmI", headers=headers)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer authorization_uri=")
        assert answer.content == b""


def test_tokens_expire_when_their_client_says():
    fake = Fake(clients=[ClientApp("alpha", "secret-a", token_life_s=60)])
    assert fake.get("WhoAmI").status_code == 200
    fake.clock.go(61)
    assert fake.get("WhoAmI").status_code == 401
    fake.login()
    assert fake.get("WhoAmI").status_code == 200


def test_revoking_hits_one_client_and_a_new_token_heals(fake):
    beta = fake.bare.post(TOKEN_URL, data=token_form("beta", "secret-b")).json()["access_token"]
    assert fake.service.add_fault(Fault(FaultKind.TOKEN_REVOKED, Target(client="alpha"))) == 0
    assert fake.get("WhoAmI").status_code == 401
    assert fake.get("WhoAmI", Authorization=f"Bearer {beta}").status_code == 200
    fake.login()
    assert fake.get("WhoAmI").status_code == 200


def test_a_wrong_secret_fault_hits_its_client_only_until_it_is_removed(fake):
    number = fake.service.add_fault(Fault(FaultKind.SECRET_WRONG, Target(client="alpha")))
    assert fake.login().json()["error_codes"] == [7000215]
    assert fake.login("beta", "secret-b").status_code == 200
    assert fake.service.remove_fault(number)
    assert fake.login().status_code == 200


def test_a_client_without_application_user_gets_a_token_and_then_403(fake):
    fake.service.register(ClientApp("gamma", "secret-c", has_user=False))
    assert fake.login("gamma", "secret-c").status_code == 200
    answer = fake.get("WhoAmI")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "0x80072560")


def test_secrets_are_not_in_the_text_of_a_client():
    assert "secret-a" not in repr(ClientApp("alpha", "secret-a"))
