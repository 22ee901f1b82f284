"""The data access service over HTTP: fields, pages, tokens, and what OpenAPI says of it."""

import pytest

from recorder.desk.control import NamedToken
from recorder.web.das_routes import FIELDS, IDS_MAX
from tests.recorder.fake_node import OBJECT, TOKEN, FakeNode

URL = "/api/das/v1/contacts"


@pytest.fixture
def node():
    return FakeNode(
        tokens=(
            NamedToken("bi", frozenset({"das"}), lambda: "bi-token"),
            NamedToken("coach", frozenset({"replay"}), lambda: "coach-token"),
        )
    )


@pytest.fixture
def client(node):
    return node.client("bi-token")


def get(client, **params):
    answer = client.get(URL, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize(
    ("token", "code"), [("bi-token", 200), (TOKEN, 200), ("coach-token", 403), ("x", 401), (None, 401)]
)  # fmt: skip
def test_the_role_das_opens_it_and_an_admin_may_too(node, token, code):
    assert node.client(token).get(URL).status_code == code


def test_where_no_token_is_configured_whoever_is_on_this_computer_may_read():
    assert FakeNode(token=None).client().get(URL).json() == {"contacts": []}


def test_a_contact_is_told_as_in_a_list_of_contacts(node, client):
    row = node.archive_one("i1")
    (contact,) = get(client)["contacts"]
    (listed,) = node.client(TOKEN).get("/api/v1/contacts").json()["contacts"]
    assert contact == listed
    assert contact["contact"] == row.contact_id


def test_items_and_media_are_told_when_they_are_named(node, client):
    node.archive_one("i1")
    (contact,) = get(client, fields="items,media,started")["contacts"]
    assert set(contact) == {"contact", "items", "media", "started"}
    assert contact["items"][0]["item"] == "i1"
    assert set(contact["items"][0]) == {"item", "version", "changed", "archived"}
    assert contact["media"][0]["object"] == OBJECT


def test_a_field_that_is_none_is_refused_with_those_there_are(client):
    answer = client.get(URL, params={"fields": "contact,nonsense"})
    assert answer.status_code == 422
    error = answer.json()["error"]
    assert "nonsense" in error["message"]
    assert all(name in error["hint"] for name in FIELDS)


def test_pages_follow_each_other(node, client):
    for number in range(5):
        node.archive_one(f"i{number}")
    seen, after = [], None
    while True:
        page = get(client, limit=2, **({"after": after} if after else {}))
        seen += [contact["session"] for contact in page["contacts"]]
        after = page.get("next")
        if after is None:
            break
    assert sorted(seen) == [f"session-i{number}" for number in range(5)]


def test_ids_period_and_source_choose(node, client):
    node.archive_one("i1")
    node.archive_one("i2")

    def sessions(**params):
        return [contact["session"] for contact in get(client, **params)["contacts"]]

    assert sessions(id="i1") == ["session-i1"]
    assert sorted(sessions(id=["i1", "session-i2"])) == ["session-i1", "session-i2"]
    assert sessions(source="other") == []
    assert len(sessions(**{"from": "1970-01-01T00:00:00Z"})) == 2
    assert sessions(**{"from": "1971-01-01T00:00:00Z"}) == []


@pytest.mark.parametrize(
    "params",
    [
        {"limit": 0},
        {"limit": 1001},
        {"from": "yesterday"},
        {"after": "nonsense"},
        {"id": ["x"] * (IDS_MAX + 1)},
    ],
)
def test_what_makes_no_sense_is_refused(client, params):
    assert client.get(URL, params=params).status_code == 422


def test_a_data_center_that_is_away_is_told(node):
    node.proof_desk = lambda: None
    assert node.client(TOKEN).get(URL).status_code == 404


def test_openapi_describes_it(client):
    described = client.get("/openapi.json").json()
    route = described["paths"][URL]["get"]
    names = {parameter["name"] for parameter in route["parameters"]}
    assert names == {"source", "from", "to", "id", "fields", "after", "limit"}
    schema = route["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
    assert schema.endswith("/DasView")
    assert {"items", "media", "contact"} <= set(
        described["components"]["schemas"]["DasContactView"]["properties"]
    )
