"""What surfaces may ask about recoveries: requests go on record on any node, and the primary is told to look."""

from __future__ import annotations

from dataclasses import dataclass

from cluster.ports import Address, Clock, Randomness
from recorder.messages import RecoveriesChanged, RecoveryCommand
from recorder.model import Window
from recorder.ports.proof import RecoveryDb
from recorder.records.recoveries import Cause, RecoveryKind, RecoveryRow
from recorder.recover.request import new_id, why_not


@dataclass(frozen=True, slots=True)
class RecoveryDesk:
    """Of one running node. Calls block; they raise DataCenterError."""

    db: RecoveryDb
    recovery: Address[RecoveryCommand]
    clock: Clock
    randomness: Randomness

    def start(
        self, source: str, window: Window, by: str, *, dry_run: bool
    ) -> tuple[RecoveryRow, bool]:
        """Ask for a period, the future left out; and whether it is new or runs already.

        Raises ValueError for a period that makes no sense.
        """
        now_us = self.clock.wall_us()
        wrong = why_not(window, now_us)
        if wrong:
            raise ValueError(wrong)
        kind = RecoveryKind.MANUAL
        window = Window(window.from_us, min(window.to_us, now_us))
        row = self._row(source, kind, by, cause=Cause.OPERATOR, window=window, dry_run=dry_run)
        return self._ask(row)

    def start_ids(
        self, source: str, ids: tuple[str, ...], by: str, *, cause: str, dry_run: bool = False
    ) -> tuple[RecoveryRow, bool]:
        """Ask for what is behind these ids; and whether it is new or runs already."""
        kind = RecoveryKind.SPECIFIC
        return self._ask(self._row(source, kind, by, cause=cause, ids=ids, dry_run=dry_run))

    def cancel(self, recovery_id: str, by: str) -> RecoveryRow | None:
        """End one that runs, or was stopped or failed; None when there is none of this id."""
        row = self.db.cancel(recovery_id, f"cancelled by {by}")
        self.recovery.tell(RecoveriesChanged())
        return row

    def resume(self, recovery_id: str) -> RecoveryRow | None:
        """Let one that was stopped, failed or cancelled go on; None when there is none of this id."""
        row = self.db.resume(recovery_id)
        self.recovery.tell(RecoveriesChanged())
        return row

    def _ask(self, row: RecoveryRow) -> tuple[RecoveryRow, bool]:
        found = self.db.request(row)
        self.recovery.tell(RecoveriesChanged())
        return found, found.recovery_id == row.recovery_id

    def _row(
        self,
        source: str,
        kind: RecoveryKind,
        by: str,
        *,
        cause: str,
        window: Window | None = None,
        ids: tuple[str, ...] = (),
        dry_run: bool = False,
    ) -> RecoveryRow:
        now_us = self.clock.wall_us()
        return RecoveryRow(
            recovery_id=new_id(now_us, self.randomness.token()),
            source=source,
            kind=kind,
            cause=cause,
            requested_us=now_us,
            requested_by=by,
            window=window,
            ids=ids,
            dry_run=dry_run,
            updated_us=now_us,
        )
