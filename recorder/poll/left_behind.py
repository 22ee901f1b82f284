"""Items that an earlier reign found and brought to no end.

Most are listed again after a takeover, because the watermark never passed them. One that the source deleted
or moved meanwhile is not: only its row in the Data Center still speaks of it, and it must end with a reason.

The same look counts what ended as lost within a day, by whichever node: the Reporter tells of it.
"""

from __future__ import annotations

from functools import partial

from cluster.ports import Done
from recorder.errors import DataCenterError
from recorder.poll.items import Items
from recorder.poll.keeper import Keeper
from recorder.poll.poll_jobs import left
from recorder.poll.poll_messages import LeftDue, LeftLoaded
from recorder.poll.poller_ports import PollerPorts

LOOK_S = 60.0
AGAIN_S = 5.0
LOST_TOLD_US = 86_400 * 1_000_000
"""So long a lost item is told of; from then on the reconciliation does, until somebody accepts it."""
_HOLD = "left behind by an earlier reign"


class LeftBehind:
    """Asks the Data Center at the begin of a duty, before the watermark may move, and every minute after.

    While the Data Center is away the watermark moves on without: it is saved there only later, by when
    what was left behind is in hand.
    """

    def __init__(self, *, ports: PollerPorts, keeper: Keeper, items: Items) -> None:
        self._ports = ports
        self._keeper = keeper
        self._items = items
        self._wanted = False
        self._asking = False
        self._outdated = False
        """What is asked just now was asked in an earlier duty, and the other node may have polled since."""
        self._armed = False
        self.lost = 0
        """Items that ended as gone within `LOST_TOLD_US`, as of the last look."""

    def granted(self) -> None:
        """A duty begins."""
        self._wanted = True
        self._outdated = self._asking
        self.lost = 0

    def look(self) -> None:
        """To be called before every poll: the first one of a duty asks, and holds the watermark meanwhile."""
        watermark = self._keeper.watermark
        if self._wanted and watermark is not None:
            self._wanted = False
            watermark.found(_HOLD, 0)
            self._ask()

    def due(self, *, duty_lasts: bool) -> None:
        """The timer fired. A duty that ran out hands out nothing, and may be renewed."""
        self._armed = False
        if duty_lasts:
            self._ask()
        elif self._keeper.term is not None:
            self._arm(AGAIN_S)

    def loaded(self, message: LeftLoaded) -> None:
        """Take in what nobody has in hand. Without an answer it is asked again soon."""
        self._asking = False
        outdated, self._outdated = self._outdated, False
        watermark = self._keeper.watermark
        if self._keeper.term is None or watermark is None:
            return
        if outdated:
            self._ask()
            return
        if isinstance(message.outcome, Done):
            self.lost = message.outcome.value.lost
            for row in message.outcome.value.rows:
                self._items.adopt(row)
            self._arm(LOOK_S)
        elif isinstance(message.outcome.error, DataCenterError):
            self._arm(AGAIN_S)
        else:
            raise message.outcome.error
        watermark.final(_HOLD)

    def _ask(self) -> None:
        if not self._asking:
            self._asking = True
            since_us = self._ports.clock.wall_us() - LOST_TOLD_US
            job = partial(left, self._ports.db, self._ports.name, since_us)
            self._ports.database_lane.submit(job, self._ports.me, LeftLoaded)

    def _arm(self, delay_s: float) -> None:
        if not self._armed:
            self._armed = True
            self._ports.clock.call_later(delay_s, self._ports.me, LeftDue())
