"""Parked items are tried again from time to time, without holding the watermark."""

from __future__ import annotations

from functools import partial

from cluster.ports import Done
from recorder.poll.items import Items
from recorder.poll.keeper import Keeper
from recorder.poll.poll_jobs import due_because_of_outage, due_retries
from recorder.poll.poll_messages import ParkedDue, ParkedLoaded
from recorder.poll.poller_ports import PollerPorts

LOOK_S = 60.0
AT_ONCE = 100
HURRY_AT_ONCE = 5000


class Parked:
    """Asks the Data Center every minute which parked items are due; it set their time when it parked them."""

    def __init__(self, *, ports: PollerPorts, keeper: Keeper, items: Items) -> None:
        self._ports = ports
        self._keeper = keeper
        self._items = items
        self._armed = False

    def start(self) -> None:
        """This node has the duty."""
        if not self._armed:
            self._armed = True
            self._ports.clock.call_later(LOOK_S, self._ports.me, ParkedDue())

    def due(self) -> None:
        """Ask, unless the duty is over."""
        self._armed = False
        if self._keeper.term is None:
            return
        self.start()
        ports = self._ports
        job = partial(due_retries, ports.db, ports.name, ports.clock.wall_us(), AT_ONCE)
        ports.database_lane.submit(job, ports.me, ParkedLoaded)

    def hurry(self) -> None:
        """The source answers again: what was parked because it did not is due at once."""
        ports = self._ports
        soon_us = ports.clock.wall_us() + int(ports.retry.parked_every_s * 2e6)
        job = partial(due_because_of_outage, ports.db, ports.name, soon_us, HURRY_AT_ONCE)
        ports.database_lane.submit(job, ports.me, ParkedLoaded)

    def loaded(self, message: ParkedLoaded) -> None:
        """Hand out what is due; a Data Center that is away is asked again a minute later."""
        known = self._keeper.term is not None and self._keeper.mark is not None
        if isinstance(message.outcome, Done) and known:
            for row in message.outcome.value:
                self._items.retry(row.ref, row.attempts, row.found_us, parked=True)
