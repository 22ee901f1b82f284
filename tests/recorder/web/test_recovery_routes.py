import pytest

from recorder.messages import RecoveriesChanged
from recorder.model import Window
from recorder.records.recoveries import (
    Forecast,
    ListedSection,
    RecoveryItem,
    RecoveryKind,
    RecoveryRow,
    RecoveryStatus,
    Stage,
    Tending,
)
from recorder.status import RecoveryStatus as Snapshot
from tests.recorder.fake_node import BEGAN_US, TOKEN, FakeNode
from tests.recorder.fakes import ref

PATH = "/api/v1/recoveries"
PERIOD = {"from": "2023-11-01T00:00:00Z", "to": "2023-11-02T00:00:00Z"}


@pytest.fixture
def node():
    return FakeNode()


@pytest.fixture
def client(node):
    return node.client(TOKEN)


def started(client, **more):
    answer = client.post(PATH, json={"source": "zoom", **PERIOD, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()["recovery"]["recovery"]


def refusal(answer):
    return answer.status_code, answer.json()["error"]["message"]


def test_a_request_is_on_record_and_the_actor_hears_of_it(node, client):
    answer = client.post(PATH, json={"source": "zoom", **PERIOD}).json()
    assert answer["status"] == "done"
    recovery = answer["recovery"]["recovery"]
    assert answer["message"] == f"Recovery {recovery} is asked for."
    row = node.recoveries.recovery(recovery)
    assert (row.kind, row.requested_by, row.dry_run) == (RecoveryKind.MANUAL, "admin", False)
    assert recovery.startswith("R-2023")
    assert node.recovery.messages == [RecoveriesChanged()]


def test_who_asked_is_on_record_twice(node, client):
    recovery = started(client)
    assert node.recoveries.recovery(recovery).requested_by == "admin"
    assert [what for what, *_ in node.trail.told] == ["start_recovery_ordered", "start_recovery"]


def test_the_same_request_again_is_the_same_recovery(client):
    first = started(client)
    answer = client.post(PATH, json={"source": "zoom", **PERIOD}).json()
    assert (answer["status"], answer["recovery"]["recovery"]) == ("already", first)


def test_a_period_without_an_end_ends_now_and_the_future_is_left_out(node, client):
    now_us = node.clock.wall_us()
    first = client.post(PATH, json={"source": "zoom", "from": PERIOD["from"]}).json()
    body = {"source": "zoom", "from": "2023-11-01T01:00:00Z", "to": "2099-01-01T00:00:00Z"}
    second = client.post(PATH, json=body).json()
    for answer in (first, second):
        row = node.recoveries.recovery(answer["recovery"]["recovery"])
        assert row.window.to_us == now_us


@pytest.mark.parametrize(
    ("body", "code", "part"),
    [
        ({"source": "crm", **PERIOD}, 404, "no source 'crm'"),
        ({"source": "zoom", "from": "yesterday"}, 422, "from: 'yesterday' is no instant"),
        ({"source": "zoom", **PERIOD, "to": "2023-10-01T00:00:00Z"}, 422, "ends before it begins"),
        ({"source": "zoom", "from": "2999-01-01T00:00:00Z"}, 422, "lies in the future"),
        ({"source": "zoom", "from": "1950-01-01T00:00:00Z"}, 422, "before 1970"),
        ({"source": "zoom"}, 422, "from"),
        ({"source": "zoom", **PERIOD, "colour": "red"}, 422, "colour"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(node, client, body, code, part):
    status, message = refusal(client.post(PATH, json=body))
    assert status == code
    assert part in message
    assert node.recoveries.running() == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (" ", "number 2: there is no id in this row"),
        ("\0", "characters that no id has"),
        ("8.56E+10", "rounded this number"),
    ],
)
def test_what_is_no_id_is_refused_before_anything_is_looked_for(client, text, words):
    answer = client.post(PATH, json={"source": "zoom", "ids": ["87654321", text]})
    assert answer.status_code == 422
    assert words in answer.json()["error"]["message"]


def test_a_recovery_is_shown_with_counts_progress_and_why_it_waits(node, client):
    recovery = started(client)
    row = node.recoveries.recovery(recovery)
    items = tuple(RecoveryItem(ref(key), expires_us=BEGAN_US) for key in ("a", "b", "c"))
    section = ListedSection(recovery, row.begin, row.end, 5, 1, items, 2)
    node.recoveries.record_section(section, 1)
    node.recoveries.tend(Tending(recovery, room=1), 1)
    node.board.publish("recovery", Snapshot(True, waits_because={"zoom": "it is busy"}))
    view = client.get(f"{PATH}/{recovery}").json()
    assert view["counts"] == {
        "detected": 9,
        "recovered": 0,
        "already_here": 5,
        "not_recordable": 1,
        "gone": 0,
        "failed": 0,
        "pending": 3,
    }
    assert view["progress"]["phase"] == "fetching"
    assert view["waits_because"] == "it is busy"
    assert view["listed_to"] == PERIOD["to"]
    assert "forecast" not in view
    page = client.get(f"{PATH}/{recovery}/items", params={"limit": 2}).json()
    assert [item["state"] for item in page["items"]] == ["given", "pending"]
    rest = client.get(f"{PATH}/{recovery}/items", params={"after": page["next"]}).json()
    assert [item["item"] for item in rest["items"]] == ["c"]
    only = client.get(f"{PATH}/{recovery}/items", params={"state": "given"}).json()
    assert [item["item"] for item in only["items"]] == ["a"]


def test_a_dry_run_shows_its_forecast(node, client):
    recovery = started(client, dry_run=True)
    forecast = Forecast(900, is_estimate=True, api_calls=3, minutes=1.5, too_late=1, too_late_keys=("a",))  # fmt: skip
    node.recoveries.end(recovery, RecoveryStatus.COMPLETED, "", 1, forecast)
    view = client.get(f"{PATH}/{recovery}").json()
    assert view["dry_run"] is True
    assert view["forecast"] == {
        "to_fetch": 0,
        "size_bytes": 900,
        "size_is_estimate": True,
        "api_calls": 3,
        "minutes": 1.5,
        "deleted_before_their_turn": 1,
        "deleted_before_their_turn_items": ["a"],
    }


def test_a_list_can_be_narrowed_and_paged(client):
    names = [started(client, **{"from": f"2023-10-0{day}T00:00:00Z"}) for day in (1, 2, 3)]
    client.post(f"{PATH}/{names[0]}/cancel")

    def listed(**params):
        return [row["recovery"] for row in client.get(PATH, params=params).json()["recoveries"]]

    assert sorted(listed()) == sorted(names)
    assert listed(status="cancelled") == [names[0]]
    assert listed(kind="automatic") == []
    page = client.get(PATH, params={"limit": 2}).json()
    assert len(page["recoveries"]) == 2
    assert len(listed(after=page["next"])) == 1
    assert client.get(PATH, params={"status": "lost"}).status_code == 422


def test_cancelling_and_resuming(node, client):
    recovery = started(client)
    node.recovery.take()
    answer = client.post(f"{PATH}/{recovery}/cancel").json()
    assert (answer["status"], answer["recovery"]["status"]) == ("done", "cancelled")
    assert answer["recovery"]["reason"] == "cancelled by admin"
    assert client.post(f"{PATH}/{recovery}/cancel").json()["status"] == "already"
    answer = client.post(f"{PATH}/{recovery}/resume").json()
    assert (answer["status"], answer["recovery"]["status"]) == ("done", "running")
    assert client.post(f"{PATH}/{recovery}/resume").json()["status"] == "already"
    assert RecoveriesChanged() in node.recovery.messages


def test_what_is_completed_is_neither_cancelled_nor_resumed(node, client):
    recovery = started(client)
    node.recoveries.end(recovery, RecoveryStatus.COMPLETED, "", 1)
    for what in ("cancel", "resume"):
        status, message = refusal(client.post(f"{PATH}/{recovery}/{what}"))
        assert status == 409
        assert "completed" in message


@pytest.mark.parametrize(
    ("method", "path"), [("GET", ""), ("GET", "/items"), ("POST", "/cancel"), ("POST", "/resume")]
)
def test_an_unknown_recovery_is_not_found(client, method, path):
    answer = client.request(method, f"{PATH}/R-9{path}")
    assert answer.status_code == 404
    assert "R-9" in answer.json()["error"]["message"]


def test_only_an_admin_may_ask_and_only_readers_may_look(node):
    for method, path in (("POST", PATH), ("POST", f"{PATH}/R-1/cancel"), ("GET", PATH)):
        body = {"json": {"source": "zoom", **PERIOD}} if method == "POST" else {}
        assert node.client("wrong").request(method, path, **body).status_code == 401


def test_a_data_center_that_is_away_is_told(node, client):
    node.recoveries.faults.down = True
    assert client.get(PATH).status_code == 503
    assert client.post(PATH, json={"source": "zoom", **PERIOD}).status_code == 503


def test_ids_and_their_ends_are_shown(node, client):
    row = RecoveryRow(
        "R-7", "zoom", RecoveryKind.SPECIFIC, "a.csv", BEGAN_US, "system", ids=("x", "y")
    )
    node.recoveries.request(row)
    unknown = RecoveryItem(ref("x", changed_us=0), None, Stage.GONE, "unknown: nothing", asked="x")
    node.recoveries.record_section(ListedSection("R-7", 0, 2, 0, 0, (unknown,), 2), 1)
    view = client.get(f"{PATH}/R-7").json()
    assert view["ids"] == 2
    assert "period" not in view
    (item,) = client.get(f"{PATH}/R-7/items").json()["items"]
    assert item == {"item": "x", "state": "gone", "reason": "unknown: nothing", "asked": "x"}


def test_a_recovery_that_waits_for_its_turn_says_so(node, client):
    recovery = started(client)
    assert client.get(f"{PATH}/{recovery}").json()["progress"] == {"phase": "waiting", "share": 0.0}
    assert node.recoveries.recovery(recovery).window == Window(
        1698796800 * 1_000_000, 1698883200 * 1_000_000
    )
