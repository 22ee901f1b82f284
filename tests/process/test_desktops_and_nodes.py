"""Desktops and two real nodes: every frame of the desktop is in the archive, whatever becomes of the nodes."""

import signal

import pytest

from cluster.adapters.real_clock import RealClock
from recorder.desktop.encoder import Vp9Encoder
from sim.desk.desktop_process import DesktopProcess
from sim.desk.display import MISSING, Display, can_show
from sim.desk.office import Office
from sim.desk.recorded_pair import SOURCE, TOKEN, RecordedPair
from sim.desk.window import Window
from tests.process.world import LONG
from tests.recorder.desktop.desktop import Desktop
from tests.recorder.desktop.screens import EveryFrameAnother
from tests.waiting import wait_until

pytestmark = pytest.mark.process
INTERRUPTED_MAX_S = 3.0


def vp9(width, height, fps):
    return Vp9Encoder(width, height, frames_per_s=fps, quality=32)


@pytest.fixture
def pair(tmp_path):
    with RecordedPair(tmp_path / "pair", agents=["anna"]) as made:
        made.pair.start()
        yield made


@pytest.fixture
def make_desktop(tmp_path, pair):
    made = []

    def make(name="spool"):
        made.append(
            Desktop(
                tmp_path / name, pair.urls, EveryFrameAnother(160, 96), token=TOKEN, encoder=vp9,
                agents={SOURCE: "anna"}, key_every_s=60.0, connect_s=2.0,
            )
        )  # fmt: skip
        return made[-1]

    yield make
    for one in made:
        if not one.loop.is_closed():
            one.close()


def frames_of(desktop):
    return len(desktop.kept)


def wait_for_frames(desktop, more, timeout_s=15.0):
    wanted = frames_of(desktop) + more
    wait_until(lambda: frames_of(desktop) >= wanted, timeout_s, f"{more} more frames")


def wait_for_archive(pair, desktop, timeout_s=30.0):
    """Every frame of the desktop, bit for bit, and nothing else."""
    looked = {}

    def complete():
        looked["got"] = pair.archived()
        return looked["got"].keys() >= desktop.kept.keys()

    try:
        wait_until(complete, timeout_s, "every frame is in the archive", every_s=0.3)
    except AssertionError as error:
        missing = sorted(seq for _, seq in desktop.kept.keys() - looked["got"].keys())
        tails = "\n".join(f"--- {node.name}\n{node.tail(40)}" for node in pair.pair.nodes.values())
        raise AssertionError(f"{error}\nmissing: {missing}\n{tails}") from error
    assert looked["got"] == desktop.kept


def connected_to(desktop):
    return desktop.board._node.split(" ")[0]


def wait_for_node(desktop, *, other_than="", timeout_s=20.0):
    wait_until(
        lambda: connected_to(desktop) not in {"", other_than}, timeout_s, f"not at {other_than!r}"
    )
    return connected_to(desktop)


def test_node_that_is_killed_costs_no_frame_and_less_than_three_seconds(pair, make_desktop):
    desktop, clock = make_desktop(), RealClock()
    first = wait_for_node(desktop)
    wait_for_frames(desktop, 15)
    pair[first].signal(signal.SIGKILL)
    begun_ns = clock.monotonic_ns()
    second = wait_for_node(desktop, other_than=first)
    wait_until(lambda: pair.written(second), INTERRUPTED_MAX_S, f"{second} writes")
    assert clock.monotonic_ns() - begun_ns < INTERRUPTED_MAX_S * 1e9
    wait_for_frames(desktop, 10)
    pair[first].wait()
    pair[first].start()
    desktop.close()
    wait_for_archive(pair, desktop)
    assert not desktop.lost


def test_node_that_hangs_is_left_for_the_other(pair, make_desktop):
    desktop = make_desktop()
    first = wait_for_node(desktop)
    wait_for_frames(desktop, 5)
    pair[first].signal(signal.SIGSTOP)
    wait_for_node(desktop, other_than=first)
    wait_for_frames(desktop, 10)
    pair[first].signal(signal.SIGCONT)
    desktop.close()
    wait_for_archive(pair, desktop)


@pytest.mark.parametrize("away_s", [5.0, pytest.param(20.0, marks=LONG)])
def test_nothing_is_lost_while_both_nodes_are_away(pair, make_desktop, away_s):
    desktop = make_desktop()
    wait_for_frames(desktop, 10)
    for node in pair.pair.nodes.values():
        node.kill()
    clock, before = RealClock(), frames_of(desktop)
    away_ns = clock.monotonic_ns()
    wait_until(
        lambda: clock.monotonic_ns() - away_ns > away_s * 1e9, away_s + 10, "a while", every_s=0.5
    )
    assert frames_of(desktop) > before + 10, "capture goes on meanwhile"
    for node in pair.pair.nodes.values():
        node.start()
    wait_until(lambda: desktop.board._node, 20, "a node is back")
    wait_for_frames(desktop, 5)
    desktop.close()
    wait_for_archive(pair, desktop)
    assert not desktop.lost


@pytest.mark.skipif(not can_show(), reason=MISSING)
def test_parts_of_a_desktop_that_was_killed_are_sealed_and_archived(pair, tmp_path):
    """What reached a node before the desktop died plays up to its last frame."""
    with Display(320, 200) as display, Window(display.name, 320, 200) as window:
        office = Office(window)
        service = DesktopProcess(
            tmp_path / "desk", "desk-1", urls=pair.urls, display=display.name, token=TOKEN,
            agents={SOURCE: "anna"},
        )  # fmt: skip
        service.start()
        try:

            def has_frames():
                office.step("typing")
                return service.view().get("frames", 0) >= 10

            wait_until(has_frames, 20, "frames", every_s=0.05)
        finally:
            service.kill()
    wait_until(lambda: len(pair.archived()) >= 8, 30, "the part is archived", every_s=0.3)
    seqs = sorted(seq for _, seq in pair.archived())
    assert seqs == list(range(len(seqs)))
