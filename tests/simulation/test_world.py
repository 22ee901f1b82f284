"""The whole product in one thread: two nodes, calls, faults, and a verdict."""

import os
import shutil
import subprocess
import sys

import pytest

from sim.world.incident import Fault, Incident
from sim.world.world import World
from tests.simulation.depth import few_or_all

CRASH = Incident(seed=3, minutes=2, faults=(Fault("crash", "alpha", at_s=40, for_s=20),))
PROGRAM = """
from sim.world.incident import Fault, Incident
from sim.world.world import World
incident = Incident(seed=3, minutes=2, faults=(Fault("crash", "alpha", at_s=40, for_s=20),))
print(World(incident).run().digest)
"""


def test_a_pair_without_trouble_archives_everything_and_has_one_reign():
    world = World(Incident(seed=1, minutes=2))
    report = world.run()
    assert report.good, report.violations
    assert len(world.service.fake.truth()) > 3
    assert world.data_center.lease_table.row[:2] == ("alpha", 1)


def test_when_the_primary_dies_the_other_takes_over_and_nothing_is_lost():
    world = World(CRASH)
    report = world.run()
    assert report.good, report.violations
    assert world.data_center.lease_table.row[:2] == ("beta", 2)
    assert world.machines["alpha"].starts == 2


@pytest.mark.parametrize("seed", few_or_all(range(4), 2))
def test_a_paused_primary_wakes_into_a_world_that_went_on_and_changes_nothing(seed):
    pause = Fault("pause", "alpha", at_s=50, for_s=20)
    report = World(Incident(seed=seed, minutes=2, faults=(pause,))).run()
    assert report.good, report.violations


def test_a_crash_at_a_named_point_strikes_there():
    fault = Fault("crash", at_next="rename", at_s=10, for_s=5)
    world = World(Incident(seed=5, minutes=2, faults=(fault,)))
    report = world.run()
    assert report.good, report.violations
    assert report.counts["fault crash"] == 1


def digest_in_another_process(python, hash_seed):
    printed = subprocess.run(
        [python, "-c", PROGRAM],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return printed.splitlines()[-1]


def test_the_same_incident_is_the_same_execution_in_another_process_under_another_hash_seed():
    digests = {digest_in_another_process(sys.executable, hash_seed) for hash_seed in ("0", "4711")}
    assert digests == {World(CRASH).run().digest}


def another_python():
    """An interpreter of another version that has the dependencies, if there is one."""
    names = ("python3.11", "python3.12", "python3.13", "python3.14")
    found = [os.environ.get("TANDEM_OTHER_PYTHON"), *map(shutil.which, names)]
    mine = f"{sys.version_info.major}.{sys.version_info.minor}"
    look = "import sys, greenlet, httpx, pykka, sqlalchemy; print('%d.%d' % sys.version_info[:2])"
    for path in found:
        if path is None:
            continue
        asked = subprocess.run([path, "-c", look], capture_output=True, text=True, check=False)
        if asked.returncode == 0 and asked.stdout.strip() != mine:
            return path
    return None


def test_the_same_incident_is_the_same_execution_on_another_python():
    other = another_python()
    if other is None:
        pytest.skip("no other Python with the dependencies; TANDEM_OTHER_PYTHON may name one")
    assert digest_in_another_process(other, "1") == World(CRASH).run().digest
