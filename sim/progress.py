"""Source progress on a disk that exists only in memory."""

from __future__ import annotations

from recorder.model import SourceProgress


class MemoryProgress:
    """A ProgressStore that outlives the node that uses it, as a disk does."""

    def __init__(self) -> None:
        self._saved: dict[str, SourceProgress] = {}
        self.saves = 0

    def load(self) -> tuple[SourceProgress, ...]:
        """What was saved last, sorted by source."""
        return tuple(self._saved[source] for source in sorted(self._saved))

    def save(self, progress: SourceProgress) -> None:
        """Keep the higher (epoch, watermark)."""
        self.saves += 1
        old = self._saved.get(progress.source)
        if old is None or (progress.epoch, progress.watermark_us) >= (
            old.epoch,
            old.watermark_us,
        ):
            self._saved[progress.source] = progress
