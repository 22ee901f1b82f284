"""The audit trail over the API: listed for people, given as lines for verification."""

import pytest

from recorder.audit.canonical import from_line
from recorder.audit.chain import verify
from recorder.records.audit import AuditEntry, AuditGuardStatus, AuditHead, AuditStatus
from tests.recorder.fake_node import BEGAN_US, TOKEN, FakeNode


@pytest.fixture
def node():
    node = FakeNode()
    node.audit_db.append(
        [
            AuditEntry(f"r{n}", BEGAN_US + n * 1_000_000, "alpha", actor, "hold", f"c{n}", {"n": n})
            for n, actor in enumerate(["anna", "bert", "anna", "carla", "anna"])
        ]
    )
    return node


@pytest.fixture
def client(node):
    return node.client(TOKEN)


def numbers(answer):
    assert answer.status_code == 200, answer.text
    return [record["number"] for record in answer.json()["records"]]


def links(answer):
    assert answer.status_code == 200, answer.text
    return [from_line(line) for line in answer.text.splitlines()]


def test_records_are_listed_newest_first(client):
    answer = client.get("/api/v1/audit")
    assert numbers(answer) == [5, 4, 3, 2, 1]
    assert answer.json()["records"][-1] == {
        "number": 1,
        "at": "2023-11-14T22:13:20Z",
        "node": "alpha",
        "actor": "anna",
        "what": "hold",
        "subject": "c0",
        "detail": {"n": 0},
        "hash": answer.json()["records"][-1]["hash"],
    }


def test_a_list_goes_on_where_the_page_before_ended(client):
    page = client.get("/api/v1/audit?limit=2")
    assert numbers(page) == [5, 4]
    after = client.get(f"/api/v1/audit?limit=2&before={page.json()['before']}")
    assert numbers(after) == [3, 2]
    assert numbers(client.get("/api/v1/audit?limit=2&before=2")) == [1]
    assert "before" not in client.get("/api/v1/audit?limit=2&before=2").json()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("actor=anna", [5, 3, 1]),
        ("subject=c3", [4]),
        ("what=release", []),
        ("since=2023-11-14T22:13:22Z", [5, 4, 3]),
        ("until=2023-11-14T22:13:22Z", [2, 1]),
    ],
)
def test_a_list_shows_what_was_asked_for(client, query, found):
    assert numbers(client.get(f"/api/v1/audit?{query}")) == found


def test_lines_are_the_chain_itself(client):
    found = links(client.get("/api/v1/audit/lines"))
    assert verify(found, after=AuditHead()).broken is None
    assert len(found) == 5


def test_lines_go_on_behind_a_number(client):
    assert [r.number for r in links(client.get("/api/v1/audit/lines?after=3"))] == [4, 5]
    assert [r.number for r in links(client.get("/api/v1/audit/lines?first=2&last=3"))] == [2, 3]


def test_lines_of_a_period_have_no_gap(client):
    path = "/api/v1/audit/lines?since=2023-11-14T22:13:21Z&until=2023-11-14T22:13:23Z"
    assert [r.number for r in links(client.get(path))] == [2, 3]
    assert links(client.get("/api/v1/audit/lines?since=2030-01-01T00:00:00Z")) == []


@pytest.mark.parametrize("path", ["audit", "audit/lines"])
def test_a_period_that_is_none_is_refused(client, path):
    assert client.get(f"/api/v1/{path}?since=yesterday").status_code == 422


@pytest.mark.parametrize("path", ["audit", "audit/lines"])
def test_an_outage_of_the_data_center_is_told(node, client, path):
    node.audit_db.faults.down = True
    assert client.get(f"/api/v1/{path}").status_code == 503


def test_the_state_is_what_this_node_remembers(node, client):
    assert client.get("/api/v1/audit/state").json() == {
        "node": "alpha",
        "anchor": {"number": 0, "hash": ""},
        "broken": "",
        "waiting": 0,
        "checked": "2023-11-14T22:13:20Z",
    }
    node.board.publish("audit", AuditStatus(7, 2, AuditHead(5, "e"), ""))
    node.board.publish("audit_guard", AuditGuardStatus(AuditHead(5, "e"), "it is cut", BEGAN_US))
    assert client.get("/api/v1/audit/state").json() == {
        "node": "alpha",
        "anchor": {"number": 5, "hash": "e"},
        "broken": "it is cut",
        "waiting": 2,
        "checked": "2023-11-14T22:13:20Z",
    }
