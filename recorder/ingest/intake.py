"""How much work this node takes and in which order it starts it. Pure.

Work waits per source and is started in turn, the source with the fewest running downloads first, so
that a slow or busy source never keeps the others from recording.
"""

from __future__ import annotations

from collections import deque

from recorder.settings import IngestSettings

NOT_LOOKED = "the call buffer was not looked at yet"


class Intake:
    """What waits, runs, and lies in the buffer uncommitted; every key is in one place at a time."""

    def __init__(self, settings: IngestSettings) -> None:
        self._settings = settings
        self._waiting: dict[str, deque[str]] = {}
        self._running: dict[str, str] = {}
        self._buffered: set[str] = set()
        self._closed_because = NOT_LOOKED

    @property
    def closed_because(self) -> str:
        """Why nothing is taken; empty while work is welcome."""
        if self._closed_because:
            return self._closed_because
        if len(self._buffered) >= self._settings.backlog_max:
            return f"{len(self._buffered)} items wait for the Data Center"
        return ""

    @property
    def queued(self) -> int:
        """Items that wait for a free download."""
        return sum(map(len, self._waiting.values()))

    @property
    def downloading(self) -> int:
        """Items being fetched."""
        return len(self._running)

    @property
    def free_capacity(self) -> int:
        """Items this node would take now; 0 while closed."""
        if self.closed_because:
            return 0
        under_way = self.downloading + self.queued
        room = self._settings.downloads + self._settings.queue - under_way
        backlog_room = self._settings.backlog_max - len(self._buffered) - under_way
        return max(0, min(room, backlog_room))

    def space(self, closed_because: str) -> tuple[str, ...]:
        """The call buffer opened (empty) or closed; what waited is given back when it closes."""
        self._closed_because = closed_because
        if not closed_because:
            return ()
        turned_away = tuple(key for keys in self._waiting.values() for key in keys)
        self._waiting.clear()
        return turned_away

    def take(self, key: str, source: str) -> bool:
        """Let `key` wait for its turn; False while the call buffer is closed.

        Beyond the free capacity it is taken all the same: it was given before the giver knew better.
        """
        assert not self._holds(key), f"{key} is in hand already"
        if self._closed_because:
            return False
        self._waiting.setdefault(source, deque()).append(key)
        return True

    def start_next(self) -> str | None:
        """The key to fetch now, or None while all downloads are busy or nothing waits."""
        if not self._waiting or self.downloading >= self._settings.downloads:
            return None
        busy = dict.fromkeys(self._waiting, 0)
        for source in self._running.values():
            if source in busy:
                busy[source] += 1
        source = min(busy, key=busy.__getitem__)
        keys = self._waiting.pop(source)
        key = keys.popleft()
        if keys:
            self._waiting[source] = keys  # now last: among equals the others come first
        self._running[key] = source
        return key

    def buffered(self, key: str) -> None:
        """The fetch of `key` succeeded; it now waits for the Data Center."""
        del self._running[key]
        self._buffered.add(key)

    def ended(self, key: str) -> None:
        """`key` is committed, failed or done: no longer ours."""
        self._running.pop(key, None)
        self._buffered.discard(key)

    def _holds(self, key: str) -> bool:
        waits = any(key in keys for keys in self._waiting.values())
        return waits or key in self._running or key in self._buffered
