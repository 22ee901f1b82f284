"""How much work this node takes and in which order it starts it. Pure.

Every source has downloads and a queue of its own, so that one that is slow, stalled or busy never keeps the
others from recording. What lies in the buffer until the Data Center takes it is limited for all together.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable

from recorder.settings.stages import IngestSettings
from recorder.status import SourceWork

NOT_LOOKED = "the call buffer was not looked at yet"


class Intake:
    """What waits, runs, and lies in the buffer uncommitted; every key is in one place at a time."""

    def __init__(self, settings: IngestSettings, sources: Iterable[str]) -> None:
        """Every source that `take` will name is one of `sources`."""
        self._settings = settings
        self._sources = tuple(sources)
        self._waiting: dict[str, deque[str]] = {}
        self._running: dict[str, str] = {}
        self._downloads = Counter[str]()
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
    def downloads_max(self) -> int:
        """Items fetched at the same time at most."""
        return self._settings.downloads * len(self._sources)

    @property
    def free_by_source(self) -> dict[str, int]:
        """Items of each source this node would take now; 0 while closed."""
        if self.closed_because:
            return dict.fromkeys(self._sources, 0)
        under_way = self.downloading + self.queued
        backlog_room = max(0, self._settings.backlog_max - len(self._buffered) - under_way)
        share = self._settings.downloads + self._settings.queue
        return {
            source: max(0, min(share - self._under_way(source), backlog_room))
            for source in self._sources
        }

    @property
    def by_source(self) -> dict[str, SourceWork]:
        """What is in hand of each source."""
        free = self.free_by_source
        return {
            source: SourceWork(
                self._downloads[source], len(self._waiting.get(source, ())), free[source]
            )
            for source in self._sources
        }

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
        """The key to fetch now, or None while all downloads it could have are busy or nothing waits."""
        ready = [s for s in self._waiting if self._downloads[s] < self._settings.downloads]
        if not ready:
            return None
        source = min(ready, key=self._downloads.__getitem__)
        keys = self._waiting.pop(source)
        key = keys.popleft()
        if keys:
            self._waiting[source] = keys  # now last: among equals the others come first
        self._running[key] = source
        self._downloads[source] += 1
        return key

    def buffered(self, key: str) -> None:
        """The fetch of `key` succeeded; it now waits for the Data Center."""
        self._downloads[self._running.pop(key)] -= 1
        self._buffered.add(key)

    def ended(self, key: str) -> None:
        """`key` is committed, failed or done: no longer ours."""
        if key in self._running:
            self._downloads[self._running.pop(key)] -= 1
        self._buffered.discard(key)

    def _under_way(self, source: str) -> int:
        return self._downloads[source] + len(self._waiting.get(source, ()))

    def _holds(self, key: str) -> bool:
        waits = any(key in keys for keys in self._waiting.values())
        return waits or key in self._running or key in self._buffered
