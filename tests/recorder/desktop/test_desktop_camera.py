import pytest

from cluster.adapters.real_randomness import RealRandomness
from recorder.desktop import camera
from recorder.desktop.camera import Camera, Who
from recorder.desktop.desktop_clock import DesktopClock
from recorder.desktop.encoder import EncoderFailed
from recorder.desktop.pictures import ScreenAway
from recorder.desktop.settings import GROUP_BYTES_MAX
from tests.recorder.desktop.screens import (
    EveryFrameAnother,
    Noise,
    PackingEncoder,
    PaintedScreens,
    PlainEncoder,
)

NS = 1_000_000_000


class Hands:
    """A clock moved by hand."""

    def __init__(self):
        self.ns = 5 * NS
        self.calendar_us = 1_700_000_000_000_000

    def monotonic_ns(self):
        return self.ns

    def wall_us(self):
        return self.calendar_us


class Reel:
    def __init__(self):
        self.streams, self.frames, self.ends = [], [], []

    def begin(self, stream):
        self.streams.append(stream)

    def add(self, stream, packet):
        assert stream == self.streams[-1].stream
        self.frames.append(packet)

    def end(self, stream, reason):
        self.ends.append((stream, reason))


class Set:
    def __init__(self, screens, *, fps_max=10.0, key_every_s=60.0, make=PlainEncoder):
        self.make = make
        self.screens, self.clock, self.reel, self.encoders = screens, Hands(), Reel(), []
        self.camera = Camera(
            who=Who("desk-1", ("dynamics/anna",)),
            screens=screens,
            make_encoder=self._encoder,
            spool=self.reel,
            clock=self.clock,
            desktop_clock=DesktopClock(self.clock),
            randomness=RealRandomness(),
            frames_per_s_max=fps_max,
            key_every_s=key_every_s,
        )

    def _encoder(self, *made_for):
        self.encoders.append(self.make(*made_for))
        return self.encoders[-1]

    def run(self, seconds):
        end = self.clock.ns + round(seconds * NS)
        while (wait_s := self.camera.wait_s()) is not None:
            if self.clock.ns + round(wait_s * NS) > end:
                break
            self.clock.ns += round(wait_s * NS)
            self.camera.look()
        self.clock.ns = end

    @property
    def times(self):
        return [packet.pts_ms for packet in self.reel.frames]


def test_camera_does_nothing_until_it_is_told():
    one = Set(EveryFrameAnother())
    one.run(5)
    assert one.screens.grabs == 0
    assert one.camera.wait_s() is None


def test_frames_come_at_the_pace_asked_for_and_never_faster_than_allowed():
    one = Set(EveryFrameAnother(), fps_max=5.0)
    one.camera.film(10.0)
    one.run(2)
    assert one.times == list(range(0, 2001, 200))
    assert [packet.seq for packet in one.reel.frames] == list(range(11))


def test_same_picture_is_encoded_once():
    one = Set(PaintedScreens())
    one.camera.film(5.0)
    one.run(30)
    assert one.screens.grabs > 100
    assert len(one.reel.frames) == 1
    one.screens.shade = 9
    one.run(1)
    assert len(one.reel.frames) == 2
    assert one.times[1] >= 30_000


def test_last_frame_says_how_long_the_last_picture_was_there():
    one = Set(PaintedScreens())
    one.camera.film(5.0)
    one.run(30)
    one.camera.cut("stopped")
    assert one.times == [0, 30_000]
    assert one.reel.ends == [(one.reel.streams[0].stream, "stopped")]


def test_start_while_recording_and_stop_while_not_do_nothing():
    one = Set(PaintedScreens())
    one.camera.cut("stopped")
    one.camera.film(5.0)
    one.run(1)
    one.camera.film(5.0)
    one.run(1)
    one.camera.cut("stopped")
    one.camera.cut("stopped")
    assert (len(one.reel.streams), len(one.reel.ends)) == (1, 1)


def test_key_frames_come_after_a_time_and_after_many_bytes():
    one = Set(EveryFrameAnother(), key_every_s=10.0)
    one.camera.film(5.0)
    one.run(30)
    assert [p.pts_ms for p in one.reel.frames if p.is_key] == [0, 10_000, 20_000, 30_000]
    one.camera._now.group_bytes = GROUP_BYTES_MAX
    one.run(0.2)
    assert one.reel.frames[-1].is_key


def test_another_size_is_another_stream_that_begins_with_a_key_frame():
    one = Set(EveryFrameAnother(16, 8))
    one.camera.film(5.0)
    one.run(1)
    one.screens.shape = (20, 40)
    one.run(1)
    first, second = one.reel.streams
    assert (second.width, second.height) == (40, 20)
    assert one.reel.ends == [(first.stream, "restarted: another size")]
    begin = [packet for packet in one.reel.frames if packet.seq == 0]
    assert len(begin) == 2
    assert begin[1].is_key
    assert second.t0_us > first.t0_us


def test_nothing_is_grabbed_while_covered_and_the_picture_afterwards_stands_alone():
    one = Set(EveryFrameAnother())
    one.camera.film(5.0)
    one.run(1)
    grabs = one.screens.grabs
    one.camera.cover(on=True)
    one.run(10)
    assert one.screens.grabs == grabs
    one.camera.cover(on=False)
    one.run(0.1)
    assert one.reel.frames[-1].is_key
    assert one.times[-1] == 11_000


def test_stop_while_covered_shows_nothing_more():
    one = Set(EveryFrameAnother())
    one.camera.film(5.0)
    one.run(1)
    one.camera.cover(on=True)
    frames = len(one.reel.frames)
    one.run(5)
    one.camera.cut("stopped")
    assert len(one.reel.frames) == frames
    assert not one.camera.facts().covered


def test_what_is_covered_stays_so_when_recording_begins_again():
    """A node says it once: it does not know that somebody stopped in between."""
    one = Set(EveryFrameAnother())
    one.camera.film(5.0)
    one.camera.cover(on=True)
    one.camera.cut("stopped")
    one.camera.film(5.0)
    one.run(2)
    assert one.screens.grabs == 0
    assert one.camera.facts().covered
    one.camera.cover(on=False)
    one.run(1)
    assert one.screens.grabs > 0


def test_screen_that_is_away_is_tried_every_second_and_the_stream_goes_on():
    one = Set(EveryFrameAnother())
    one.camera.film(5.0)
    one.run(1)
    one.screens.away = True
    one.clock.ns += NS
    with pytest.raises(ScreenAway):
        one.camera.look()
    assert one.camera.facts().trouble == "nobody is logged in"
    assert one.camera.wait_s() == pytest.approx(1.0)
    one.screens.away = False
    one.run(2)
    assert len(one.reel.streams) == 1
    assert one.camera.facts().trouble == ""


def test_encoder_that_fails_ends_its_stream_and_another_begins():
    one = Set(EveryFrameAnother())
    one.camera.film(5.0)
    one.run(1)
    one.encoders[0].broken = True
    one.clock.ns += NS
    with pytest.raises(EncoderFailed):
        one.camera.look()
    one.run(2)
    assert [reason for _, reason in one.reel.ends] == ["failed: out of order"]
    assert len(one.reel.streams) == 2


def test_frame_times_stand_when_the_calendar_jumps():
    one = Set(EveryFrameAnother())
    one.camera.film(5.0)
    one.run(1)
    one.clock.calendar_us -= 3600 * 1_000_000
    one.run(1)
    one.camera.cut("stopped")
    one.camera.film(5.0)
    one.run(1)
    first, second = one.reel.streams
    assert second.t0_us - first.t0_us == 2_000_000
    assert one.times == sorted(one.times[:11]) + one.times[11:]


def test_what_a_first_picture_needs_is_made_ready_before_and_nothing_is_grabbed_for_it():
    one = Set(PaintedScreens())
    one.camera.prepare()
    one.camera.prepare()
    assert len(one.encoders) == 1
    assert one.screens.grabs == 0
    one.camera.film(10.0)
    one.run(0.1)
    assert [encoder.frames for encoder in one.encoders] == [1]
    one.camera.prepare()
    assert len(one.encoders) == 1, "not while it records"
    one.camera.cut("stopped")
    one.camera.prepare()
    assert len(one.encoders) == 2, "each stream has an encoder of its own"


def test_what_was_made_ready_for_another_screen_or_pace_is_not_used():
    one = Set(PaintedScreens(16, 8))
    one.camera.prepare()
    one.screens.shape = (16, 32)
    one.camera.film(10.0)
    one.run(0.1)
    assert [encoder.made_for[:2] for encoder in one.encoders] == [(16, 8), (32, 16)]
    one.camera.cut("stopped")
    one.camera.prepare()
    one.camera.film(2.0)
    one.run(0.1)
    one.camera.cut("stopped")
    one.camera.prepare()
    assert [encoder.made_for[2] for encoder in one.encoders[1:]] == [10.0, 10.0, 2.0, 2.0]
    assert [encoder.frames > 0 for encoder in one.encoders[1:]] == [True, False, True, False]


def test_a_screen_that_is_away_between_recordings_is_no_trouble():
    one = Set(PaintedScreens())
    one.screens.away = True
    with pytest.raises(ScreenAway):
        one.camera.prepare()
    one.screens.away = False
    one.camera.film(10.0)
    one.run(0.1)
    assert len(one.reel.frames) == 1
    assert not one.camera.facts().trouble


def test_a_picture_that_no_node_takes_is_recorded_coarser_and_the_stream_goes_on(monkeypatch):
    monkeypatch.setattr(camera, "PACKET_BYTES_MAX", 4_000)
    one = Set(Noise(64, 32), make=PackingEncoder)
    one.camera.film(5.0)
    one.run(2)
    one.camera.cut("stopped")
    assert len(one.reel.streams) == 1
    assert [reason for _, reason in one.reel.ends] == ["stopped"]
    assert [packet.seq for packet in one.reel.frames] == list(range(12))
    assert all(len(packet.data) <= 4_000 for packet in one.reel.frames)
    assert all(packet.is_key for packet in one.reel.frames), (
        "what is thrown away is built on by nothing"
    )
    assert one.times == sorted(set(one.times))
    assert one.camera.facts().coarse_frames == 12


def test_a_picture_that_is_small_enough_keeps_its_detail():
    one = Set(Noise(64, 32), make=PackingEncoder)
    one.camera.film(5.0)
    one.run(2)
    assert one.camera.facts().coarse_frames == 0
    assert len(one.reel.frames[0].data) > 64 * 32 * 3


def test_a_screen_with_a_side_that_no_node_takes_is_recorded_smaller(monkeypatch):
    monkeypatch.setattr(camera, "SIDE_MAX", 100)
    one = Set(EveryFrameAnother(250, 40))
    one.camera.film(5.0)
    one.run(1)
    (stream,) = one.reel.streams
    assert (stream.width, stream.height) == (84, 14)
    assert len(one.reel.frames) == 6
