"""Whatever takes masked payment data away on a node knows the holds that it overrides."""

from types import SimpleNamespace

import pytest

from recorder.assembly.screens import RecordingPorts, part_tools
from recorder.assembly.stitching import StitchStores, stitch_tools
from recorder.config import Config
from recorder.records.retention import Hold, Scope
from recorder.scn.holds_over import HOLDS_OVERRIDDEN, NO_HOLDS, overriding
from recorder.traps import no_trap
from sim.tables.data_center import MemoryContactDb, MemoryContactStore
from sim.tables.retention import MemoryRetentionDb, RetentionTables
from tests.calls import START_US, an_item
from tests.recorder.hand_clock import HandClock
from tests.screens import a_part


@pytest.fixture
def ports():
    """Of a node with one contact and a hold on its source."""
    store, clock = MemoryContactStore(), HandClock()
    db = MemoryContactDb(store, node="alpha", clock=clock)
    db.commit([an_item("rec-7", source="dyn", session="ses-a")], [["dyn/a"]])
    retention = MemoryRetentionDb(RetentionTables(), store, node="alpha", clock=clock)
    retention.place_hold(Hold("H-1", "case 7", Scope(source="dyn"), START_US, "ada"))
    return SimpleNamespace(
        retention=retention, contact_db=db, archive=None, sources={}, clock=clock, trap=no_trap
    )


@pytest.fixture
def config():
    given = {"database": "sqlite:///contacts.db", "archive": "archive"}
    return Config(node={"id": "alpha", "data": "data"}, data_center=given)


def tools_of(ports, config):
    recording = RecordingPorts(files=None, links=None, db=None)
    stores = StitchStores(screens=None, events=None, studio=None)
    return part_tools(recording, ports), stitch_tools(stores, config, ports)


def test_both_stages_that_take_screens_away_know_the_holds_on_them(ports, config):
    for tools in tools_of(ports, config):
        assert tools.holds.part(a_part()) == ("H-1",)
        assert tools.holds.contact(ports.contact_db.contact("ses-a").row.contact_id) == ("H-1",)


def test_a_node_without_a_place_for_holds_overrides_none(ports, config):
    ports.retention = None
    for tools in tools_of(ports, config):
        assert tools.holds is NO_HOLDS
        assert tools.holds.part(a_part()) == tools.holds.contact("c1") == ()


def test_a_record_speaks_of_holds_only_where_one_was_overridden():
    assert overriding(("H-1", "H-2")) == {HOLDS_OVERRIDDEN: ["H-1", "H-2"]}
    assert overriding(()) == {}
