from dataclasses import replace

import pytest

from recorder.errors import ConfigError
from tests.recorder.fake_node import TOKEN, FakeNode

READ = ("GET", "/api/v1/cluster")
CHANGE = ("POST", "/api/v1/pause")


def status(node, token, route, **headers):
    return node.client(token).request(*route, headers=headers)


@pytest.mark.parametrize("route", [READ, CHANGE])
@pytest.mark.parametrize("token", [None, "wrong", TOKEN + "x", ""])
def test_a_wrong_token_opens_nothing(route, token):
    node = FakeNode()
    answer = status(node, token, route)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "TANDEM_TOKEN" in answer.json()["error"]["hint"]
    assert node.pair.told == []


@pytest.mark.parametrize("scheme", ["Basic", "token", "x"])
def test_another_scheme_than_bearer_opens_nothing(scheme):
    answer = status(FakeNode(), None, READ, authorization=f"{scheme} {TOKEN}")
    assert answer.status_code == 401


def test_the_scheme_is_read_without_regard_to_case():
    assert status(FakeNode(), None, READ, authorization=f"bearer {TOKEN}").status_code == 200


@pytest.mark.parametrize("route", [READ, CHANGE])
def test_the_right_token_opens(route):
    assert status(FakeNode(), TOKEN, route).status_code == 200


def test_without_a_configured_token_reading_is_open_and_changing_is_not():
    node = FakeNode(token=None)
    assert status(node, None, READ).status_code == 200
    answer = status(node, None, CHANGE)
    assert answer.status_code == 403
    assert "web.token" in answer.json()["error"]["hint"]
    assert node.pair.told == []


def test_a_token_that_cannot_be_read_closes_everything_and_is_not_shown():
    class Unreadable(FakeNode):
        def control(self, web_url="http://h:1"):
            def token():
                raise ConfigError("secret file:/etc/tandem/token: Permission denied")

            return replace(super().control(web_url), admin_token=token)

    answer = status(Unreadable(), TOKEN, READ)
    assert answer.status_code == 503
    assert "/etc" not in answer.text


@pytest.mark.parametrize(
    "route",
    [
        ("GET", "/api/v1/history"),
        ("GET", "/api/v1/sources"),
        ("GET", "/api/v1/items"),
        ("GET", "/api/v1/why?key=x"),
        ("GET", "/api/v1/contacts"),
        ("GET", "/api/v1/contacts/x"),
        ("GET", "/api/v1/contacts/x/media/0"),
        ("POST", "/api/v1/switchover"),
        ("POST", "/api/v1/failover"),
        ("POST", "/api/v1/resume"),
        ("POST", "/api/v1/items/retry"),
        ("POST", "/api/v1/sources/zoom/rewind"),
        ("POST", "/api/v1/sources/zoom/poll"),
    ],
)
def test_no_route_of_the_api_is_open(route):
    assert status(FakeNode(), None, route).status_code == 401


def test_the_admin_token_is_in_no_answer_and_no_repr():
    node = FakeNode()
    node.archive_one("i1")
    node.fail_one("i2")
    paths = ("/health", "/metrics", "/openapi.json", "/primary", "/live", "/ready")
    api = ("cluster", "history", "sources", "items", "contacts", "why?key=i1", "nothing")
    client = node.client(TOKEN)
    for path in (*paths, *(f"/api/v1/{name}" for name in api)):
        answer = client.get(path)
        assert TOKEN not in answer.text
        assert TOKEN not in str(answer.headers)
    assert TOKEN not in repr(node.control())
