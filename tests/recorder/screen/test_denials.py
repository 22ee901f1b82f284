"""A computer that names itself otherwise than its token allows is told to the operator, and put on record."""

from recorder.scn.messages import DesktopDenied
from recorder.screen.denials import QUIET_NS
from tests.recorder.screen.screen_node import Node

DENIED = DesktopDenied("desk-3", "desk-17", "desks", "pc-3", "10.0.0.3")
CODE = "desktop_denied"


def finding_of(node):
    return next(one.finding for one in node.monitor.messages if hasattr(one, "finding"))


def test_it_is_a_finding_with_both_ids_the_address_and_the_next_step():
    node = Node()
    node.tell(DENIED)
    node.advance(1.0)
    found = finding_of(node)
    assert (found.code, found.subject) == (CODE, "desk-17")
    for word in ("desk-3", "pc-3 at 10.0.0.3", "turned away"):
        assert word in found.what
    assert "--desktop desk-3" in found.hint
    assert "web.tokens.desks" in found.hint


def test_it_closes_when_nobody_tried_for_some_minutes():
    node = Node()
    node.tell(DENIED)
    node.advance(QUIET_NS / 1e9 - 5)
    assert node.open_findings() == {CODE}
    node.tell(DENIED)
    node.advance(10)
    assert node.open_findings() == {CODE}
    node.advance(QUIET_NS / 1e9)
    assert node.open_findings() == set()


def test_whoever_goes_on_trying_is_one_record_a_day():
    node = Node()
    for _ in range(3):
        node.tell(DENIED)
        node.advance(60)
    node.tell(DesktopDenied("desk-3", "desk-17", "desks", "pc-3", "10.0.0.4"))
    rows = [one for one in node.world.trail.told if one[0] == CODE]
    assert [(subject, actor) for _, subject, actor, _ in rows] == [("desk-17", "desks")] * 2
    assert rows[0][3] == {"named": "desk-3", "host": "pc-3", "address": "10.0.0.3"}
