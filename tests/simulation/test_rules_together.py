"""Rules at once: random sets of faults, at points and at instants, and nothing is lost or doubled."""

import pytest

from sim.clockwork.chance import stream
from sim.world.incident import NODES, Fault, Incident, Workload
from sim.world.kinds import KINDS
from sim.world.points import points
from sim.world.rules import RULES
from sim.world.world import World
from tests.simulation.depth import few_or_all


def drawn(seed: int) -> Incident:
    """An incident of a few faults, everything drawn."""
    chance = stream(seed, "together")
    faults = []
    for _ in range(chance.randint(2, 6)):
        kind = chance.choice(list(RULES))
        rule = RULES[kind]
        options = {
            name: chance.choice(option.draw)
            for name, option in rule.options.items()
            if option.draw and chance.random() < (0.15 if kind == "settings" else 0.4)
        }
        at_next = chance.choice(points()) if chance.random() < 0.45 else ""
        whose = f"{chance.choice(NODES)}/" if at_next and chance.random() < 0.2 else ""
        faults.append(
            Fault(
                kind,
                chance.choice(rule.targets),
                at_s=round(chance.uniform(5, 60), 1),
                at_next=whose + at_next,
                for_s=chance.choice(rule.durations_s or (0.0,)),
                options=options,
            )
        )
    rate = chance.choice((3.0, 12.0))
    return Incident(
        seed=seed,
        minutes=1.5,
        faults=tuple(faults),
        sources=tuple(KINDS),
        workload=Workload(calls_per_minute=rate),
    )


@pytest.mark.parametrize("seed", few_or_all(range(12), 5))
def test_whatever_goes_wrong_at_once_every_promise_holds(seed):
    report = World(drawn(seed)).run()
    assert report.good, [str(one) for one in report.violations]


def test_the_same_faults_are_the_same_execution():
    assert World(drawn(5)).run().digest == World(drawn(5)).run().digest


def test_a_fault_that_never_strikes_changes_nothing():
    """Rules draw from streams of their own: to take one away does not re-roll the rest."""
    base = Incident(seed=4, minutes=1)
    never = Fault("crash", "alpha", at_s=0, at_next="role:handing_over", for_s=5)
    assert World(base).run().events == World(base.with_faults(never)).run().events - 1
