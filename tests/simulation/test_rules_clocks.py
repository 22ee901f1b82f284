"""Clocks that jump or drift on one node."""

import pytest

from sim.clockwork.clock import WALL_START_US
from sim.world.incident import Fault
from tests.simulation.rule_worlds import live


def _wall_off_s(world):
    true_us = WALL_START_US + world.kernel.now_ns // 1000
    return (world.machines["alpha"].clock.wall_us() - true_us) / 1e6


@pytest.mark.parametrize("seconds", [3600.0, -3600.0])
def test_the_calendar_of_a_node_jumps_and_comes_back_and_nothing_is_decided_by_it(seconds):
    lived = live(
        Fault("clock_jump", "alpha", at_s=30, for_s=30, options={"seconds": seconds}),
        minutes=1.5,
        looks={20: _wall_off_s, 40: _wall_off_s, 70: _wall_off_s},
    )
    assert lived.seen == {20: 0.0, 40: seconds, 70: 0.0}


def test_a_jump_without_a_duration_is_for_good():
    lived = live(Fault("clock_jump", "alpha", at_s=30), minutes=1, looks={59: _wall_off_s})
    assert lived.seen[59] == 60.0


def test_the_clocks_of_a_node_drift_and_its_timers_with_them():
    def clocks(world):
        clock = world.machines["alpha"].clock
        return world.kernel.now_ns, clock.monotonic_ns(), clock.wall_us()

    lived = live(
        Fault("clock_drift", "alpha", at_s=20, for_s=20, options={"ppm": 50_000}),
        Fault("clock_drift", "alpha", at_s=20, for_s=40, options={"ppm": 1_000, "clock": "wall"}),
        minutes=1.2,
        looks={20.5: clocks, 30.5: clocks, 40.5: clocks, 50.5: clocks},
    )
    gained = [
        [
            later - earlier
            for earlier, later in zip(lived.seen[at], lived.seen[at + 10], strict=True)
        ]
        for at in (20.5, 40.5)
    ]
    assert gained[0][1] / gained[0][0] == pytest.approx(1.05)
    assert gained[0][2] * 1000 / gained[0][0] == pytest.approx(1.051)
    assert gained[1][1] == gained[1][0]
    assert gained[1][2] * 1000 / gained[1][0] == pytest.approx(1.001)


def test_clocks_never_go_back_when_a_drift_ends():
    instants = [19.5 + step / 4 for step in range(100)]
    lived = live(
        Fault("clock_drift", "alpha", at_s=20, for_s=10, options={"ppm": -50_000}),
        Fault("clock_drift", "alpha", at_s=25, for_s=10, options={"ppm": 100_000}),
        minutes=1,
        looks=dict.fromkeys(instants, lambda w: w.machines["alpha"].clock.monotonic_ns()),
    )
    readings = list(lived.seen.values())
    assert readings == sorted(readings)
