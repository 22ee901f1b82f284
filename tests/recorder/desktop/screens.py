"""Screens and encoders for tests: no display, no codec."""

import zlib

import numpy as np

from recorder.desktop.encoder import EncoderFailed
from recorder.desktop.pictures import Picture, ScreenAway


class PaintedScreens:
    """Shows `shade` on a screen of one size; counts grabs."""

    def __init__(self, width=16, height=8):
        self.shape = (height, width)
        self.shade = 0
        self.away = False
        self.grabs = 0

    def grab(self):
        self.grabs += 1
        if self.away:
            raise ScreenAway("nobody is logged in")
        return Picture(np.full((*self.shape, 4), self.shade, np.uint8))

    def size(self):
        if self.away:
            raise ScreenAway("nobody is logged in")
        return self.shape[1], self.shape[0]

    def close(self):
        pass


class EveryFrameAnother(PaintedScreens):
    def grab(self):
        self.shade = (self.shade + 1) % 256
        return super().grab()


class Noise(PaintedScreens):
    """Another picture each time, of which no two pixels are the same."""

    def grab(self):
        super().grab()
        made = np.random.default_rng(self.grabs).integers(0, 256, (*self.shape, 4))
        return Picture(made.astype(np.uint8))


class PackingEncoder:
    """A packet is the picture, packed: the more there is to see, the larger."""

    def __init__(self, *_made_for):
        self.pts = []

    def encode(self, picture, pts_ms, *, key):
        assert not self.pts or pts_ms > self.pts[-1], "time goes on"
        is_key = key or not self.pts
        self.pts.append(pts_ms)
        return is_key, zlib.compress(picture.pixels.tobytes())


class PlainEncoder:
    """A packet is a few bytes that say what was seen."""

    def __init__(self, width, height, fps):
        self.made_for = (width, height, fps)
        self.frames = 0
        self.broken = False

    def encode(self, picture, pts_ms, *, key):  # noqa: ARG002 - as an encoder has it
        if self.broken:
            raise EncoderFailed("out of order")
        self.frames += 1
        is_key = key or self.frames == 1
        return is_key, bytes([picture.pixels[0, 0, 0]]) * (300 if is_key else 30)
