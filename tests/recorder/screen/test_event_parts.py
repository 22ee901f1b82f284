"""The pure parts of the RIS: what is at hand, what waits, how events travel."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from recorder.screen.at_hand import AtHand, is_sane
from recorder.screen.event_codec import SHARE_BYTES, bodies, from_body, from_bytes, to_bytes
from recorder.screen.event_keeper import load
from recorder.screen.event_spool import EventSpool
from sim.tables.agent_events import AgentEventStore, MemoryAgentEventDb
from tests.recorder.screen.agents import START, K, S, event, story


def test_events_of_one_call_leave_together():
    at_hand = AtHand()
    first = story((0, K.RINGING), (500, K.CONNECTED))
    for one in [*first, event(K.RINGING, 10, "call-2"), event(K.AVAILABLE, 5, "")]:
        assert at_hand.add(one)
        assert not at_hand.add(one)
    assert at_hand.evict(START + 100 * S) == ("calls/ann",)
    assert at_hand.of("calls/ann") == tuple(first)
    assert at_hand.evict(START + 100 * S) == ()
    assert at_hand.evict(START + 501 * S) == ("calls/ann",)
    assert (len(at_hand), at_hand.agents()) == (0, ())


def test_too_many_events_push_the_oldest_out():
    at_hand = AtHand(events_max=10)
    for number in range(30):
        at_hand.add(event(K.RINGING, number, f"call-{number}"))
    at_hand.evict(0)
    assert len(at_hand) <= 10
    assert at_hand.all()[-1].call == "call-29"


def test_an_event_without_an_agent_or_an_id_is_none():
    good = event(K.RINGING, 0)
    assert is_sane(good)
    for wrong in ({"agent": ""}, {"event_id": ""}, {"call": "x" * 301}, {"at_us": -1}):
        assert not is_sane(replace(good, **wrong))


EVENTS = st.lists(
    st.builds(event, st.sampled_from(list(K)), st.integers(0, 10_000), st.text(max_size=40)),
    max_size=20,
)


@given(EVENTS)
def test_events_come_back_as_they_were_sent(events):
    assert from_bytes(map(to_bytes, events)) == tuple(one for one in events if is_sane(one))
    found = [one for body in bodies(events) for one in from_body(body)]
    assert found == [one for one in events if is_sane(one)]


def test_no_share_is_too_large():
    events = [event(K.RINGING, n, "\N{GRINNING FACE}" * 300, agent="a" * 300) for n in range(500)]
    sizes = [len(body) for body in bodies(events)]
    assert max(sizes) <= SHARE_BYTES + 10
    assert len(sizes) > 3
    assert list(bodies([])) == []


def test_what_waits_leaves_when_it_is_recorded_and_the_file_is_spent_then():
    spool, events = EventSpool(), story((0, K.RINGING), (1, K.CONNECTED))
    spool.heard(events)
    assert spool.fresh() == tuple(events)
    assert spool.batch() == ()
    spool.spooled(2, durable=True)
    assert (spool.batch(), spool.is_spent()) == (tuple(events), False)
    spool.recorded(events[:1])
    assert spool.compact() == (events[1],)
    spool.recorded(events[1:])
    assert spool.is_spent()
    spool.compacted(0)
    assert not spool.is_spent()
    assert len(spool) == 0


def test_what_the_disk_did_not_take_is_written_with_the_next_file():
    spool, events = EventSpool(), story((0, K.RINGING))
    spool.heard(events)
    spool.spooled(1, durable=False)
    assert spool.is_spent()
    assert spool.compact() == tuple(events)


def test_the_oldest_are_given_up_when_too_many_wait():
    spool = EventSpool(waiting_max=3)
    events = [event(K.RINGING, number) for number in range(5)]
    spool.told(events[:3])
    batch = spool.batch()
    spool.told(events[3:])
    assert (spool.lost, len(spool)) == (2, 3)
    spool.recorded(batch)
    assert spool.compact() == tuple(events[3:])


def test_everything_is_loaded_page_by_page():
    db = MemoryAgentEventDb(AgentEventStore())
    events = [event(K.RINGING, number // 7, f"call-{number:04}") for number in range(2_500)]
    db.record(events)
    assert set(load(db, START)) == set(events)
    assert len(load(db, START + 100 * S)) == 1_800
