"""The real screen, by mss (X11 with shared memory): all monitors as one picture, or one of them."""

from __future__ import annotations

from typing import Literal

import mss
import numpy as np
from mss.exception import ScreenShotError

from cluster.ports import Clock
from recorder.desktop.pictures import Picture, ScreenAway

_LOOK_AGAIN_NS = 2_000_000_000
"""So often monitors are looked for anew: mss does not tell when they change."""
_REFUSALS = (ScreenShotError, OSError, ValueError, AttributeError, AssertionError)
"""What mss raises for a display that is away: it asserts where the connection broke."""
_HINT = (
    "The service must run in the session of the agent: DISPLAY (or screen.display) and XAUTHORITY "
    "name its display. Wayland without X11 is not supported."
)


class MssScreens:
    """Implements recorder.desktop.pictures.Screens."""

    def __init__(
        self, *, monitors: Literal["all"] | int, cursor: bool, display: str | None, clock: Clock
    ) -> None:
        self._number = 0 if monitors == "all" else monitors
        self._cursor = cursor
        self._display = display
        self._clock = clock
        self._open: mss.MSS | None = None
        self._area: dict[str, int] = {}
        self._look_at_ns = 0

    def grab(self) -> Picture:
        """The screen as it is now. Raises ScreenAway."""
        try:
            opened = self._opened()
            shot = opened.grab(self._area)
        except _REFUSALS as error:
            # A screen that shrank refuses the old area: the next grab looks at it anew.
            self.close()
            why = str(error) or "the display is gone"
            raise ScreenAway(f"the screen cannot be grabbed: {why}", hint=_HINT) from error
        pixels = np.frombuffer(shot.raw, np.uint8).reshape(shot.height, shot.width, 4)
        return Picture(pixels)

    def size(self) -> tuple[int, int]:
        """See Screens."""
        try:
            opened = mss.MSS(with_cursor=False, display=self._display)
            area = self._area_of(opened)
            opened.close()
        except _REFUSALS as error:
            raise ScreenAway(f"the screen cannot be seen: {error}", hint=_HINT) from error
        return area["width"], area["height"]

    def close(self) -> None:
        """Let go of the display."""
        opened, self._open = self._open, None
        if opened is None:
            return
        try:
            opened.close()
        except _REFUSALS:
            return  # nobody is there to say goodbye to

    def _opened(self) -> mss.MSS:
        """A new connection sees the monitors of now; the old one is kept while nothing changed."""
        if self._open is not None and self._clock.monotonic_ns() < self._look_at_ns:
            return self._open
        fresh = mss.MSS(with_cursor=self._cursor, display=self._display)
        area = self._area_of(fresh)
        if self._open is not None and area == self._area:
            fresh.close()
            fresh = self._open
        elif self._open is not None:
            self._open.close()
        self._open, self._area = fresh, area
        self._look_at_ns = self._clock.monotonic_ns() + _LOOK_AGAIN_NS
        return fresh

    def _area_of(self, opened: mss.MSS) -> dict[str, int]:
        found = opened.monitors
        if self._number >= len(found):
            opened.close()
            raise ScreenAway(
                f"there is no monitor {self._number}, only {len(found) - 1}",
                hint='Set screen.monitors to "all" or to one of them.',
            )
        one = found[self._number]
        return {name: int(one[name]) for name in ("left", "top", "width", "height")}
