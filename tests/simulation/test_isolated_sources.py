"""A source whose downloads never end holds its share of both nodes; the others notice nothing of it."""

from dataclasses import replace

import pytest

from sim.search.quiet import quiet
from sim.world.incident import Fault, Incident, Workload
from sim.world.world import World

THREE = ("dynamics", "webex", "zoom")
SMALL = Incident(
    seed=11,
    minutes=2.0,
    sources=THREE,
    workload=Workload(calls_per_minute=12.0, late=0.0, equal_stamps=0.0),
    settings={"ingest": {"downloads": 1, "queue": 1}},
)
NOTICED_S = 3.0


def delays_s(world):
    """From the instant of an item to its archiving, by source."""
    rows = world.data_center.contacts.items.rows.values()
    return {
        source: [
            (row.archived_us - row.ref.changed_us) / 1e6
            for row in rows
            if row.ref.source == source and row.state == "archived"
        ]
        for source in THREE
    }


def lived(*faults):
    with quiet():
        world = World(replace(SMALL).with_faults(*faults))
        report = world.run()
    assert report.good, [str(one) for one in report.violations]
    return delays_s(world)


@pytest.fixture(scope="module")
def calm():
    return lived()


@pytest.mark.parametrize("stalled", THREE)
def test_downloads_of_one_source_that_stall_delay_no_other(stalled, calm):
    fault = Fault("service_stall", for_s=100.0, options={"source": stalled, "seconds": 3600.0})
    found = lived(fault)
    for source in set(THREE) - {stalled}:
        assert len(found[source]) >= len(calm[source]) - 1
        assert max(found[source]) < max(calm[source]) + NOTICED_S
