"""What the scrub has to say to people: open until it is well again, on the node that is primary."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cluster.ports import Address
from recorder.errors import ArchiveError
from recorder.messages import FindingClosed, FindingOpened, MonitorMessage
from recorder.model import Finding, Level
from recorder.records.scrub import Outcome, ScrubRow, ScrubSummary

SUBJECT: Final = "archive"
DAMAGED: Final = "object_damaged"
MISSING: Final = "object_missing"
STRAY: Final = "object_stray"
AWAY: Final = "scrub_archive_away"
FAILING: Final = "scrub_failing"
_HINTS: Final = {
    DAMAGED: "Restore them from a backup of the archive: tandem scrub show lists them. They are read again every hour.",
    MISSING: "Restore them from a backup of the archive: tandem scrub show lists them. They are looked for every hour.",
    STRAY: "tandem scrub show lists them. Find out who put them there, and keep them until you know.",
}


class ScrubAlarms:
    """Findings of the scrub that are open."""

    def __init__(self, *, monitor: Address[MonitorMessage]) -> None:
        self._monitor = monitor
        self._open: set[str] = set()

    def tell(self, summary: ScrubSummary, bad: Sequence[ScrubRow]) -> None:
        """As it stands."""
        for code, outcome, count, what in (
            (DAMAGED, Outcome.DAMAGED, summary.damaged, "other bytes than were archived"),
            (MISSING, Outcome.MISSING, summary.missing, "not in the archive any more"),
            (STRAY, Outcome.STRAY, summary.stray, "in the archive without a row in the database"),
        ):
            if count == 0:
                self._close(code)
                continue
            first = [row.object_key for row in bad if row.outcome is outcome]
            named = f", such as {first[0]}" if first else ""
            level = Level.WARNING if code == STRAY else Level.ERROR
            objects = "1 object is" if count == 1 else f"{count} objects are"
            verb = (
                objects if code != DAMAGED else objects.replace("is", "has").replace("are", "have")
            )
            self._ill(code, level, f"{verb} {what}{named}.", _HINTS[code])

    def away(self, error: ArchiveError) -> None:
        """The archive as a whole cannot be read."""
        hint = error.hint or "Bring the archive back; the scrub goes on by itself."
        self._ill(AWAY, Level.ERROR, f"The scrub cannot read the archive: {error}.", hint)

    def failing(self, error: Exception) -> None:
        """Neither archive nor Data Center are to blame: nothing is read until somebody looks."""
        what = f"The scrub cannot go on: {type(error).__name__}: {error}."
        self._ill(FAILING, Level.ERROR, what, "The log of this node says more; it is tried again.")

    def reachable(self) -> None:
        """Archive and Data Center answer."""
        self._close(AWAY)
        self._close(FAILING)

    def forget(self) -> None:
        """This node is no longer primary: the other one says what there is to say."""
        for code in sorted(self._open):
            self._close(code)

    def _ill(self, code: str, level: Level, what: str, hint: str) -> None:
        self._open.add(code)
        self._monitor.tell(FindingOpened(Finding(code, level, SUBJECT, what, hint)))

    def _close(self, code: str) -> None:
        if code in self._open:
            self._open.discard(code)
            self._monitor.tell(FindingClosed(code, SUBJECT))
