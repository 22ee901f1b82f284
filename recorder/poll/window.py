"""Which window to ask next. Pure.

Every poll asks `[horizon - overlap, source's now - settle)`, cut into windows the source can answer. Between
two takeovers the horizon is ahead of the watermark, and what lies between is known item by item, so an
item that holds the watermark for hours does not make every poll list those hours again. A node that takes
over starts with the horizon at the watermark.

Look-backs (tiers) go over what is covered already, to find what the source showed late. They proceed window by
window, the newest first, and never make the next poll late.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from recorder.model import Window
from recorder.poll.coverage import Coverage
from recorder.settings.stages import PollSettings

WINDOW_S = 6 * 3600.0
"""Longer periods are asked in pieces, so that progress is kept when one fails."""
FIRST_AFTER_S = 3600.0
"""A look-back never made by this process is due after a tenth of its period, or after this."""
POSTPONED_S = 60.0
"""After a look-back that could not be judged, none is tried for so long."""


WINDOWS_MAX = 10_000
"""A poll plans no more: the next one goes on from there. No span, however absurd, fills the memory."""


def split(from_us: int, to_us: int, max_us: int) -> tuple[Window, ...]:
    """[from_us, to_us) in windows of at most `max_us`, oldest first; empty when it is empty.

    At most WINDOWS_MAX of them: the newest of a longer span are left out.
    """
    assert max_us > 0, "a window has a length"
    starts = range(from_us, to_us, max_us)[:WINDOWS_MAX]
    return tuple(Window(start, min(start + max_us, to_us)) for start in starts)


def newest(span: Window, max_us: int) -> Window:
    """The last of the pieces of at most `max_us` that a span, not empty, is cut into from its start."""
    whole = (span.to_us - span.from_us - 1) // max_us
    return Window(span.from_us + whole * max_us, span.to_us)


def poll_windows(
    *, next_from_us: int, to_us: int, overlap_us: int, max_us: int
) -> tuple[Window, ...]:
    """What a poll asks, oldest first: from the overlap to what is settled.

    With an overlap it asks something even when the source's clock did not come farther since.
    """
    return split(next_from_us - overlap_us, to_us, max_us)


@dataclass(slots=True)
class _Tier:
    every_ns: int
    back_us: int
    due_ns: int = 0
    left: deque[Window] = field(default_factory=deque[Window])
    """Spans not looked at yet, the newest first; cut only when asked."""


class LookBacks:
    """The look-backs of one source and how far each has come."""

    def __init__(self, *, settings: PollSettings, retention_s: float | None) -> None:
        """`retention_s` is the source's own; with None there is no look at everything."""
        tiers = [(tier.every_s, tier.back_s) for tier in settings.tiers]
        if retention_s is not None:
            tiers.append((settings.retention_every_s, retention_s))
        self._tiers = [
            _Tier(every_ns=int(every_s * 1e9), back_us=int(back_s * 1e6))
            for every_s, back_s in sorted(tiers, key=lambda tier: tier[1])
        ]
        self._not_before_ns = 0

    def granted(self, now_ns: int) -> None:
        """This node begins to poll: what it did before may be long ago."""
        for tier in self._tiers:
            tier.left.clear()
            soon_ns = now_ns + min(tier.every_ns // 10, int(FIRST_AFTER_S * 1e9))
            tier.due_ns = max(tier.due_ns, soon_ns)

    def next(
        self, *, now_ns: int, coverage: Coverage, horizon_us: int, max_us: int
    ) -> Window | None:
        """The window to look at now; None when nothing is due. Ask again after `looked`."""
        if now_ns < self._not_before_ns:
            return None
        for tier in self._tiers:
            if not tier.left and now_ns >= tier.due_ns:
                self._plan(tier, now_ns, coverage, horizon_us)
            if tier.left:
                return newest(tier.left[0], max_us)
        return None

    def looked(self, window: Window) -> None:
        """Every page of this window was listed."""
        for tier in self._tiers:
            if tier.left and _ends_with(tier.left[0], window):
                span = tier.left.popleft()
                if span.from_us < window.from_us:
                    tier.left.appendleft(Window(span.from_us, window.from_us))
                return

    def postpone(self, now_ns: int) -> None:
        """Nobody could say what of a look-back is new: it is made again later."""
        self._not_before_ns = now_ns + int(POSTPONED_S * 1e9)

    @staticmethod
    def _plan(tier: _Tier, now_ns: int, coverage: Coverage, horizon_us: int) -> None:
        tier.due_ns = now_ns + tier.every_ns
        tier.left.extend(reversed(coverage.within(horizon_us - tier.back_us, horizon_us)))


def _ends_with(span: Window, window: Window) -> bool:
    return window.to_us == span.to_us and window.from_us >= span.from_us
