"""One entry in the audit trail for one replay, however many ranges a player asks for."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Final

_KEPT: Final = 10_000
_LASTS_NS: Final = 3600 * 1_000_000_000


class Replays:
    """Which replays are on record. Any thread.

    A replay is one page, opened by one person, of one file: the page makes up an id when it opens. The same id
    is on record for an hour; then, and after a restart of the node, it is put on record again.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._since_ns: OrderedDict[tuple[str, str, str], int] = OrderedDict()

    def is_on_record(self, actor: str, subject: str, replay: str, now_ns: int) -> bool:
        """Whether this replay was put on record; one without an id never was."""
        with self._lock:
            since_ns = self._since_ns.get((actor, subject, replay))
        return bool(replay) and since_ns is not None and now_ns - since_ns < _LASTS_NS

    def note(self, actor: str, subject: str, replay: str, now_ns: int) -> None:
        """It is on record now."""
        with self._lock:
            self._since_ns.pop((actor, subject, replay), None)
            self._since_ns[(actor, subject, replay)] = now_ns
            if len(self._since_ns) > _KEPT:
                self._since_ns.popitem(last=False)
