"""What people ask a working pair: every reading command, as a table and as JSON."""

import hashlib
import json

import pytest

from recorder.cli import main
from sim.served.local_pair import NODES
from tests.process.looking import row_of
from tests.process.world import World
from tests.waiting import wait_until

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    world = World(tmp_path_factory.mktemp("questions"))
    try:
        world.start()
        yield world
    finally:
        world.close()


@pytest.fixture(scope="module")
def keys(world):
    """Two recordings of one conversation, and one of another."""
    keys = world.place({"recordings": [{}, {}]}, {"outbound": True, "customer": 7})
    world.settle()
    return keys


@pytest.fixture
def tandem(world, monkeypatch, capsys):
    """Run a command against the pair: what it printed."""
    monkeypatch.setenv("TANDEM_URL", world.pair.urls)
    monkeypatch.setenv("TANDEM_TOKEN_FILE", str(world.pair.token_file))

    def tandem(*words):
        status = main.run(list(words))
        out, err = capsys.readouterr()
        assert status == 0, err
        return out

    return tandem


@pytest.fixture
def ask(tandem):
    """The same as JSON."""
    return lambda *words: json.loads(tandem(*words, "--json"))


def test_item_why_tells_the_whole_story_across_both_nodes(tandem, ask, world, keys):
    # What the primary adds to a story is written a moment after the commit.
    wait_until(lambda: "assigned" in tandem("item", "why", keys[0]), 5.0, "its part is told")
    told = tandem("item", "why", keys[0])
    (view,) = ask("item", "why", keys[0])
    assert f"{keys[0]}: ARCHIVED" in told
    steps = [event["what"] for event in view["story"]]
    assert steps[0] == "found"
    assert {"assigned", "fetching", "buffered", "archived"} <= set(steps)
    assert all(step in told for step in steps)
    assert {event["node"] for event in view["story"]} <= set(NODES)
    assert view["item"]["contact"] == row_of(world, keys[0]).contact_id
    assert {one["item"]["item"] for one in ask("item", "why", view["item"]["session"])} == set(
        keys[:2]
    )


def test_item_list_shows_every_item_and_filters_by_state(tandem, ask, keys):
    listed = ask("item", "list")["items"]
    assert {item["item"] for item in listed} == set(keys)
    assert {item["state"] for item in listed} == {"archived"}
    assert ask("item", "list", "--failed")["items"] == []
    first = ask("item", "list", "--limit", "2")
    rest = ask("item", "list", "--limit", "2", "--after", first["next"])
    assert len(first["items"]) + len(rest["items"]) == 3
    table = tandem("item", "list")
    assert all(key in table for key in keys)


def test_contact_list_finds_by_name_and_shows_one_line_for_each_conversation(tandem, ask):
    contacts = ask("contact", "list")["contacts"]
    assert sorted(contact["media_files"] for contact in contacts) == [1, 2]
    assert {contact["direction"] for contact in contacts} == {"inbound", "outbound"}
    assert all(contact["contact"] in tandem("contact", "list") for contact in contacts)
    name = contacts[0]["parties"][0]
    assert contacts[0] in ask("contact", "list", "--text", name)["contacts"]
    assert ask("contact", "list", "--from", "2100-01-01T00:00:00Z")["contacts"] == []


def test_contact_show_names_parties_segments_and_the_hashes_that_were_served(
    tandem, ask, world, keys
):
    contact = row_of(world, keys[0]).contact_id
    view = ask("contact", "show", contact)
    served = {item.sha256 for item in world.admin.truth() if item.key in keys[:2]}
    assert {media["sha256"] for media in view["media"]} == served
    (interaction,) = view["all_interactions"]
    assert {"agent", "customer"} <= {party["role"] for party in interaction["parties"]}
    assert interaction["segments"]
    table = tandem("contact", "show", contact)
    assert all(sha256 in table for sha256 in served)
    assert ask("contact", "show", view["session"]) == view


def test_contact_export_writes_the_bytes_that_were_served_and_a_manifest(
    ask, tandem, world, keys, tmp_path
):
    contact = row_of(world, keys[0]).contact_id
    told = tandem("contact", "export", contact, "--to", str(tmp_path / "one"))
    assert "verified by their hashes" in told
    done = ask("contact", "export", contact, "--to", str(tmp_path / "two"))
    assert sorted(done["files"]) == sorted(path.name for path in (tmp_path / "one").iterdir())
    written = [path for path in (tmp_path / "two").iterdir() if path.suffix == ".mp3"]
    served = {item.sha256 for item in world.admin.truth() if item.key in keys[:2]}
    assert {hashlib.sha256(path.read_bytes()).hexdigest() for path in written} == served
    manifest = json.loads((tmp_path / "two" / "contact.json").read_text())
    assert manifest == ask("contact", "show", contact)


def test_source_list_tells_how_far_the_source_is_archived(tandem, ask):
    (source,) = ask("source", "list")["sources"]
    assert (source["source"], source["state"], source["pending"]) == ("dynamics", "polling", 0)
    assert source["lag_seconds"] < 10
    assert source["coverage"]
    assert "polling" in tandem("source", "list")


def test_source_check_tries_the_real_service(tandem, ask, world, monkeypatch):
    monkeypatch.setenv("TANDEM_DYNAMICS_CLIENT_SECRET", "secret-of-alpha")
    config = ("--config", str(world["alpha"].config))
    (result,) = ask("source", "check", *config)["sources"]
    assert result["ok"]
    assert "dynamics: ok" in tandem("source", "check", *config)
    monkeypatch.setenv("TANDEM_DYNAMICS_CLIENT_SECRET", "wrong")
    assert main.run(["source", "check", *config]) == 1


def test_health_is_well_and_says_so_to_scripts(tandem, ask):
    assert ask("health")["exit"] == 0
    assert "well" in tandem("health")


def test_node_list_and_history_show_one_primary_and_why(tandem, ask, world):
    primary, secondary = world.primary_and_secondary()
    view = ask("node", "list")
    roles = {node["node"]: node["role"] for node in view["nodes"]}
    assert roles == {primary.name: "primary", secondary.name: "secondary"}
    assert view["primary"] == primary.name
    table = tandem("node", "list")
    assert all(name in table for name in NODES)
    rows = ask("node", "history")["history"]
    (reign,) = [row for row in rows if row["new"] == "primary"]
    assert (reign["node"], reign["term"]) == (primary.name, 1)
    assert reign["reason"] in tandem("node", "history")


def test_every_promise_was_kept_while_they_asked(world, keys):
    assert len(keys) == 3
    world.settle_and_check()
