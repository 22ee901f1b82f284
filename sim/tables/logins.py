"""Logins to the pages that ended before their time, in memory."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from recorder.adapters.contact_db.logins import KEPT_US
from recorder.errors import DataCenterDown


@dataclass
class LoginStore:
    """What the database keeps. Outlives the nodes."""

    ended: dict[str, int] = field(default_factory=dict[str, int])
    lock: threading.Lock = field(default_factory=threading.Lock)


class MemoryLoginDb:
    """Implements `recorder.ports.logins.LoginDb`. Any thread."""

    def __init__(self, store: LoginStore) -> None:
        self.down = False
        self._store = store

    def end_login(self, login_id: str, until_us: int, now_us: int) -> None:
        """See LoginDb."""
        self._check()
        with self._store.lock:
            ended = self._store.ended
            for one in [one for one, until in ended.items() if until < now_us - KEPT_US]:
                del ended[one]
            ended.setdefault(login_id, until_us)

    def ended_logins(self, now_us: int) -> frozenset[str]:
        """See LoginDb."""
        self._check()
        with self._store.lock:
            return frozenset(
                one for one, until in self._store.ended.items() if until >= now_us - KEPT_US
            )

    def _check(self) -> None:
        if self.down:
            raise DataCenterDown("the contact database is not available for logins")
