import pytest

from cluster.messages import CommandAnswer, Failover, SetPaused, Switchover
from recorder.messages import PollNow, Rewind
from tests.recorder.fake_node import TOKEN, FakeNode


@pytest.fixture
def node():
    return FakeNode()


@pytest.fixture
def client(node):
    return node.client(TOKEN)


@pytest.mark.parametrize(
    ("path", "body", "kind", "facts"),
    [
        ("/api/v1/switchover", {}, Switchover, {"to_node": ""}),
        ("/api/v1/switchover", {"to_node": "beta"}, Switchover, {"to_node": "beta"}),
        ("/api/v1/failover", {}, Failover, {"without_peer": False}),
        ("/api/v1/failover", {"without_peer": True}, Failover, {"without_peer": True}),
        ("/api/v1/pause", None, SetPaused, {"paused": True}),
        ("/api/v1/resume", None, SetPaused, {"paused": False}),
    ],
)
def test_a_command_reaches_the_pair_as_its_message(node, path, body, kind, facts):
    answer = node.client(TOKEN).post(path, json=body)
    assert answer.status_code == 200
    assert answer.json() == {"status": "done", "message": "it is done", "hint": "a hint"}
    (told,) = node.pair.told
    assert isinstance(told, kind)
    assert {name: getattr(told, name) for name in facts} == facts


@pytest.mark.parametrize(
    ("status", "code"), [("done", 200), ("already", 200), ("refused", 409), ("unknown", 503)]
)
def test_what_became_of_a_command_is_its_status_code(node, client, status, code):
    node.pair.answer = CommandAnswer(status, "beta is not healthy", "See the list.")
    answer = client.post("/api/v1/switchover", json={})
    assert answer.status_code == code
    said = answer.json() if code == 200 else answer.json()["error"]
    assert said == {"status": status, "message": "beta is not healthy", "hint": "See the list."}


def test_a_pair_that_does_not_answer_makes_the_outcome_unknown(node, client):
    node.pair.answer = None
    answer = client.post("/api/v1/switchover", json={})
    assert answer.status_code == 503
    assert answer.json()["error"]["status"] == "unknown"


def test_a_source_is_rewound_to_an_instant(node, client):
    answer = client.post("/api/v1/sources/zoom/rewind", json={"to": "1970-01-01T00:00:09Z"})
    assert answer.json() == {"status": "done", "message": "the watermark is back"}
    assert node.poller.of(Rewind)[0].to_us == 9_000_000


@pytest.mark.parametrize("to", ["yesterday", "2026-11-21T00:00:00", ""])
def test_a_source_is_not_rewound_to_what_is_no_instant(node, client, to):
    answer = client.post("/api/v1/sources/zoom/rewind", json={"to": to})
    assert answer.status_code == 422
    assert node.poller.messages == []


def test_a_poll_now_is_told_to_the_poller(node, client):
    assert client.post("/api/v1/sources/zoom/poll").status_code == 200
    assert node.poller.messages == [PollNow("zoom")]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/v1/sources/crm/rewind", {"to": "1970-01-01T00:00:09Z"}),
        ("/api/v1/sources/crm/poll", None),
        ("/api/v1/items/retry", {"source": "crm", "items": ["i1"]}),
    ],
)
def test_an_unknown_source_is_named_with_those_that_are_known(client, path, body):
    answer = client.post(path, json=body)
    assert answer.status_code == 404
    assert "'crm'" in answer.json()["error"]["message"]
    assert "zoom" in answer.json()["error"]["message"]


def test_failed_items_are_tried_again_and_unknown_ones_named(node, client):
    node.fail_one("i2")
    answer = client.post("/api/v1/items/retry", json={"source": "zoom", "items": ["i2", "i9"]})
    assert answer.json() == {"retried": ["i2"], "unknown": ["i9"]}
    assert node.retried() == ["i2"]


def test_an_archived_item_is_not_tried_again(node, client):
    node.archive_one("i1")
    answer = client.post("/api/v1/items/retry", json={"source": "zoom", "items": ["i1"]})
    assert answer.json() == {"retried": [], "unknown": ["i1"]}


def test_retrying_with_the_data_center_away_changes_nothing(node, client):
    node.fail_one("i2")
    node.contact_db.faults.down = True
    answer = client.post("/api/v1/items/retry", json={"source": "zoom", "items": ["i2"]})
    assert answer.status_code == 503
    assert node.retried() == []


@pytest.mark.parametrize("body", [{"to": "beta"}, {"to_node": 5}, []])
def test_a_body_with_something_unknown_is_refused(node, client, body):
    answer = client.post("/api/v1/switchover", json=body)
    assert answer.status_code == 422
    assert answer.json()["error"]["message"]
    assert node.pair.told == []
