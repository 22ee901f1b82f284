"""Grabbing and encoding a real display (Xvfb), within this process."""

import shutil
import subprocess

import numpy as np
import pytest

from cluster.adapters.real_clock import RealClock
from recorder.desktop.encoder import EncoderFailed, Vp9Encoder
from recorder.desktop.pictures import Picture, ScreenAway, is_same
from recorder.desktop.screens import MssScreens
from sim.desk.display import MISSING, Display, can_show
from sim.desk.window import Window
from tests.waiting import wait_until

needs_display = pytest.mark.skipif(not can_show(), reason=MISSING)


def screens_of(display, *, monitors="all", cursor=False):
    return MssScreens(monitors=monitors, cursor=cursor, display=display.name, clock=RealClock())


def picture(height=4, width=6, shade=0):
    return Picture(np.full((height, width, 4), shade, np.uint8))


def test_pictures_are_the_same_only_when_every_pixel_is():
    one, other = picture(), picture()
    assert is_same(one, other)
    other.pixels[3, 5, 0] = 1
    assert not is_same(one, other)
    assert not is_same(one, picture(6, 4))


@pytest.mark.parametrize("width", [1, 3, 5])
def test_pictures_of_an_odd_size_are_compared_too(width):
    one, other = picture(3, width), picture(3, width)
    assert is_same(one, other)
    other.pixels[2, width - 1, 2] = 9
    assert not is_same(one, other)


@pytest.mark.parametrize(("width", "height"), [(64, 48), (65, 47)])
def test_encoder_gives_one_packet_a_picture_and_key_frames_when_asked(width, height):
    encoder = Vp9Encoder(width, height, frames_per_s=5.0, quality=32)
    kinds = [
        encoder.encode(picture(height, width, shade), 200 * shade, key=shade in {0, 5})[0]
        for shade in range(8)
    ]
    assert kinds == [True, False, False, False, False, True, False, False]


def test_encoder_refuses_what_is_no_picture():
    encoder = Vp9Encoder(64, 48, frames_per_s=5.0, quality=32)
    with pytest.raises(EncoderFailed):
        encoder.encode(Picture(np.zeros((48, 64, 3), np.uint8)), 0, key=True)


@needs_display
def test_what_is_drawn_is_seen_and_what_is_still_is_the_same():
    with Display(320, 200) as display, Window(display.name, 320, 200) as window:
        screens = screens_of(display)
        window.fill(0x112233, 0, 0, 320, 200)
        window.show()
        first = screens.grab()
        assert (first.width, first.height) == screens.size() == (320, 200)
        assert first.pixels[100, 100, 2::-1].tolist() == [0x11, 0x22, 0x33]
        assert is_same(first, screens.grab())
        window.fill(0xFFFFFF, 319, 199, 1, 1)
        window.show()
        assert not is_same(first, screens.grab())
        screens.close()


def test_the_size_of_a_screen_that_is_away_is_told_as_such():
    screens = MssScreens(monitors="all", cursor=False, display=":9753", clock=RealClock())
    with pytest.raises(ScreenAway, match="cannot be seen"):
        screens.size()


@needs_display
def test_the_mouse_is_in_the_picture_when_it_is_wanted():
    with Display(320, 200) as display, Window(display.name, 320, 200) as window:
        window.fill(0xFFFFFF, 0, 0, 320, 200)
        window.point(50, 50)
        window.show()
        seen, hidden = screens_of(display, cursor=True).grab(), screens_of(display).grab()
        assert not is_same(seen, hidden)
        assert (hidden.pixels[:, :, :3] == 255).all()


@needs_display
def test_missing_monitor_and_missing_display_are_told_with_what_to_do():
    with Display(320, 200) as display:
        with pytest.raises(ScreenAway, match="no monitor 3, only 1") as refused:
            screens_of(display, monitors=3).grab()
        assert "screen.monitors" in refused.value.hint
        assert screens_of(display, monitors=1).grab().width == 320
    with pytest.raises(ScreenAway) as away:
        screens_of(display).grab()
    assert "DISPLAY" in away.value.hint


@needs_display
def test_display_that_goes_away_and_comes_back_is_seen_again():
    display = Display(320, 200)
    screens = screens_of(display)
    screens.grab()
    display.close()
    with pytest.raises(ScreenAway):
        screens.grab()
    number = display.name
    again = subprocess.Popen(
        ["Xvfb", number, "-screen", "0", "400x300x24", "-nolisten", "tcp"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip

    def is_back():
        try:
            return screens.grab().width == 400
        except ScreenAway:
            return False

    try:
        wait_until(is_back, 10, "the new display is seen", every_s=0.1)
    finally:
        again.terminate()
        again.wait()


@needs_display
@pytest.mark.skipif(shutil.which("xrandr") is None, reason="xrandr is not installed")
def test_screen_of_another_size_is_seen_in_that_size():
    with Display(320, 200) as display:
        screens = screens_of(display)
        assert screens.grab().width == 320
        subprocess.run(["xrandr", "-d", display.name, "--fb", "160x100"], check=False)

        def is_smaller():
            try:
                return screens.grab().width == 160
            except ScreenAway:
                return False

        if "160 x 100" not in subprocess.run(
            ["xrandr", "-d", display.name], check=False, capture_output=True, text=True
        ).stdout:  # fmt: skip
            pytest.skip("this Xvfb keeps its size")
        wait_until(is_smaller, 5, "the new size", every_s=0.1)
