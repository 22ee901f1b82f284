"""The files of the service are away for a while."""

import pytest

from tests.process.looking import let_pass, no_failover, requests, wait_until_well
from tests.process.world import LONG

pytestmark = pytest.mark.process

REAL: dict[str, dict[str, float]] = {}
"""The settings of a real installation."""
HASTY = {"retry": {"base_s": 0.2, "cap_s": 0.5}}
"""An item that fails is tried again so soon that its ten tries are over long before the outage is."""
CALLS = 24
HEAL_S = 15.0
"""From the first good answer on: a few polls and the downloads, not the back-off of an outage."""


def parked(world):
    with world.data_center() as (db, _):
        return sum(
            count for (_source, state), count in db.item_counts().items() if state == "parked"
        )


@pytest.mark.parametrize(
    ("tables", "outage_s"), [(HASTY, 7.0), pytest.param(REAL, 20.0, marks=LONG)]
)
def test_an_outage_of_the_files_under_load_parks_nothing_and_is_made_up_for_quickly(
    make_world, tables, outage_s
):
    world = make_world(tables=tables)
    world.start()
    world.calls(4)
    world.settle()
    before = world.archived()
    world.admin.add_fault("server_error", requests=("blob", "value"), status=503)
    world.calls(CALLS, over_s=outage_s / 2)
    let_pass(outage_s)
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
