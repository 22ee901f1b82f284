"""Source progress on a disk that exists only in memory."""

from __future__ import annotations

import errno
import os

from recorder.errors import CallBufferError
from recorder.model import SourceProgress
from recorder.traps import Trap, no_trap
from sim.clockwork.kernel import Chance

_HINT = "Check the disk behind the data directory: free space, rights, health."


class MemoryProgress:
    """A ProgressStore that outlives the node that uses it, as a disk does."""

    def __init__(self, *, trap: Trap = no_trap) -> None:
        self.saves = 0
        self.full = False
        """No space left: every save fails."""
        self._trap = trap
        self._named: dict[str, SourceProgress] = {}
        self._durable: dict[str, SourceProgress] = {}
        """Without what has its name, but not for sure."""

    def crash(self, power: Chance | None) -> None:
        """What the process leaves; when the power went too, chance decides about a name not synced."""
        if power is not None and power.random() < 1 / 2:
            self._named = self._durable.copy()
        self._durable = self._named.copy()

    def load(self) -> tuple[SourceProgress, ...]:
        """What was saved last, sorted by source."""
        return tuple(self._named[source] for source in sorted(self._named))

    def save(self, progress: SourceProgress) -> None:
        """Keep the higher (epoch, watermark). Raises CallBufferError."""
        self.saves += 1
        try:
            if not self._is_lower(progress):
                self._write()
                self._trap("save:progress")
                self._named[progress.source] = progress
                self._trap("fsync")
                self._durable[progress.source] = progress
        except OSError as error:
            what = f"cannot write the progress of {progress.source}: {error.strerror}"
            raise CallBufferError(what, hint=_HINT) from error

    def _write(self) -> None:
        if self.full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._trap("fsync")

    def _is_lower(self, progress: SourceProgress) -> bool:
        old = self._named.get(progress.source)
        return old is not None and (progress.epoch, progress.watermark_us) < (
            old.epoch,
            old.watermark_us,
        )
