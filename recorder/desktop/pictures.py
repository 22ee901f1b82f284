"""Pictures of a screen as they are grabbed, and when two are the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from recorder.errors import RecorderError

Pixels: TypeAlias = npt.NDArray[np.uint8]
"""Height, width, and blue, green, red and one unused byte."""

_WORD_BYTES = 8


class ScreenAway(RecorderError):
    """Raised when there is no screen to grab: nobody is logged in, or access is refused."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """What was on the screen at one moment."""

    pixels: Pixels

    @property
    def width(self) -> int:
        """In pixels."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """In pixels."""
        return int(self.pixels.shape[0])


class Screens(Protocol):
    """Where pictures come from. One thread."""

    def grab(self) -> Picture:
        """The screen as it is now; its size may differ from that before. Raises ScreenAway."""
        ...

    def size(self) -> tuple[int, int]:
        """Width and height of what `grab` would show now; nothing is grabbed. Raises ScreenAway."""
        ...

    def close(self) -> None:
        """Let go of the display; `grab` may open it again."""
        ...


def coarser(picture: Picture, pixels: int) -> Picture:
    """Of the same size, but squares of so many pixels a side have one colour: it takes far fewer bytes."""
    few = picture.pixels[::pixels, ::pixels]
    whole = few.repeat(pixels, axis=0).repeat(pixels, axis=1)
    return Picture(np.ascontiguousarray(whole[: picture.height, : picture.width]))


def within(picture: Picture, side_max: int) -> Picture:
    """As it is, or with every second, third … pixel alone where a side is longer."""
    step = -(-max(picture.width, picture.height) // side_max)
    return picture if step <= 1 else Picture(np.ascontiguousarray(picture.pixels[::step, ::step]))


def is_same(one: Picture, other: Picture) -> bool:
    """Whether both show the same. Costs a quarter of a millisecond for a full-HD screen."""
    a, b = one.pixels, other.pixels
    if a.shape != b.shape:
        return False
    if not (a.flags.c_contiguous and b.flags.c_contiguous) or a.nbytes % _WORD_BYTES:
        return bool(np.array_equal(a, b))
    return bool((a.reshape(-1).view(np.uint64) == b.reshape(-1).view(np.uint64)).all())
