"""Agents already looked up: a bounded cache with an age limit."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping

from recorder.adapters.dynamics.records import User

_NS = 1_000_000_000


class UserCache:
    """Users by id. Safe to use from several jobs at once; the lock is never held across a call."""

    def __init__(self, *, users_max: int = 5000, age_max_s: float = 3600.0) -> None:
        self._users_max = users_max
        self._age_max_ns = int(age_max_s * _NS)
        self._lock = threading.Lock()
        self._users: dict[str, tuple[User | None, int]] = {}

    def known(self, ids: Iterable[str], now_ns: int) -> dict[str, User | None]:
        """Those of `ids` that are fresh; None for a user known not to exist or to be hidden."""
        with self._lock:
            found = [(one, self._users[one]) for one in ids if one in self._users]
        return {one: user for one, (user, at_ns) in found if now_ns - at_ns < self._age_max_ns}

    def keep(self, users: Mapping[str, User | None], now_ns: int) -> None:
        """Remember; the longest unrefreshed go when there are too many."""
        with self._lock:
            for one, user in users.items():
                self._users.pop(one, None)
                self._users[one] = (user, now_ns)
            while len(self._users) > self._users_max:
                del self._users[next(iter(self._users))]
