"""The RIS: what one node or both hear, crashes, outages, time limits."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.messages import Ping, Pong, ShareHeard
from cluster.status import PeerStatus
from recorder.messages import FindingClosed, FindingOpened
from recorder.scn.messages import LegsChanged
from recorder.scn.model import Verdict
from tests.recorder.fakes import Mailbox
from tests.recorder.hand_clock import HandClock
from tests.recorder.screen.agents import START, K, S, event, seconds, story
from tests.recorder.screen.ris_node import RisNode, answers


def pair():
    clock = HandClock()
    alpha = RisNode("alpha", clock=clock)
    beta = RisNode("beta", clock=clock, store=alpha.store)
    alpha.connect(beta)
    return alpha, beta


def verdicts(node, agent="calls/ann"):
    return [(leg.verdict.value, leg.ended_by) for leg in node.legs.get(agent, ())]


def test_an_event_changes_the_legs_of_its_agent_at_once():
    node = RisNode()
    node.hear(event(K.RINGING, 0))
    (told,) = node.screens.of(LegsChanged)
    assert told.agent_key == "calls/ann"
    assert [seconds(leg.span) for leg in told.legs] == [(0, None)]
    assert node.status.agents["calls/ann"].lasting == 1


def test_a_known_event_changes_nothing():
    node = RisNode()
    node.hear(event(K.RINGING, 0))
    node.screens.take()
    node.hear(event(K.RINGING, 0), event(K.RINGING, 0))
    assert node.screens.messages == []
    assert (node.status.heard, node.status.doubled) == (1, 2)


def test_both_nodes_know_what_one_of_them_heard():
    alpha, beta = pair()
    alpha.hear(event(K.RINGING, 0))
    beta.hear(event(K.CONNECTED, 3), event(K.RINGING, 0))
    assert verdicts(alpha) == verdicts(beta) == [("kept", "")]
    assert beta.status.told == 1
    assert beta.status.doubled == 1, "its own message of what the peer had told"


def test_what_was_heard_while_the_link_was_down_is_told_when_it_comes_up():
    alpha, beta = RisNode("alpha"), RisNode("beta")
    alpha.hear(*story((0, K.RINGING), (3, K.CONNECTED)))
    beta.hear(event(K.AVAILABLE, 9, ""))
    alpha.connect(beta)
    assert verdicts(alpha) == verdicts(beta) == [("kept", "available")]


def test_a_whole_day_is_shared_in_parts():
    alpha, beta = RisNode("alpha"), RisNode("beta")
    events = [
        event(K.RINGING, number / 10, f"call-{number}" + "x" * 200) for number in range(1_500)
    ]
    alpha.hear(*events)
    alpha.connect(beta)
    alpha.later(20)
    assert beta.status.told == 1_500
    assert alpha.status.shared > 4


def test_a_share_that_makes_no_sense_is_passed_over():
    node = RisNode()
    for body in (b"", b"\xff", b"\x93\x01\x02\x03"):
        node.me.tell(ShareHeard("agent_events", body))
    node.work()
    assert node.status.events == 0


def test_while_the_link_is_down_the_data_center_tells():
    clock = HandClock()
    alpha = RisNode("alpha", clock=clock)
    beta = RisNode("beta", clock=clock, store=alpha.store)
    gone = PeerStatus("beta", False, "", "", "", 2, None, None, None, 0, 0)
    for node in (alpha, beta):
        node.board.publish("peer", gone)
    alpha.hear(event(K.RINGING, 0))
    beta.later(6)
    assert verdicts(beta) == [("undecided", "")]
    assert beta.status.told == 1


# --- crashes and outages ---


def test_what_was_answered_survives_a_crash():
    node = RisNode()
    node.db.faults.down = True
    web = node.kept(event(K.RINGING, 0))
    assert answers(web) == [], "nothing is safe yet"
    node.work()
    assert len(answers(web)) == 1
    node.start()
    node.work()
    assert verdicts(node) == [("undecided", "")]
    node.db.faults.down = False
    node.later(5)
    assert len(node.store.events) == 1
    assert node.journal.read() == (), "the Data Center has it: the disk need not"


def test_a_doubled_event_is_answered_when_the_first_is_safe():
    node = RisNode()
    first, second = node.kept(event(K.RINGING, 0)), node.kept(event(K.RINGING, 0))
    assert answers(first) == answers(second) == []
    node.work()
    third = node.kept(event(K.RINGING, 0))
    assert len(answers(first)) == len(answers(second)) == len(answers(third)) == 1


def test_events_go_to_the_data_center_in_spite_of_a_full_disk():
    node = RisNode()
    node.work()
    node.journal.full = "No space left on device"
    web = node.kept(event(K.RINGING, 0))
    node.work()
    assert len(answers(web)) == 1
    assert len(node.store.events) == 1
    (opened,) = node.monitor.of(FindingOpened)
    assert opened.finding.code == "agent_events_disk_failing"
    node.journal.full = ""
    node.later(5)
    node.hear(event(K.CONNECTED, 3))
    assert node.monitor.of(FindingClosed)[0].code == "agent_events_disk_failing"


def test_without_disk_and_data_center_nothing_is_answered_and_nothing_forgotten():
    node = RisNode()
    node.work()
    node.journal.full, node.db.faults.down = "No space left on device", True
    web = node.kept(event(K.RINGING, 0))
    node.later(10)
    assert answers(web) == []
    assert verdicts(node) == [("undecided", "")], "its screen is recorded all the same"
    node.journal.full, node.db.faults.down = "", False
    node.later(5)
    assert len(answers(web)) == 1


def test_a_new_node_takes_up_what_the_data_center_has():
    alpha = RisNode("alpha")
    alpha.hear(*story((0, K.RINGING), (3, K.CONNECTED)))
    beta = RisNode("beta", clock=alpha.clock, store=alpha.store)
    beta.db.faults.down = True
    beta.later(3)
    assert beta.legs == {}
    beta.db.faults.down = False
    beta.later(3)
    assert verdicts(beta) == [("kept", "")]
    assert beta.status.waiting == 0


def test_an_unreadable_record_spoils_no_other():
    node = RisNode()
    node.db.faults.down = True
    node.hear(event(K.RINGING, 0))
    node.journal.append([b"rubbish"])
    node.start()
    node.work()
    assert verdicts(node) == [("undecided", "")]


def test_what_is_heard_before_the_journal_was_read_is_kept_too():
    node = RisNode()
    web = node.kept(event(K.RINGING, 0))
    node.work()
    assert len(answers(web)) == 1
    assert len(node.store.events) == 1


# --- time ---


def test_a_leg_ends_at_its_time_limit_without_another_word():
    node = RisNode()
    node.hear(event(K.RINGING, 0))
    node.later(179)
    assert verdicts(node) == [("undecided", "")]
    node.later(2)
    assert verdicts(node) == [("undecided", "time_limit")]
    assert node.status.agents["calls/ann"].lasting == 0


def test_legs_of_yesterday_are_forgotten_as_a_whole():
    node = RisNode()
    node.hear(*story((0, K.RINGING), (3, K.CONNECTED)), event(K.AVAILABLE, 60, ""))
    node.hear(event(K.RINGING, 80_000, agent="bob", heard_s=80_000))
    node.clock.now_ns += 86_450 * 10**9
    node.later(120)
    assert node.legs["calls/ann"] == ()
    assert list(node.status.agents) == ["calls/bob"]


def test_an_event_of_tomorrow_is_refused():
    node = RisNode()
    node.hear(event(K.RINGING, 90_000, heard_s=0), replace(event(K.RINGING, 0), agent=""))
    assert (node.status.events, node.status.refused) == (0, 2)


def test_a_masked_agent_is_shown_as_such():
    node = RisNode()
    node.hear(*story((0, K.CONNECTED), (5, K.MASK)))
    assert node.status.agents["calls/ann"].masked
    node.hear(event(K.UNMASK, 9))
    assert not node.status.agents["calls/ann"].masked


def test_it_answers_pings():
    node, pinger = RisNode(), Mailbox()
    node.me.tell(Ping(7, pinger))
    node.me.pump()
    assert pinger.messages == [Pong("ris", 7)]


# --- laws ---

CALLS = st.sampled_from(["a", "b", ""])
TOLD = st.lists(
    st.tuples(
        st.builds(event, st.sampled_from(list(K)), st.integers(0, 300), CALLS),
        st.sampled_from([(0,), (1,), (0, 1), (1, 0), (0, 0)]),
    ),
    max_size=10,
)


@settings(max_examples=60, deadline=None)
@given(TOLD, st.integers(0, 10))
def test_whoever_hears_what_in_whatever_order_both_nodes_end_alike(told, joined_after):
    clock = HandClock(wall_start_us=START + 400 * S)
    alpha = RisNode("alpha", clock=clock)
    beta = RisNode("beta", clock=clock)
    alone = RisNode("alone", clock=clock)
    nodes = [alpha, beta]
    for number, (one, ways) in enumerate(told):
        if number == joined_after:
            alpha.connect(beta)
        for way in ways:
            nodes[way].hear(one)
    if joined_after >= len(told):
        alpha.connect(beta)
    alone.hear(*(one for one, _ in sorted(told, key=lambda pair: pair[0].event_id)))
    alpha.later(1)
    alone.work()
    shown = [[(leg.call, leg.span, leg.verdict, leg.masks) for leg in legs]
             for node in (alpha, beta, alone) for legs in [node.legs.get("calls/ann", ())]]  # fmt: skip
    assert shown[0] == shown[1] == shown[2]
    answered = {one.call for one, _ in told if one.kind is K.CONNECTED and one.call}
    kept = {leg.call for leg in alpha.legs.get("calls/ann", ()) if leg.verdict is Verdict.KEPT}
    assert answered <= kept
