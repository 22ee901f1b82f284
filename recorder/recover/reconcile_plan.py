"""When a source is compared, and for which period. Pure. Instants are those of this node's calendar."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from recorder.instants import to_text
from recorder.model import SourceProgress, Window
from recorder.records.findings import RunRow, Scope
from recorder.settings.stages import ReconcileSettings
from recorder.status import SourceStatus

LENGTH_S = 3600.0
"""Of the first section."""
LENGTH_MIN_S = 60.0
ITEMS_WANTED = 10_000
ITEMS_MAX = 40_000
PAGES_MAX = 2_000
"""More make a section shorter."""
PAGES_END = 2 * PAGES_MAX
"""So many of the shortest section are no listing any more."""
EDGE_S = 6 * 3600.0
"""Nothing is compared that the source will delete so soon."""
AHEAD_US = 3_600_000_000
"""What began further ahead than this began by a wrong calendar."""
_US = 1_000_000
_DAY_US = 86_400 * _US
_HALF_DAY_US = _DAY_US // 2


def night_us(now_us: int, at_hour_utc: float) -> int:
    """The last instant at which a run was to begin."""
    offset_us = int(at_hour_utc * 3600 * _US)
    return (now_us - offset_us) // _DAY_US * _DAY_US + offset_us


def due(runs: Sequence[RunRow], now_us: int, settings: ReconcileSettings) -> Scope | None:
    """Which run is due; `runs` are the source's, the newest first. One that did not end goes on.

    One from the future began while a calendar was wrong, and keeps none of today from beginning.
    """
    unended = next((run for run in runs if run.ended_us is None), None)
    if unended is not None:
        return unended.scope
    runs = [run for run in runs if run.started_us <= now_us + AHEAD_US]
    tonight_us = night_us(now_us, settings.at_hour_utc)
    whole = next((run.started_us for run in runs if run.scope is Scope.RETENTION), None)
    every_us = int(settings.retention_every_s * _US)
    if whole is None or tonight_us - whole >= every_us - _HALF_DAY_US:
        return Scope.RETENTION
    last_us = max((run.started_us for run in runs if run.scope is not Scope.ASKED), default=None)
    return Scope.RECENT if last_us is None or last_us < tonight_us else None


def period(
    scope: Scope,
    progress: SourceProgress,
    oldest_us: int | None,
    retention_s: float | None,
    *,
    now_us: int,
    settings: ReconcileSettings,
) -> Window | None:
    """What to compare; None where nothing was ever looked at. Nothing from before the first start."""
    begins = [window.from_us for window in progress.coverage[:1]]
    begins += [] if oldest_us is None else [oldest_us]
    if not begins:
        return None
    to_us = (now_us - int(settings.grace_s * _US)) // _US * _US
    back_s = settings.recent_back_s if scope is Scope.RECENT else settings.retention_max_s
    from_us = max(to_us - int(back_s * _US), min(begins))
    if retention_s is not None:
        from_us = max(from_us, now_us - int(max(0.0, retention_s - EDGE_S) * _US))
    from_us = from_us // _US * _US
    return Window(from_us, to_us) if from_us < to_us else None


def by_source(now_us: int, status: SourceStatus | None) -> int:
    """`now_us` by the calendar of a source, as far as it was heard: this node's may be a day off."""
    offset_ms = None if status is None else status.clock_offset_ms
    return now_us + round((offset_ms or 0.0) * 1000)


def new_run(source: str, scope: Scope, window: Window, now_us: int) -> RunRow:
    """A run from its beginning; its id is `C-20261121-` and a hash."""
    about = f"{source}\0{scope}\0{window.from_us}\0{window.to_us}\0{now_us}"
    digest = hashlib.sha256(about.encode()).hexdigest()
    return RunRow(
        run_id=f"C-{to_text(now_us)[:10].replace('-', '')}-{digest[:6]}",
        source=source,
        scope=scope,
        from_us=window.from_us,
        to_us=window.to_us,
        started_us=now_us,
        reached_us=window.from_us,
        updated_us=now_us,
    )


class Lengths:
    """How long sections are: they grow and shrink with what they bring, so that memory stays flat."""

    def __init__(self, *, window_max_s: float) -> None:
        self._max_us = max(_US, int(window_max_s * _US))
        self._us = min(self._max_us, int(LENGTH_S * _US))

    def next_window(self, run: RunRow) -> Window:
        """The section behind what was reached."""
        return Window(run.reached_us, min(run.reached_us + self._us, run.to_us))

    def is_too_much(self, items: int, pages: int) -> bool:
        """Whether a section is given up and listed again as a shorter one."""
        shortest = self._us <= int(LENGTH_MIN_S * _US)
        return not shortest and (items > ITEMS_MAX or pages > PAGES_MAX)

    def shorten(self) -> None:
        """It was too much."""
        self._us = max(min(self._max_us, int(LENGTH_MIN_S * _US)), self._us // 4)

    def brought(self, items: int, pages: int) -> None:
        """A section was whole."""
        if items > 2 * ITEMS_WANTED or pages > PAGES_MAX // 2:
            self.shorten()
        elif items < ITEMS_WANTED // 2 and pages < PAGES_MAX // 4:
            self._us = min(self._max_us, self._us * 2)
