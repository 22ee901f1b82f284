"""Findings, comparisons and explanations over HTTP."""

import pytest

from recorder.desk.control import OpenSource
from recorder.model import ItemRef, Window
from recorder.records.findings import RunRow, Scope, Severity, Sighting, Step, What, Why
from recorder.status import ReconciliationStatus
from tests.recorder.fake_node import BEGAN_US, TOKEN, FakeNode


@pytest.fixture
def node():
    return FakeNode()


@pytest.fixture
def client(node):
    return node.client(TOKEN)


def seen(node, subject="i9", what=What.NOT_HERE):
    sighting = Sighting(
        "zoom", what, subject, Why.LATE_AT_SOURCE, Severity.CRITICAL, BEGAN_US, "it came late"
    )
    node.findings.settle(Step("", 0, 0, (sighting,)), 0)
    return node.findings.open_items("zoom", "", 100)[-1].finding.finding_id


def test_findings_are_listed_and_shown(node, client):
    name = seen(node)
    (row,) = client.get("/api/v1/findings", params={"open": True, "source": "zoom"}).json()[
        "findings"
    ]
    assert row == client.get(f"/api/v1/findings/{name}").json()
    assert (row["finding"], row["cause"], row["severity"]) == (name, "late_at_source", "critical")
    assert (row["open"], row["at"], row["what"]) == (True, "2023-11-14T22:13:20Z", "not_here")
    assert client.get("/api/v1/findings", params={"open": False}).json() == {"findings": []}


def test_a_finding_nobody_knows_is_404(client):
    answer = client.get("/api/v1/findings/F-1")
    assert answer.status_code == 404
    assert "F-1" in answer.json()["error"]["message"]


def test_a_finding_is_accepted_with_a_reason_and_a_name_once(node, client):
    name = seen(node)
    path = f"/api/v1/findings/{name}/accept"
    view = client.post(path, json={"because": "the auditor knows"}).json()
    assert view["closed_because"] == "accepted: the auditor knows (by admin)"
    assert client.post(path, json={"because": "again"}).status_code == 409
    assert client.post(path, json={}).status_code == 422
    told = [what for what, *_ in node.trail.told]
    assert "accept_finding" in told


def test_accepting_needs_the_admin(node):
    name = seen(node)
    bare = node.client()
    assert bare.post(f"/api/v1/findings/{name}/accept", json={"because": "x"}).status_code == 401


def test_comparisons_are_listed(node, client):
    run = RunRow("C-1", "zoom", Scope.RECENT, BEGAN_US, BEGAN_US + 5, BEGAN_US, BEGAN_US)
    node.findings.begin_run(run, 0)
    (view,) = client.get("/api/v1/reconciliations").json()["reconciliations"]
    assert (view["run"], view["scope"], "ended" in view) == ("C-1", "recent", False)


def test_the_primary_counts_what_is_open(node, client):
    run = RunRow("C-1", "zoom", Scope.RECENT, 0, 10, 0, 5)
    ended = RunRow("C-0", "zoom", Scope.RECENT, 0, 10, 0, 10, BEGAN_US, counts={"at_source": 7})
    counts = {("zoom", "critical", "late_at_source"): 2}
    status = ReconciliationStatus(True, (run,), {"zoom": ended}, counts)
    node.board.publish("reconciliation", status)
    body = client.get("/metrics").text
    assert (
        'tandem_reconciliation_findings{cause="late_at_source",severity="critical",source="zoom"} 2.0'
        in body
    )
    assert 'tandem_reconciliation_share{source="zoom"} 0.5' in body
    assert 'tandem_reconciliation_items{result="at_source",source="zoom"} 7.0' in body


def test_an_item_is_explained_with_its_story(node, client):
    node.archive_one("i1")
    view = client.get("/api/v1/explain", params={"key": "i1"}).json()
    assert view["verdict"].startswith("It is archived")
    assert [step["what"] for step in view["items"][0]["story"]] == ["found", "archived"]
    assert view["known"]


class Known:
    name = "zoom"

    def find(self, identifier):
        return (ItemRef("zoom", "file-1", "v", BEGAN_US, identifier),) if identifier == "m" else ()


def test_what_nobody_knows_is_asked_of_the_source(node):
    node.sources = {"zoom": OpenSource("zoom", Known())}
    client = node.client(TOKEN)
    nobody = client.get("/api/v1/explain", params={"key": "m"}).json()
    assert (nobody["known"], "--ask-source" in nobody["hint"]) == (False, True)
    asked = client.get("/api/v1/explain", params={"key": "m", "ask_source": True}).json()
    assert "m is at zoom and not here" in asked["verdict"]
    assert asked["facts"][-1]["subject"] == "file-1"


@pytest.mark.parametrize(
    "at", ["2023-11-14T22:13", "2023-11-14T22:13:20Z", "2023-11-14T23:13:20+01:00"]
)
def test_a_time_is_explained_in_utc_unless_it_has_a_zone(node, client, at):
    node.archive_one("i1")
    view = client.get("/api/v1/explain", params={"at": at}).json()
    assert "between 2023-11-14T21:43" in view["verdict"]


@pytest.mark.parametrize(
    ("query", "status"),
    [({}, 422), ({"at": "soon"}, 422), ({"key": "x", "source": "nobody"}, 404)],
)
def test_what_cannot_be_explained_is_refused(client, query, status):
    assert client.get("/api/v1/explain", params=query).status_code == status


def test_an_agent_is_explained(client):
    view = client.get("/api/v1/explain", params={"agent": "Zoe"}).json()
    assert "No contact here names Zoe" in view["verdict"]


def test_a_recovery_of_ids_is_asked_for_over_the_api(node, client):
    body = {"source": "zoom", "ids": ["a", "b", "a"]}
    view = client.post("/api/v1/recoveries", json=body).json()
    assert view["status"] == "done"
    (row,) = node.recoveries.running()
    assert (row.ids, row.kind.value) == (("a", "b"), "specific")
    again = client.post("/api/v1/recoveries", json=body).json()
    assert again["status"] == "already"
    for wrong in ({"source": "zoom"}, {**body, "from": "2023-11-14T22:13:20Z"}):
        assert client.post("/api/v1/recoveries", json=wrong).status_code == 422


def test_a_comparison_is_asked_for_of_a_period_of_the_last_days_or_of_nobody(node, client):
    body = {"source": "zoom", "from": "1970-01-01T00:00:01Z", "to": "1970-01-01T00:00:02Z"}
    answer = client.post("/api/v1/reconciliations", json=body)
    assert (answer.status_code, answer.json()["message"]) == (200, "C-1 compares zoom.")
    assert client.post("/api/v1/reconciliations", json={"source": "zoom"}).status_code == 200
    windows = [asked.window for asked in node.reconciliation.messages]
    assert windows == [Window(1_000_000, 2_000_000), None]
    assert client.post("/api/v1/reconciliations", json={"source": "crm"}).status_code == 404
    wrong = body | {"to": "1970-01-01T00:00:00Z"}
    assert client.post("/api/v1/reconciliations", json=wrong).status_code == 422
    assert node.client().post("/api/v1/reconciliations", json=body).status_code == 401
