"""Two machines against the world: what must always hold, and what must come once faults stop.

The world checks after every event: leased duties never overlap, no term is acted in by two nodes, a
term is durable before it is used, and announced terms never go back, over restarts too.
"""

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cluster.settings import PairSettings
from tests.cluster.pair_faults import KINDS, MORE_KINDS
from tests.cluster.pair_parts import Fault
from tests.cluster.pair_world import World

HEAL_S = 8.0
SLACK_S = 4.0
"""A node that returns at the last instant listens for start_grace_s first."""


def faults_of(kinds):
    return st.builds(
        Fault,
        at_s=st.integers(0, 400).map(lambda tenths: tenths / 10),
        kind=st.sampled_from(kinds),
        node=st.sampled_from(("a", "b", "ab")),
        for_s=st.sampled_from((0.1, 0.5, 1.1, 2.3, 4.0, 5.2, 7.0, 12.0, 20.0)),
    )


a_fault = faults_of(KINDS)
some_settings = st.builds(
    PairSettings,
    when_alone=st.sampled_from(("record", "stop")),
    return_to_primary=st.sampled_from(("off", "when_equal")),
    return_after_s=st.sampled_from((1.0, 5.0, 20.0)),
    role_changes_per_hour_max=st.sampled_from((1, 3, 100)),
    duty_failing_s=st.sampled_from((0.5, 3.0, 60.0)),
)
some_priorities = st.fixed_dictionaries({name: st.sampled_from((50, 100, 150)) for name in "ab"})
relaxed = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def live_through(faults, *, when_alone, seed):
    world = World(seed=seed, faults=faults, settings=PairSettings(when_alone=when_alone))
    world.run(max((fault.at_s + fault.for_s for fault in faults), default=0.0) + 0.01)
    return world


@given(
    faults=st.lists(a_fault, max_size=6),
    when_alone=st.sampled_from(("record", "stop")),
    seed=st.integers(0, 2**16),
)
@example(
    faults=[Fault(20.9, "dc_slow", "ab", 7.0), Fault(21.2, "exit", "a", 4.0)],
    when_alone="record",
    seed=395,
)
@relaxed
def test_whatever_happens_the_pair_is_safe_and_heals(faults, when_alone, seed):
    world = live_through(faults, when_alone=when_alone, seed=seed)
    world.run_until(world.is_well, HEAL_S + SLACK_S, "exactly one primary after the faults")
    world.run(15)
    assert world.is_well()
    changes = len(world.changes)
    world.run(15)
    assert world.is_well()
    assert len(world.changes) == changes, "roles still change long after the faults"


@given(
    faults=st.lists(faults_of(KINDS + MORE_KINDS), max_size=6),
    settings=some_settings,
    priorities=some_priorities,
    seed=st.integers(0, 2**16),
)
@relaxed
def test_whatever_operators_do_and_nodes_suffer_the_pair_is_safe_and_heals(
    faults, settings, priorities, seed
):
    world = World(seed=seed, faults=faults, settings=settings, priorities=priorities)
    world.run(max((fault.at_s + fault.for_s for fault in faults), default=0.0) + 0.01)
    world.end_pauses()
    world.run_until(world.is_well, HEAL_S + SLACK_S, "exactly one primary after the faults")
    world.run(15 + settings.return_after_s)
    assert world.is_well()
    changes = len(world.changes)
    world.run(15 + settings.return_after_s)
    assert world.is_well()
    assert len(world.changes) == changes, "roles still change long after the faults"


@given(
    faults=st.lists(
        a_fault.filter(lambda fault: fault.kind in ("loss", "jitter")).map(
            lambda fault: Fault(fault.at_s, fault.kind, fault.node, 30.0)
        ),
        max_size=4,
    ),
    seed=st.integers(0, 2**16),
)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_jitter_and_lost_beats_never_cause_a_failover(faults, seed):
    world = World(seed=seed, faults=[Fault(f.at_s + 5, f.kind, f.node, f.for_s) for f in faults])
    world.run(5)
    changes = len(world.changes)
    world.run(80)
    assert len(world.changes) == changes


STORIES = {
    "consent to one reign does not reach the next": (
        3433,
        "stop",
        [
            Fault(7.4, "dc_slow", "ab", 7.9),
            Fault(5.6, "stop", "b", 0.7),
            Fault(5.6, "loss", "ab", 1.4),
        ],
    ),
    "consent heard before an exit is void after it": (
        3647,
        "stop",
        [Fault(2.3, "dc_slow", "ab", 19.2), Fault(8.2, "exit", "ab", 8.7)],
    ),
    "an answer from an earlier reign does not lower the term": (
        395,
        "record",
        [Fault(20.9, "dc_slow", "ab", 7.0), Fault(21.2, "exit", "a", 4.0)],
    ),
    "nothing is announced before the state was read": (
        9,
        "record",
        [Fault(11.0, "crash", "a", 3.5)],
    ),
}


@pytest.mark.parametrize("story", STORIES)
def test_stories_that_once_went_wrong(story):
    seed, when_alone, faults = STORIES[story]
    world = live_through(faults, when_alone=when_alone, seed=seed)
    world.run_until(world.is_well, HEAL_S + SLACK_S, "exactly one primary")


@pytest.mark.parametrize("seed", range(60))
def test_the_world_of_many_faults_is_safe(seed):
    kinds = [KINDS[(seed * 7 + step * 3) % len(KINDS)] for step in range(10)]
    faults = [
        Fault(3.0 * step + seed % 3, kind, ("a", "b", "ab")[(seed + step) % 3], 1.0 + step % 5)
        for step, kind in enumerate(kinds)
    ]
    live_through(faults, when_alone=("record", "stop")[seed % 2], seed=seed)
