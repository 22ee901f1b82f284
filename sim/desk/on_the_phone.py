"""Somebody works at a desk and is on the phone: a bar in the window shows how loud the call is while it is heard.

`python -m sim.desk.on_the_phone --display :7`; each line on standard input is a `PhoneCall` as JSON. So a recorded
screen shows by itself whether sound and picture are in step. It ends with its standard input.
"""

from __future__ import annotations

import argparse
import io
import os
import select
import sys
from collections.abc import Sequence
from typing import Any, Final

import av
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from sim.bench.timing import now_ns
from sim.desk.office import Office
from sim.desk.window import Window
from sim.ucaas.clocks import wall_us

EVERY_MS: Final = 100
BAR_LEFT, BAR_TOP, BAR_HEIGHT = 600, 6, 28
BAR_COLOUR, HEAD_COLOUR = 0xFFC400, 0x1F4E79
RIGHT_PX: Final = 140
"""Kept free on the right: the clock of the office."""
_TEXT_LEFT, _BASELINE, _WHITE = 440, 25, 0xFFFFFF
_STEP_NS: Final = 50_000_000
_SCRIPT: Final = ("idle", "typing", "scrolling", "typing", "idle", "popup", "scrolling", "typing")
_PHASE_STEPS: Final = 100
_S: Final = 1_000_000


class PhoneCall(BaseModel):
    """A call that is heard from `begins_us` on."""

    begins_us: int
    levels: tuple[float, ...]
    """How loud each EVERY_MS of it is, 0 to 1."""

    def level(self, at_us: int) -> float | None:
        """How loud it is; None when it is not heard."""
        number = (at_us - self.begins_us) // (EVERY_MS * 1000)
        return self.levels[number] if 0 <= number < len(self.levels) else None


def levels_of(data: bytes) -> tuple[float, ...]:
    """How loud each EVERY_MS of a sound file is, against its loudest."""
    container: Any = av.open(io.BytesIO(data))
    with container:
        frames: list[NDArray[Any]] = [frame.to_ndarray() for frame in container.decode(audio=0)]
        rate_hz: int = container.streams.audio[0].rate
    samples = np.abs(np.concatenate(frames, axis=1)[0].astype(np.float64))
    each = rate_hz * EVERY_MS // 1000
    whole = samples[: len(samples) // each * each].reshape(-1, each).mean(axis=1)
    return tuple(round(float(one), 3) for one in whole / max(float(whole.max(initial=0)), 1e-9))


class Phone:
    """Draws the call of the moment into the head of an office's window."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._calls: list[PhoneCall] = []
        self._shown = ""

    def call(self, one: PhoneCall) -> None:
        """It is to be heard."""
        self._calls.append(one)

    def draw(self, at_us: int) -> None:
        """As it is at this instant."""
        window = self._window
        room = window.width - RIGHT_PX - BAR_LEFT
        self._calls = [one for one in self._calls if at_us < one.begins_us + _length_us(one)]
        heard = next((one for one in self._calls if one.level(at_us) is not None), None)
        seconds = 0 if heard is None else (at_us - heard.begins_us) // _S
        words = "" if heard is None else f"On the phone {seconds // 60}:{seconds % 60:02d}"
        if words != self._shown:
            window.fill(HEAD_COLOUR, _TEXT_LEFT, 4, BAR_LEFT - _TEXT_LEFT, 32)
            window.write(words, _TEXT_LEFT, _BASELINE, _WHITE)
            self._shown = words
        length = 0 if heard is None else round(room * (heard.level(at_us) or 0.0))
        window.fill(BAR_COLOUR, BAR_LEFT, BAR_TOP, length, BAR_HEIGHT)
        window.fill(HEAD_COLOUR, BAR_LEFT + length, BAR_TOP, room - length, BAR_HEIGHT)


def _length_us(one: PhoneCall) -> int:
    return len(one.levels) * EVERY_MS * 1000


def work(display: str, width: int, height: int, seed: int, told: int) -> None:
    """Work until `told`, a file descriptor with lines, ends."""
    rest = b""
    with Window(display, width, height) as window:
        office, phone = Office(window, seed), Phone(window)
        begun_ns, step = now_ns(), 0
        while True:
            wait_s = max(0.0, (begun_ns + (step + 1) * _STEP_NS - now_ns()) / 1e9)
            if select.select([told], [], [], wait_s)[0]:
                more = os.read(told, 65_536)
                if not more:
                    return
                *lines, rest = (rest + more).split(b"\n")
                for line in lines:
                    phone.call(PhoneCall.model_validate_json(line))
                continue
            step += 1
            office.step(_SCRIPT[step // _PHASE_STEPS % len(_SCRIPT)])
            if step % 2 == 0:
                phone.draw(wall_us())


def main(words: Sequence[str] | None = None) -> int:
    """The program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--display", required=True)
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--height", type=int, default=800)
    parser.add_argument("--seed", type=int, default=1)
    given: Any = parser.parse_args(words)
    work(given.display, given.width, given.height, given.seed, sys.stdin.fileno())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
