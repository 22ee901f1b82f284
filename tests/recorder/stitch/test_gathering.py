import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.model import SourceTime
from recorder.stitch.gathering import gathered, service_offset
from recorder.stitch.plan import plan
from tests.recorder.screen.agents import K, event
from tests.recorder.stitch.contacts import START
from tests.recorder.stitch.media import scn, screen_packets, stream_of
from tests.recorder.stitch.stitch_node import CONTACT, World

WALL = 1_700_000_000_000_000


@given(
    st.integers(-90_000_000, 90_000_000),
    st.integers(0, 3_000_000),
    st.floats(0, 1),
    st.integers(0, 10**9),
)
def test_the_true_offset_always_lies_within_the_error(ahead_us, trip_us, share, later_ns):
    """The service says in whole seconds what its clock showed at some instant of the exchange."""
    sent_ns = 5_000_000_000
    received_ns = sent_ns + trip_us * 1000
    asked_us = WALL + int(trip_us * share)
    time = SourceTime((asked_us + ahead_us) // 1_000_000 * 1_000_000, sent_ns, received_ns)

    found = service_offset(time, WALL + trip_us + later_ns // 1000, received_ns + later_ns)

    assert abs(found.ahead_us - ahead_us) <= found.error_us + 1


@pytest.fixture
def world(tmp_path):
    """Ann's desktop shows calls of two sources; the one of `calls` is a contact."""
    made = World(tmp_path / "world")
    made.add_call()
    made.events.record([event(K.RINGING, 4), event(K.CONNECTED, 5), event(K.AVAILABLE, 30, "")])
    stream = stream_of(START, agents=("calls/ann", "phone/ann-7"))
    _, row = scn(stream, screen_packets(40))
    made.screens.record_parts([row])
    return made


def gathered_of(world):
    tools = world.tools()
    return gathered(tools, tools.contacts.contact(CONTACT), clock=False)


def test_what_another_source_says_of_whoever_sits_at_the_desktop_counts_for_what_may_be_shown(
    world,
):
    def phone(kind, at_s, **more):
        return event(kind, at_s, "ring", agent="ann-7", source="phone", **more)

    before = gathered_of(world)
    world.events.record([phone(K.RINGING, 0), phone(K.MASK, 1), phone(K.NOT_RESPONDING, 3)])
    known = gathered_of(world)

    assert {leg.agent_key for leg in before.legs} == {"calls/ann"}
    assert {leg.agent_key for leg in known.legs} == {"calls/ann", "phone/ann-7"}
    (mask,) = next(leg for leg in known.legs if leg.agent_key == "phone/ann-7").masks
    assert mask.to_us == START + 3_000_000

    def lead_s(inputs):
        (keep,) = plan(inputs).streams[0].keeps
        return (keep.from_us - keep.lead_us) / 1e6

    assert lead_s(before) == 4.0
    assert lead_s(known) == 0.0
    assert [leg.agent for leg in plan(known).legs] == ["calls/ann"]
