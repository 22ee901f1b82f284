"""An agent's afternoon in a minute: reading, typing, scrolling, a chat, a pop-up, a clock, the mouse.

`python -m sim.desk.office --display :7 [--seconds 60] [--phase typing]`
"""

from __future__ import annotations

import argparse
import random  # noqa: TID251 - a drawn script, seeded
from dataclasses import dataclass

from sim.bench.timing import now_ns, pause
from sim.desk.window import CHAR_PX, LINE_PX, Window

PHASES = ("idle", "typing", "scrolling", "popup")
_STEP_S = 0.05
_PHASE_S = 5.0
_SCRIPT = ("idle", "typing", "scrolling", "typing", "idle", "popup", "scrolling", "typing")
_WHITE, _GREY, _BLUE, _INK, _YELLOW = 0xFFFFFF, 0xE4E7EB, 0x1F4E79, 0x20242A, 0xFFF4C2
_WORDS = [
    "customer",
    "order",
    "invoice",
    "delivery",
    "contract",
    "please",
    "refund",
    "account",
    "agreed",
    "number",
    "address",
    "tomorrow",
    "payment",
    "reference",
    "technician",
    "appointment",
    "because",
    "would",
    "like",
    "has",
    "been",
    "changed",
    "the",
    "and",
    "for",
    "with",
    "from",
    "this",
    "that",
    "was",
    "are",
    "not",
    "confirmed",
    "ticket",
    "priority",
    "answer",
    "warranty",
]
_ARTICLE_LINES_A_STEP = 0.4


@dataclass(frozen=True, slots=True)
class _Area:
    left: int
    top: int
    width: int
    height: int


class Office:
    """A window that `step` draws on, one twentieth of a second at a time. The same seed draws the same."""

    def __init__(self, window: Window, seed: int = 1) -> None:
        self._window = window
        self._chance = random.Random(seed)
        half = window.width // 2
        self._form = _Area(20, 60, half - 40, window.height - 360)
        self._article = _Area(half + 20, 60, half - 40, window.height - 120)
        self._chat = _Area(20, window.height - 280, half - 40, 220)
        self._typed = (0, 0)
        self._scrolled = 0.0
        self._popup = False
        self._steps = 0
        self._paint()

    def step(self, phase: str) -> None:
        """What one twentieth of a second brings."""
        self._steps += 1
        if self._steps % 20 == 0:
            self._clock()
        if (phase == "popup") != self._popup:
            self._popup = not self._popup
            self._paint_popup()
        match phase:
            case "typing" if self._steps % 3 == 0:
                self._type()
            case "scrolling":
                self._scroll()
            case _:
                pass
        if phase != "idle" and self._steps % 7 == 0:
            self._window.point(
                self._chance.randrange(self._window.width),
                self._chance.randrange(self._window.height),
            )
        self._window.show()

    def _paint(self) -> None:
        window = self._window
        window.fill(_GREY, 0, 0, window.width, window.height)
        window.fill(_BLUE, 0, 0, window.width, 40)
        window.write("Agent desktop   Customers   Orders   Tickets   Knowledge", 20, 25, _WHITE)
        for area in (self._form, self._article, self._chat):
            window.fill(_WHITE, area.left, area.top, area.width, area.height)
        for number in range(8):
            top = self._form.top + 20 + number * 60
            window.write(_sentence(self._chance, 30), self._form.left + 10, top)
            window.fill(_GREY, self._form.left + 10, top + 8, self._form.width - 20, 24)
            window.write(_sentence(self._chance, 60), self._form.left + 16, top + 24, _INK)
        for line in range(self._article.height // LINE_PX):
            self._article_line((line + 1) * LINE_PX - 3)
        self._clock()
        window.show()

    def _article_line(self, down: int) -> None:
        columns = self._article.width // CHAR_PX - 4
        text = _sentence(self._chance, columns) if self._chance.random() < 0.9 else ""  # noqa: PLR2004
        self._window.write(text, self._article.left + 8, self._article.top + down, _INK)

    def _clock(self) -> None:
        seconds = self._steps // 20
        window = self._window
        window.fill(_BLUE, window.width - 120, 8, 110, 24)
        window.write(f"14:{seconds // 60:02d}:{seconds % 60:02d}", window.width - 100, 25, _WHITE)

    def _type(self) -> None:
        column, line = self._typed
        area = self._chat
        if column * CHAR_PX > area.width - 40:
            column, line = 0, line + 1
        if line >= area.height // LINE_PX - 1:
            self._window.lift(area.left, area.top, area.width, area.height, LINE_PX)
            last = area.top + area.height - LINE_PX
            self._window.fill(_WHITE, area.left, last, area.width, LINE_PX)
            line -= 1
        letter = self._chance.choice("etaoinshrdlu cmfwyp")
        self._window.write(
            letter, area.left + 10 + column * CHAR_PX, area.top + (line + 1) * LINE_PX - 3, _INK
        )
        self._typed = (column + 1, line)

    def _scroll(self) -> None:
        self._scrolled += _ARTICLE_LINES_A_STEP
        area = self._article
        while self._scrolled >= 1:
            self._scrolled -= 1
            self._window.lift(area.left, area.top, area.width, area.height, LINE_PX)
            rest = area.height % LINE_PX
            self._window.fill(
                _WHITE,
                area.left,
                area.top + area.height - LINE_PX - rest,
                area.width,
                LINE_PX + rest,
            )
            self._article_line(area.height - rest - 3)

    def _paint_popup(self) -> None:
        area = self._form
        left, top = area.left + area.width // 4, area.top + 120
        self._window.fill(_YELLOW if self._popup else _WHITE, left, top, area.width // 2, 160)
        for line in range(9):
            text = _sentence(self._chance, 50)
            self._window.write(text, left + 10, top + 20 + line * LINE_PX, _INK)


def _sentence(chance: random.Random, letters: int) -> str:
    text = ""
    while len(text) < letters:
        text += chance.choice(_WORDS) + " "
    return text[: max(letters - chance.randrange(max(1, letters // 6)), 1)]


def work(
    display: str, *, width: int, height: int, seconds: float, phase: str = "", seed: int = 1
) -> None:
    """Do as if somebody worked there, for so long, at the pace of the clock."""
    with Window(display, width, height) as window:
        office = Office(window, seed)
        begun_ns = now_ns()
        for step in range(round(seconds / _STEP_S)):
            at = _SCRIPT[int(step * _STEP_S / _PHASE_S) % len(_SCRIPT)]
            office.step(phase or at)
            pause(max(0.0, (step + 1) * _STEP_S - (now_ns() - begun_ns) / 1e9))


def main() -> int:
    """The program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--display", required=True)
    parser.add_argument("--width", type=int, default=1920)
    parser.add_argument("--height", type=int, default=1080)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--phase", choices=PHASES, default="")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    work(
        given.display, width=given.width, height=given.height, seconds=given.seconds,
        phase=given.phase, seed=given.seed,
    )  # fmt: skip
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
