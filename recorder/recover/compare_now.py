"""Which comparison of a source begins next: one that is due, or one that somebody asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cluster.messages import CommandAnswer
from recorder.instants import to_text
from recorder.messages import CompareNow
from recorder.model import SourceProgress, Window
from recorder.records.findings import RunRow, Scope
from recorder.recover.reconcile_plan import by_source, due, new_run, period
from recorder.settings.stages import ReconcileSettings
from recorder.status import SourceStatus

NOTHING: Final = (
    "Nothing of that period can be compared: it is too young, or from before this source was first "
    "listed, or older than the source keeps."
)


class Wish:
    """At most one question for a comparison, until it is answered."""

    def __init__(self) -> None:
        self._asked: CompareNow | None = None

    @property
    def window(self) -> Window | None:
        """The period that was asked for; None for the last days."""
        return None if self._asked is None else self._asked.window

    @property
    def is_open(self) -> bool:
        """Whether somebody waits."""
        return self._asked is not None

    def take(self, asked: CompareNow, *, on_duty: bool, run: RunRow | None) -> bool:
        """Whether it can be done now; otherwise the answer says why not."""
        before, self._asked = self._asked, asked
        if not on_duty:
            self.refuse("This node does not compare.", "Ask the primary node.")
        elif run is not None:
            self.began(run)
        elif before is not None:
            self.refuse("Another comparison of this source begins.")
            self._asked = before
            return False
        return self.is_open

    def refuse(self, what: str, hint: str = "") -> None:
        """It does not begin."""
        if self._asked is not None:
            self._asked.reply_to.tell(CommandAnswer("refused", what, hint))
            self._asked = None

    def began(self, run: RunRow) -> None:
        """It begins, or another one of this source did before."""
        asked, self._asked = self._asked, None
        if asked is None:
            return
        hint = f"`tandem finding runs --source {run.source}` shows how far it is."
        period_text = f"{to_text(run.from_us)} to {to_text(run.to_us)}"
        if run.scope is Scope.ASKED and run.reached_us == run.from_us:
            what = f"{run.run_id} compares {run.source} from {period_text}."
            asked.reply_to.tell(CommandAnswer("done", what, hint))
        else:
            what = f"{run.run_id} of {run.source} ({period_text}) is under way: one at a time."
            asked.reply_to.tell(CommandAnswer("refused", what, hint))


@dataclass(frozen=True, slots=True)
class Ground:
    """What is known of a source before a run begins."""

    name: str
    runs: Sequence[RunRow]
    progress: SourceProgress | None
    oldest_us: int | None
    retention_s: float | None
    status: SourceStatus | None


def next_run(
    ground: Ground, wish: Wish, *, now_us: int, settings: ReconcileSettings
) -> RunRow | None:
    """The run to begin, or to go on with; None when there is none. A wish that cannot be is refused.

    What somebody asked for goes on although nothing is compared by itself; and what keeps a wish from its turn does.
    """
    unended = next((run for run in ground.runs if run.ended_us is None), None)
    by_hand = wish.is_open or (unended is not None and unended.scope is Scope.ASKED)
    scope = due(ground.runs, now_us, settings) if settings.enabled or by_hand else None
    if wish.is_open and unended is None:
        scope = Scope.ASKED
    window = None if scope is None else _window(ground, scope, wish.window, now_us, settings)
    if scope is None or window is None:
        wish.refuse(NOTHING)
        return None
    return new_run(ground.name, scope, window, now_us)


def _window(
    ground: Ground,
    scope: Scope,
    asked: Window | None,
    now_us: int,
    settings: ReconcileSettings,
) -> Window | None:
    if ground.progress is None:
        return None
    if scope is Scope.ASKED:
        scope = Scope.RECENT if asked is None else Scope.RETENTION
    found = period(
        scope,
        ground.progress,
        ground.oldest_us,
        ground.retention_s,
        now_us=by_source(now_us, ground.status),
        settings=settings,
    )
    if found is None or asked is None:
        return found
    from_us, to_us = max(found.from_us, asked.from_us), min(found.to_us, asked.to_us)
    return Window(from_us, to_us) if from_us < to_us else None
