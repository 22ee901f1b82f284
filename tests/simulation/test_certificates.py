"""Every world ends with certificates, made by the product's own code, that must agree with the truth."""

from sim.search.quiet import quiet
from sim.world.incident import Fault, Incident, Workload
from sim.world.world import World
from tests.mutants.find_bugs import certificate_of_one_page
from tests.mutants.mutant import Patch

DAY_S = 86_400.0
SHORT = {
    "retention": {
        "policies": [{"name": "all", "keep_days": 40 / DAY_S}],
        "recycle_days": 15 / DAY_S,
        "every_s": 5.0,
        "first_s": 1.0,
        "pause_s": 0.2,
    }
}
EVENTFUL = Incident(
    seed=5,
    minutes=2,
    workload=Workload(calls_per_minute=12, deleted=0.1, unrecorded=0.1),
    faults=(Fault("crash", at_s=20, for_s=10), Fault("pause", "beta", at_s=50, for_s=8)),
)


def broken(incident):
    with quiet():
        return [str(one.violation) for one in World(incident).run().violations]


def test_a_world_with_faults_is_proven():
    assert broken(EVENTFUL) == []


def test_one_in_which_a_policy_deleted_is_proven_too():
    world = World(Incident(seed=1, minutes=2, settings=SHORT, workload=Workload(12.0)))
    with quiet():
        report = world.run()
    assert report.violations == ()
    assert world.retention.deleted > 5


def test_a_certificate_that_is_wrong_breaks_a_promise_of_its_world():
    patch = Patch()
    certificate_of_one_page(patch)
    try:
        told = broken(EVENTFUL)
    finally:
        patch.undo()
    assert told
    assert all(one.startswith("certified: ") for one in told)
