"""A pair that compares by itself, and files with ids put down beside it: nothing is asked for by a person."""

import csv
import io
import json

import pytest

from recorder.cli import main
from tests.process.world import World
from tests.waiting import wait_until

pytestmark = pytest.mark.process

RECONCILE = {"grace_s": 1.0, "check_s": 1.0, "calls_per_s": 20.0, "share": 0.9}
NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    world = World(tmp_path_factory.mktemp("reconciling"), tables={"reconcile": RECONCILE})
    try:
        world.start()
        yield world
    finally:
        world.close()


@pytest.fixture
def ask(world, monkeypatch, capsys):
    """Run a command against the pair: its JSON."""
    monkeypatch.setenv("TANDEM_URL", world.pair.urls)
    monkeypatch.setenv("TANDEM_TOKEN_FILE", str(world.pair.token_file))

    def ask(*words):
        status = main.run([*words, "--json"])
        out, err = capsys.readouterr()
        assert status in {0, 4}, err
        return json.loads(out)

    return ask


def drop_folders(world):
    return [path for path in world.directory.rglob("TextCapture/dynamics/csv") if path.is_dir()]


def test_ids_in_a_file_are_answered_row_by_row(world, ask):
    keys = world.place({"recordings": [{}, {}]}, {"customer": 7})
    world.settle()
    conversation = ask("item", "why", keys[0])[0]["item"]["session"]
    wait_until(lambda: drop_folders(world), 10.0, "the folders are there")
    folder = drop_folders(world)[0]
    rows = ["Conversation ID;Note", conversation, f"{keys[2]};x", f'"{NOBODY}"', "nonsense7"]
    (folder / "missed calls.csv").write_text("\n".join(rows), "utf-16")
    processed = folder.parent / "processed"
    wait_until(lambda: list(processed.glob("*.result.csv")), 60.0, "the file is answered")
    (result,) = processed.glob("*.result.csv")
    body = result.read_text("utf-8-sig")
    assert {row["id"]: row["outcome"] for row in csv.DictReader(io.StringIO(body))} == {
        conversation: "already_here",
        keys[2]: "already_here",
        NOBODY: "not_found",
        "nonsense7": "bad_row",
    }
    assert not list(folder.iterdir())
    (recovery,) = ask("recovery", "list")["recoveries"]
    assert (recovery["kind"], recovery["requested_by"]) == ("specific", "file:missed calls.csv")


def test_a_comparison_runs_by_itself_and_finds_that_all_agrees(ask):
    def ended():
        runs = ask("finding", "runs")["reconciliations"]
        return [run for run in runs if "ended" in run]

    wait_until(ended, 60.0, "a comparison came to its end")
    run = ended()[-1]
    assert "reason" not in run
    assert run["counts"]["not_here"] == 0
    assert ask("finding", "list", "--open")["findings"] == []


def test_the_source_is_asked_for_what_nobody_here_knows(ask):
    found = ask("item", "why", NOBODY, "--ask-source")
    assert not found["known"]
    assert "known neither here nor at dynamics" in found["verdict"]
