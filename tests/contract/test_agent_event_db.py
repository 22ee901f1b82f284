"""What every store of agent events promises: SqlAgentEventDb and MemoryAgentEventDb."""

from dataclasses import replace

import pytest

from recorder.adapters.contact_db import open_engine
from recorder.adapters.contact_db.agent_events import SqlAgentEventDb
from recorder.model import Window
from sim.tables.agent_events import AgentEventStore, MemoryAgentEventDb
from tests.databases import migrated
from tests.recorder.screen.agents import START, K, S, event


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def nodes(request, tmp_path):
    """The stores of two nodes over one Data Center."""
    if request.param == "memory":
        store = AgentEventStore()
        yield MemoryAgentEventDb(store), MemoryAgentEventDb(store)
        return
    url = f"sqlite:///{tmp_path / 'contacts.db'}"
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_url")
    else:
        migrated(url)
    engines = open_engine(url), open_engine(url)
    yield tuple(map(SqlAgentEventDb, engines))
    for engine in engines:
        engine.dispose()


@pytest.fixture
def db(nodes):
    return nodes[0]


def test_events_come_back_as_they_were_oldest_first(db):
    ringing, connected = event(K.RINGING, 0), event(K.CONNECTED, 5, heard_s=7)
    db.record([connected, ringing])
    assert db.since(START, 10) == (ringing, connected)
    assert db.since(START + 1, 10) == (connected,)
    assert db.since(START, 1) == (ringing,)


def test_an_event_recorded_again_stays_as_it_is(nodes):
    first = event(K.RINGING, 0)
    later = replace(first, heard_by="beta", heard_us=first.heard_us + 5)
    nodes[0].record([first, later])
    nodes[1].record([later, event(K.MASK, 3)])
    assert nodes[1].since(0, 10) == (first, event(K.MASK, 3))


def test_the_same_id_of_another_source_is_another_event(db):
    events = [event(K.RINGING, 0), event(K.RINGING, 0, source="other")]
    db.record(events)
    assert db.since(0, 10) == tuple(events)


def test_events_are_found_by_their_calls(db):
    events = [event(K.RINGING, 0, "a"), event(K.RINGING, 1, "b"), event(K.AVAILABLE, 2, "")]
    db.record(events)
    assert db.of_calls(["a"]) == (events[0],)
    assert db.of_calls(["b", "a", "c"]) == tuple(events[:2])
    assert db.of_calls([""]) == ()
    assert db.of_calls([]) == ()


def test_events_are_found_by_agent_and_period(db):
    events = [
        event(kind, at_s, agent=agent)
        for agent, at_s, kind in (("ann", 0, K.RINGING), ("bob", 1, K.MASK), ("ann", 9, K.ENDED))
    ]
    db.record(events)
    assert db.of_agents(["calls/ann"], Window(START, START + 9 * S)) == (events[0],)
    everyone = ["calls/ann", "calls/bob", "calls/nobody"]
    assert db.of_agents(everyone, Window(START, START + 10 * S)) == tuple(events)
    assert db.of_agents([], Window(0, 2 * START)) == ()


def test_nothing_is_recorded_of_nothing(db):
    db.record([])
    assert db.since(0, 10) == ()


def test_texts_that_no_database_can_hold_are_cleaned(db):
    db.record([replace(event(K.RINGING, 0), call="a\0b", agent="\ud800")])
    (found,) = db.since(0, 10)
    assert found.call == "a\N{REPLACEMENT CHARACTER}b"
    assert "\ud800" not in found.agent
