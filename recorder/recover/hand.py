"""What recoveries of one source have in hand on the normal road: gives, and sees what became of it.

The poller is told of items; whether they are archived is asked of the Data Center, so nothing depends on an
answer that may be lost. What was told is told again now and then, and at the begin of every duty.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from functools import partial

from cluster.ports import Failed
from recorder.errors import DataCenterError
from recorder.messages import TakeIn
from recorder.records.recoveries import RecoveryRow, Tending
from recorder.recover import recovery_jobs as jobs
from recorder.recover.pacing import yields_because
from recorder.recover.recovery_messages import ItemsTended
from recorder.recover.recovery_ports import RecoveryPorts
from recorder.status import SourceStatus

TELL_AGAIN_S = 60.0


class Hand:
    """At most one look is on its way."""

    def __init__(self, *, ports: RecoveryPorts, name: str) -> None:
        self._ports = ports
        self._name = name
        self._term: int | None = None
        self._until_ns = 0
        self._run = 0
        self._busy = False
        self._turns: deque[str] = deque()
        self._in_hand: dict[str, int] = {}
        self._told_ns: dict[str, int] = {}
        self.waits_because = ""

    @property
    def in_hand(self) -> int:
        """Items on the normal road, as of the last look at each recovery."""
        return sum(self._in_hand.values())

    def granted(self, term: int, until_ns: int) -> None:
        """Work in this term, but start nothing after `until_ns`."""
        self._term, self._until_ns = term, until_ns

    def stand_by(self) -> None:
        """Forget it all."""
        self._term = None
        self._run += 1
        self._busy = False
        self._turns.clear()
        self._in_hand.clear()
        self._told_ns.clear()
        self.waits_because = ""

    def look(self, rows: Sequence[RecoveryRow]) -> None:
        """Look after each of these recoveries, one after the other, in this order."""
        names = [row.recovery_id for row in rows]
        self._in_hand = {name: self._in_hand.get(name, 0) for name in names}
        status = self._ports.board.read(f"source:{self._name}", SourceStatus)
        figures = self._ports.budget(self._name)
        in_hand_max = self._ports.settings.in_hand_max
        self.waits_because = yields_because(status, figures, in_hand_max) if names else ""
        if not self._busy:
            self._turns = deque(names)
            self._next()

    def tended(self, message: ItemsTended) -> RecoveryRow | None:
        """A look is over; returns the recovery as it is now. Raises StaleTerm when the duty is over."""
        if message.run != self._run or self._term is None:
            return None
        self._busy = False
        if isinstance(message.outcome, Failed):
            if not isinstance(message.outcome.error, DataCenterError):
                raise message.outcome.error
            self._turns.clear()
            return None
        tended = message.outcome.value
        self._in_hand[tended.row.recovery_id] = tended.in_hand
        if tended.give:
            give = TakeIn(tended.give, tended.row.recovery_id)
            self._ports.pollers[self._name].tell(give)
        self._next()
        return tended.row

    def _next(self) -> None:
        now_ns = self._ports.clock.monotonic_ns()
        if not self._turns or self._term is None or now_ns >= self._until_ns:
            return
        name = self._turns.popleft()
        told_ns = self._told_ns.get(name)
        again = told_ns is None or now_ns - told_ns >= TELL_AGAIN_S * 1e9
        if again:
            self._told_ns[name] = now_ns
        room = 0 if self.waits_because else self._ports.settings.in_hand_max - self.in_hand
        tending = Tending(
            name,
            max(0, room),
            given_max=10 * self._ports.settings.in_hand_max,
            again=again,
        )
        self._busy = True
        job = partial(jobs.tend, self._ports.db, tending, self._term)
        then = partial(ItemsTended, self._name, self._run)
        self._ports.database_lane.submit(job, self._ports.me, then)
