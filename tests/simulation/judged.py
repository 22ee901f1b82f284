"""Reports of runs that never were."""

from sim.checkers.violation import Violation
from sim.world.report import Broken, Report


def broken(incident, promise="nothing_lost"):
    violation = Broken(1.0, Violation(promise, "gone"))
    return Report(incident.seed, "d", 1.0, 1, (violation,))


def good(incident):
    return Report(incident.seed, "d", 1.0, 1, ())
