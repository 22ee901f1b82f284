"""Parts nobody decided about: all of them are looked up, however many they are."""

import pytest

from recorder.scn.messages import DesktopSaid, LegsChanged, PacketsCame
from recorder.scn.model import Verdict
from recorder.scn.webm import head_bytes, packet_bytes
from recorder.screen.recorder import DECIDE_EVERY_S, DECIDE_MAX, LEGS_WITHIN_NS
from recorder.screen.recorder_messages import DecideDue
from recorder.screen.undecided_rounds import Rounds
from tests.recorder.screen.screen_node import AGENT, Desktop, Node, World
from tests.recorder.screen.test_recorder_troubles import a_call, archived, contact_of
from tests.screens import T0_US, a_head, a_leg, packets


@pytest.fixture
def world():
    """The disk of an earlier life: more undecided parts than one job looks up, each of another call."""
    world = World()
    frames = b"".join(map(packet_bytes, packets(2)))
    for number in range(2 * DECIDE_MAX + 50):
        head = a_head(f"{number:032x}", calls=(f"call-{number}",))
        world.disk.sealed[head.part_key] = head_bytes(head) + frames
    return world


def looked_up(world, **settings):
    """A node that has waited for the legs of what it found, and has looked since."""
    node = Node(world, **settings)
    node.advance(LEGS_WITHIN_NS / 1e9 + DECIDE_EVERY_S + 1)
    return node


@pytest.mark.parametrize("party", ["ag-1", "ag-1:stretch-1"])
def test_a_part_behind_many_that_stay_undecided_is_kept_by_its_contact(world, party):
    node = looked_up(world)
    number = 2 * DECIDE_MAX + 49
    contact_of(node, f"call-{number}", agents=(party,))
    node.advance(DECIDE_EVERY_S)
    assert list(node.recorded) == [f"{number:032x}"]


def test_one_round_deletes_whatever_is_old_enough(world):
    world.reconciled_us = T0_US + 10**12
    looked_up(world, undecided_s=10)
    assert not world.disk.sealed


def test_an_outage_ends_no_round_for_those_behind_it(world):
    node = looked_up(world)
    contact_of(node, "call-0", agents=("ag-1",))
    contact_of(node, f"call-{DECIDE_MAX}", agents=("ag-1",))
    node.contact_db.faults.down = True
    node.advance(DECIDE_EVERY_S)
    node.contact_db.faults.down = False
    node.advance(DECIDE_EVERY_S)
    assert f"{DECIDE_MAX:032x}" in node.recorded, "the page behind the one that failed"
    node.advance(DECIDE_EVERY_S)
    assert f"{0:032x}" in node.recorded, "the one that failed, in the next round"


@pytest.mark.parametrize("is_wanted", [False, True])
def test_what_is_being_rewritten_for_a_mask_is_decided_in_a_later_round(is_wanted):
    node = Node(undecided_s=10)
    a_call(node, keys=(0, 8), verdict=Verdict.UNDECIDED)
    node.advance(20)
    other = Desktop(node, "d-2", agents=("dyn/ag-9",)).connect().begin()
    node.world.reconciled_us = T0_US + 10**12
    if is_wanted:
        contact_of(node, "call-1", agents=("ag-1",))
    node.actor.on_message(DecideDue())
    busy_with_files = PacketsCame(other.stream.stream, packets(1))
    node.actor.on_message(DesktopSaid(other.connection, busy_with_files))
    answered = a_leg(0, 4, Verdict.KEPT, masks=[(0.9, 1.0)])
    node.actor.on_message(LegsChanged(AGENT, (answered,)))
    node.parts_lane.run_one()
    for message in node.me.take():
        node.actor.on_message(message)
    node.settle()
    assert archived(node) == [0, 1, 8, 9], "the call was answered: it stays, but for the mask"


def test_a_round_takes_each_part_once_and_then_begins_anew():
    rounds = Rounds()
    rounds.begin("abc")
    assert rounds.page(2) == ("a", "b")
    rounds.begin("abcd")
    assert rounds.page(2) == ("c",)
    assert rounds.page(2) == ()
    rounds.begin("d")
    assert rounds.page(2) == ("d",)
