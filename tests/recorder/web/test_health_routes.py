from dataclasses import replace

import pytest

from cluster.frames import Role
from cluster.status import PairStatus, SupervisorStatus
from recorder.desk.control import SourceProblem
from recorder.status import ArchiveStatus, BufferStatus, Findings
from tests.recorder.fake_node import LINK_DOWN, FakeNode, pair_status, source_status


@pytest.fixture
def node():
    return FakeNode()


@pytest.fixture
def client(node):
    return node.client()


@pytest.mark.parametrize("path", ["/health/live", "/live", "/liveness"])
def test_a_node_whose_actors_answer_is_live(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.json() == {"ok": True, "reasons": []}
    assert client.head(path).status_code == 200


@pytest.mark.parametrize("path", ["/health/ready", "/ready", "/readiness"])
def test_a_node_without_troubles_is_ready(client, path):
    assert client.get(path).json() == {"ok": True, "reasons": []}
    assert client.head(path).status_code == 200


def test_a_silent_actor_is_named_by_liveness_and_readiness(node, client):
    node.change("supervisor", SupervisorStatus, silent=("ingester",))
    for path in ("/live", "/ready"):
        answer = client.get(path)
        assert answer.status_code == 503
        assert answer.json()["reasons"] == ["ingester does not answer"]


def test_an_actor_that_answered_long_ago_counts_as_silent(node, client):
    node.clock.advance(11)
    assert "link answered last 12 s ago" in client.get("/live").json()["reasons"]


def test_a_node_that_has_not_started_is_not_live(node):
    node.board._parts.clear()
    client = node.client()
    assert client.get("/live").status_code == 503
    assert "the node is still starting" in client.get("/ready").json()["reasons"]


@pytest.mark.parametrize(
    ("part", "kind", "facts", "reason"),
    [
        ("pair", PairStatus, {"role": Role.STARTING}, "the node is still starting"),
        ("pair", PairStatus, {"problems": ("zoom refuses us",)}, "zoom refuses us"),
        ("pair", PairStatus, {"sees_data_center": False}, "the Data Center does not answer"),
        ("buffer", BufferStatus, {"open": False, "reason": "disk full"}, "disk full"),
        ("archive", ArchiveStatus, {"failing_since_us": 1, "last_error": "EIO"}, "EIO"),
    ],
)
def test_readiness_says_why_not_and_liveness_does_not_care(node, part, kind, facts, reason):
    client = node.client()
    node.change(part, kind, **facts)
    answer = client.get("/ready")
    assert answer.status_code == 503
    assert any(reason in said for said in answer.json()["reasons"])
    assert client.get("/live").status_code == 200


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_the_role_endpoints_tell_load_balancers_who_is_primary(node, client, method):
    assert client.request(method, "/primary").status_code == 200
    assert client.request(method, "/secondary").status_code == 503
    node.change("pair", PairStatus, role=Role.SECONDARY)
    assert client.request(method, "/primary").status_code == 503
    assert client.request(method, "/secondary").status_code == 200


@pytest.mark.parametrize("role", [Role.STARTING, Role.CANDIDATE, Role.FAULTED])
def test_a_node_between_roles_is_neither(node, client, role):
    node.change("pair", PairStatus, role=role)
    assert client.get("/primary").status_code == 503
    assert client.get("/secondary").status_code == 503
    assert role.value in client.get("/primary").text


def test_a_node_that_hands_over_still_answers_as_primary(node, client):
    node.change("pair", PairStatus, role=Role.HANDING_OVER)
    assert client.get("/primary").status_code == 200


@pytest.mark.parametrize(
    ("lag", "status"),
    [("30s", 200), ("12", 200), ("11.9s", 503), ("500ms", 503), ("1m", 200), ("soon", 400)],
)
def test_a_standby_that_lags_too_far_is_no_standby(node, client, lag, status):
    node.change("pair", PairStatus, role=Role.SECONDARY)
    assert client.get("/secondary", params={"lag": lag}).status_code == status


def test_a_standby_of_unknown_lag_is_no_standby_within_a_lag(node, client):
    node.board.publish("pair", pair_status(role=Role.SECONDARY))
    node.board.publish("source:zoom", source_status(lag_s=None, watermark_us=None))
    assert client.get("/secondary?lag=30s").status_code == 503
    assert client.get("/secondary").status_code == 200


def test_health_is_always_answered_and_lists_the_findings(node, client):
    node.board.publish("findings", Findings((LINK_DOWN,)))
    node.change("pair", PairStatus, sees_data_center=False)
    answer = client.get("/health")
    assert answer.status_code == 200
    view = answer.json()
    assert view["live"]["ok"]
    assert not view["ready"]["ok"]
    assert view["findings"] == [
        {
            "code": "link_down",
            "level": "warning",
            "subject": "beta",
            "what": "beta is not heard",
            "hint": "Look.",
            "since": "2023-11-14T22:13:20Z",
        }
    ]


def test_a_source_that_did_not_start_is_a_finding_until_the_node_is_mended(node):
    broken = SourceProblem("crm", "crm", "stopped_by_load_error", "no module", "Reinstall.")
    off = replace(broken, name="old", state="disabled")
    node.problems = (broken, off)
    view = node.client().get("/health").json()
    assert [(f["code"], f["subject"]) for f in view["findings"]] == [("source_stopped", "crm")]
    assert "no module" in view["findings"][0]["what"]


def test_health_needs_no_token(client):
    for path in ("/health", "/live", "/ready", "/primary", "/metrics", "/openapi.json"):
        assert client.get(path).status_code == 200
