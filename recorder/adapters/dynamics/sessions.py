"""Which conversation a session belongs to: a bounded memory, filled by messages and by reading."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping

SESSIONS_MAX = 20_000


class SessionMemory:
    """Safe to use from several jobs at once; the lock is never held across a call."""

    def __init__(self, sessions_max: int = SESSIONS_MAX) -> None:
        self._sessions_max = sessions_max
        self._lock = threading.Lock()
        self._calls: OrderedDict[str, str] = OrderedDict()

    def keep(self, calls: Mapping[str, str]) -> None:
        """Remember conversations by session; the oldest are forgotten."""
        with self._lock:
            for session, call in calls.items():
                self._calls[session] = call
                self._calls.move_to_end(session)
            while len(self._calls) > self._sessions_max:
                self._calls.popitem(last=False)

    def known(self, sessions: Iterable[str]) -> dict[str, str]:
        """Conversations of those sessions that are known."""
        with self._lock:
            return {one: self._calls[one] for one in sessions if one in self._calls}
