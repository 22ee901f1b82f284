"""The ingest benchmark: its figures, and the yardsticks without their programs."""

import pytest

from sim.bench import contenders as module
from sim.bench import ingest, peers
from sim.bench.contenders import Contender, Work, contenders
from sim.bench.file_server import Served
from sim.bench.ingest import Results, Rounds, ratio_rows
from sim.bench.peers import CURL, RCLONE, PeerCost
from sim.bench.programs import Cost

WORK = Work("200 KB", 100, 200_000)
SERVED = Served("https://127.0.0.1:1/", "nginx")


def test_ours_is_set_against_each_peer_round_by_round():
    results = Results(
        ours={"ours": [Cost(2.0, 1.0, 0.5), Cost(4.0, 3.0, 0.5), Cost(3.0, 2.0, 0.5)]},
        peers={
            "curl": [Cost(1.0, 2.0), Cost(4.0, 2.0), Cost(1.0, 2.0)],
            "rclone": [Cost(2.0, 1.0), Cost(4.0, 3.0), Cost(3.0, 2.0)],
        },
    )
    with_curl, with_rclone, curl, rclone = ratio_rows(WORK, results)
    assert with_curl["name"] == "ours, 200 KB"
    assert (with_curl["peer"], with_curl["files"], with_curl["bytes"]) == ("curl", 100, 20_000_000)
    assert (with_curl["wall_seconds"], with_curl["cpu_seconds"]) == (3.0, 2.0)
    assert (with_curl["wall_ratio"], with_curl["cpu_ratio"]) == (2.0, 1.0)
    assert (with_rclone["wall_ratio"], with_rclone["cpu_ratio"]) == (1.0, 1.0)
    assert with_curl["files_per_second"] == pytest.approx(33.33)
    assert with_curl["files_per_cpu_second"] == 50.0
    assert with_curl["start_cpu_seconds"] == 0.5
    assert [row["peer"] for row in (curl, rclone)] == [None, None]
    assert curl["wall_ratio"] is curl["cpu_ratio"] is None


def test_without_peers_there_are_figures_and_no_ratios():
    (row,) = ratio_rows(WORK, Results({"ours": [Cost(2.0, 1.0)]}, {}))
    assert (row["peer"], row["cpu_ratio"], row["rounds"]) == (None, None, 1)


@pytest.mark.parametrize(
    ("count", "nodes", "shares"),
    [(10, 1, [(0, 10)]), (10, 2, [(0, 5), (5, 10)]), (7, 2, [(0, 3), (3, 7)]), (1, 2, [(0, 0), (0, 1)])],
)  # fmt: skip
def test_the_nodes_share_every_file_once(count, nodes, shares):
    assert [(share.start, share.stop) for share in module._shares(count, nodes)] == shares


def test_the_fast_client_takes_part_only_where_it_is_installed(monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda _name: None)
    assert [one.fetcher for one in contenders(8)] == ["httpx"]
    monkeypatch.setattr(module, "find_spec", lambda _name: object())
    assert [(one.fetcher, one.nodes) for one in contenders(4)] == [
        ("fast", 1),
        ("fast", 2),
        ("httpx", 1),
    ]
    assert {one.downloads for one in contenders(4)} == {4}


def test_contenders_have_names_of_their_own():
    assert Contender("fast", 1).name == "media path, one node, fast"
    assert Contender("httpx", 2).name == "media path, the pair, httpx"


def test_a_peer_that_is_not_installed_is_left_out_with_the_reason(monkeypatch):
    monkeypatch.setattr(peers.shutil, "which", lambda name: "/usr/bin/curl" if name == "curl" else None)  # fmt: skip
    assert peers.missing_peers() == {RCLONE: "rclone is not installed"}


def test_the_hash_check_is_named_by_its_program(monkeypatch):
    assert peers.check_name(RCLONE) == "rclone hashsum sha256"
    monkeypatch.setattr(peers.shutil, "which", lambda _name: None)
    assert peers.check_name(CURL) == "sha256sum"


def test_a_peer_that_brings_too_few_files_is_no_yardstick(monkeypatch, tmp_path):
    monkeypatch.setattr(peers, "_curl", lambda *_: (Cost(1.0, 1.0), Cost(1.0, 1.0)))
    with pytest.raises(RuntimeError, match="curl -Z brought 0 of 5 files"):
        peers.fetch_with(CURL, SERVED, 5, tmp_path / "to", None, connections=8)


def test_what_a_program_needs_to_start_is_not_part_of_its_cost():
    assert peers._less_start(Cost(2.0, 1.0), Cost(0.1, 0.25)) == Cost(2.0, 0.75, 0.25)
    assert peers._less_start(Cost(2.0, 0.1), Cost(0.1, 0.25)).cpu_s == 0.0


def test_curl_gets_every_file_in_one_run_and_its_files_are_hashed(monkeypatch, tmp_path):
    runs = []

    def program(command):
        runs.append(list(command))
        return Cost(1.0, 0.5)

    monkeypatch.setattr(peers, "run_program", program)
    tls = type("Tls", (), {"authority": tmp_path / "ca.pem"})
    to = tmp_path / "to"
    fetch, check = peers._curl(SERVED, 3, to, tls, 8)
    version, fetched, hashed = runs
    assert version == ["curl", "--version"]
    assert fetched[fetched.index("--parallel-max") + 1] == "8"
    asked = (tmp_path / "to.curl").read_text(encoding="utf-8").splitlines()
    assert asked[0] == 'url = "https://127.0.0.1:1/00000.mp3"'
    assert asked[1] == f'output = "{to}/00000.mp3"'
    assert len(asked) == 6
    assert hashed[-3:] == [str(to / f"0000{number}.mp3") for number in range(3)]
    assert (fetch.cpu_s, fetch.start_cpu_s, check.cpu_s) == (0.0, 0.5, 0.5)


@pytest.fixture
def rounds(monkeypatch, tmp_path):
    """Rounds of two of ours and one peer that only note their turn."""
    turns = []
    ours = [Contender("fast", 1), Contender("httpx", 1)]
    monkeypatch.setattr(ingest, "contenders", lambda _downloads: ours)

    def fetch(contender, _served, _work, to, _tls):
        turns.append(contender.fetcher)
        to.mkdir(parents=True)
        (to / "file.mp3").write_bytes(b"audio")
        return Cost(1.0, 1.0)

    def with_peer(peer, _served, count, _to, _tls, *, connections):
        assert (count, connections) == (WORK.files, ingest.DOWNLOADS)
        turns.append(peer)
        return PeerCost(Cost(1.0, 0.5), Cost(0.5, 0.25))

    monkeypatch.setattr(ingest, "fetch_with_ours", fetch)
    monkeypatch.setattr(ingest, "fetch_with", with_peer)
    return Rounds(tmp_path, None, WORK, SERVED), turns


def test_everybody_begins_once_and_nobody_is_left_out(rounds):
    results = rounds[0].run(3, [CURL])
    assert rounds[1] == ["fast", "httpx", CURL, "httpx", CURL, "fast", CURL, "fast", "httpx"]
    assert {name: len(costs) for name, costs in results.ours.items()} == {
        "media path, one node, fast": 3,
        "media path, one node, httpx": 3,
    }


def test_a_peer_counts_with_its_hash_check_and_without(rounds):
    results = rounds[0].run(1, [RCLONE])
    assert results.peers == {
        "rclone copy + rclone hashsum sha256": [Cost(1.5, 0.75)],
        "rclone copy": [Cost(1.0, 0.5)],
    }


def test_what_was_fetched_gives_its_space_back_before_the_next(rounds, tmp_path):
    rounds[0].run(2, [])
    kept = list(tmp_path.glob("run-*/file.mp3"))
    assert len(kept) == 4
    assert all(path.stat().st_size == 0 for path in kept)
