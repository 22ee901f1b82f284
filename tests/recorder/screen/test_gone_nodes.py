"""Masks that are heard while a node is away: for days, or for ever."""

from cluster.status import PeerStatus
from recorder.model import Window
from recorder.scn.model import AgentEvent, AgentEventKind, Verdict
from recorder.scn.webm import head_bytes, packet_bytes
from recorder.screen.late_masks import ORPHAN_NS
from recorder.screen.recorder import LEGS_WITHIN_NS
from tests.recorder.screen.screen_node import Node, World
from tests.recorder.screen.test_recorder_troubles import a_call, archived
from tests.screens import T0_US, a_head, a_leg, packets

K = AgentEventKind
MASKED = a_leg(0, 4, Verdict.KEPT, masks=[(0.9, 1.0)])
ORPHAN_S = ORPHAN_NS / 1e9


def peer(name, *, connected=True):
    return PeerStatus(name, connected, "", "", "", 9, None, 0, None, 0, 0)


def test_the_parts_of_a_node_that_does_not_return_are_masked_by_the_other():
    node = Node()
    a_call(node, keys=(0, 8))
    other = Node(node.world, name="beta")
    other.board.publish("peer", peer("alpha", connected=False))
    other.legs(MASKED)
    other.advance(ORPHAN_S - 60)
    assert archived(other) == list(range(10)), "it may return"
    other.advance(120)
    assert archived(other) == [0, 1, 8, 9]
    assert {part.node for part in other.recorded.values()} == {"alpha"}


def test_the_parts_of_a_node_that_was_replaced_are_masked_too():
    node = Node(name="old")
    a_call(node, keys=(0, 8))
    other = Node(node.world, name="beta")
    other.board.publish("peer", peer("new"))
    other.legs(MASKED)
    other.advance(ORPHAN_S + 61)
    assert archived(other) == [0, 1, 8, 9]


def test_the_parts_of_a_node_that_is_there_are_its_own_however_long_it_takes():
    node = Node()
    a_call(node, keys=(0, 8))
    other = Node(node.world, name="beta")
    other.board.publish("peer", peer("alpha"))
    other.legs(MASKED)
    other.advance(2 * ORPHAN_S)
    assert archived(other) == list(range(10))


def test_a_part_that_was_masked_from_end_to_end_by_a_life_that_died_is_forgotten():
    """It deleted the object, and died before it took the row away."""
    node = Node()
    a_call(node, keys=(0, 8))
    for part in node.recorded.values():
        node.archive.delete(part.object_key)
    other = Node(node.world)
    other.legs(a_leg(0, 4, Verdict.KEPT, masks=[(-5.0, 60.0)]))
    other.advance(120)
    assert other.db.parts(["dyn/ag-1"], Window(0, T0_US * 2)) == ()


def test_both_nodes_at_once_leave_the_same_parts():
    """Neither can hear the other, and both see the Data Center."""
    node = Node()
    a_call(node, keys=(0, 8))
    other = Node(node.world, name="beta")
    other.advance(ORPHAN_S + 1)
    other.db.faults.down = True
    other.legs(MASKED)
    node.legs(MASKED)
    other.db.faults.down = False
    other.advance(61)
    assert archived(other) == [0, 1, 8, 9]
    assert len(other.recorded) == 3


# -- what a node finds that was away for days ----


def an_event(kind, at_s):
    at_us = T0_US + round(at_s * 1e6)
    return AgentEvent("dyn", f"{kind}-{at_s}", "ag-1", "call-1", kind, at_us, at_us, "beta")


def a_buffer(*, kept):
    """The disk of a node that died in a call: ten frames, one every 200 ms."""
    world = World()
    head = a_head("00" * 16)
    frames = b"".join(map(packet_bytes, packets(10, keys=(0, 8))))
    world.disk.sealed[head.part_key] = head_bytes(head) + frames
    world.disk.kept |= {head.part_key} if kept else set()
    return world


def hear(world, *events):
    """The other node put it on record."""
    world.events.events |= {(one.source, one.event_id): one for one in events}


def test_a_mask_that_was_heard_while_the_node_was_away_is_cut_out_before_anything_is_archived():
    world = a_buffer(kept=True)
    hear(world, an_event(K.CONNECTED, 0), an_event(K.MASK, 0.9), an_event(K.UNMASK, 1.0))
    node = Node(world)
    node.advance(LEGS_WITHIN_NS / 1e9 + 5)
    assert archived(node) == [0, 1, 8, 9]
    assert not node.world.tables.forgotten, "nothing else was ever archived"


def test_what_was_heard_of_the_call_meanwhile_decides():
    kept, refused = a_buffer(kept=False), a_buffer(kept=False)
    hear(kept, an_event(K.RINGING, 0), an_event(K.CONNECTED, 1), an_event(K.AVAILABLE, 9))
    hear(refused, an_event(K.RINGING, 0), an_event(K.NOT_RESPONDING, 9))
    for world, found in ((kept, list(range(10))), (refused, [])):
        node = Node(world)
        node.advance(LEGS_WITHIN_NS / 1e9 + 5)
        assert archived(node) == found
        assert not world.disk.sealed


def test_nothing_that_was_found_is_archived_before_the_events_could_be_read():
    world = a_buffer(kept=True)
    hear(world, an_event(K.CONNECTED, 0), an_event(K.MASK, 0.9), an_event(K.UNMASK, 1.0))
    world.events_faults.down = True
    node = Node(world)
    node.advance(600)
    assert archived(node) == []
    world.events_faults.down = False
    node.advance(5)
    assert archived(node) == [0, 1, 8, 9]


def test_what_is_at_hand_of_a_call_is_newer_than_what_was_looked_up():
    world = a_buffer(kept=False)
    hear(world, an_event(K.RINGING, 0))
    node = Node(world)
    node.advance(5)
    node.legs(a_leg(0, 4, Verdict.DELETED))
    assert not world.disk.sealed
