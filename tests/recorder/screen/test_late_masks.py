"""What a late mask takes out of the archive is on record, with the holds that it overrode."""

from contextlib import suppress

import pytest

from recorder.errors import DataCenterDown
from recorder.scn.holds_over import HoldsOver
from recorder.scn.model import Verdict
from recorder.screen.recorder import DECIDE_EVERY_S
from tests.recorder.screen.screen_node import Node, World
from tests.recorder.screen.test_recorder_troubles import Crash, CrashAt, a_call, archived
from tests.screens import a_leg

MASKED = a_leg(0, 4, Verdict.KEPT, masks=[(0.9, 1.0)])


def held(*holds):
    world = World()
    world.holds = HoldsOver(part=lambda _part: holds)
    return world


def masked_in(world):
    return [(one, detail) for what, one, _, detail in world.trail.told if what == "screen_masked"]


def test_a_mask_takes_away_what_a_hold_covers_and_says_which_hold():
    node = Node(held("H-1", "H-2"))
    a_call(node, keys=(0, 8))
    ((old, _),) = node.recorded.items()
    node.legs(MASKED)
    assert archived(node) == [0, 1, 8, 9]
    assert f"screens/{old[:2]}/{old}.scn" not in node.world.archive_store.objects
    assert masked_in(node.world) == [(old, {"holds_overridden": ["H-1", "H-2"]})]


def test_where_no_hold_is_the_record_speaks_of_none():
    node = Node()
    a_call(node, keys=(0, 8))
    node.legs(MASKED)
    assert [detail for _, detail in masked_in(node.world)] == [{}]


def test_the_hold_is_asked_about_the_part_that_goes():
    world, asked = World(), []

    def of_part(part):
        asked.append(part.part_key)
        return ()

    world.holds = HoldsOver(part=of_part)
    node = Node(world)
    a_call(node, keys=(0, 8))
    ((old, _),) = node.recorded.items()
    node.legs(MASKED)
    assert asked == [old]


def test_holds_that_cannot_be_read_keep_nothing_and_are_asked_again():
    world = World()
    answers = [DataCenterDown("away")] * 3

    def of_part(_part):
        if answers:
            raise answers.pop()
        return ("H-1",)

    world.holds = HoldsOver(part=of_part)
    node = Node(world)
    a_call(node, keys=(0, 8))
    ((old, row),) = node.recorded.items()
    node.legs(MASKED)
    assert row.object_key not in world.archive_store.objects, "the picture goes at once"
    assert masked_in(world) == []
    for _ in range(4):
        node.advance(DECIDE_EVERY_S + 1)
    assert masked_in(world) == [(old, {"holds_overridden": ["H-1"]})]
    assert set(world.tables.forgotten) == {old}


@pytest.mark.parametrize("count", range(1, 30))
def test_nothing_is_forgotten_that_is_not_on_record_wherever_a_node_dies(count):
    world = held("H-1")
    a_call(Node(world), keys=(0, 8))
    trap = CrashAt(count)
    node = Node(world, trap=trap)
    node.db.faults.on_done = node.archive.faults.on_done = trap
    with suppress(Crash):
        node.legs(MASKED)
    assert set(world.tables.forgotten) <= {one for one, _ in masked_in(world)}
    again = Node(world)
    again.legs(MASKED)
    again.advance(DECIDE_EVERY_S + 5)
    assert archived(again) == [0, 1, 8, 9]
    assert masked_in(world) == [
        (one, {"holds_overridden": ["H-1"]}) for one in world.tables.forgotten
    ]
