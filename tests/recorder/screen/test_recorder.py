"""The screen recorder follows the agent: starts, stops, deletes, keeps, archives."""

import pytest

from recorder.model import Window
from recorder.scn.messages import (
    ClockTold,
    MaskScreen,
    NeedKeyFrame,
    Refused,
    StartScreen,
    StopScreen,
    StreamBegan,
    StreamEnded,
    Welcome,
)
from recorder.scn.model import Verdict
from recorder.scn.webm import ScnReader
from tests.recorder.screen.screen_node import AGENT, Desktop, Node, World
from tests.screens import T0_US, a_leg, a_stream, packets

UNDECIDED, KEPT, DELETED = Verdict.UNDECIDED, Verdict.KEPT, Verdict.DELETED
ALWAYS = Window(0, 2**62)


@pytest.fixture
def node():
    return Node()


@pytest.fixture
def desktop(node):
    return Desktop(node).connect()


def play(desktop, count, *, first=0, keys=(0,)):
    """Packets as they come: five a second."""
    for packet in packets(count, first=first, keys=keys):
        desktop.send([packet])
        desktop.node.advance(0.2)


def ring(node, desktop, *, seconds=0.0):
    """A call rings, and the desktop begins to record."""
    node.legs(a_leg(seconds, None, UNDECIDED))
    desktop.begin()


def archived_packets(node):
    """Of all parts on record, in order of stream and part."""
    found = []
    for part in node.db.parts([AGENT], ALWAYS):
        with node.archive.open(part.object_key) as file:
            found += list(ScnReader(file).packets())
    return found


def test_a_desktop_is_welcomed_and_told_nothing_while_nothing_is_known(desktop):
    assert desktop.heard == [Welcome("alpha", None, 1.0)]
    assert desktop.node.status.desktops[0].desktop == "d-1"


def test_recording_starts_when_a_call_rings_and_stops_when_its_leg_ends(node, desktop):
    node.legs(a_leg(0, None, UNDECIDED))
    assert desktop.heard_of(StartScreen) == [StartScreen(5.0)]
    desktop.begin()
    node.legs(a_leg(0, None, KEPT))
    assert not desktop.heard_of(StopScreen)
    node.legs(a_leg(0, 5, KEPT))
    assert desktop.heard_of(StopScreen) == [StopScreen()]
    assert len(desktop.heard_of(StartScreen)) == 1


def test_a_desktop_that_comes_while_a_call_goes_on_is_started_at_once(node):
    node.legs(a_leg(0, None, KEPT))
    assert Desktop(node).connect().heard_of(StartScreen)


def test_packets_are_in_a_file_at_once_and_acknowledged(node, desktop):
    ring(node, desktop)
    play(desktop, 5)
    (part,) = node.parts.values()
    assert desktop.kept == {"s-1": 4}
    assert len(node.world.disk.opened[part.key]) > 5 * 40


def test_a_refused_call_leaves_nothing_at_once(node, desktop):
    ring(node, desktop)
    play(desktop, 10)
    assert node.world.disk.opened
    node.legs(a_leg(0, 2, DELETED))
    assert not node.world.disk.opened
    play(desktop, 3, first=10)
    desktop.end(12)
    assert desktop.kept == {"s-1": 12}
    assert not node.world.disk.opened
    assert not node.world.disk.sealed
    assert (node.recorded, node.status.deleted) == ({}, 1)


def test_an_answered_call_is_archived_whole_once_its_part_is_sealed(node, desktop):
    ring(node, desktop)
    play(desktop, 10)
    node.legs(a_leg(0, None, KEPT))
    assert node.world.disk.kept
    play(desktop, 10, first=10)
    node.legs(a_leg(0, 4, KEPT))
    desktop.end(19)
    (part,) = node.recorded.values()
    assert (part.seq_first, part.seq_last, part.node) == (0, 19, "alpha")
    assert part.object_key == f"screens/{part.part_key[:2]}/{part.part_key}.scn"
    assert archived_packets(node) == list(packets(20))
    assert not node.world.disk.sealed
    assert not node.world.disk.kept
    assert node.status.archived == 1


def test_parts_are_placed_on_the_nodes_clock_with_what_was_measured(node):
    desktop = Desktop(node, ahead_us=3_600_000_000).connect()
    ring(node, desktop)
    play(desktop, 6)
    node.legs(a_leg(0, 1, KEPT))
    desktop.end(5)
    (part,) = node.recorded.values()
    assert abs(part.offset.ahead_us - 3_600_000_000) <= part.offset.error_us < 1000
    assert abs(part.from_us - T0_US) < 5000
    assert abs(part.to_us - part.from_us - 1_000_000) < 10


def test_frames_wait_until_the_desktops_clock_is_known(node):
    desktop = Desktop(node, answers=False).connect()
    node.legs(a_leg(0, None, KEPT))
    desktop.begin()
    desktop.send(packets(3))
    assert not node.parts
    desktop.say(ClockTold(1, desktop.now_us() + 50_000_000))
    (part,) = node.parts.values()
    assert abs(part.offset.ahead_us - 50_000_000) <= part.offset.error_us


def test_frames_do_not_wait_long_for_a_clock_that_nobody_tells(node):
    desktop = Desktop(node, answers=False).connect()
    node.legs(a_leg(0, None, KEPT))
    desktop.begin()
    desktop.send(packets(3))
    node.advance(3)
    assert desktop.kept == {"s-1": 2}


def test_another_call_begins_another_part_so_that_each_may_go_its_own_way(node, desktop):
    ring(node, desktop)
    play(desktop, 5)
    rang = a_leg(0, None, UNDECIDED)
    node.legs(rang, a_leg(1.0, None, UNDECIDED, call="call-2"))
    assert len(desktop.heard_of(NeedKeyFrame)) == 1
    play(desktop, 5, first=5, keys=(6,))
    assert len(node.parts) == 2
    refused = a_leg(0, 2.0, DELETED)
    node.legs(refused, a_leg(1.0, None, KEPT, call="call-2"))
    node.legs(refused, a_leg(1.0, 3, KEPT, call="call-2"))
    desktop.end(9)
    assert [one.seq for one in archived_packets(node)] == [6, 7, 8, 9]


def test_a_refused_call_during_an_answered_one_deletes_nothing_of_it(node, desktop):
    ring(node, desktop)
    play(desktop, 5)
    node.legs(a_leg(0, None, KEPT), a_leg(1.0, None, UNDECIDED, call="call-2"))
    play(desktop, 5, first=5, keys=(6,))
    node.legs(a_leg(0, None, KEPT), a_leg(1.0, 2.0, DELETED, call="call-2"))
    assert not desktop.heard_of(StopScreen)
    node.legs(a_leg(0, 3.0, KEPT), a_leg(1.0, 2.0, DELETED, call="call-2"))
    desktop.end(9)
    assert [one.seq for one in archived_packets(node)] == list(range(10))


def test_nothing_that_a_node_knows_nothing_of_stops_or_is_deleted(node):
    desktop = Desktop(node)
    stream = desktop.stream = a_stream()
    desktop.connect(streaming=stream)
    desktop.begin(stream)
    play(desktop, 5)
    node.legs(agent="dyn/other")
    for _ in range(30):
        node.advance(1)
        desktop._answer()
    assert desktop.heard_of(StopScreen) == []
    assert len(node.world.disk.opened) == 1


def test_a_stream_of_which_nobody_ever_knows_anything_is_stopped_in_the_end():
    node = Node(leg_max_s=60)
    desktop = Desktop(node)
    stream = desktop.stream = a_stream()
    desktop.connect(streaming=stream)
    play(desktop, 5)
    for _ in range(61):
        node.advance(1)
        desktop._answer()
    assert desktop.heard_of(StopScreen)


def test_a_desktop_that_comes_back_goes_on_where_it_was(node, desktop):
    ring(node, desktop)
    play(desktop, 5)
    desktop.vanish()
    node.advance(3)
    desktop.connect(streaming=desktop.stream)
    assert desktop.welcome.next_seq == 5
    desktop.begin(desktop.stream)
    play(desktop, 5, first=5)
    assert len(node.parts) == 1
    node.legs(a_leg(0, 3, KEPT))
    desktop.end(9)
    assert [one.seq for one in archived_packets(node)] == list(range(10))


def test_a_desktop_that_stays_away_finds_its_part_sealed_and_begins_at_a_key_frame(node, desktop):
    ring(node, desktop)
    play(desktop, 5)
    node.legs(a_leg(0, None, KEPT))
    desktop.vanish()
    node.advance(15)
    assert len(node.recorded) == 1
    desktop.connect(streaming=desktop.stream)
    assert desktop.welcome.next_seq is None
    desktop.begin(desktop.stream)
    play(desktop, 8, first=0)
    node.legs(a_leg(0, 60, KEPT))
    desktop.end(7)
    assert sorted(one.seq for one in archived_packets(node)) == [
        0,
        0,
        1,
        1,
        2,
        2,
        3,
        3,
        4,
        4,
        5,
        6,
        7,
    ]


def test_the_other_node_takes_over_and_together_nothing_is_missing():
    world = World()
    alpha = Node(world)
    desktop = Desktop(alpha).connect()
    ring(alpha, desktop)
    play(desktop, 7)
    beta = Node(World(), name="beta")
    beta.legs(a_leg(0, None, KEPT))
    desktop.connect(beta, streaming=desktop.stream)
    desktop.begin(desktop.stream)
    play(desktop, 9, first=0)
    beta.legs(a_leg(0, 4, KEPT))
    desktop.end(8)
    again = Node(world)
    again.legs(a_leg(0, 4, KEPT))
    of_alpha, of_beta = archived_packets(again), archived_packets(beta)
    assert [one.seq for one in of_alpha] == list(range(7))
    assert [one.seq for one in of_beta] == list(range(9))


def test_a_desktop_with_several_agent_keys_follows_each_of_them(node):
    desktop = Desktop(node, agents=("dyn/ag-1", "zoom/7")).connect()
    node.legs(a_leg(0, None, KEPT), agent="zoom/7")
    assert desktop.heard_of(StartScreen)
    node.legs(a_leg(0, 3, KEPT, call="other"), agent="dyn/ag-1")
    assert not desktop.heard_of(StopScreen)
    desktop.begin()
    play(desktop, 5)
    node.legs(a_leg(0, 3, KEPT), agent="zoom/7")
    assert desktop.heard_of(StopScreen)


def test_of_two_desktops_of_one_agent_the_newer_one_records_and_it_is_told(node, desktop):
    ring(node, desktop)
    other = Desktop(node, "d-2").connect()
    assert desktop.heard_of(StopScreen)
    assert other.heard_of(StartScreen)
    node.advance(1.1)
    assert "two_desktops" in node.open_findings()
    other.vanish()
    node.advance(1.1)
    assert "two_desktops" not in node.open_findings()
    desktop.end()
    assert len(desktop.heard_of(StartScreen)) == 2


def test_a_desktop_that_connects_again_takes_the_place_of_its_old_connection(node, desktop):
    old = desktop.connection
    desktop.connect()
    assert old not in [one.connection for one in node.actor._reception.desktops.all()]
    assert "two_desktops" not in node.open_findings()


def test_a_codec_that_cannot_be_kept_is_refused_in_words(node):
    desktop = Desktop(node).connect(streaming=a_stream(codec="av1"))
    (refused,) = desktop.heard_of(Refused)
    assert "av1" in refused.what
    assert desktop.closed
    again = Desktop(node, "d-2").connect()
    again.say(StreamBegan(a_stream(codec="h264")))
    assert again.closed


def test_a_silent_desktop_is_hung_up_on(node):
    desktop = Desktop(node, answers=False).connect()
    node.advance(12)
    assert "silent" in desktop.closed
    assert node.status.desktops == ()


def test_packets_of_a_stream_that_was_not_announced_end_the_connection(desktop):
    desktop.stream = a_stream("unknown")
    desktop.send(packets(1))
    assert "not announced" in desktop.closed


def test_nobody_takes_up_or_ends_a_stream_that_another_desktop_sends(node, desktop):
    ring(node, desktop)
    play(desktop, 3)
    stranger = Desktop(node, "d-2", agents=("dyn/ag-2",)).connect()
    stranger.say(StreamEnded("s-1", 0, "stopped"))
    assert node.status.open == 1
    stranger.say(StreamBegan(desktop.stream))
    assert "another desktop" in stranger.closed
    stranger.connect(streaming=desktop.stream)
    assert "another desktop" in stranger.closed
    play(desktop, 3, first=3)
    assert desktop.closed is None
    node.legs(a_leg(0, 2, KEPT))
    desktop.end(5)
    assert [one.seq for one in archived_packets(node)] == [*range(6)]


def test_an_agent_whose_desktop_does_not_begin_is_told_and_the_desktop_is_told_again(node, desktop):
    node.legs(a_leg(0, None, KEPT))
    for _ in range(20):
        node.advance(1)
        desktop._answer()
    assert "screen_lost" in node.open_findings()
    assert len(desktop.heard_of(StartScreen)) == 3
    desktop.begin()
    node.advance(1.1)
    assert "screen_lost" not in node.open_findings()


def test_a_mask_is_passed_on_and_what_comes_during_it_is_not_written(node, desktop):
    ring(node, desktop)
    play(desktop, 5)
    node.legs(a_leg(0, None, KEPT, masks=[(1.0, None)]))
    assert desktop.heard_of(MaskScreen)[-1] == MaskScreen(on=True)
    play(desktop, 5, first=5)
    node.legs(a_leg(0, None, KEPT, masks=[(1.0, 2.0)]))
    assert desktop.heard_of(MaskScreen)[-1] == MaskScreen(on=False)
    play(desktop, 15, first=10, keys=(11, 16))
    node.legs(a_leg(0, 5, KEPT, masks=[(1.0, 2.0)]))
    desktop.end(24)
    seqs = [one.seq for one in archived_packets(node)]
    assert all(not 0.5 <= seq * 0.2 < 2.5 for seq in seqs)
    assert {16, 24} <= set(seqs)
    assert desktop.kept == {"s-1": 24}


def test_a_mask_that_is_heard_late_is_cut_out_of_what_was_written(node, desktop):
    ring(node, desktop)
    play(desktop, 30, keys=(0, 10, 20))
    masked = a_leg(0, None, KEPT, masks=[(2.6, 3.0)])
    node.legs(masked)
    node.legs(a_leg(0, 6, KEPT, masks=[(2.6, 3.0)]))
    desktop.end(29)
    assert [one.seq for one in archived_packets(node)] == [*range(11), *range(20, 30)]
    assert node.status.masked == 1
    assert not node.world.disk.sealed


def test_an_undecided_part_waits_and_is_kept_when_a_late_event_says_so(node, desktop):
    ring(node, desktop)
    play(desktop, 5)
    node.legs(a_leg(0, 1, UNDECIDED))
    desktop.end(4)
    node.advance(600)
    assert len(node.world.disk.sealed) == 1
    assert node.status.undecided == 1
    node.legs(a_leg(0, 1, KEPT))
    assert len(node.recorded) == 1
