"""Two computers under one id: the first one stays, the other is turned away, and an operator is told."""

import pytest

from recorder.scn.messages import Refused, StartScreen, StopScreen, Welcome
from recorder.scn.model import Verdict
from recorder.scn.recorder_status import PeerScreensStatus, ToldDesktop, ToldScreens
from recorder.screen.twins import BOTH_NS, QUIET_NS, RETURNS_MAX, Computer, Twins
from tests.recorder.screen.screen_node import Desktop, Node
from tests.screens import a_leg

CODE = "desktop_twice"
S = 10**9


@pytest.fixture
def node():
    return Node()


def a_desktop(node, life, address):
    return Desktop(node, life=life, address=address)


@pytest.fixture
def pair(node):
    return a_desktop(node, "life-a", "10.0.0.1"), a_desktop(node, "life-b", "10.0.0.2")


def to_and_fro(node, pair, times):
    """Each that is pushed off comes back after a second. Returns who was turned away last."""
    turned_away = None
    for number in range(times):
        one, other = pair[number % 2], pair[1 - number % 2]
        if connected(node) != [one.address]:
            one.connect()
        if one.heard_of(Refused):
            turned_away = one
            other.say_something()
        node.advance(1.0)
    return turned_away


def stay(one, seconds):
    """It is there, and says so."""
    for _ in range(seconds // 2):
        one.say_something()
        one.node.advance(2.0)


def connected(node):
    return [one.computer.address for one in node.actor._reception.desktops.all()]


def findings(node):
    return [one.finding for one in node.monitor.messages if hasattr(one, "finding")]


def test_two_computers_that_push_each_other_off_are_told_apart_and_the_first_one_stays(node, pair):
    first, second = pair
    assert to_and_fro(node, pair, 20) is second
    assert connected(node) == ["10.0.0.1"]
    (found,) = findings(node)
    assert (found.code, found.subject) == (CODE, "d-1")
    assert "pc at 10.0.0.1 came first" in found.what
    assert "pc at 10.0.0.2 is turned away" in found.what
    assert "desktop.id" in found.hint
    (refused,) = second.heard_of(Refused)
    assert "pc at 10.0.0.1" in refused.what
    assert not first.heard_of(Refused)


def test_once_they_are_told_apart_nobody_is_pushed_off_any_more(node, pair):
    first, second = pair
    to_and_fro(node, pair, 20)
    for _ in range(5):
        stay(first, 30)
        second.connect()
        assert second.heard_of(Refused)
        assert first.closed is None, "nobody pushed it off"
    assert node.open_findings() == {CODE}


def test_who_is_pushed_off_by_another_records_no_more(node, pair):
    first, second = pair
    node.legs(a_leg(0, None, Verdict.KEPT))
    first.connect()
    assert first.heard_of(StartScreen)
    second.connect()
    assert first.heard_of(StopScreen)
    assert first.closed is not None


def test_who_connects_again_goes_on_recording(node):
    one = a_desktop(node, "life-a", "10.0.0.1")
    node.legs(a_leg(0, None, Verdict.KEPT))
    one.connect()
    told = one.heard
    one.connect()
    assert not [word for word in told if isinstance(word, StopScreen)]


def test_when_the_first_one_is_gone_the_other_is_let_in(node, pair):
    first, second = pair
    to_and_fro(node, pair, 20)
    first.vanish()
    second.connect()
    assert second.heard_of(Welcome)
    first.connect()
    assert connected(node) == ["10.0.0.1"]


def test_it_is_over_when_nobody_tried_for_some_minutes(node, pair):
    to_and_fro(node, pair, 20)
    node.advance(QUIET_NS / S + 2)
    assert node.open_findings() == set()


def test_a_service_that_is_started_again_and_again_is_no_twin(node):
    for number in range(30):
        assert a_desktop(node, f"life-{number}", "10.0.0.1").connect().heard_of(Welcome)
        node.advance(1.0)
    assert findings(node) == []


def test_a_desktop_that_connects_again_and_again_is_no_twin(node):
    one = a_desktop(node, "life-a", "10.0.0.1")
    for _ in range(30):
        assert one.connect().heard_of(Welcome)
        node.advance(1.0)
    assert findings(node) == []


def test_older_desktops_are_told_apart_by_where_they_come_from(node):
    old = [a_desktop(node, "", "10.0.0.1"), a_desktop(node, "", "10.0.0.2")]
    assert to_and_fro(node, old, 20) is old[1]


def test_a_few_returns_within_an_hour_are_no_twins(node, pair):
    for _ in range(10 * RETURNS_MAX):
        for one in pair:
            assert one.connect().heard_of(Welcome)
            stay(one, 40)
    assert findings(node) == []


def test_an_id_that_is_connected_to_both_nodes_for_long_is_told(node):
    here = a_desktop(node, "life-a", "10.0.0.1").connect()

    def tell():
        told = ToldScreens("beta", (ToldDesktop("d-1", ("dyn/ag-1",), False, False),), 0, "")
        heard = PeerScreensStatus(told, node.clock.monotonic_ns())
        node.board.publish("peer_screens", heard)
        here.say_something()
        node.advance(2.0)

    for _ in range(BOTH_NS // (2 * S) - 1):
        tell()
    assert findings(node) == []
    for _ in range(3):
        tell()
    (found,) = findings(node)
    assert found.code == CODE
    assert "pc at 10.0.0.1 is connected to this node, another one to beta" in found.what
    node.advance(15)
    assert node.open_findings() == set()


def test_what_is_kept_in_mind_does_not_grow():
    twins = Twins()
    for number in range(100):
        twins.came(f"d-{number}", Computer("a", "", ""), Computer("b", "", ""), number * S)
        twins.findings(number * S)
    twins.findings(1000 * S)
    assert not twins._stories
