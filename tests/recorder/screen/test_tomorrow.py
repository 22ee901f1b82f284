"""A node whose clock is behind refuses what it hears of agents, and says so."""

from dataclasses import replace

from recorder.messages import FindingClosed, FindingOpened
from recorder.screen.tomorrow import QUIET_NS
from tests.recorder.screen.agents import K, event
from tests.recorder.screen.ris_node import RisNode

DAY_S = 86_400
CODE = "agent_events_ahead"


def late(number, *, source="calls"):
    """Heard by a clock that is two days behind."""
    return event(K.RINGING, number + 2 * DAY_S, f"call-{number}", heard_s=number, source=source)


def opened(node):
    return [one.finding for one in node.monitor.of(FindingOpened)]


def closed(node):
    return [(one.code, one.subject) for one in node.monitor.of(FindingClosed)]


def test_a_clock_that_is_more_than_a_day_behind_is_a_finding_with_both_instants():
    node = RisNode()
    node.hear(late(0), late(1))
    node.hear(late(2))
    (found,) = opened(node)
    assert (found.code, found.subject) == (CODE, "calls")
    assert "2023-11-16T22:13:20" in found.what
    assert "heard at 2023-11-14T22:13:20" in found.what
    assert "timedatectl" in found.hint
    assert (node.status.events, node.status.refused) == (0, 3)


def test_each_source_has_its_own():
    node = RisNode()
    node.hear(late(0), late(1, source="crm"))
    assert [one.subject for one in opened(node)] == ["calls", "crm"]


def test_it_closes_some_minutes_after_the_last_one_when_the_source_told_something_that_fits():
    node = RisNode()
    node.hear(late(0))
    node.later(QUIET_NS / 1e9 + 120)
    assert closed(node) == [], "nobody knows that the clock is right"
    node.hear(event(K.RINGING, 1, "call-1"))
    node.later(61)
    assert closed(node) == [(CODE, "calls")]
    node.hear(late(3))
    assert len(opened(node)) == 2


def test_one_that_fits_closes_nothing_while_others_are_refused():
    node = RisNode()
    for number in range(8):
        node.hear(late(number), event(K.RINGING, number, f"c-{number}"))
        node.later(120)
    assert len(opened(node)) == 1
    assert closed(node) == []


def test_what_the_peer_heard_by_a_clock_that_is_right_counts_and_is_no_finding():
    alpha, beta = RisNode("alpha"), RisNode("beta")
    alpha.connect(beta)
    beta.hear(replace(late(0), heard_us=late(0).at_us, heard_by="beta"))
    assert alpha.status.events == 1
    assert opened(alpha) == []
