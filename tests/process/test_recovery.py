"""Recordings that nobody polled: found out, fetched, accounted for, whatever happens to the nodes."""

import pytest
from sqlalchemy import text

from recorder.adapters.contact_db import open_engine
from recorder.instants import to_text
from tests.process.looking import as_json, let_pass, tandem, wait_for_finding
from tests.waiting import wait_until

pytestmark = pytest.mark.process

HOUR_US = 3600 * 1_000_000
SLOWLY = {"automatic": False, "in_hand_max": 1, "look_s": 0.2}
TABLES = {"poll": {"start_back_s": 0.5, "overlap_s": 0.0}, "recovery": SLOWLY}
AGO_S = 1.6
"""So long after it appeared, a start looks no more for a recording: `start_back_s`, and stamps are whole seconds."""
SOME_POLLS_S = 1.6
COUNTS = ("recovered", "already_here", "not_recordable", "gone", "failed", "pending")


def lose_the_watermark(world):
    """On both disks and in the Data Center, as after a restore of the wrong backup."""
    for node in world.nodes:
        for path in (world.directory / node.name / "progress").glob("*"):
            path.unlink()
    engine = open_engine(world._database_url())
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM sources"))
    engine.dispose()


def miss_some(world, count):
    """Some calls are archived; then more end while no node runs, and nobody knows how far polling came."""
    primary = world[world.pair.start()]
    before = world.place(*[{}] * 3)
    world.wait_for_archived(len(before))
    world.pair.other(primary.name).stop()
    primary.stop()
    missed = world.place(*[{}] * count)
    wait_until(lambda: offered(world, missed), 10.0, "the service offers them", every_s=0.1)
    let_pass(AGO_S)
    lose_the_watermark(world)
    return before, missed


def settle_and_check(world):
    """All promises but that somebody polls at any time: here nobody was to."""
    world.settle()
    broken = [one for one in world.verdict().violations if one.promise != "liveness"]
    assert not broken, broken


def offered(world, keys):
    return set(keys) <= {item.key for item in world.served.truth()}


def period(world):
    stamps = [item.changed_us for item in world.served.truth()]
    return to_text(min(stamps) - HOUR_US), to_text(max(stamps) + 1_000_000)


def view_of(world, recovery):
    """Its counts must add up at every instant."""
    view = world.ask(f"/api/v1/recoveries/{recovery}")
    counts = view["counts"]
    assert counts["detected"] == sum(counts[name] for name in COUNTS)
    return view


def start(world, *words):
    begin, to = period(world)
    words = ("recovery", "start", "--source", "dynamics", "--from", begin, "--to", to, *words)
    return as_json(tandem(world, *words, "--json"))


def slowly(world):
    """Every file takes its second, so that what is done next is done in the middle, on any machine."""
    world.admin.add_fault("slow", requests=("blob", "value"), delay_s=1.0)


def wait_for_recovered(node, recovery, count):
    path = f"/api/v1/recoveries/{recovery}"
    wait_until(
        lambda: node.get(path)["counts"]["recovered"] >= count, 30.0, "some are", every_s=0.1
    )


def wait_for_end(world, recovery, timeout_s=60.0):
    wait_until(
        lambda: view_of(world, recovery)["status"] != "running", timeout_s, "it ends", every_s=0.2
    )
    return as_json(tandem(world, "recovery", "show", recovery, "--json"))


def test_what_was_missed_is_recovered_although_the_primary_dies_in_the_middle(make_world):
    world = make_world(tables=TABLES)
    before, missed = miss_some(world, 12)
    primary = world[world.pair.start()]
    let_pass(SOME_POLLS_S)
    assert world.archived() == len(before)
    said = start(world, "--dry-run")
    assert said["counts"] == {
        **dict.fromkeys(COUNTS, 0),
        "detected": len(before) + len(missed),
        "already_here": len(before),
        "pending": len(missed),
    }
    assert said["forecast"]["to_fetch"] == len(missed)
    assert said["forecast"]["size_bytes"] > 0
    assert world.archived() == len(before)

    slowly(world)
    recovery = start(world)["recovery"]["recovery"]
    assert start(world)["recovery"]["recovery"] == recovery
    wait_for_recovered(primary, recovery, 2)
    world.kill(primary)
    world.admin.clear_faults()
    view = wait_for_end(world, recovery)
    assert (view["status"], view["node"]) == ("completed", world.pair.other(primary.name).name)
    assert view["counts"]["recovered"] + view["counts"]["already_here"] == len(before) + len(missed)
    assert view["counts"]["recovered"] == len(missed)
    primary.start()
    world.primary_and_secondary()
    with world.data_center() as (db, _):
        found = [event.detail for key in missed for event in db.story("dynamics", key)]
    assert any(recovery in detail for detail in found)
    settle_and_check(world)


def test_a_lost_watermark_is_found_out_and_made_good_by_the_system(make_world):
    world = make_world(tables={**TABLES, "recovery": {"look_s": 0.3, "check_s": 1.0}})
    _, missed = miss_some(world, 5)
    world.pair.start()
    wait_until(lambda: listed(world), 20.0, "the system asks for a recovery", every_s=0.2)
    (row,) = as_json(tandem(world, "recovery", "list", "--json"))["recoveries"]
    assert (row["kind"], row["cause"], row["requested_by"]) == (
        "automatic",
        "watermark_lost",
        "system",
    )
    view = wait_for_end(world, row["recovery"])
    assert view["status"] == "completed"
    assert view["counts"]["recovered"] == len(missed)
    let_pass(SOME_POLLS_S)
    assert len(listed(world)) == 1, "a gap that was recovered is no gap"
    settle_and_check(world)


def listed(world):
    return world.ask("/api/v1/recoveries")["recoveries"]


def test_a_cancelled_recovery_stays_cancelled_over_a_restart_and_goes_on_when_resumed(make_world):
    world = make_world(tables=TABLES)
    before, missed = miss_some(world, 10)
    primary = world[world.pair.start()]
    slowly(world)
    recovery = start(world)["recovery"]["recovery"]
    wait_for_recovered(primary, recovery, 1)
    tandem(world, "recovery", "cancel", recovery)
    world.admin.clear_faults()
    for node in world.nodes:
        world.kill(node)
    world.pair.start()
    let_pass(SOME_POLLS_S)
    view = view_of(world, recovery)
    assert view["status"] == "cancelled"
    assert 0 < view["counts"]["pending"] < len(missed)
    assert as_json(tandem(world, "recovery", "resume", recovery, "--json"))["status"] == "done"
    view = wait_for_end(world, recovery)
    assert view["status"] == "completed"
    assert view["counts"]["detected"] == len(before) + len(missed)
    settle_and_check(world)


def test_a_source_that_goes_away_stops_a_recovery_and_that_is_a_finding(make_world):
    world = make_world(tables={**TABLES, "recovery": {**SLOWLY, "give_up_s": 1.0}})
    miss_some(world, 3)
    primary = world[world.pair.start()]
    world.admin.add_fault("server_error", requests=("list",))
    recovery = start(world)["recovery"]["recovery"]
    view = wait_for_end(world, recovery)
    assert view["status"] in {"failed", "stopped"}
    wait_for_finding(primary, "recovery_stopped")
    world.admin.clear_faults()
    tandem(world, "recovery", "resume", recovery)
    assert wait_for_end(world, recovery)["status"] == "completed"
    settle_and_check(world)
