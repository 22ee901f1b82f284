import pytest

from recorder.web.app import create_app
from tests.recorder.fake_node import TOKEN, AppClient, FakeNode


@pytest.fixture
def app():
    return create_app(FakeNode().control())


@pytest.fixture
def client(app):
    return AppClient(app, TOKEN)


def test_a_mistyped_parameter_is_refused_and_those_that_exist_are_named(client):
    answer = client.get("/api/v1/contacts?form=2026-01-01T00:00:00Z")
    assert answer.status_code == 422
    error = answer.json()["error"]
    assert error["message"].startswith("query.'form'")
    assert "after, " in error["hint"]
    assert "from, " in error["hint"]


def test_where_none_exist_that_is_said(client):
    answer = client.get("/api/v1/cluster?node=alpha")
    assert answer.json()["error"]["hint"] == "Known: none."


def test_what_a_route_takes_is_taken(client):
    assert client.get("/api/v1/items?limit=3&state=failed&state=archived").status_code == 200


def test_health_takes_what_load_balancers_append(client):
    assert client.get("/health/live?from=balancer").status_code in {200, 503}


def test_nothing_is_described_for_it(app, client):
    client.get("/api/v1/items?limit=3")
    assert app.openapi_schema is None, "which takes half a second, while somebody waits"
