import pytest

from recorder.cli.errors import CliError
from recorder.cli.pair_view import merged, show_pair


def row(node, role="secondary", term=7, **facts):
    return {"node": node, "url": f"http://{node}:1", "state": "running", "role": role, "term": term} | facts  # fmt: skip


def view(seen_by, *rows, cluster="emea", paused=False, findings=(), term=7):
    return {
        "cluster": cluster,
        "seen_by": seen_by,
        "paused": paused,
        "term": term,
        "nodes": list(rows),
        "findings": list(findings),
    }


def roles(whole):
    return {node["node"]: node.get("role") for node in whole["nodes"]}


def test_one_view_is_itself():
    whole = merged([view("alpha", row("alpha", "primary"), row("beta"))])
    assert whole["primary"] == "alpha"
    assert whole["answered"] == ["alpha"]
    assert roles(whole) == {"alpha": "primary", "beta": "secondary"}


def test_each_nodes_own_word_counts_more_than_its_peers():
    alpha = view("alpha", row("alpha", "primary"), row("beta", role=None, state="silent"))
    beta = view("beta", row("alpha", state="silent", role=None), row("beta"))
    for views in ([alpha, beta], [beta, alpha]):
        assert roles(merged(views)) == {"alpha": "primary", "beta": "secondary"}


def test_of_two_primaries_the_one_of_the_higher_term_is_named():
    alpha = view("alpha", row("alpha", "primary", 7))
    beta = view("beta", row("beta", "primary", 8), term=8)
    assert merged([alpha, beta])["primary"] == "beta"
    assert merged([alpha, beta])["term"] == 8


def test_a_pair_without_a_primary_has_none():
    assert "primary" not in merged([view("alpha", row("alpha"), row("beta"))])


def test_the_same_finding_of_both_nodes_is_told_once():
    finding = {"code": "no_witness", "subject": "alpha"}
    other = {"code": "no_witness", "subject": "beta"}
    views = [view("alpha", findings=[finding]), view("beta", findings=[finding, other])]
    assert merged(views)["findings"] == [finding, other]


def test_a_pause_that_one_node_knows_of_is_a_pause():
    assert merged([view("alpha"), view("beta", paused=True)])["paused"]


def test_nodes_of_two_clusters_are_not_mixed():
    with pytest.raises(CliError, match="another cluster: apac"):
        merged([view("alpha"), view("beta", cluster="apac")])


def test_a_normal_pair_fits_eighty_columns(capsys):
    figures = {
        "lag_seconds": 12.0,
        "queue_depth": 13,
        "queue_depth_max": 24,
        "archived": 1234567,
        "since": "2020-11-21T09:30:00Z",
    }
    rows = [row("alpha", "primary", 7, **figures), row("beta", "secondary", 7, **figures)]
    for node in rows:
        node["url"] = "http://10.0.0.5:8443"
    show_pair(merged([view("alpha", *rows)]))
    assert max(len(line) for line in capsys.readouterr().out.splitlines()) <= 80


def test_mixed_versions_are_told(capsys):
    rows = [row("alpha", "primary", build="1.0"), row("beta", build="1.1")]
    show_pair(merged([view("alpha", *rows)]))
    assert "mixed versions: 1.0, 1.1" in capsys.readouterr().out
