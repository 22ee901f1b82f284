"""Findings about recoveries that ended before their end, one for each: what is on record says which are open.

So a finding outlives the process that saw the end, moves to whoever is primary, and is over when its recovery runs
again, is cancelled, or another one completed its period.
"""

from __future__ import annotations

from collections.abc import Iterable

from cluster.ports import Address
from recorder.messages import FindingClosed, FindingOpened, MonitorMessage
from recorder.model import Finding, Level
from recorder.records.recoveries import RecoveryRow

RECOVERY_STOPPED = "recovery_stopped"


class Stops:
    """Tells the monitor what changed."""

    def __init__(self, monitor: Address[MonitorMessage]) -> None:
        self._monitor = monitor
        self._open: dict[str, Finding] = {}

    def look(self, rows: Iterable[RecoveryRow]) -> None:
        """These are stopped or failed now, and no others."""
        found = {row.recovery_id: finding_of(row) for row in rows}
        for name in [name for name in self._open if name not in found]:
            del self._open[name]
            self._monitor.tell(FindingClosed(RECOVERY_STOPPED, name))
        for name, finding in found.items():
            if self._open.get(name) != finding:
                self._open[name] = finding
                self._monitor.tell(FindingOpened(finding))

    def forget(self) -> None:
        """Whoever is primary next tells of them."""
        self.look(())


def finding_of(row: RecoveryRow) -> Finding:
    """By the id of the recovery: several of one source are several findings."""
    what = f"recovery {row.recovery_id} of {row.source} is {row.status.value}: {row.reason}"
    name = row.recovery_id
    hint = (
        f"Mend the source, then `tandem recovery resume {name}`; "
        f"`tandem recovery cancel {name}` if nobody needs it any more."
    )
    return Finding(RECOVERY_STOPPED, Level.WARNING, name, what, hint)
