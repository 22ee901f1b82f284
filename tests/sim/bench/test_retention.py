"""The benchmark of retention measures what it says, at a small size."""

from sim.bench.retention import run


def test_every_contact_is_looked_at_and_commits_go_on(tmp_path):
    rows = {row["name"]: row for row in run(1_000, alone=1, results=tmp_path)}
    assert rows["walk, none due"]["contacts"] >= 1_000
    assert rows["walk, none due"]["due"] == 0
    assert rows["walk, some due"]["due"] >= 50
    assert rows["commit, alone"]["samples"] == 1
    assert rows["commit beside it, none due"]["samples"] >= 1
    assert (tmp_path / "retention.json").exists()
