"""Hypothesis looks for an incident that breaks a promise: a few in `make test`, many in `make swarm`."""

import os

import pytest

from sim.search.corpus import save_incident
from sim.search.palette import PALETTE
from sim.search.strategies import find_broken
from sim.search.swarm import Profile
from tests.simulation.judged import broken, good

LONG = os.environ.get("TANDEM_SEARCH") == "long"
HARD = tuple(colour for colour in PALETTE if colour.kind in {"crash", "pause", "cut"})
EXAMPLES = 400 if LONG else 8
SEED = None if LONG else 1
"""In `make test` the same incidents are drawn each time."""


@pytest.mark.parametrize(
    "profile",
    [
        Profile(minutes=3.0 if LONG else 0.6, faults_max=6),
        Profile(minutes=3.0 if LONG else 0.6, faults_max=6, colours=HARD),
    ],
    ids=["every fault", "deaths, pauses and cuts"],
)
def test_no_incident_breaks_a_promise(profile, request):
    found = find_broken(profile, examples=EXAMPLES, seed=SEED)
    if found is None:
        return
    name = request.node.callspec.id.replace(" ", "-").replace(",", "")
    save_incident(request.config.rootpath / "var" / "incidents" / f"{name}.json", found.incident)
    pytest.fail(f"var/incidents/{name}.json\n{found.story}")


def test_what_breaks_a_promise_is_found_and_becomes_one_fault(monkeypatch):
    def live(incident):
        fatal = any(one.kind == "pause" and one.at_s >= 7 for one in incident.faults)
        return broken(incident) if fatal else good(incident)

    monkeypatch.setattr("sim.search.strategies.attempt", live)
    found = find_broken(Profile(minutes=2.0), examples=400, seed=3)
    assert found.story.splitlines()[1:] == [
        "pause alpha at 7 s for 1 s",
        "BROKEN 1.000 s  nothing_lost: gone",
    ]
