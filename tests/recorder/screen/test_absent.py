"""Agents on a call who have no desktop on either node are told, once, until a desktop comes."""

from hypothesis import given
from hypothesis import strategies as st

from cluster.frames import Share
from cluster.messages import PeerListens, SendFrame, ShareHeard
from cluster.packing import pack
from cluster.status import PairStatus, PeerStatus
from recorder.messages import FindingClosed, FindingOpened
from recorder.scn.model import Verdict
from recorder.screen.absent import SHARE_BYTES, TOPIC, UNKNOWN_NS, PeersDesktops, bodies
from tests.recorder.screen.screen_node import AGENT, Desktop, Node
from tests.screens import a_leg

UNDECIDED, KEPT, DELETED = Verdict.UNDECIDED, Verdict.KEPT, Verdict.DELETED
PEER = PeerStatus("beta", True, "", "", "", 9, None, 0, None, 0, 0)
KNOWN_S = UNKNOWN_NS / 1e9


def alone(**settings):
    """A node that has waited for its peer long enough."""
    node = Node(**settings)
    node.advance(KNOWN_S + 2)
    node.monitor.take()
    return node


def told(node):
    return [
        one
        for one in node.monitor.of((FindingOpened, FindingClosed))
        if (one.finding.code if isinstance(one, FindingOpened) else one.code) == "desktop_absent"
    ]


def linked(node, *agents):
    """The peer is there, and says whose desktops it has."""
    node.board.publish("peer", PEER)
    node.tell(PeerListens())
    for body in bodies(agents):
        node.tell(ShareHeard(TOPIC, body))


def test_an_agent_on_a_call_without_a_desktop_is_told_with_the_next_command():
    node = alone()
    node.legs(a_leg(0, None, KEPT))
    node.advance(10)
    assert told(node) == [], "a desktop may be on its way"
    node.advance(10)
    (opened,) = told(node)
    assert AGENT in opened.finding.what
    assert "tandem agent-desktop --status" in opened.finding.hint


def test_call_after_call_without_a_desktop_is_one_finding():
    node = alone()
    for number in range(5):
        leg = a_leg(60 * number, None, KEPT, call=f"call-{number}")
        node.legs(leg)
        node.advance(30)
        node.legs(a_leg(60 * number, 60 * number + 30, KEPT, call=f"call-{number}"))
        node.advance(30)
    assert len(told(node)) == 1
    assert "desktop_absent" in node.open_findings()


def test_it_is_over_when_a_desktop_comes():
    node = alone()
    node.legs(a_leg(0, None, KEPT))
    node.advance(20)
    Desktop(node).connect()
    node.advance(2)
    assert "desktop_absent" not in node.open_findings()


def test_it_is_over_when_nothing_is_known_of_the_agent_any_more():
    node = alone()
    node.legs(a_leg(0, None, KEPT))
    node.advance(20)
    node.legs()
    node.advance(2)
    assert "desktop_absent" not in node.open_findings()


def test_several_agents_are_one_finding_that_names_them():
    node = alone()
    for number in range(7):
        node.legs(a_leg(0, None, KEPT), agent=f"dyn/ag-{number}")
    node.advance(20)
    (opened,) = told(node)
    assert "7 agent(s)" in opened.finding.what
    assert "dyn/ag-4 and 2 more" in opened.finding.what


def test_nobody_is_missed_for_a_refused_call_or_where_desktops_are_not_expected():
    node = alone()
    node.legs(a_leg(0, None, DELETED))
    node.advance(30)
    assert told(node) == []
    for settings in ({"desktops_expected": False}, {"enabled": False}):
        other = alone(**settings)
        other.legs(a_leg(0, None, KEPT))
        other.advance(30)
        assert told(other) == [], settings


def test_a_desktop_at_the_other_node_is_one():
    node = alone()
    linked(node, AGENT)
    node.legs(a_leg(0, None, KEPT))
    node.advance(KNOWN_S * 2)
    assert told(node) == []
    linked(node)
    node.advance(20)
    assert "desktop_absent" in node.open_findings()
    linked(node, AGENT)
    node.advance(2)
    assert "desktop_absent" not in node.open_findings()


def test_nobody_is_missed_before_the_other_node_could_say_what_it_has():
    node = alone()
    node.legs(a_leg(0, None, KEPT))
    node.board.publish("peer", PEER)
    node.advance(KNOWN_S - 10)
    assert told(node) == []
    node.advance(30)
    assert "desktop_absent" in node.open_findings(), "it had its time"


def test_what_a_node_that_is_gone_had_is_not_believed_for_ever():
    node = alone()
    linked(node, AGENT)
    node.legs(a_leg(0, None, KEPT))
    node.advance(20)
    node.board.publish("peer", PeerStatus("beta", False, "", "", "", 9, None, 0, None, 0, 0))
    node.advance(KNOWN_S + 2)
    assert "desktop_absent" in node.open_findings()


def test_only_the_node_on_duty_tells():
    node = alone()
    node.legs(a_leg(0, None, KEPT))
    node.board.publish("pair", pair(duty=False))
    node.advance(30)
    assert told(node) == []
    node.board.publish("pair", pair(duty=True))
    node.advance(2)
    assert "desktop_absent" in node.open_findings()


def pair(*, duty):
    values = dict.fromkeys(PairStatus.__dataclass_fields__, "")
    return PairStatus(**{**values, "duty": duty})


def test_the_other_node_is_told_of_every_change_and_when_it_listens():
    node = alone()
    desktop = Desktop(node).connect()
    node.advance(2)
    assert shared(node) == [frozenset({AGENT})]
    node.advance(5)
    assert shared(node) == [], "nothing changed"
    node.tell(PeerListens())
    assert shared(node) == [frozenset({AGENT})]
    desktop.vanish()
    node.advance(2)
    assert shared(node) == [frozenset()]


def shared(node):
    peers, found = PeersDesktops(), []
    for message in node.link.take():
        assert isinstance(message, SendFrame)
        assert isinstance(message.frame, Share)
        peers.heard(message.frame.body)
        found.append(peers.agents)
    return found


@given(st.lists(st.text(max_size=300), unique=True, max_size=50), st.integers(1, 300))
def test_any_agents_arrive_whole_and_no_share_is_too_large(agents, repeats):
    names = [f"{name}{number}" for name in agents for number in range(repeats)]
    told, peers = list(bodies(names)), PeersDesktops()
    for body in told:
        assert len(body) <= SHARE_BYTES + 2000
        peers.heard(body)
    assert peers.agents == frozenset(names)


def test_a_share_that_makes_no_sense_is_passed_over():
    peers = PeersDesktops()
    for body in (b"", b"\xc1", pack("x"), pack([1, 2, 3]), pack([True, [1, None]])):
        peers.heard(body)
    assert peers.agents == frozenset()
