"""The recovery actor: one per node, at work while its node is primary.

What is to be done and how far it is lies in the Data Center, so that whoever is primary goes on with the same
ids. Here duty, looks and the system's own requests come together; the work itself is done in one `Lane` per source.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import assert_never

import structlog

from cluster.errors import StaleTerm
from cluster.messages import (
    DutyEnded,
    DutyGranted,
    DutyMessage,
    DutyWithdrawn,
    HintsHeard,
    MarksHeard,
    Ping,
    Pong,
)
from cluster.ports import Done, Failed, Outcome
from recorder.errors import DataCenterError
from recorder.messages import PeriodProven, RecoveriesChanged
from recorder.records.recoveries import RecoveryKind, RecoveryRow, RecoveryStatus
from recorder.recover import recovery_jobs as jobs
from recorder.recover.due import Ask, Known, Prove, Resume, Step, after_stop, steps
from recorder.recover.lane import Lane
from recorder.recover.recovery_messages import (
    Asked,
    CheckDue,
    Checked,
    Compared,
    ItemsTended,
    LaneMessage,
    ListDue,
    Listed,
    LookDue,
    Looked,
    RecoveryEnded,
    RecoveryInbox,
    SectionRecorded,
    Staged,
)
from recorder.recover.recovery_ports import RecoveryPorts
from recorder.recover.request import new_id
from recorder.recover.stops import Stops
from recorder.status import RecoveryStatus as Snapshot
from recorder.status import SourceStatus

_log = structlog.get_logger(__name__)

IDLE_LOOK_S = 5.0
"""How often to look for requests while nothing is to be done."""
SYSTEM = "system"


class Recovery:
    """Works only between a DutyGranted and its `until_ns`. A look that fails is made again."""

    def __init__(self, *, ports: RecoveryPorts) -> None:
        self._ports = ports
        self._lanes = {name: Lane(ports=ports, name=name) for name in ports.sources}
        self._stops = Stops(ports.monitor)
        self._term: int | None = None
        self._until_ns = 0
        self._refused_below = 0
        self._run = 0
        self._looking = self._again = False
        self._checking = False
        self._met: dict[str, Known] = {}
        """What this duty met at its begin, by source, until the source says what time it is."""
        self._begins = True
        self._looks = self._checks = 0

    def on_start(self) -> None:
        """Nothing before the duty."""
        self._publish()

    def on_stop(self) -> None:
        """What is not on record is done again."""

    def on_message(self, message: RecoveryInbox) -> None:
        """Handle one message; a write that was refused for its term ends the duty."""
        match message:
            case Ping(number, reply_to):
                reply_to.tell(Pong(self._ports.me.name, number))
                return
            case DutyGranted() | DutyWithdrawn() | MarksHeard() | HintsHeard():
                self._duty(message)
            case RecoveriesChanged():
                self._look()
            case LookDue() | Looked():
                self._look_went_on(message)
            case CheckDue() | Checked() | Asked():
                self._check_went_on(message)
            case (
                Listed()
                | Compared()
                | Staged()
                | SectionRecorded()
                | ListDue()
                | ItemsTended()
                | RecoveryEnded()
            ):
                self._pass_on(message)
            case _:
                assert_never(message)
        self._publish()

    # -- the duty ----

    def _duty(self, message: DutyMessage) -> None:
        match message:
            case DutyGranted(term, until_ns):
                self._granted(term, until_ns)
            case DutyWithdrawn(reply_to):
                self._stand_by()
                reply_to.tell(DutyEnded(self._ports.me.name, {}))
            case MarksHeard() | HintsHeard():
                return
            case _:
                assert_never(message)

    def _granted(self, term: int, until_ns: int) -> None:
        if term < self._refused_below:
            return
        began = self._term is None
        self._term, self._until_ns = term, until_ns
        for lane in self._lanes.values():
            lane.granted(term, until_ns)
        if began:
            self._look()
            self._check()

    def _stand_by(self) -> None:
        self._term = None
        self._run += 1
        self._looks += 1
        self._checks += 1
        self._looking = self._again = self._checking = False
        self._met.clear()
        self._begins = True
        self._stops.forget()
        for lane in self._lanes.values():
            lane.stand_by()

    def _pass_on(self, message: LaneMessage) -> None:
        try:
            self._lanes[message.source].handle(message)
        except StaleTerm as error:
            self._refused_below = max(self._refused_below, error.seen)
            if self._term is not None and self._term <= error.term:
                self._stand_by()
        if isinstance(message, RecoveryEnded) and isinstance(message.outcome, Done):
            self._tell_end(message.outcome.value)

    # -- looks ----

    def _look_went_on(self, message: LookDue | Looked) -> None:
        match message:
            case LookDue(number):
                if number == self._looks:
                    self._look()
            case Looked(run, outcome):
                if run == self._run:
                    self._looked(outcome)
            case _:
                assert_never(message)

    def _look(self) -> None:
        if self._term is None:
            return
        if self._looking:
            self._again = True
            return
        busy = any(lane.rows for lane in self._lanes.values())
        self._looks += 1
        every_s = self._ports.settings.look_s if busy else IDLE_LOOK_S
        self._ports.clock.call_later(every_s, self._ports.me, LookDue(self._looks))
        if self._ports.clock.monotonic_ns() >= self._until_ns:
            return
        self._looking = True
        job = partial(jobs.look, self._ports.db)
        self._ports.database_lane.submit(job, self._ports.me, partial(Looked, self._run))

    def _looked(self, outcome: Outcome[jobs.Seen]) -> None:
        self._looking = False
        again, self._again = self._again, False
        if isinstance(outcome, Failed):
            _expect_away(outcome.error)
            if again:  # the look that was due meanwhile
                self._look_soon()
            return
        seen = outcome.value
        self._stops.look(seen.stopped)
        was_idle = not any(lane.rows for lane in self._lanes.values())
        for name, lane in self._lanes.items():
            lane.looked(row for row in seen.running if row.source == name)
        self._look_at_stops()
        strangers = [row for row in seen.running if row.source not in self._lanes]
        for row in strangers:
            self._stop_stranger(row)
        if again or (was_idle and seen.running):
            self._look_soon()

    def _look_soon(self) -> None:
        self._looks += 1
        look_s = self._ports.settings.look_s
        self._ports.clock.call_later(look_s, self._ports.me, LookDue(self._looks))

    def _stop_stranger(self, row: RecoveryRow) -> None:
        """Its source is not configured on this node any more, or did not start."""
        assert self._term is not None, "only the primary looks"
        began = row.started_us is not None
        status = RecoveryStatus.STOPPED if began else RecoveryStatus.FAILED
        reason = f"the source {row.source} does not run on {self._ports.node}"
        job = partial(jobs.end, self._ports.db, row.recovery_id, status, reason, self._term)
        self._ports.database_lane.submit(
            job, self._ports.me, lambda outcome: Asked(_as_none(outcome))
        )

    # -- what the system asks for ----

    def _check(self) -> None:
        settings = self._ports.settings
        if self._term is None or not settings.automatic:
            return
        self._checks += 1
        self._ports.clock.call_later(settings.check_s, self._ports.me, CheckDue(self._checks))
        if not self._checking:
            self._checking = True
            ports = self._ports
            job = partial(jobs.read_known, ports.db, ports.contact_db, tuple(self._lanes))
            ports.database_lane.submit(job, ports.me, partial(Checked, self._run))

    def _check_went_on(self, message: CheckDue | Checked | Asked) -> None:
        match message:
            case CheckDue(number):
                if number == self._checks:
                    self._check()
            case Checked(run, outcome):
                if run == self._run:
                    self._checking = False
                    self._checked(outcome)
            case Asked(outcome):
                if isinstance(outcome, Failed) and not isinstance(outcome.error, StaleTerm):
                    _expect_away(outcome.error)
                self._look()
            case _:
                assert_never(message)

    def _checked(self, outcome: Outcome[jobs.Told]) -> None:
        if isinstance(outcome, Failed):
            _expect_away(outcome.error)
            return
        ports, now_us = self._ports, self._ports.clock.wall_us()
        if self._begins:
            self._begins = False
            self._met = {known.progress.source: known for known in outcome.value.known}
        for known in outcome.value.known:
            source = known.progress.source
            retention_s = ports.sources[source].capabilities.retention_s
            found = steps(known, retention_s=retention_s, now_us=now_us, settings=ports.settings)
            self._take(source, found)
        self._look_at_stops()

    def _look_at_stops(self) -> None:
        """How long nobody polled is told by the clock of the source: that of this node may be wrong."""
        for source, known in list(self._met.items()):
            status = self._ports.board.read(f"source:{source}", SourceStatus)
            if status is None or status.lag_s is None or status.watermark_us is None:
                continue
            del self._met[source]
            now_us = status.watermark_us + int(status.lag_s * 1e6)
            self._take(source, after_stop(known, now_us=now_us, settings=self._ports.settings))

    def _take(self, source: str, found: Iterable[Step]) -> None:
        """Do what is called for."""
        ports = self._ports
        rows: list[RecoveryRow] = []
        resumed: list[str] = []
        for step in found:
            match step:
                case Ask():
                    rows.append(self._request(source, step))
                case Resume(recovery_id):
                    resumed.append(recovery_id)
                case Prove(window):
                    ports.pollers[source].tell(PeriodProven(window))
                case _:
                    assert_never(step)
        if rows or resumed:
            job = partial(jobs.ask, ports.db, tuple(rows), tuple(resumed))
            ports.database_lane.submit(job, ports.me, Asked)

    def _request(self, source: str, step: Ask) -> RecoveryRow:
        now_us = self._ports.clock.wall_us()
        recovery_id = new_id(now_us, self._ports.randomness.token())
        _log.info("recovery_asked", recovery=recovery_id, source=source, cause=step.cause)
        return RecoveryRow(
            recovery_id=recovery_id,
            source=source,
            kind=RecoveryKind.AUTOMATIC,
            cause=step.cause,
            requested_us=now_us,
            requested_by=SYSTEM,
            window=step.window,
            updated_us=now_us,
        )

    # -- telling ----

    def _tell_end(self, row: RecoveryRow) -> None:
        if row.status is RecoveryStatus.RUNNING:
            return
        counts = row.counts
        _log.info(
            "recovery_ended",
            recovery=row.recovery_id,
            status=row.status.value,
            detected=counts.detected,
            recovered=counts.recovered,
            failed=counts.failed,
        )
        self._look()

    def _publish(self) -> None:
        lanes = self._lanes
        snapshot = Snapshot(
            on_duty=self._term is not None,
            running=tuple(row for lane in lanes.values() for row in lane.rows),
            in_hand={name: lane.hand.in_hand for name, lane in lanes.items()},
            waits_because={
                name: lane.hand.waits_because
                for name, lane in lanes.items()
                if lane.hand.waits_because
            },
        )
        self._ports.board.publish("recovery", snapshot)


def _as_none(outcome: Outcome[RecoveryRow]) -> Outcome[None]:
    return outcome if isinstance(outcome, Failed) else Done(None)


def _expect_away(error: Exception) -> None:
    if not isinstance(error, DataCenterError):
        raise error
