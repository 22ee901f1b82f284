import json

import pytest

from cluster.status import PairStatus
from recorder.cli import watch
from recorder.status import Findings
from tests.recorder.fake_node import LINK_DOWN, FakeNode, peer_status


def test_the_pair_is_a_table_of_both_nodes(tandem):
    ended = tandem("node", "list")
    assert ended.status == 0
    headline, columns, alpha, beta = ended.lines
    assert headline == "Cluster: emea   primary alpha · term 7 · automatic failover on"
    assert columns.split()[:4] == ["Node", "Host", "Role", "State"]
    assert alpha.split()[:8] == [
        "alpha",
        "10.0.0.5:8443",
        "primary",
        "running",
        "7",
        "12s",
        "3/24",
        "98",
    ]
    assert beta.split()[:8] == [
        "beta",
        "10.0.0.6:8443",
        "secondary",
        "running",
        "7",
        "14s",
        "1/24",
        "90",
    ]


def test_json_is_the_view_of_the_api(tandem):
    view = tandem("node", "list", "--json").json
    assert (view["cluster"], view["primary"], view["term"]) == ("emea", "alpha", 7)
    assert view["answered"] == ["alpha"]
    assert view["nodes"][1]["lag_seconds"] == 14.5


@pytest.mark.parametrize(
    "arguments", [("--json", "node", "list"), ("node", "--json", "list"), ("node", "list", "--json")]
)  # fmt: skip
def test_global_options_work_anywhere(tandem, arguments):
    assert tandem(*arguments).json["primary"] == "alpha"


def test_a_node_that_is_down_is_shown_and_is_no_failure(tandem, node):
    node.change("pair", PairStatus, peer="dead")
    ended = tandem("node", "list")
    assert ended.status == 0
    assert "silent" in ended.lines[3]


def test_findings_and_a_pause_stand_out(tandem, node):
    node.change("pair", PairStatus, paused=True, problems=("disk",))
    node.board.publish("findings", Findings((LINK_DOWN,)))
    out = tandem("node", "list").out
    assert "PAUSED" in out
    assert "alpha: disk" in out
    assert " ! link_down: beta is not heard\n   → Look." in out


def test_several_addresses_give_each_nodes_own_word(bare, node):
    beta = FakeNode(name="beta", token=None)
    node.token = None
    beta.board.publish("peer", peer_status(node=""))
    beta.change("pair", PairStatus, term=9)
    with node.served() as first, beta.served() as second:
        view = bare("node", "list", "--json", "--url", f"{first},{second}").json
        assert view["answered"] == ["alpha", "beta"]
        assert [row["term"] for row in view["nodes"]] == [7, 9]
        dead = "http://127.0.0.1:1"
        view = bare("node", "list", "--json", "--url", f"{dead},{second}").json
        assert view["answered"] == ["beta"]


def test_watching_goes_on_although_the_node_is_lost(tandem, node, monkeypatch):
    looks = []

    def sleep(seconds):
        looks.append(seconds)
        if len(looks) == 1:
            node.token = "changed, then the same again"
            node.contact_db.faults.down = True
        raise KeyboardInterrupt if len(looks) == 2 else InterruptedError

    def patient(seconds):
        try:
            sleep(seconds)
        except InterruptedError:
            node.token = "the-admin-token"

    monkeypatch.setattr(watch.time, "sleep", patient)
    ended = tandem("node", "list", "--watch", "0.25", "--json")
    assert ended.status == 130
    assert looks == [0.25, 0.25]
    assert [json.loads(line)["term"] for line in ended.lines] == [7, 7]


def test_watching_a_node_that_is_away_says_so_and_looks_again(bare, monkeypatch):
    looks = []

    def sleep(_seconds):
        looks.append(1)
        if len(looks) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(watch.time, "sleep", sleep)
    ended = bare("node", "list", "--watch", "--url", "http://127.0.0.1:1")
    assert ended.err.count("No node answers at http://127.0.0.1:1") == 2


def test_watching_every_zero_seconds_is_refused(tandem):
    assert tandem("node", "list", "--watch", "0").status == 2


def test_the_history_is_a_table_newest_first(tandem, node):
    node.history(
        (1_000_000, "alpha", "secondary", "candidate", 0, "cold start"),
        (2_000_000, "alpha", "candidate", "primary", 1, "the lease is free"),
    )
    ended = tandem("node", "history")
    assert ended.lines[1].split(maxsplit=5) == [
        "1970-01-01T00:00:02Z",
        "alpha",
        "candidate",
        "primary",
        "1",
        "the lease is free",
    ]
    assert len(tandem("node", "history", "--limit", "1").lines) == 2
    assert tandem("node", "history", "--json").json["history"][1]["new"] == "candidate"


def test_a_node_does_not_start_with_a_wrong_configuration(bare, tmp_path):
    path = tmp_path / "node.toml"
    path.write_text("[node]\nid = 'alpha'\n")
    ended = bare("node", "run", "--config", path)
    assert ended.status == 2
    assert f"{path}: node.data: missing" in ended.err


def test_a_node_needs_a_configuration(bare):
    ended = bare("node", "run")
    assert ended.status == 2
    assert "--config" in ended.err
