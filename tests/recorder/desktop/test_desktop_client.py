import threading

import pytest

from cluster.adapters.real_clock import RealClock
from recorder.desktop.spool import Spool
from recorder.scn.messages import (
    AskClock,
    ClockTold,
    DesktopHello,
    MaskScreen,
    NeedKeyFrame,
    Refused,
    StartScreen,
    StopScreen,
    StreamBegan,
    StreamEnded,
)
from recorder.scn.model import ScreenPacket
from recorder.scn.wire import PACKET_BYTES_MAX
from tests.recorder.desktop.desktop import Desktop
from tests.recorder.desktop.fake_node import FakeNode
from tests.recorder.desktop.screens import EveryFrameAnother, PaintedScreens
from tests.screens import a_stream
from tests.waiting import holds_for, wait_until


@pytest.fixture
def nodes():
    made = [FakeNode("alpha"), FakeNode("beta")]
    yield made
    for node in made:
        node.stop()


@pytest.fixture
def make_desktop(tmp_path, nodes):
    made = []

    def make(screens=None, urls=None, **more):
        urls = urls or [node.url for node in nodes]
        made.append(Desktop(tmp_path / "spool", urls, screens or EveryFrameAnother(), **more))
        return made[-1]

    yield make
    for one in made:
        if not one.loop.is_closed():
            one.close()


def test_desktop_registers_with_the_first_node_and_nothing_else_happens(nodes, make_desktop):
    make_desktop(token="s3cret")
    hello = nodes[0].wait_for(DesktopHello)[0]
    assert (hello.desktop, hello.agents, hello.streaming) == ("desk-1", ("dynamics/anna",), None)
    assert nodes[0].headers[0]["authorization"] == "Bearer s3cret"
    assert not nodes[1].headers


def test_start_brings_frames_and_stop_a_last_one_and_the_end(nodes, make_desktop):
    desktop = make_desktop()
    nodes[0].wait_for(DesktopHello)
    nodes[0].tell(StartScreen(10.0))
    stream = nodes[0].wait_for(StreamBegan)[0].stream
    wait_until(lambda: len(nodes[0].packets()) >= 4, 20, "frames")
    nodes[0].tell(StopScreen())
    end = nodes[0].wait_for_end()
    assert (end.stream, end.reason) == (stream.stream, "stopped")
    got = nodes[0].packets()
    assert got == desktop.kept
    assert sorted(seq for _, seq in got) == list(range(end.seq_last + 1))
    wait_until(lambda: not desktop.spool.streams(), 20, "nothing is left")


def test_clock_is_told_at_once(nodes, make_desktop):
    make_desktop()
    nodes[0].wait_for(DesktopHello)
    nodes[0].tell(AskClock(7))
    told = nodes[0].wait_for(ClockTold)[0]
    assert told.number == 7
    assert abs(told.desktop_us - RealClock().wall_us()) < 2_000_000


def test_key_frame_comes_at_once_from_a_screen_that_does_not_change(nodes, make_desktop):
    make_desktop(PaintedScreens())
    nodes[0].wait_for(DesktopHello)
    nodes[0].tell(StartScreen(10.0))
    wait_until(lambda: len(nodes[0].packets()) == 1, 20, "one frame of a still screen")
    nodes[0].tell(NeedKeyFrame())
    wait_until(lambda: len(nodes[0].packets()) == 2, 20, "the key frame that was asked for")
    assert all(packet.is_key for packet in nodes[0].packets().values())


def test_masked_screen_is_not_even_looked_at(nodes, make_desktop):
    screens = EveryFrameAnother()
    make_desktop(screens)
    nodes[0].wait_for(DesktopHello)
    nodes[0].tell(MaskScreen(on=True), StartScreen(10.0))
    holds_for(0.5, lambda: not nodes[0].packets(), "nothing is seen")
    assert screens.grabs == 0
    nodes[0].tell(MaskScreen(on=False))
    wait_until(nodes[0].packets, 20, "frames again")
    assert min(nodes[0].packets().items())[1].is_key


def stop_both(nodes):
    """The one that nobody is connected to first: no desktop comes to it in between."""
    for node in reversed(nodes):
        node.stop()


def joined(*nodes):
    found = {}
    for node in nodes:
        found.update(node.packets())
    return found


def test_desktop_goes_to_the_other_node_and_no_frame_is_missing(nodes, make_desktop):
    desktop = make_desktop()
    nodes[0].wait_for(DesktopHello)
    nodes[0].tell(StartScreen(10.0))
    wait_until(lambda: len(nodes[0].packets()) >= 5, 20, "frames")
    nodes[0].stop()
    hello = nodes[1].wait_for(DesktopHello)[0]
    assert hello.streaming is not None
    assert hello.life == nodes[0].heard(DesktopHello)[0].life != ""
    assert nodes[1].wait_for(StreamBegan)[0].stream == hello.streaming
    wait_until(lambda: len(nodes[1].packets()) >= 5, 20, "frames at the other node")
    assert min(nodes[1].packets().items())[1].is_key
    nodes[1].tell(StopScreen())
    nodes[1].wait_for_end()
    assert joined(*nodes) == desktop.kept


def test_silent_node_is_left(nodes, make_desktop):
    nodes[0].keep_alive_s = 0.3
    desktop = make_desktop()
    nodes[0].wait_for(DesktopHello)
    stuck = threading.Event()
    nodes[0]._loop.call_soon_threadsafe(stuck.wait, 30)
    try:
        nodes[1].wait_for(DesktopHello, timeout_s=20)
    finally:
        stuck.set()
    wait_until(lambda: desktop.board._node.startswith("beta"), 20, "it is said")


def test_nothing_is_lost_while_both_nodes_are_away(nodes, make_desktop):
    desktop = make_desktop()
    nodes[0].wait_for(DesktopHello)
    nodes[0].tell(StartScreen(10.0))
    wait_until(lambda: len(nodes[0].packets()) >= 3, 20, "frames")
    stop_both(nodes)
    before = len(desktop.kept)
    wait_until(lambda: len(desktop.kept) > before + 10, 20, "frames meanwhile")
    facts = desktop.spool.facts()
    assert facts.memory_bytes == 0
    assert facts.disk_bytes > 0
    nodes[1].start()
    nodes[1].wait_for(DesktopHello)
    nodes[1].tell(StopScreen())
    nodes[1].wait_for_end()
    assert joined(*nodes) == desktop.kept
    wait_until(lambda: not desktop.spool.streams(), 20, "nothing is left")


def test_frames_of_an_earlier_run_are_delivered_by_the_next(nodes, make_desktop):
    first = make_desktop()
    nodes[0].wait_for(DesktopHello)
    nodes[0].tell(StartScreen(10.0))
    wait_until(lambda: len(nodes[0].packets()) >= 3, 20, "frames")
    stop_both(nodes)
    before = len(first.kept)
    wait_until(lambda: len(first.kept) > before + 5, 20, "frames meanwhile")
    first.close()
    nodes[1].start()
    second = make_desktop()
    end = nodes[1].wait_for_end()
    assert end.reason == "restarted"
    assert end.seq_last == max(seq for _, seq in first.kept)
    assert joined(*nodes) == first.kept
    assert nodes[1].heard(DesktopHello)[0].streaming is None
    wait_until(lambda: not second.spool.streams(), 20, "nothing is left")


def test_refused_desktop_says_why_and_waits_as_long_as_it_was_told(nodes, make_desktop, capfd):
    nodes[0].answer = Refused("desk-1 is registered twice", "give each its own id", 60.0)
    nodes[1].status = 401
    desktop = make_desktop(token="s3cret")
    wait_until(lambda: len(nodes[1].headers) >= 3, 20, "the other one is tried again and again")
    assert len(nodes[0].heard(DesktopHello)) == 1
    assert "The token is refused. (401)" in desktop.board._trouble
    assert "s3cret" not in "".join(capfd.readouterr())


def test_end_of_the_service_is_told_to_the_node(nodes, make_desktop):
    desktop = make_desktop()
    nodes[0].wait_for(DesktopHello)
    nodes[0].tell(StartScreen(10.0))
    wait_until(lambda: len(nodes[0].packets()) >= 2, 20, "frames")
    desktop.close()
    end = nodes[0].heard(StreamEnded)[-1]
    assert end.reason == "stopped: the service ends"
    assert nodes[0].packets() == desktop.kept
    assert not desktop.spool.streams()


def test_capture_ends_when_no_node_was_there_for_too_long(nodes, make_desktop):
    desktop = make_desktop(unattended_s=0.5)
    nodes[0].wait_for(DesktopHello)
    nodes[0].tell(StartScreen(10.0))
    wait_until(lambda: len(nodes[0].packets()) >= 2, 20, "frames")
    stop_both(nodes)
    wait_until(lambda: not desktop.studio.facts().stream, 20, "the camera is off")
    assert desktop.spool.streams()[0].ended == "stopped: no node was there to end it"


def test_a_frame_in_the_spool_that_no_node_takes_does_not_end_the_connection(
    nodes, make_desktop, tmp_path
):
    folder = tmp_path / "spool"
    folder.mkdir()
    nothing = lambda *_: None  # noqa: E731 - nobody to tell
    before = Spool(
        folder, bytes_max=2**26, memory_bytes_max=2**23, on_lost=nothing, on_trouble=nothing,
        on_news=nothing,
    )  # fmt: skip
    before.begin(a_stream("old"))
    for seq in range(3):
        size = PACKET_BYTES_MAX + 1 if seq == 2 else 10
        before.add("old", ScreenPacket(seq, seq * 200, seq == 0, bytes(size)))
    before.flush()
    desktop = make_desktop()
    nodes[0].wait_for_end()
    assert sorted(seq for _, seq in nodes[0].packets("old")) == [0, 1]
    assert [(one.first, one.last) for one in desktop.lost] == [(2, 2)]
    assert len(nodes[0].heard(DesktopHello)) == 1
    assert not nodes[1].heard(DesktopHello)
