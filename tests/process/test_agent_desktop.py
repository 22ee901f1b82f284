"""The real service on real displays (Xvfb), with nodes that do what the test says."""

import json
from contextlib import ExitStack
from fractions import Fraction

import av
import mss
import numpy as np
import pytest

from recorder.scn.messages import (
    DesktopHello,
    MaskScreen,
    StartScreen,
    StopScreen,
    StreamBegan,
    StreamEnded,
)
from sim.desk.desktop_process import DesktopProcess
from sim.desk.display import MISSING, Display, can_show
from sim.desk.office import Office
from sim.desk.window import Window
from tests.recorder.desktop.fake_node import FakeNode
from tests.waiting import wait_until

pytestmark = [pytest.mark.process, pytest.mark.skipif(not can_show(), reason=MISSING)]
SHARP_DB = 37.0
"""Above this nobody tells the picture from the screen."""


@pytest.fixture
def stack():
    with ExitStack() as opened:
        yield opened


@pytest.fixture
def node(stack):
    made = FakeNode("alpha", keep_alive_s=3.0)
    stack.callback(made.stop)
    return made


@pytest.fixture
def desk(stack, tmp_path, node):
    """A display with an office window on it, and the service that records it."""

    def make(name="desk-1", *, urls=None, width=800, height=480, seed=1, **more):
        display = stack.enter_context(Display(width, height))
        office = Office(stack.enter_context(Window(display.name, width, height)), seed)
        service = DesktopProcess(
            tmp_path, name, urls=urls or [node.url], display=display.name, token="s3cret",
            agents={"dynamics": name}, **more,
        )  # fmt: skip
        service.start()
        stack.callback(service.kill)
        return display, office, service

    return make


def seen_on(display):
    with mss.MSS(display=display.name, with_cursor=True) as screen:
        shot = screen.grab(screen.monitors[0])
    return np.frombuffer(shot.raw, np.uint8).reshape(shot.height, shot.width, 4)[:, :, 2::-1]


def last_picture(packets):
    """The last frame of a stream, decoded."""
    decoder = av.CodecContext.create("vp9", "r")
    frame = None
    for packet in packets:
        fed = av.Packet(packet.data)
        fed.pts, fed.time_base = packet.pts_ms, Fraction(1, 1000)
        for frame in decoder.decode(fed):  # noqa: B007 - the last one counts
            pass
    assert frame is not None
    return frame.to_ndarray(format="rgb24")


def psnr_db(one, other):
    # Luma: chroma has half the resolution by design.
    weights = np.array([0.299, 0.587, 0.114])
    difference = (one.astype(float) - other.astype(float)) @ weights
    return 10 * np.log10(255.0**2 / max(float((difference**2).mean()), 1e-9))


def stream_of(node, desktop):
    return next(one.stream for one in node.heard(StreamBegan) if one.stream.desktop == desktop)


def frames(node, stream):
    return [packet for _, packet in sorted(node.packets(stream.stream).items())]


def test_recorded_picture_is_the_screen_and_its_text_is_sharp(desk, node):
    display, office, service = desk()
    node.wait_for(DesktopHello, timeout_s=20)
    assert node.headers[0]["authorization"] == "Bearer s3cret"
    node.tell(StartScreen(10.0))
    node.wait_for(StreamBegan)
    for _ in range(60):
        office.step("typing")
    stream = stream_of(node, "desk-1")
    assert (stream.width, stream.height, stream.codec) == (800, 480, "vp9")
    wait_until(
        lambda: psnr_db(last_picture(frames(node, stream)), seen_on(display)) > SHARP_DB,
        10, "the last frame shows the screen", every_s=0.2,
    )  # fmt: skip
    quiet = len(frames(node, stream))
    view = {}

    def is_told():
        status, out, _ = service.ask("--status", "--json")
        view.update(json.loads(out))
        return status == 0 and view["recording"]

    wait_until(is_told, 10, "the status tells what goes on", every_s=0.2)
    assert (view["stream"], view["masked"]) == (stream.stream, False)
    assert view["frames"] <= quiet + 1, "a screen that does not change costs no frames"
    node.tell(StopScreen())
    end = node.wait_for_end()
    assert [packet.seq for packet in frames(node, stream)] == list(range(end.seq_last + 1))
    assert service.stop() == 0
    assert "s3cret" not in service.log.read_text()
    assert service.ask("--status")[0] == 3


def test_two_agents_are_recorded_at_once_each_its_own_screen(desk, node):
    desks = {name: desk(name, seed=seed) for seed, name in enumerate(("desk-1", "desk-2"))}
    node.wait_for(DesktopHello, 2, timeout_s=30)
    for connection in range(2):
        node.tell(StartScreen(5.0), to=connection)
    node.wait_for(StreamBegan, 2)
    for _, office, _ in desks.values():
        for _ in range(20):
            office.step("scrolling")
    for name, (display, _, _) in desks.items():
        stream = stream_of(node, name)
        wait_until(
            lambda stream=stream, display=display: (
                psnr_db(last_picture(frames(node, stream)), seen_on(display)) > SHARP_DB
            ),
            10, f"the screen of {name}", every_s=0.2,
        )  # fmt: skip
    pictures = [last_picture(frames(node, stream_of(node, name))) for name in desks]
    assert psnr_db(*pictures) < 30, "they are not the same"


def test_masked_screen_never_leaves_the_computer(desk, node):
    _, office, _ = desk()
    node.wait_for(DesktopHello, timeout_s=20)
    node.tell(StartScreen(10.0))
    wait_until(node.packets, 10, "frames")
    node.tell(MaskScreen(on=True))
    stream = stream_of(node, "desk-1")
    wait_until(
        lambda: len({len(frames(node, stream)) for _ in range(5) if not office.step("typing")}) == 1,
        10, "frames end", every_s=0.3,
    )  # fmt: skip
    secret = len(frames(node, stream))
    office._window.fill(0xFF0000, 0, 0, 800, 480)
    office._window.show()
    office._paint()
    node.tell(MaskScreen(on=False))
    wait_until(lambda: len(frames(node, stream)) > secret, 10, "frames again")
    after = frames(node, stream)[secret:]
    assert after[0].is_key
    red = np.array([255, 0, 0])
    assert np.abs(last_picture(after[:1]).astype(int) - red).mean() > 50


def test_outage_and_new_start_of_the_service_lose_nothing(desk, node):
    _, office, service = desk(spool={"unattended_max_s": 60.0})
    node.wait_for(DesktopHello, timeout_s=20)
    node.tell(StartScreen(10.0))
    wait_until(node.packets, 10, "frames")
    node.stop()

    def typed_and_kept():
        office.step("typing")
        return service.view().get("spool", {}).get("frames_waiting", 0) >= 8

    wait_until(typed_and_kept, 15, "frames wait on disk")
    assert service.ask("--status")[0] == 5
    service.kill()
    assert list(service.spool.glob("*.gop"))
    service.start()
    node.start()
    end = node.wait_for(StreamEnded, timeout_s=20)[-1]
    assert end.reason == "restarted"
    stream = stream_of(node, "desk-1")
    got = frames(node, stream)
    assert [packet.seq for packet in got] == list(range(end.seq_last + 1))
    last_picture(got)
    wait_until(lambda: not list(service.spool.glob("*.gop")), 10, "the spool is empty")


def test_check_tells_what_is_right_and_wrong(desk):
    _, _, service = desk()
    status, out, _ = service.ask("--check")
    assert status == 0, out
    assert "800x480" in out
    config = service.config.read_text()
    service.config.write_text(config.replace("display = ", 'display = ":9999" #'))
    status, out, _ = service.ask("--check", "--json")
    assert status == 1
    assert [one["what"] for one in json.loads(out)["checks"] if not one["good"]] == ["screen"]
    service.config.write_text(config + "colour = 1\n")
    status, _, errors = service.ask("--check")
    assert status == 2
    assert "spool.colour: unknown key" in errors


def test_second_service_with_the_same_spool_is_refused(desk):
    _, _, service = desk()
    wait_until(service.view, 20, "the first one runs")
    status, _, errors = service.ask()
    assert status == 2
    assert "in use by another process" in errors
