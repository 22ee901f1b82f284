"""A digest over everything that happens, so that two runs can be compared in one look."""

from __future__ import annotations

import hashlib
from typing import Final

_BLOCK: Final = 1024


class Digest:
    """Takes every event's instant and label; equal digests mean equal executions."""

    def __init__(self) -> None:
        self._hash = hashlib.blake2b(digest_size=16)
        self._waiting: list[int | str] = []

    def event(self, now_ns: int, label: str) -> None:
        """One event of the kernel, or one mark of the world."""
        waiting = self._waiting
        waiting += (now_ns, label)
        if len(waiting) >= _BLOCK:
            self._flush()

    def hex(self) -> str:
        """So far."""
        self._flush()
        return self._hash.hexdigest()

    def _flush(self) -> None:
        # The text of a whole list at once costs a fraction of one text for each event.
        self._hash.update(repr(self._waiting).encode())
        self._waiting.clear()
