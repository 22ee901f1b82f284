"""Certificates by two real nodes: each signs with its own key, and either proves the same day."""

import json
from datetime import UTC, datetime

import pytest

from recorder.prove.document import from_text
from recorder.prove.verify import verify
from tests.process.looking import as_json, tandem
from tests.waiting import wait_until

pytestmark = pytest.mark.process


def day_of(world):
    (day,) = {
        datetime.fromtimestamp(item.changed_us / 1e6, UTC).date().isoformat()
        for item in world.served.truth()
    }
    return day


def prove(world, folder, number):
    """The day is not over, so it is incomplete: exit 1."""
    day = day_of(world)
    done = tandem(world, "prove", "--source", "dynamics", "--day", day, "--out", folder)
    assert done.returncode == 1, done.stderr
    assert "INCOMPLETE" in done.stdout
    assert "the day is not over yet" in done.stdout
    return folder / f"dynamics-{day}-{number}.json"


def archived(certificate):
    return {leaf.item for leaf in certificate.leaves if leaf.state == "archived"}


def test_both_nodes_prove_a_day_and_whatever_is_changed_is_named(world, tmp_path):
    primary = world[world.pair.start()]
    keys = world.place(*[{}] * 4)
    world.wait_for_archived(len(keys))

    first_path = prove(world, tmp_path, 1)
    first = from_text(first_path.read_text())
    assert archived(first) == set(keys)
    assert verify(first) == ()
    world.kill(primary)
    other = world.pair.other(primary.name)
    more = world.place(*[{}] * 2)
    world.wait_for_archived(len(keys) + len(more))
    second = from_text(prove(world, tmp_path, 2).read_text())
    assert archived(second) == {*keys, *more}
    assert second.statement["made_by"] == other.name
    assert first.signature["key_id"] != second.signature["key_id"]
    published = as_json(tandem(world, "prove", "--keys", "--json"))["keys"]
    assert {key["key_id"] for key in published} == {
        first.signature["key_id"],
        second.signature["key_id"],
    }
    assert first.statement["audit"]["number"] < second.statement["audit"]["number"]

    words = ("prove", "--verify", str(first_path), "--json")
    for place in (("--config", str(world.directory / f"{other.name}.toml")), ("--node",)):
        found = as_json(tandem(world, *words, *place))
        assert (found["ok"], found["faults"]) == (True, [])
        assert {note["item"] for note in found["notes"]} == set(more)
    leaf = next(leaf for leaf in first.leaves if leaf.item == keys[0])
    with world.data_center() as (_, archive):
        victim = archive._root / leaf.media[0].object_key
    body = victim.read_bytes()
    victim.unlink()  # the call buffer may hold another name of the same file
    victim.write_bytes(body[:-1] + bytes([body[-1] ^ 1]))
    done = tandem(world, *words, "--node")
    assert done.returncode == 1
    (fault,) = json.loads(done.stdout)["faults"]
    assert (fault["code"], fault["item"]) == ("object_differs", keys[0])
    victim.write_bytes(body)
    world.mend()
    world.settle_and_check()


def test_contacts_are_told_to_programs(world):
    world.pair.start()
    keys = world.place(*[{}] * 3)
    world.wait_for_archived(len(keys))
    done = tandem(world, "das", "contacts", "--fields", "items", "--limit", "1", "--all", "--json")
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert {item["item"] for contact in told for item in contact["items"]} == set(keys)
    world.settle_and_check()


def test_a_certificate_that_is_asked_for_survives_its_primary(world, tmp_path):
    primary = world[world.pair.start()]
    other = world.pair.other(primary.name)
    keys = world.place(*[{}] * 3)
    world.wait_for_archived(len(keys))
    world.admin.add_fault("slow", requests=("list",), delay_s=3.0)
    words = ("prove", "--source", "dynamics", "--day", day_of(world), "--no-wait", "--json")
    asked = as_json(tandem(world, *words, url=other.url))
    again = as_json(tandem(world, *words))
    name = asked["request"]["request"]
    assert (again["status"], again["request"]["request"]) == ("already", name)

    def request():
        found = as_json(tandem(world, "prove", "--requests", "--json", url=other.url))["requests"]
        return next(one for one in found if one["request"] == name)

    wait_until(lambda: request()["phase"] == "listing", 10.0, "the day is being listed")
    assert request()["node"] == primary.name
    world.kill(primary)
    world.admin.clear_faults()
    done = tandem(
        world, "prove", "--request", name, "--out", str(tmp_path), "--json", url=other.url
    )
    made = json.loads(done.stdout)
    assert (made["request"], made["number"], made["verdict"]) == (name, 1, "incomplete"), (
        done.stderr
    )
    certificate = from_text((tmp_path / f"dynamics-{made['day']}-1.json").read_text())
    assert certificate.statement["made_by"] == other.name
    assert archived(certificate) == set(keys)
    assert request()["status"] == "completed"
    listed = as_json(tandem(world, "prove", "--list", "--json", url=other.url))["certificates"]
    assert [one["number"] for one in listed] == [1]
    world.mend()
    world.settle_and_check()
