"""Three services on one pair: nothing is lost of any, and what is wrong with one delays no other."""

import pytest

from sim.checkers.liveness import LIMITS_S
from sim.served.local_pair import NODES
from tests.process.looking import wait_for_finding, wait_until_well
from tests.process.world import LONG, World
from tests.waiting import wait_until

pytestmark = pytest.mark.process

KINDS = ("dynamics", "zoom", "webex")
LIMITS = {**LIMITS_S, "refused": 20.0}
SOON_S = 10.0
"""What a healthy source may take, on a machine that has other work; a hang or a back-off takes longer."""
IMPATIENT = {"timeouts": {"connect_s": 2.0, "read_s": 6.0, "total_s": 8.0}}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    world = World(
        tmp_path_factory.mktemp("three"),
        kinds=KINDS,
        tables={
            "pair": {"duty_failing_s": 2.0, "role_changes_per_hour_max": 100},
            "poll": {"canary_s": 1.0, "failing_s": 1.0},
            "retry": {"base_s": 0.2, "cap_s": 1.0, "park_after_tries": 1000},
            **{f"sources.{kind}": IMPATIENT for kind in KINDS},
        },
        of_node={
            name: {"sources.zoom": {"client_secret": f"file:{name}.secret"}} for name in NODES
        },
    )
    try:
        for node in world.nodes:
            set_secret(world, node, f"zoom-secret-of-{node.name}")
        world.start()
        yield world
    finally:
        world.close()


@pytest.fixture(autouse=True)
def well(world):
    yield
    for one in world.served.all:
        one.admin.clear_faults()


def set_secret(world, node, text):
    (world.directory / f"{node.name}.secret").write_text(text + "\n")


def calls(world, count, *kinds, **options):
    """Some at each of these services; their places: source and key, for two services may have the same ids."""
    return {(kind, key) for kind in kinds for key in world.calls(count, kind=kind, **options)}


def archived_of(world, places):
    with world.data_center() as (db, _):
        return {at for at in places for row in db.item(*at) if row.state == "archived"}


def soon_archived(world, wanted):
    def are_archived():
        truth = {(item.source, item.key): item for item in world.served.truth()}
        due = {at for at in wanted if at in truth and truth[at].must_be_archived}
        return truth.keys() >= wanted and archived_of(world, due) == due

    wait_until(are_archived, SOON_S, "the sources that are well go on", every_s=0.1)


def test_a_primary_killed_in_the_middle_loses_and_doubles_nothing_of_any_source(world):
    primary, secondary = world.primary_and_secondary()
    done = world.archived()
    calls(world, 5, *KINDS, over_s=3.0)
    world.wait_for_archived(done + 3)
    world.kill(primary)
    assert secondary.wait_for_role("primary")
    primary.start()
    world.primary_and_secondary()
    verdict = world.settle_and_check(limits_s=LIMITS)
    assert set(verdict.sources) == set(KINDS)
    for figures in verdict.sources.values():
        assert figures.lost == figures.duplicates == 0
        assert figures.archived >= 5


@pytest.mark.parametrize("hung", ["zoom", pytest.param("webex", marks=LONG)])
def test_a_service_that_accepts_and_never_answers_delays_no_other(world, hung):
    primary, _ = world.primary_and_secondary()
    world.served[hung].admin.add_fault("slow", delay_s=3600.0)
    world.calls(2, kind=hung)
    others = [kind for kind in KINDS if kind != hung]
    for _ in range(2):
        soon_archived(world, calls(world, 2, *others))
    world.served[hung].admin.clear_faults()
    world.settle_and_check(timeout_s=60.0, limits_s=LIMITS)
    primary.wait_for_role("primary")
    wait_until_well(primary)


def test_a_wrong_secret_of_one_source_on_one_node_moves_the_role_and_stops_nothing(world):
    primary, secondary = world.primary_and_secondary()
    world.disrupted("refused", primary)
    set_secret(world, primary, "wrong")
    world.served["zoom"].admin.add_fault("token_revoked", client=f"zoom-{primary.name}")
    soon_archived(world, calls(world, 2, "dynamics", "webex"))
    secondary.wait_for_role("primary")
    soon_archived(world, calls(world, 1, *KINDS))
    assert "zoom" in wait_for_finding(primary, "standby_credentials_failing")["subject"]
    set_secret(world, primary, f"zoom-secret-of-{primary.name}")
    wait_until_well(primary)
    world.settle_and_check(limits_s=LIMITS)


def test_a_wrong_secret_of_one_source_on_both_nodes_stops_that_source_alone(world):
    primary, secondary = world.primary_and_secondary()
    # One after the other: who finds out first would hand the role to the other one otherwise, rightly.
    for node in (secondary, primary):
        set_secret(world, node, "wrong")
        world.served["zoom"].admin.add_fault("token_revoked", client=f"zoom-{node.name}")
        wait_for_finding(secondary, "standby_credentials_failing")
    waiting = calls(world, 1, "zoom")
    soon_archived(world, calls(world, 2, "dynamics", "webex"))
    states = {source["source"]: source["state"] for source in primary.sources()}
    assert states["zoom"] == "stopped_by_error"
    assert states["dynamics"] != "stopped_by_error" != states["webex"]
    assert not archived_of(world, waiting)
    for node in world.nodes:
        set_secret(world, node, f"zoom-secret-of-{node.name}")
    for node in world.nodes:
        wait_until_well(node)
    world.settle_and_check(limits_s=LIMITS)
    primary.wait_for_role("primary")


def test_a_signed_message_of_a_service_makes_the_next_poll_early(make_world):
    seldom = {"interval_s": 600.0, "settle_s": 0.0, "overlap_s": 60.0, "tiers": []}
    world = make_world(kinds=("zoom", "webex"), webhooks=True, tables={"poll": seldom})
    world.start()
    for kind in ("zoom", "webex"):
        wait_until(world.served[kind].admin.polls, 10.0, f"the first poll of {kind}", every_s=0.1)
        world.calls(1, kind=kind, **({"late_file": 0.0, "slow": 0.0} if kind == "zoom" else {}))
    world.settle_and_check()
