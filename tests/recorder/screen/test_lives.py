"""A service that was started again has another clock: what its former life recorded stays where it was."""

import pytest

from recorder.scn.model import Verdict
from tests.recorder.screen.screen_node import Desktop, Node
from tests.screens import T0_US, a_leg, a_stream, packets

HOUR_US = 3_600_000_000


@pytest.fixture
def node():
    made = Node()
    made.legs(a_leg(-10, None, Verdict.KEPT))
    return made


def placed(node):
    """Where the parts are, in seconds on the node's clock."""
    parts = list(node.parts.values())
    known = [(one.from_us, one.to_us) for one in (*node.recorded.values(), *parts)]
    return sorted({round((us - T0_US) / 1e6, 1) for span in known for us in span})


def test_a_part_that_was_open_is_not_measured_by_the_clock_of_the_next_life(node):
    first = Desktop(node, life="a").connect().begin(a_stream("s-1"))
    first.send(packets(5))
    first.vanish()
    node.advance(1.0)
    second = Desktop(node, life="b", ahead_us=HOUR_US).connect()
    for _ in range(10):
        second.say_something()
        node.advance(1.0)
    assert placed(node) == [0.0, 0.8]


def test_what_the_next_life_sends_of_it_is_placed_by_its_own_clock(node):
    first = Desktop(node, life="a").connect().begin(a_stream("s-1"))
    first.send(packets(5))
    first.vanish()
    node.advance(1.0)
    second = Desktop(node, life="b", ahead_us=HOUR_US).connect()
    second.begin(a_stream("s-1", t0_us=T0_US + HOUR_US))
    second.send(packets(10))
    second.end(9)
    node.advance(5.0)
    assert placed(node) == [0.0, 0.8, 1.8]


def test_until_the_clock_of_the_next_life_is_known_its_frames_wait(node):
    Desktop(node, life="a").connect().vanish()
    second = Desktop(node, life="b", ahead_us=HOUR_US, answers=False).connect()
    second.begin(a_stream("s-1", t0_us=T0_US + HOUR_US))
    second.send(packets(5))
    assert node.parts == {}
    second.answers = True
    node.advance(1.0)
    second.say_something()
    node.advance(0.1)
    assert placed(node) == [0.0, 0.8]


def test_a_desktop_that_only_connects_again_goes_on_with_its_part(node):
    first = Desktop(node, life="a").connect().begin(a_stream("s-1"))
    first.send(packets(5))
    first.vanish()
    first.connect(streaming=first.stream)
    assert first.welcome.next_seq == 5
    assert len(node.parts) == 1
