"""Screens through crashes, full disks and outages: nothing kept is lost, nothing refused survives."""

from contextlib import suppress
from dataclasses import replace

import pytest

from recorder.errors import DataCenterDown
from recorder.model import Party, Window
from recorder.scn.messages import DesktopSaid, PacketsCame, Refused
from recorder.scn.model import Verdict
from recorder.scn.webm import ScnReader
from recorder.screen.recorder import DECIDE_EVERY_S
from tests.calls import a_file, an_item, names_of
from tests.recorder.screen.screen_node import AGENT, Desktop, Node, World
from tests.screens import T0_US, a_leg, packets

UNDECIDED, KEPT, DELETED = Verdict.UNDECIDED, Verdict.KEPT, Verdict.DELETED
ALWAYS = Window(0, 2**62)


class Crash(Exception):
    """The process died."""


class CrashAt:
    """A trap that springs when it is called for the `count`-th time, whatever the point."""

    def __init__(self, count):
        self.left, self.point = count, ""

    def __call__(self, point):
        self.left -= 1
        if self.left == 0:
            self.point = point
            raise Crash(point)


def play(desktop, count, *, first=0, keys=(0,)):
    for packet in packets(count, first=first, keys=keys):
        desktop.send([packet])
        desktop.node.advance(0.2)


def a_call(node, *, verdict=KEPT, seconds=4.0, count=10, masks=(), keys=(0, 5)):
    """A whole call on a desktop."""
    desktop = Desktop(node).connect()
    node.legs(a_leg(0, None, UNDECIDED))
    desktop.begin()
    play(desktop, count, keys=keys)
    node.legs(a_leg(0, seconds, verdict, masks=masks))
    desktop.end(count - 1)
    return desktop


def archived(node):
    found = []
    for part in node.db.parts([AGENT], ALWAYS):
        with node.archive.open(part.object_key) as file:
            found += [one.seq for one in ScnReader(file).packets()]
    return found


def test_what_a_node_that_died_had_written_is_archived_by_its_next_life():
    world = World()
    node = Node(world)
    desktop = Desktop(node).connect()
    node.legs(a_leg(0, None, UNDECIDED))
    desktop.begin()
    play(desktop, 8)
    node.legs(a_leg(0, None, KEPT))
    (key,) = world.disk.opened
    world.disk.tear(key, len(world.disk.opened[key]) - 3)
    again = Node(world)
    assert archived(again) == []
    again.legs(a_leg(0, None, KEPT))
    assert archived(again) == list(range(7))
    assert not world.disk.sealed


def test_what_is_found_waits_for_the_legs_so_that_a_mask_is_not_missed():
    world = World()
    node = Node(world)
    desktop = Desktop(node).connect()
    node.legs(a_leg(0, None, KEPT))
    desktop.begin()
    play(desktop, 10, keys=(0, 8))
    again = Node(world)
    again.legs(a_leg(0, None, KEPT, masks=[(1.2, 1.3)]))
    assert archived(again) == [0, 1, 2, 3]


def test_what_is_found_and_marked_does_not_wait_for_ever():
    world = World()
    node = Node(world)
    desktop = Desktop(node).connect()
    node.legs(a_leg(0, None, KEPT))
    desktop.begin()
    play(desktop, 5)
    again = Node(world)
    again.advance(40)
    assert archived(again) == [0, 1, 2, 3, 4]


def test_what_only_a_refused_call_covers_is_deleted_also_when_found_later():
    world = World()
    node = Node(world)
    desktop = Desktop(node).connect()
    node.legs(a_leg(0, None, UNDECIDED))
    desktop.begin()
    play(desktop, 5)
    again = Node(world)
    again.legs(a_leg(0, 1, DELETED))
    assert not world.disk.sealed
    assert archived(again) == []


@pytest.mark.parametrize("count", range(1, 24))
def test_a_crash_at_any_step_loses_nothing_and_records_nothing_twice(count):
    """A call is recorded, kept, with a late mask; the process dies at one of its steps."""
    world, trap = World(), CrashAt(count)
    masked = a_leg(0, 4, KEPT, masks=[(0.9, 1.0)])
    node = Node(world, trap=trap)
    node.db.faults.on_done = node.archive.faults.on_done = trap
    kept = -1
    desktop = Desktop(node)
    try:
        desktop.connect()
        node.legs(a_leg(0, None, UNDECIDED))
        desktop.begin()
        play(desktop, 10, keys=(0, 5, 8))
        node.legs(a_leg(0, 4, KEPT))
        node.legs(masked)
        desktop.end(9)
    except Crash:
        kept = desktop.kept.get("s-1", -1)
    again = Node(world)
    again.legs(masked)
    seqs = archived(again)
    if trap.point:
        assert set(seqs) <= {0, 1, 8, 9}, "what is masked is nowhere"
        wanted = {seq for seq in range(kept + 1) if seq in {0, 1, 8, 9}}
        assert wanted <= set(seqs)
    assert len(seqs) == len(set(seqs))
    assert not world.disk.sealed
    assert not world.disk.opened
    assert set(world.archive_store.objects) == {
        part.object_key for part in world.tables.parts.values()
    }


def test_the_data_center_away_is_waited_for_in_the_buffer_and_told():
    node = Node()
    node.db.faults.down = True
    a_call(node)
    assert node.recorded == {}
    assert len(node.world.disk.sealed) == 1
    assert "screens_waiting" in node.open_findings()
    node.db.faults.down = False
    node.advance(3)
    assert archived(node) == list(range(10))
    assert "screens_waiting" not in node.open_findings()
    assert not node.world.disk.sealed


def test_an_answer_of_the_database_that_was_lost_is_asked_for_again():
    node = Node()
    node.db.faults.answers_lost = 1
    a_call(node)
    node.advance(3)
    assert archived(node) == list(range(10))
    assert not node.world.disk.sealed


def test_a_part_that_the_archive_refuses_stays_is_told_and_tried_again():
    node = Node()
    key = f"10{1:030x}"
    in_the_way = f"screens/{key[:2]}/{key}.scn"
    node.world.archive_store.objects[in_the_way] = b"something else"
    a_call(node)
    assert "screen_refused" in node.open_findings()
    assert key in node.world.disk.sealed
    del node.world.archive_store.objects[in_the_way]
    node.advance(70)
    assert archived(node) == list(range(10))
    assert "screen_refused" not in node.open_findings()


def test_a_part_that_was_forgotten_does_not_come_back_from_the_buffer():
    world = World()
    node = Node(world)

    def no_answer(call):
        if call == "screens_record_parts":
            raise DataCenterDown(call)

    node.db.faults.on_done = no_answer
    a_call(node)
    ((key, part),) = node.recorded.items()
    assert key in world.disk.sealed
    node.archive.delete(part.object_key)
    node.db.forget_part(key, "masked")
    again = Node(world)
    again.legs(a_leg(0, 4, KEPT))
    assert not world.disk.sealed
    assert world.archive_store.objects == {}


def test_a_full_disk_stops_screens_and_sends_desktops_away_and_its_end_lets_them_in():
    node = Node()
    node.world.disk.bytes_max = 100 * 1024**2
    desktop = Desktop(node).connect()
    node.legs(a_leg(0, None, KEPT))
    desktop.begin()
    play(desktop, 5)
    node.world.disk.bytes_max = node.world.disk.used_bytes() + 10
    play(desktop, 1, first=5)
    assert desktop.kept == {"s-1": 4}
    assert desktop.heard_of(Refused)
    assert desktop.closed
    assert "screen_disk_full" in node.open_findings()
    node.advance(3)
    assert archived(node) == [0, 1, 2, 3, 4], "what was written is kept"
    assert Desktop(node).connect().heard_of(Refused)
    node.world.disk.bytes_max = 100 * 1024**2
    node.advance(20)
    assert "screen_disk_full" not in node.open_findings()
    assert not Desktop(node).connect().heard_of(Refused)
    assert node.status.stopped == ""


def test_a_failing_disk_ends_nothing_but_screens():
    node = Node()
    desktop = Desktop(node).connect()
    node.legs(a_leg(0, None, KEPT))
    desktop.begin()
    play(desktop, 5)
    node.world.disk.failing = "input/output error"
    play(desktop, 1, first=5)
    assert "screens_stopped" in node.open_findings()
    node.advance(20)
    node.world.disk.failing = ""
    node.advance(20)
    assert "screens_stopped" not in node.open_findings()
    assert archived(node) == [0, 1, 2, 3, 4]


def test_a_disk_that_hangs_sends_desktops_to_the_other_node_and_loses_nothing():
    node = Node()
    desktop = Desktop(node).connect()
    node.legs(a_leg(0, None, KEPT))
    desktop.begin()
    play(desktop, 5)

    def nothing_is_written():
        for message in node.me.take():
            node.actor.on_message(message)
        while desktop._inbox:
            told = DesktopSaid(desktop.connection, desktop._inbox.pop(0))
            node.actor.on_message(told)

    sent = PacketsCame("s-1", packets(1, first=5))
    node.actor.on_message(DesktopSaid(desktop.connection, sent))
    node.clock.advance(15, nothing_is_written)
    assert desktop.closed is None
    node.clock.advance(10, nothing_is_written)
    assert desktop.heard_of(Refused)
    assert "not answer" in desktop.closed
    assert "screens_stopped" in node.open_findings()
    node.settle()
    node.advance(20)
    assert "screens_stopped" not in node.open_findings()
    assert archived(node) == [0, 1, 2, 3, 4, 5]
    assert not Desktop(node).connect().heard_of(Refused)


def contact_of(node, call, *, agents=()):
    item = an_item("item-1", session=call, source="dyn", files=[a_file("m1")])
    parties = tuple(Party(agent, "agent") for agent in agents)
    item = replace(item, interaction=replace(item.interaction, parties=parties))
    node.contact_db.commit([item], names_of(item))


@pytest.mark.parametrize(
    ("agents", "kept"), [((), True), (("ag-1", "ag-2"), True), (("ag-2",), False)]
)
def test_an_undecided_part_is_kept_when_the_contact_of_its_call_names_the_agent(agents, kept):
    node = Node()
    a_call(node, verdict=UNDECIDED)
    node.advance(DECIDE_EVERY_S + 1)
    assert node.recorded == {}
    contact_of(node, "call-1", agents=agents)
    node.advance(DECIDE_EVERY_S + 1)
    assert bool(node.recorded) is kept


def test_an_undecided_part_is_deleted_once_it_is_old_and_its_period_is_reconciled():
    node = Node(undecided_s=3600)
    a_call(node, verdict=UNDECIDED)
    node.advance(3000)
    node.world.reconciled_us = T0_US + 10**12
    node.advance(300)
    assert len(node.world.disk.sealed) == 1, "it is not old enough"
    node.world.reconciled_us = 0
    node.advance(3600)
    assert len(node.world.disk.sealed) == 1, "its period is not reconciled"
    node.world.reconciled_us = T0_US + 10**12
    node.advance(DECIDE_EVERY_S + 1)
    assert not node.world.disk.sealed
    ((what, _, _, detail),) = node.world.trail.told
    assert (what, detail["calls"]) == ("screen_deleted", ["call-1"])


def test_a_part_that_was_refused_is_never_kept_by_a_contact():
    node = Node()
    contact_of(node, "call-1")
    a_call(node, verdict=DELETED)
    node.advance(DECIDE_EVERY_S + 1)
    assert node.recorded == {}
    assert not node.world.disk.sealed


def test_a_mask_that_is_heard_when_the_part_is_archived_still_takes_it_out_of_the_archive():
    node = Node()
    a_call(node, keys=(0, 8))
    ((old, _),) = node.recorded.items()
    node.legs(a_leg(0, 4, KEPT, masks=[(0.9, 1.0)]))
    assert archived(node) == [0, 1, 8, 9]
    (left,) = set(node.world.tables.forgotten)
    assert left == old
    assert f"screens/{old[:2]}/{old}.scn" not in node.world.archive_store.objects
    assert ("screen_masked", old) in [told[:2] for told in node.world.trail.told]
    assert not node.world.disk.sealed
    node.legs(a_leg(0, 4, KEPT, masks=[(0.9, 1.0)]))
    assert len(node.world.tables.parts) == 3


def test_a_part_that_is_masked_from_end_to_end_goes_altogether():
    node = Node()
    a_call(node)
    node.legs(a_leg(0, 4, KEPT, masks=[(-10, 10)]))
    assert archived(node) == []
    assert node.world.archive_store.objects == {}


def test_late_masks_wait_for_the_data_center():
    node = Node()
    a_call(node, keys=(0, 8))
    node.db.faults.down = True
    node.legs(a_leg(0, 4, KEPT, masks=[(0.9, 1.0)]))
    node.db.faults.down = False
    assert archived(node) == list(range(10))
    node.advance(DECIDE_EVERY_S + 5)
    assert archived(node) == [0, 1, 8, 9]


def test_the_parts_of_the_other_node_are_its_own_to_mask():
    node = Node()
    a_call(node, keys=(0, 8))
    other = Node(node.world, name="beta")
    other.legs(a_leg(0, 4, KEPT, masks=[(0.9, 1.0)]))
    assert archived(other) == list(range(10))


@pytest.mark.parametrize("count", range(1, 30))
def test_a_crash_while_an_archived_part_is_masked_is_healed_by_the_next_life(count):
    world, masked = World(), a_leg(0, 4, KEPT, masks=[(0.9, 1.0)])
    a_call(Node(world), keys=(0, 8))
    trap = CrashAt(count)
    node = Node(world, trap=trap)
    node.db.faults.on_done = node.archive.faults.on_done = trap
    with suppress(Crash):
        node.legs(masked)
    again = Node(world)
    again.legs(masked)
    again.advance(DECIDE_EVERY_S + 5)
    assert archived(again) == [0, 1, 8, 9]
    assert not world.disk.sealed
    listed = {part.object_key for part in again.db.parts([AGENT], ALWAYS)}
    assert set(world.archive_store.objects) == listed
