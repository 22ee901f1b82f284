"""The actor that reads the archive again in the background, while this node is primary.

All it knows lies in the Data Center, so that the other node goes on where it was. It reads one slice at a
time, never faster than its budget, and waits while archive or Data Center are away.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Final, TypeAlias, assert_never

import structlog

from cluster.board import Board
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
from cluster.ports import Address, Clock, Done, Failed, Outcome, Workers
from recorder.errors import ArchiveError, DataCenterError
from recorder.messages import MonitorMessage
from recorder.ports.audit import AuditTrail
from recorder.ports.recording import Archive
from recorder.ports.scrub import ScrubDb
from recorder.records.audit import SYSTEM
from recorder.records.scrub import (
    READS,
    Change,
    ScrubObject,
    ScrubRow,
    ScrubStatus,
    ScrubSummary,
    Walk,
)
from recorder.scrub.alarms import ScrubAlarms
from recorder.scrub.budget import Budget
from recorder.scrub.census import CensusOrder, Counted, count_page
from recorder.scrub.reading import Partial, Slice, SliceOrder, read_slice
from recorder.settings.stages import ScrubSettings

_log = structlog.get_logger(__name__)

AWAY_S: Final = 30.0
CENSUS_PAGE_S: Final = 1.0
SUMMARY_S: Final = 600.0
SUM_AGAIN_S: Final = 2.0
REST_S: Final = 60.0
"""How often it looks whether something became due."""
_US: Final = 1_000_000
_NS: Final = 1_000_000_000
_BAD_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class _Summed:
    summary: ScrubSummary
    bad: tuple[ScrubRow, ...]


@dataclass(frozen=True, slots=True)
class _StepDue:
    """Time for the next step of this reign."""

    reign: int


@dataclass(frozen=True, slots=True)
class _Stepped:
    reign: int
    outcome: Outcome[_Summed | Counted | Slice | Walk]


ScrubberMessage: TypeAlias = DutyMessage | Ping | _StepDue | _Stepped


def _is_due(walk: Walk, every_s: float, now_us: int) -> bool:
    """Whether another is to begin; one that began in the future was begun by a wrong clock."""
    return not 0 <= now_us - walk.started_us < int(every_s * _US)


def _sum_up(db: ScrubDb) -> _Summed:
    return _Summed(db.summary(), db.bad(_BAD_SHOWN))


def _save_walk(db: ScrubDb, walk: Walk, term: int) -> Walk:
    db.save_walk(READS, walk, term)
    return walk


class Scrubber:
    """One per node. `lane` is its own: a read that hangs keeps nothing else waiting."""

    def __init__(
        self,
        *,
        me: Address[ScrubberMessage],
        monitor: Address[MonitorMessage],
        board: Board,
        lane: Workers,
        clock: Clock,
        archive: Archive,
        db: ScrubDb,
        trail: AuditTrail,
        settings: ScrubSettings,
    ) -> None:
        self._me = me
        self._board = board
        self._lane = lane
        self._clock = clock
        self._archive = archive
        self._db = db
        self._trail = trail
        self._settings = settings
        self._alarms = ScrubAlarms(monitor=monitor)
        self._budget = Budget(settings.bytes_per_day / 86_400)
        self._rest_s = min(REST_S, settings.recheck_s, settings.census_every_s)
        self._reign = 0
        self._duty: DutyGranted | None = None
        self._busy = False
        """A job of this or an earlier reign runs."""
        self._status = ScrubStatus(
            "standby" if settings.enabled else "off",
            0,
            0,
            self._budget.bytes_per_s,
            "",
            ScrubSummary(),
        )
        self._forget()

    def _forget(self) -> None:
        """What is known of the Data Center may be wrong: another node may have gone on."""
        self._summary: ScrubSummary | None = None
        self._sum_ns = 0
        """When to sum up again."""
        self._census_ns = 0
        self._queue: tuple[ScrubObject, ...] = ()
        self._partial: Partial | None = None

    def on_start(self) -> None:
        """Nothing is read before there is a duty."""
        self._board.publish("scrub", self._status)

    def on_stop(self) -> None:
        """What was not put on record is read again."""

    def on_message(self, message: ScrubberMessage) -> None:
        """See the union."""
        match message:
            case DutyGranted():
                self._granted(message)
            case DutyWithdrawn(reply_to):
                self._withdrawn()
                reply_to.tell(DutyEnded(self._me.name, {}))
            case MarksHeard() | HintsHeard():
                pass  # of pollers
            case Ping(number, reply_to):
                reply_to.tell(Pong(self._me.name, number))
            case _StepDue(reign):
                if reign == self._reign:
                    self._step()
            case _Stepped(reign, outcome):
                self._busy = False
                self._stepped(reign, outcome)
            case _:
                assert_never(message)

    # -- the duty ----

    def _granted(self, duty: DutyGranted) -> None:
        before, self._duty = self._duty, duty
        if not self._settings.enabled or (before is not None and before.term == duty.term):
            return
        self._reign += 1
        self._forget()
        self._step()

    def _withdrawn(self) -> None:
        self._duty = None
        self._reign += 1
        self._alarms.forget()
        if self._settings.enabled:
            self._show("standby")

    # -- steps ----

    def _step(self) -> None:
        now_ns, duty = self._clock.monotonic_ns(), self._duty
        if self._busy or duty is None:
            return  # the end of the job steps on, or the next grant
        if now_ns >= duty.until_ns:
            self._later(1.0)  # the grant ran out, and is renewed or withdrawn
            return
        now_us = self._clock.wall_us()
        summary = self._summary
        if summary is None or now_ns >= self._sum_ns:
            self._run(partial(_sum_up, self._db))
        elif self._census_due(summary.census, now_us) and now_ns >= self._census_ns:
            walk = summary.census
            if not walk.running:
                walk = replace(walk, place="", started_us=now_us)
            stray_us = int(self._settings.stray_after_s * _US)
            order = CensusOrder(walk, stray_us, now_us, duty.term)
            self._run(partial(count_page, self._archive, self._db, order))
        elif (wait_s := self._budget.wait_s(now_ns)) > 0:
            self._later(min(wait_s, REST_S))
        elif not summary.reads.running and self._pass_due(summary.reads, now_us):
            walk = replace(summary.reads, started_us=now_us)
            self._run(partial(_save_walk, self._db, walk, duty.term))
        else:
            self._read(summary.reads, now_us, duty.term)

    def _read(self, walk: Walk, now_us: int, term: int) -> None:
        order = SliceOrder(
            queue=self._queue,
            partial=self._partial,
            before_us=walk.started_us if walk.running else 0,
            bad_before_us=now_us - int(self._settings.recheck_s * _US),
            slice_bytes=self._budget.slice_bytes,
            now_us=now_us,
            term=term,
        )
        self._run(partial(read_slice, self._archive, self._db, order))

    def _census_due(self, walk: Walk, now_us: int) -> bool:
        return walk.running or _is_due(walk, self._settings.census_every_s, now_us)

    def _pass_due(self, walk: Walk, now_us: int) -> bool:
        return _is_due(walk, self._settings.pass_every_s, now_us)

    def _run(
        self, job: partial[_Summed] | partial[Counted] | partial[Slice] | partial[Walk]
    ) -> None:
        self._busy = True
        self._lane.submit(job, self._me, partial(_Stepped, self._reign))

    def _later(self, delay_s: float) -> None:
        self._clock.call_later(delay_s, self._me, _StepDue(self._reign))

    # -- what came of them ----

    def _stepped(self, reign: int, outcome: Outcome[_Summed | Counted | Slice | Walk]) -> None:
        now_ns = self._clock.monotonic_ns()
        match outcome:
            case Done(Slice() as done):
                self._budget.spent(done.bytes_read, len(done.readings), now_ns)
                self._changed(done.changes)
            case Done(Counted() as done):
                self._changed(done.changes)
            case Done():
                pass
            case Failed(error):
                self._failed(reign, error)
                return
        if reign != self._reign:
            self._step()
            return
        self._took(outcome.value, now_ns)

    def _took(self, done: _Summed | Counted | Slice | Walk, now_ns: int) -> None:
        match done:
            case _Summed(summary, bad):
                self._summary, self._sum_ns = summary, now_ns + int(SUMMARY_S * _NS)
                self._alarms.tell(summary, bad)
                self._show(self._status.state if self._status.state == "resting" else "reading")
                self._step()
            case Counted(walk):
                self._census_ns = now_ns + int(CENSUS_PAGE_S * _NS)
                self._summary = replace(self._known(), census=walk)
                self._alarms.reachable()
                self._show("reading")
                self._later(0.0)
            case Walk():
                self._summary = replace(self._known(), reads=done)
                self._step()
            case Slice():
                self._took_slice(done)

    def _took_slice(self, done: Slice) -> None:
        self._alarms.reachable()
        self._queue, self._partial = done.queue, done.partial
        read = self._status.objects_read + len(done.readings)
        bytes_read = self._status.bytes_read + done.bytes_read
        self._status = replace(self._status, objects_read=read, bytes_read=bytes_read)
        if not done.exhausted:
            self._show("reading")
            self._later(0.0)
            return
        known, duty = self._known(), self._duty
        self._show("resting")
        if known.reads.running and known.census.ended_us is not None and duty is not None:
            # Everything the census knows was read since the pass began.
            now_us = self._clock.wall_us()
            ended = replace(known.reads, ended_us=now_us, ended_started_us=known.reads.started_us)
            self._sum_ns = 0
            self._run(partial(_save_walk, self._db, ended, duty.term))
        else:
            sum_s = (self._sum_ns - self._clock.monotonic_ns()) / _NS
            rest_s = CENSUS_PAGE_S if known.census.running else self._rest_s
            self._later(min(rest_s, max(0.0, sum_s)))

    def _known(self) -> ScrubSummary:
        assert self._summary is not None, "a reign begins with a summary"
        return self._summary

    def _changed(self, changes: tuple[Change, ...]) -> None:
        for one in changes:
            what = "scrub_found" if one.after.is_bad else "scrub_healed"
            self._trail.record(
                what,
                one.object_key,
                SYSTEM,
                {"before": one.before.value, "after": one.after.value, "detail": one.detail},
                once=f"scrub:{one.object_key}:{one.after.value}:{one.since_us}",
            )
        if changes:  # tell of them soon, but do not count a million rows for each
            soon_ns = self._clock.monotonic_ns() + int(SUM_AGAIN_S * _NS)
            self._sum_ns = min(self._sum_ns, soon_ns)

    def _failed(self, reign: int, error: Exception) -> None:
        if reign != self._reign:
            self._step()
            return
        self._queue, self._partial = (), None
        if isinstance(error, StaleTerm):
            self._duty = None  # another node is primary; a new grant begins anew
            self._show("standby")
            return
        if isinstance(error, ArchiveError):
            self._alarms.away(error)
        elif not isinstance(error, DataCenterError):
            _log.error("scrub_failed", exc_info=error)
            self._alarms.failing(error)
        self._status = replace(self._status, last_error=str(error))
        self._show("waiting")
        self._later(AWAY_S)

    def _show(self, state: str) -> None:
        error = self._status.last_error if state == "waiting" else ""
        summary = self._summary or self._status.summary
        self._status = replace(self._status, state=state, last_error=error, summary=summary)
        self._board.publish("scrub", self._status)
