import pytest

from cluster.frames import Role
from cluster.status import ClaimsStatus, ClaimStatus, PairStatus
from recorder.budgets import BudgetFigures
from recorder.codec import job_key
from recorder.desk.control import OpenSource, SourceProblem
from recorder.status import Findings, SourceStatus, SourceTries, Try
from tests.recorder.fake_node import (
    LINK_DOWN,
    OBJECT,
    TOKEN,
    FakeNode,
    heartbeat,
    peer_status,
    source_status,
)
from tests.recorder.fakes import MP3


@pytest.fixture
def node():
    return FakeNode()


@pytest.fixture
def client(node):
    return node.client(TOKEN)


def rows(view):
    return {row["node"]: row for row in view["nodes"]}


def test_the_pair_is_told_with_the_figures_of_both_nodes(client):
    view = client.get("/api/v1/cluster").json()
    assert (view["cluster"], view["seen_by"], view["primary"]) == ("emea", "alpha", "alpha")
    assert (view["term"], view["paused"], view["peer_link"]) == (7, False, "alive")
    alpha, beta = rows(view)["alpha"], rows(view)["beta"]
    assert (alpha["role"], alpha["role_number"], alpha["state"]) == ("primary", 3, "running")
    assert (alpha["lag_seconds"], alpha["queue_depth"], alpha["queue_depth_max"]) == (12.0, 3, 24)
    assert (alpha["archived"], alpha["found"], alpha["paused"]) == (98, 120, False)
    assert (beta["role"], beta["term"], beta["archived"]) == ("secondary", 7, 90)
    assert (beta["lag_seconds"], beta["since"]) == (14.5, "2023-11-14T22:13:20Z")
    assert beta["heard_seconds_ago"] == pytest.approx(0.4)


def test_what_is_unknown_is_absent(node):
    node.board._parts.clear()
    view = node.client(TOKEN).get("/api/v1/cluster").json()
    assert "primary" not in view
    assert "term" not in view
    assert rows(view)["alpha"] == {
        "node": "alpha",
        "url": "http://10.0.0.5:8443",
        "state": "degraded",
        "build": "1.0",
        "problems": ["the actors have not started yet"],
    }


def test_a_dead_peer_is_silent_and_has_no_role(node, client):
    node.change("pair", PairStatus, peer="dead")
    beta = rows(client.get("/api/v1/cluster").json())["beta"]
    assert beta["state"] == "silent"
    assert "role" not in beta
    assert beta["term"] == 7


def test_an_unhealthy_peer_is_degraded_and_says_why(node, client):
    beat = heartbeat(healthy=False, problems=("zoom refuses its credentials",))
    node.board.publish("peer", peer_status(beat))
    beta = rows(client.get("/api/v1/cluster").json())["beta"]
    assert beta["state"] == "degraded"
    assert beta["problems"] == ["zoom refuses its credentials"]


def test_a_peer_that_was_never_heard_has_no_row(node, client):
    node.board.publish("peer", peer_status(node=""))
    assert list(rows(client.get("/api/v1/cluster").json())) == ["alpha"]


def test_the_node_that_hands_over_is_still_the_primary(node, client):
    node.change("pair", PairStatus, role=Role.HANDING_OVER)
    assert client.get("/api/v1/cluster").json()["primary"] == "alpha"


def test_findings_stand_beside_the_pair(node, client):
    node.board.publish("findings", Findings((LINK_DOWN,)))
    assert client.get("/api/v1/cluster").json()["findings"][0]["code"] == "link_down"


def test_the_history_is_newest_first_and_limited(node, client):
    node.history(*((1_000_000 * t, "alpha", "secondary", "primary", t, "why") for t in (1, 2, 3)))
    view = client.get("/api/v1/history", params={"limit": 2}).json()
    assert [row["term"] for row in view["history"]] == [3, 2]
    assert view["history"][1] == {
        "at": "1970-01-01T00:00:02Z",
        "node": "alpha",
        "old": "secondary",
        "new": "primary",
        "term": 2,
        "reason": "why",
    }


def test_every_configured_source_is_listed_running_or_not(node):
    node.problems = (SourceProblem("crm", "crm", "stopped_by_config_error", "bad", "Mend."),)
    view = node.client(TOKEN).get("/api/v1/sources").json()
    crm, zoom = view["sources"]
    assert (crm["state"], crm["last_error"]) == ("stopped_by_config_error", "bad")
    assert crm["next_step"] == "Mend."
    assert (zoom["state"], zoom["lag_seconds"], zoom["pending"]) == ("polling", 12.0, 3)
    assert zoom["watermark"] == "2023-11-14T22:13:20Z"
    assert zoom["last_poll_seconds_ago"] == pytest.approx(2.0)
    assert "last_error" not in zoom


class Thrifty:
    """A source that tells of its budget."""

    def budget(self):
        return BudgetFigures(used=41, limit=400, per_s=300.0, waits=2, throttled=1, quiet_s=1.5)


def test_a_source_is_listed_with_its_budget_where_its_adapter_tells(node):
    (zoom,) = node.client(TOKEN).get("/api/v1/sources").json()["sources"]
    assert "budget" not in zoom
    node.sources["zoom"] = OpenSource("zoom", Thrifty())
    (zoom,) = node.client(TOKEN).get("/api/v1/sources").json()["sources"]
    assert zoom["budget"] == {
        "used": 41,
        "limit": 400,
        "per_seconds": 300.0,
        "waits": 2,
        "throttled": 1,
        "quiet_seconds": 1.5,
    }


def test_a_source_without_a_watermark_has_none(node, client):
    node.board.publish("source:zoom", source_status(watermark_us=None, lag_s=None))
    (zoom,) = client.get("/api/v1/sources").json()["sources"]
    assert "watermark" not in zoom
    assert "lag_seconds" not in zoom


def test_items_are_filtered_by_state_and_parked_is_one(node, client):
    node.archive_one("i1")
    node.fail_one("i2")
    node.fail_one("i3", parked=True)

    def keys(**params):
        return [row["item"] for row in client.get("/api/v1/items", params=params).json()["items"]]

    assert sorted(keys()) == ["i1", "i2", "i3"]
    assert keys(state="archived") == ["i1"]
    assert keys(state="failed") == ["i2"]
    assert keys(state="parked") == ["i3"]
    assert sorted(keys(state=["failed", "parked"])) == ["i2", "i3"]


def test_an_item_in_hand_is_shown_as_it_is_now_and_found_by_that(node, client):
    node.fail_one("i1", attempts=0)
    node.archive_one("i2")
    (row,) = node.contact_db.item(None, "i1")
    claim = ClaimStatus(job_key(row.ref), "beta", 1, 512, held=False)
    node.board.publish("claims", ClaimsStatus((claim,)))
    node.board.publish("tries:zoom", SourceTries({claim.key: Try(4, "unreachable: away")}))
    (shown,) = client.get("/api/v1/items", params={"state": "fetching"}).json()["items"]
    assert (shown["item"], shown["state"], shown["in_hand_of"]) == ("i1", "fetching", "beta")
    assert (shown["attempts"], shown["reason"]) == (5, "unreachable: away")
    assert client.get("/api/v1/items", params={"state": "failed"}).json()["items"] == []
    (why,) = client.get("/api/v1/why", params={"key": "i1"}).json()
    assert why["item"] == shown


def test_pages_follow_their_cursor_to_the_end(node, client):
    for number in range(5):
        node.fail_one(f"i{number}")
    seen, after = [], None
    while True:
        params = {"limit": 2} | ({"after": after} if after else {})
        view = client.get("/api/v1/items", params=params).json()
        seen += [row["item"] for row in view["items"]]
        after = view.get("next")
        if after is None:
            break
    assert sorted(seen) == [f"i{number}" for number in range(5)]


def test_why_tells_the_story_of_an_item_by_the_start_of_its_id(node, client):
    node.archive_one("i1")
    (view,) = client.get("/api/v1/why", params={"key": "i1"}).json()
    assert view["item"]["state"] == "archived"
    assert [step["what"] for step in view["story"]] == ["found", "archived"]
    assert view["story"][0]["at"] == "2023-11-14T22:13:21.000500Z"
    assert "term" not in view["story"][0]
    assert view["story"][1]["term"] == 7


def test_a_contact_is_listed_shown_and_its_media_is_served(node, client):
    row = node.archive_one("i1")
    (line,) = client.get("/api/v1/contacts").json()["contacts"]
    assert line["contact"] == row.contact_id
    detail = client.get(f"/api/v1/contacts/{row.contact_id}").json()
    assert detail["media"][0]["object"] == OBJECT
    assert client.get("/api/v1/contacts/session-i1").json() == detail
    media = client.get(f"/api/v1/contacts/{row.contact_id}/media/0")
    assert media.content == MP3
    assert media.headers["content-type"] == "audio/mpeg"
    assert media.headers["x-content-sha256"] == detail["media"][0]["sha256"]


def test_contacts_are_found_within_a_period(node, client):
    node.archive_one("i1")

    def count(**params):
        return len(client.get("/api/v1/contacts", params=params).json()["contacts"])

    assert count(**{"from": "1970-01-01T00:00:00Z"}) == 1
    assert count(**{"from": "1971-01-01T00:00:00Z"}) == 0
    assert count(to="1970-01-01T00:00:00Z") == 0
    assert count(text="session-i1") == 1


def test_an_object_that_the_archive_lost_is_said_to_be_lost(node, client):
    row = node.archive_one("i1")
    node.objects.objects.clear()
    answer = client.get(f"/api/v1/contacts/{row.contact_id}/media/0")
    assert answer.status_code == 500
    assert OBJECT in answer.json()["error"]["message"]
    assert answer.json()["error"]["hint"]


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/api/v1/why?key=nobody", 404, "nobody"),
        ("/api/v1/contacts/nobody", 404, "nobody"),
        ("/api/v1/contacts?from=yesterday", 422, "yesterday"),
        ("/api/v1/contacts?from=2026-11-21T00:00:00", 422, "time zone"),
        ("/api/v1/items?limit=0", 422, "query.limit"),
        ("/api/v1/items?limit=many", 422, "query.limit"),
        ("/api/v1/nothing", 404, "Not Found"),
        ("/api/v1/switchover", 405, "Method Not Allowed"),
    ],
)
def test_every_refusal_has_one_form(client, path, status, text):
    answer = client.get(path)
    assert answer.status_code == status
    error = answer.json()["error"]
    assert text in error["message"]
    assert isinstance(error["hint"], str)


@pytest.mark.parametrize(
    "path",
    ["/api/v1/items", "/api/v1/history", "/api/v1/why?key=i1", "/api/v1/contacts"],
)
def test_a_data_center_that_is_away_is_said_to_be_away(node, client, path):
    node.contact_db.faults.down = True
    answer = client.get(path)
    assert answer.status_code == 503
    assert "not available" in answer.json()["error"]["message"]


def test_an_archive_that_is_away_is_said_to_be_away(node, client):
    row = node.archive_one("i1")
    node.archive.faults.down = True
    assert client.get(f"/api/v1/contacts/{row.contact_id}/media/0").status_code == 503


def test_the_pair_is_told_although_the_data_center_is_away(node, client):
    node.contact_db.faults.down = True
    for path in ("/api/v1/cluster", "/api/v1/sources", "/health", "/metrics"):
        assert client.get(path).status_code == 200


def test_a_bug_behind_a_route_is_told_without_its_text(node, client):
    def broken(_call):
        raise RuntimeError("secret text of a stack")

    node.contact_db.faults.on_call = broken
    answer = client.get("/api/v1/history")
    assert answer.status_code == 500
    assert set(answer.json()["error"]) == {"message", "hint"}
    assert "secret text" not in answer.text


def test_lags_of_several_sources_show_the_worst(node, client):
    node.board.publish("source:crm", source_status("crm", lag_s=99.0))
    node.change("source:zoom", SourceStatus, lag_s=5.0)
    assert rows(client.get("/api/v1/cluster").json())["alpha"]["lag_seconds"] == 99.0


def test_contacts_are_asked_for_by_agent_and_number(node, client):
    node.archive_one()
    for question in ("agent=nobody", "number=%2B49", "agent=nobody&number=1&patient=false"):
        answer = client.get(f"/api/v1/contacts?{question}")
        assert (answer.status_code, answer.json()["contacts"]) == (200, [])
    assert len(client.get("/api/v1/contacts?patient=false").json()["contacts"]) == 1
