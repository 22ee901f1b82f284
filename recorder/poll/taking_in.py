"""Items that are not listed but named: by an operator, or by a recovery that found them missing.

Those of a recovery are taken in as if they had been listed, but hold no watermark. They lie far below it, and there may be thousands: each of them would hold it for as long as the recovery lasts.
What becomes of them is on record all the same, and the recovery looks there.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from cluster.ports import Failed
from recorder.errors import DataCenterError
from recorder.messages import TakeIn
from recorder.model import ItemEvent, ItemRef
from recorder.poll.items import Items
from recorder.poll.keeper import Keeper
from recorder.poll.poll_jobs import take_in
from recorder.poll.poll_messages import TakenIn
from recorder.poll.poller_ports import PollerPorts


class TakingIn:
    """Puts them on record and hands them out. What gets lost on the way is told again by the recovery."""

    def __init__(self, *, ports: PollerPorts, keeper: Keeper, items: Items) -> None:
        self._ports = ports
        self._keeper = keeper
        self._items = items

    def retry(self, refs: Iterable[ItemRef]) -> None:
        """Try failed ones again now."""
        for ref in refs if self._is_on_duty else ():
            self._items.retry(ref, parked=True)

    def take(self, message: TakeIn) -> None:
        """Those under way have their own time."""
        if not self._is_on_duty:
            return
        refs = tuple(ref for ref in message.refs if not self._items.has(ref))
        if refs:
            detail = f"by recovery {message.recovery_id}"
            events = tuple(self._items.event(ref, "found", detail) for ref in refs)
            job = partial(take_in, self._ports.db, refs, events)
            self._ports.database_lane.submit(job, self._ports.me, partial(TakenIn, events))

    def taken(self, message: TakenIn) -> None:
        """They are on record."""
        if isinstance(message.outcome, Failed):
            if not isinstance(message.outcome.error, DataCenterError):
                raise message.outcome.error
            return
        if not self._is_on_duty:
            return
        events: dict[str, ItemEvent] = {event.item_key: event for event in message.events}
        found = message.outcome.value
        self._items.take(((ref, events[ref.key]) for ref in found.unfinished), hold=False)
        self.retry(found.parked)

    @property
    def _is_on_duty(self) -> bool:
        return self._keeper.term is not None and self._keeper.mark is not None
