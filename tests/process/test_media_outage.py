"""The files of the service are away for a while, with the settings of a real installation."""

import pytest

from tests.process.looking import let_pass, no_failover, requests, wait_until_well
from tests.process.world import World

pytestmark = pytest.mark.process

OUTAGE_S = 20.0
"""Long enough for ten quick tries, if an outage counted as tries of the items."""
CALLS = 24
HEAL_S = 15.0
"""From the first good answer on: a few polls and the downloads, not the back-off of an outage."""


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path)
    try:
        world.start()
        yield world
    finally:
        world.close()


def parked(world):
    with world.data_center() as (db, _):
        return sum(
            count for (_source, state), count in db.item_counts().items() if state == "parked"
        )


def test_an_outage_of_the_files_under_load_parks_nothing_and_is_made_up_for_quickly(world):
    world.calls(4)
    world.settle()
    before = world.archived()
    world.admin.add_fault("server_error", requests=("blob", "value"), status=503)
    world.calls(CALLS, over_s=OUTAGE_S / 2)
    let_pass(OUTAGE_S)
    refused = requests(world, status=503)
    assert refused > 0, world.admin.statistics()["requests"]
    assert world.archived() == before
    assert parked(world) == 0
    world.admin.clear_faults()
    world.settle_and_check(timeout_s=HEAL_S)
    assert parked(world) == 0
    for node in world.nodes:
        wait_until_well(node)
    no_failover(world)
