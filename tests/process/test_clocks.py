"""Clocks that disagree by ten minutes: windows follow the service's clock, the lease the database's."""

import os
from pathlib import Path

import pytest

from tests.process.looking import no_failover, source_of, wait_until_well
from tests.waiting import wait_until

pytestmark = pytest.mark.process

LONG = os.environ.get("TANDEM_LONG_TESTS") == "1"
BOTH_WAYS = (600.0, -600.0)
FAKETIME = next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))), None)
NO_FAKETIME = "libfaketime is not installed (Debian's package faketime)"


def wall_clock_off_by(seconds):
    """Environment of a process whose calendar is wrong; its monotonic clock goes on as it is."""
    return {
        "LD_PRELOAD": str(FAKETIME),
        "FAKETIME": f"{seconds:+.0f}",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }


def offset_s(node):
    """How far the service's clock is ahead of the node's, as the node sees it."""
    return source_of(node).get("clock_offset_ms", 0.0) / 1000


@pytest.mark.skipif(FAKETIME is None, reason=NO_FAKETIME)
@pytest.mark.postgres
@pytest.mark.parametrize("skew_s", BOTH_WAYS if LONG else BOTH_WAYS[:1])
def test_a_primary_whose_clock_is_ten_minutes_off_stays_primary_and_misses_nothing(
    make_world, empty_postgres_url, skew_s
):
    world = make_world(database=empty_postgres_url)
    alpha, beta = world["alpha"], world["beta"]
    alpha.start(extra_env=wall_clock_off_by(skew_s))
    alpha.wait_for_role("primary")
    beta.start()
    assert world.primary_and_secondary() == (alpha, beta)
    wait_until(lambda: abs(offset_s(alpha) + skew_s) < 5, 5.0, "it sees how wrong it is")
    world.calls(10, over_s=2.0)
    world.settle_and_check()
    no_failover(world)
    world.switch_over_from(alpha)
    beta.wait_for_role("primary")
    world.calls(6, over_s=1.0)
    world.settle_and_check()
    for node in world.nodes:
        wait_until_well(node)


@pytest.mark.parametrize("skew_s", BOTH_WAYS if LONG else BOTH_WAYS[1:])
def test_a_service_whose_clock_is_ten_minutes_off_loses_nothing(world, skew_s):
    """What matters is the difference: this is also a pair whose own clocks are both wrong."""
    world.admin.add_fault("clock_skew", seconds=skew_s)
    name = world.start()
    wait_until(lambda: abs(offset_s(world[name]) - skew_s) < 5, 5.0, "the node sees the difference")
    world.calls(8, over_s=2.0)
    world.settle_and_check()
    no_failover(world)
