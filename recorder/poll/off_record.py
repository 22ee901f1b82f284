"""Items that a poll saw and that are on no record: the Data Center was away, or the poll was broken off.

Usually they are listed again. What the source deletes before that is known to this process alone, so it keeps them
beyond the end of its duty, until the Data Center has them: whoever polls then finds them there as left behind.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from functools import partial

from cluster.ports import Failed
from recorder.codec import job_key
from recorder.errors import DataCenterError
from recorder.model import ItemEvent, ItemRef
from recorder.poll.poll_jobs import REFS_AT_ONCE, record_seen
from recorder.poll.poll_messages import OffRecordDue, OffRecordWritten
from recorder.poll.poller_ports import PollerPorts

AGAIN_S = 5.0
KEPT_MAX = 10_000
"""Beyond it the oldest go: most of them were fetched since, and wait in a call buffer with their story."""


class OffRecord:
    """Writes them without a term: that an item was seen is true whoever says it."""

    def __init__(self, *, ports: PollerPorts) -> None:
        self._ports = ports
        self._kept: OrderedDict[str, tuple[ItemRef, ItemEvent]] = OrderedDict()
        self._armed = False

    def keep(self, seen: Iterable[tuple[ItemRef, ItemEvent]]) -> None:
        """They may be on no record."""
        for ref, event in seen:
            self._kept.setdefault(job_key(ref), (ref, event))
        while len(self._kept) > KEPT_MAX:
            self._kept.popitem(last=False)
        self._arm()

    def due(self) -> None:
        """The timer fired."""
        seen = list(self._kept.values())[:REFS_AT_ONCE]
        refs, events = [ref for ref, _ in seen], [event for _, event in seen]
        job = partial(record_seen, self._ports.db, refs, events)
        then = partial(OffRecordWritten, tuple(map(job_key, refs)))
        self._ports.database_lane.submit(job, self._ports.me, then)

    def written(self, message: OffRecordWritten) -> None:
        """The Data Center has them, or it is tried again."""
        self._armed = False
        if not isinstance(message.outcome, Failed):
            for key in message.keys:
                self._kept.pop(key, None)
        elif not isinstance(message.outcome.error, DataCenterError):
            raise message.outcome.error
        self._arm()

    def _arm(self) -> None:
        if self._kept and not self._armed:
            self._armed = True
            self._ports.clock.call_later(AGAIN_S, self._ports.me, OffRecordDue())
