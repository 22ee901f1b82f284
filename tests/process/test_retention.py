"""Retention by two real nodes: decided by one, carried out by the other; what is held stays."""

import pytest

from tests.process.looking import as_json, tandem
from tests.process.world import LONG
from tests.waiting import wait_until

pytestmark = pytest.mark.process

DAY_S = 86_400
KEEP_S = 4.0
RECYCLE_S = 12.0
TABLES = {
    "retention": {
        "every_s": 0.5,
        "first_s": 0.2,
        "pause_s": 0.05,
        "recycle_days": RECYCLE_S / DAY_S,
        "policies": [{"name": "short", "keep_days": KEEP_S / DAY_S}],
    }
}
PATIENCE_S = 40.0


def contacts(world):
    return {one["contact"]: one for one in world.ask("/api/v1/contacts")["contacts"]}


def listed(world, *words):
    return as_json(tandem(world, *words, "--json"))


def deletions(world, state):
    return world.ask(f"/api/v1/deletions?state={state}")["deletions"]


def take_over(world, primary, how):
    if how == "killed":
        world.kill(primary)
    else:
        world.switch_over_from(primary)
    other = world[world.pair.other(primary.name).name]
    wait_until(lambda: other.role() == "primary", PATIENCE_S, f"{other.name} is primary")
    return other


@pytest.mark.parametrize("how", ["killed", pytest.param("switched", marks=LONG)])
def test_what_is_over_goes_in_two_steps_across_a_change_of_primary_and_what_is_held_stays(
    make_world, how
):
    world = make_world(tables=TABLES)
    primary = world[world.pair.start()]
    keys = world.place(*[{}] * 3)
    world.wait_for_archived(len(keys))
    every = contacts(world)
    held, *others = sorted(every)
    placed = tandem(world, "hold", "place", "--contact", held, "--reason", "case 2026-17")
    assert placed.returncode == 0, placed.stderr

    # Nobody agreed to the policies yet: the oldest day goes by and nothing is decided.
    shown = tandem(world, "retention", "show").stdout
    assert "nothing is deleted: these policies were not confirmed" in shown
    wait_until(
        lambda: primary.post("/api/v1/retention/plans").json()["plan"]["contacts"] == len(others),
        PATIENCE_S,
        "the others are old enough",
        every_s=0.3,
    )
    assert listed(world, "retention", "list")["deletions"] == []
    plan = listed(world, "retention", "plan")["plan"]
    assert plan["held"] == 1
    assert tandem(world, "retention", "confirm", plan["plan"]).returncode == 0

    wait_until(
        lambda: len(deletions(world, "due")) == len(others), PATIENCE_S, "they are due", every_s=0.2
    )
    due = deletions(world, "due")
    assert {one["node"] for one in due} == {primary.name}
    assert set(contacts(world)) == set(every), "in its recycle period nothing is lost"
    other = take_over(world, primary, how)
    wait_until(
        lambda: len(deletions(world, "deleted")) == len(others),
        PATIENCE_S,
        "they are gone",
        every_s=0.2,
    )

    gone = deletions(world, "deleted")
    assert {one["contact"] for one in gone} == set(others)
    assert {one["node"] for one in gone} == {other.name}
    assert {(one["number"], one["policy"]) for one in gone} == {(1, "short")}, "decided once"
    assert all(one["ended"] >= one["due"] for one in gone)
    assert set(contacts(world)) == {held}
    with world.data_center() as (_, archive):
        left = set(archive.keys())
    assert left.isdisjoint(key for one in gone for key in one["objects"])
    assert len(left) == 1
    wait_until(lambda: told(world, others), PATIENCE_S, "everything is on record", every_s=0.3)
    as_an_operator_reads_it(world, held, others)


def told(world, others):
    """What the audit trail has of it, once it has all of it."""
    rows = world.ask("/api/v1/audit?limit=500")["records"]
    ended = {row["subject"]: row["detail"] for row in rows if row["what"] == "contact_deleted"}
    whats = {row["what"] for row in rows}
    if set(ended) != set(others) or not whats >= {
        "deletions_decided",
        "confirm_plan",
        "place_hold",
    }:
        return False
    for detail in ended.values():
        assert detail["policy"] == "short"
        assert float(detail["decision"]["keep_days"]) == KEEP_S / DAY_S
        assert detail["media"]
    return listed(world, "audit", "verify")["whole"]


def as_an_operator_reads_it(world, held, others):
    shown = tandem(world, "retention", "show").stdout
    assert "confirmed last: P-" in shown
    assert "holds in force: 1" in shown
    assert "done" in shown
    lines = tandem(world, "retention", "list", "--state", "deleted").stdout.splitlines()
    for contact in others:
        (line,) = [line for line in lines if contact in line]
        assert "short" in line
        assert "deleted" in line
    assert "case 2026-17" in tandem(world, "hold", "list").stdout
    late = tandem(world, "hold", "place", "--contact", others[0], "--reason", "late")
    assert f"too late for {others[0]}" in late.stdout
    again = tandem(world, "retention", "undelete", others[0], "--reason", "late")
    assert again.returncode == 6
    why = tandem(world, "item", "why", others[0]).stdout
    assert "deleted" in why
    assert held in tandem(world, "contact", "list").stdout
