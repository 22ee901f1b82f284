"""A service that throttles, fails, is slow or drops connections: patience, and nothing is lost."""

from itertools import pairwise

import pytest

from tests.process.looking import let_pass, no_failover, requests, source_of, wait_until_well
from tests.process.world import World
from tests.waiting import wait_until

pytestmark = pytest.mark.process

THROTTLED_S = 3.0


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    world = World(
        tmp_path_factory.mktemp("unkind"),
        tables={"retry": {"base_s": 0.2, "cap_s": 1.0, "park_after_tries": 1000}},
    )
    try:
        world.start()
        yield world
    finally:
        world.close()


@pytest.fixture(autouse=True)
def well(world):
    """Every scenario begins without a fault and ends with a well pair, its primary unchanged."""
    yield
    world.admin.clear_faults()
    for node in world.nodes:
        wait_until_well(node)
    no_failover(world)


def throttle(world, node, **parameters):
    """Refuse one listing of this node; its number among the polls."""
    before = world.polls(node)[-1].number
    world.admin.add_fault(
        "throttle",
        requests=("list",),
        client=f"recorder-{node.name}",
        count=1,
        seconds=THROTTLED_S,
        **parameters,
    )

    def refused():
        later = world.admin.polls(before)
        return [poll.number for poll in later if poll.status == 429]

    wait_until(refused, 5.0, "a listing is refused", every_s=0.05)
    return refused()[0]


def pause_after(world, node, number):
    """Seconds without a request to list, after the one of this number."""

    def both():
        return [poll for poll in world.polls(node) if poll.number >= number][:2]

    wait_until(lambda: len(both()) == 2, THROTTLED_S + 5.0, "it polls again", every_s=0.05)
    return next((b.monotonic_ns - a.monotonic_ns) / 1e9 for a, b in pairwise(both()))


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_a_node_that_is_throttled_asks_nothing_for_as_long_as_it_was_told(world, form):
    primary, _ = world.primary_and_secondary()
    number = throttle(world, primary, retry_after=form)
    asked = requests(world, client=f"recorder-{primary.name}")
    world.place({})
    assert source_of(primary)["state"] == "waiting"
    let_pass(0.7 * THROTTLED_S)
    assert requests(world, client=f"recorder-{primary.name}") == asked
    assert pause_after(world, primary, number) >= THROTTLED_S - 0.1
    world.settle_and_check()


def test_without_a_time_named_a_throttled_node_backs_off_by_its_own_measure(world):
    primary, _ = world.primary_and_secondary()
    number = throttle(world, primary, retry_after="absent")
    assert 0.0 < pause_after(world, primary, number) < THROTTLED_S
    world.place({})
    world.settle_and_check()


def test_downloads_wait_as_well_when_the_api_throttles(world):
    world.admin.add_fault("throttle", requests=("row",), count=4, seconds=2.0)
    world.place(*[{}] * 4)
    world.settle_and_check()
    assert requests(world, kind="row", status=429) >= 1


@pytest.mark.parametrize(
    ("status", "count", "more"), [(500, 25, {}), (503, 5, {"retry_after_s": 1})]
)
def test_a_burst_of_server_errors_delays_and_loses_nothing(world, status, count, more):
    world.admin.add_fault("server_error", status=status, count=count, **more)
    world.calls(6, over_s=1.0)
    world.settle_and_check()
    assert requests(world, status=status) == count


def test_dropped_connections_delay_and_lose_nothing(world):
    world.admin.add_fault("drop", count=25)
    world.calls(6, over_s=1.0)
    world.settle_and_check()
    assert world.admin.faults() == []


def test_a_slow_service_delays_and_loses_nothing(world):
    world.admin.add_fault("slow", delay_s=0.3)
    world.admin.add_fault("slow", requests=("blob", "value"), delay_s=0, bytes_per_s=100_000)
    world.calls(6, over_s=1.0)
    world.settle_and_check()
