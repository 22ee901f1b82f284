"""The audit trail of two real nodes: orders, deaths and media, in one whole chain that both remember."""

import json

import pytest

from tests.process.looking import command_here
from tests.waiting import wait_until

pytestmark = pytest.mark.process


def tandem(node, *words):
    return command_here(*words, "--config", str(node.config))


def verified(node):
    done = tandem(node, "audit", "verify", "--json")
    return json.loads(done.stdout), done


def deeds(node):
    view = json.loads(tandem(node, "audit", "list", "--limit", "500", "--json").stdout)
    return [(row["what"], row["node"], row["actor"]) for row in view["records"]]


def test_orders_deaths_and_media_are_in_one_whole_chain(make_world, tmp_path):
    world = make_world()
    world.start()
    world.calls(6, over_s=1.0)
    world.settle()
    primary, secondary = world.primary_and_secondary()
    world.switch_over_from(primary)
    primary, secondary = world.primary_and_secondary()
    contact = primary.get("/api/v1/contacts")["contacts"][0]["contact"]
    done = tandem(primary, "contact", "export", contact, "--to", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    world.kill(primary)
    primary.start()
    world.primary_and_secondary()
    wait_until(
        lambda: sum(what == "role_changed" for what, *_ in deeds(primary)) >= len(world.history()),
        30.0,
        "every change of role is in the trail",
        every_s=0.5,
    )
    told = deeds(primary)
    for what in ("switchover_ordered", "switchover", "media_read"):
        assert any(one == what and actor.startswith("admin") for one, _, actor in told)
    assert {node for _, node, _ in told} == {"alpha", "beta"}
    verdict, done = verified(secondary)
    assert (done.returncode, verdict["whole"]) == (0, True), done.stdout
    assert verdict["records"] == len(told)
    world.settle_and_check()
