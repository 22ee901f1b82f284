"""The poller of one source: polls while this node has the duty, and knows how far it came when it has not.

Everything it decides is in the parts it is made of; here duty, beat, commands and failures come together.
"""

from __future__ import annotations

from typing import assert_never

from cluster.errors import StaleTerm
from cluster.messages import (
    CommandAnswer,
    DutyEnded,
    DutyGranted,
    DutyWithdrawn,
    HintsHeard,
    MarksHeard,
    Ping,
    Pong,
)
from cluster.ports import Address
from cluster.work_messages import JobAssigned, JobBroken, JobFinished
from recorder.messages import PeriodProven, PollerCommand, PollNow, RetryItems, Rewind, TakeIn
from recorder.poll.alarms import Alarms
from recorder.poll.canary import Canary
from recorder.poll.hints import Hints
from recorder.poll.items import Items
from recorder.poll.keeper import Keeper
from recorder.poll.left_behind import LeftBehind
from recorder.poll.lister import How, Lister, RunEnd
from recorder.poll.off_record import OffRecord
from recorder.poll.parked import Parked
from recorder.poll.poll_messages import (
    CanaryChecked,
    CanaryDue,
    FoundRecorded,
    HintDue,
    ItemRetryDue,
    LeftDue,
    LeftLoaded,
    LoadDue,
    Looked,
    OffRecordDue,
    OffRecordWritten,
    OutcomeDue,
    OutcomeRecorded,
    PageChecked,
    PageListed,
    ParkedDue,
    ParkedLoaded,
    PendingChecked,
    PollDue,
    PollerInbox,
    ProgressLoaded,
    ProgressSaved,
    SaveDue,
    TakenIn,
    TimeAsked,
)
from recorder.poll.poller_ports import PollerPorts
from recorder.poll.refusals import Refusals
from recorder.poll.reporter import Reporter
from recorder.poll.schedule import Schedule
from recorder.poll.taking_in import TakingIn
from recorder.poll.waking import Sign

LOAD_AGAIN_S = 5.0


class Poller:
    """One per source. Polls only between a DutyGranted and its `until_ns`."""

    def __init__(self, *, ports: PollerPorts) -> None:
        self._ports = ports
        self._alarms = Alarms(monitor=ports.monitor, subject=ports.name)
        self._keeper = Keeper(ports=ports, alarms=self._alarms)
        self._items = Items(ports=ports, keeper=self._keeper)
        self._off_record = OffRecord(ports=ports)
        self._lister = Lister(
            ports=ports, keeper=self._keeper, items=self._items, off_record=self._off_record
        )
        self._parked = Parked(ports=ports, keeper=self._keeper, items=self._items)
        self._left = LeftBehind(ports=ports, keeper=self._keeper, items=self._items)
        self._taking_in = TakingIn(ports=ports, keeper=self._keeper, items=self._items)
        self._canary = Canary(ports=ports, alarms=self._alarms)
        self._refusals = Refusals(ports=ports, canary=self._canary)
        self._hints = Hints(ports=ports)
        self._schedule = Schedule(interval_s=ports.poll.interval_s)
        self._reporter = Reporter(
            ports=ports,
            alarms=self._alarms,
            keeper=self._keeper,
            items=self._items,
            lister=self._lister,
            left=self._left,
        )
        self._loaded = self._overdue = self._again = False
        self._refused_below = self._timer = 0
        self._ending: Address[DutyEnded] | None = None

    def on_start(self) -> None:
        """Read what is known of the source."""
        self._keeper.load()
        self._canary.start()
        self._publish()

    def on_stop(self) -> None:
        """What is not saved is found again."""

    def on_message(self, message: PollerInbox) -> None:
        """Handle one message; then note what moved."""
        match message:
            case Ping(number, reply_to):
                problems = (self._canary.problem,) if self._canary.problem else ()
                reply_to.tell(Pong(self._ports.me.name, number, problems))
                return
            case DutyGranted() | DutyWithdrawn() | MarksHeard() | HintsHeard():
                self._duty(message)
            case JobAssigned() | JobFinished() | JobBroken():
                self._items.news(message)
            case PollNow() | Rewind() | RetryItems() | TakeIn() | PeriodProven():
                self._command(message)
            case TimeAsked() | PageListed() | PageChecked() | FoundRecorded():
                self._poll_went_on(message)
            case ProgressLoaded() | ProgressSaved() | OutcomeRecorded() | PendingChecked():
                self._database_said(message)
            case PollDue() | ItemRetryDue() | OutcomeDue() | SaveDue() | LoadDue() | HintDue():
                self._timer_fired(message)
            case _:
                self._looked(message)
        self._keeper.moved()
        self._publish()

    # -- the duty ----

    @property
    def _on_duty(self) -> bool:
        return self._keeper.term is not None

    def _duty(self, message: DutyGranted | DutyWithdrawn | MarksHeard | HintsHeard) -> None:
        match message:
            case DutyGranted():
                self._granted(message)
            case DutyWithdrawn(reply_to):
                self._ending = reply_to
                self._ended(self._lister.stop())
            case MarksHeard(marks):
                if self._ports.name in marks:
                    self._keeper.told(marks[self._ports.name], self._lister.source_us())
            case HintsHeard(names):
                if self._ports.name in names and self._on_duty:
                    self._look(now=self._hints.hinted(on_duty=True))
            case _:
                assert_never(message)

    def _granted(self, message: DutyGranted) -> None:
        if message.term < self._refused_below or self._ending is not None:
            return
        if self._ports.name in message.peer_marks:
            self._keeper.told(message.peer_marks[self._ports.name], self._lister.source_us())
        began = not self._on_duty
        self._keeper.term = message.term
        self._lister.until_ns = message.until_ns
        now_ns = self._ports.clock.monotonic_ns()
        if began:
            self._canary.well()
            self._schedule.start(now_ns)
            self._lister.look_backs.granted(now_ns)
            self._parked.start()
            self._left.granted()
            if self._loaded:
                self._loaded = self._keeper.mark is not None
                self._keeper.ask_again()
            self._arm(self._schedule.beat_ns(now_ns))
            self._poll()
        elif self._overdue:
            self._poll()

    def _stand_by(self) -> None:
        """The duty is over, one way or the other."""
        self._keeper.term = None
        self._timer += 1
        self._overdue = self._again = False
        self._items.drop()
        self._keeper.forget_pending()
        self._keeper.save()
        self._reporter.stand_by()
        self._refusals.stand_by()

    def _is_over(self, error: StaleTerm) -> bool:
        """A write was refused: the duty ends, unless the write was of an earlier reign than this."""
        term = self._keeper.term
        if term is not None and term > error.term:
            return False
        self._refused_below = max(self._refused_below, error.seen)
        if term is not None:
            self._lister.stop()
            self._stand_by()
        return True

    # -- polls ----

    def _poll(self) -> None:
        """Poll now if this node may; note it if it must wait."""
        now_ns = self._ports.clock.monotonic_ns()
        if self._lister.busy or not self._on_duty:
            return
        self._overdue = not self._lister.lasts
        if self._overdue or not self._schedule.may_poll(now_ns):
            return
        if self._keeper.mark is None and not self._keeper.is_new:
            self._overdue = True
            self._keeper.load()
            self._reporter.no_state(self._loaded)
            return
        self._alarms.close("no_state")
        self._left.look()
        self._ended(self._lister.begin(now_ns))

    def _poll_went_on(self, message: TimeAsked | PageListed | PageChecked | FoundRecorded) -> None:
        now_ns = self._ports.clock.monotonic_ns()
        match message:
            case TimeAsked():
                self._ended(self._lister.time_asked(message, now_ns))
            case PageListed():
                self._ended(self._lister.page_listed(message, now_ns))
            case PageChecked():
                self._ended(self._lister.page_checked(message, now_ns))
            case FoundRecorded():
                self._ended(self._lister.found_recorded(message, now_ns))
            case _:
                assert_never(message)

    def _ended(self, end: RunEnd | None) -> None:
        if end is None:
            return
        now_ns = self._ports.clock.monotonic_ns()
        match end.how:
            case How.DONE:
                recovered = self._schedule.failures > 0
                self._schedule.succeeded()
                self._reporter.polled(now_ns)
                self._refusals.polled(None)
                self._keeper.moved()
                self._keeper.save()
                self._items.check_pending()
                self._items.seems_well(Sign.POLL_RECOVERED if recovered else Sign.POLLED)
                if recovered:
                    self._parked.hurry()
            case How.FAILED:
                assert end.error is not None, "a failed poll has a reason"
                chance = self._ports.randomness.uniform(0.0, 1.0)
                self._arm(self._schedule.failed(end.error, chance, now_ns))
                self._reporter.failed(end.error, now_ns)
                self._refusals.polled(end.error)
            case How.STOPPED:
                self._overdue = True
            case _:
                assert_never(end.how)
        if self._ending is not None:
            reply_to, self._ending = self._ending, None
            self._keeper.moved()
            mark = self._keeper.mark
            self._stand_by()
            marks = {} if mark is None else {self._ports.name: mark}
            reply_to.tell(DutyEnded(self._ports.me.name, marks))
        elif (self._again and end.how is How.DONE) or end.how is How.STOPPED:
            self._again = False
            self._poll()

    # -- commands ----

    def _command(self, message: PollerCommand) -> None:
        match message:
            case PollNow():
                self._look(now=self._hints.hinted(on_duty=self._on_duty))
            case Rewind(to_us, reply_to):
                self._rewind(to_us, reply_to)
            case RetryItems(refs):
                self._taking_in.retry(refs)
            case TakeIn():
                self._taking_in.take(message)
            case PeriodProven(window):
                self._keeper.prove(window)
            case _:
                assert_never(message)

    def _look(self, *, now: bool) -> None:
        """Poll; once more when a poll is in hand, which may have passed what is new."""
        if now:
            self._again = self._lister.busy
            self._poll()

    def _rewind(self, to_us: int, reply_to: Address[CommandAnswer]) -> None:
        if not self._on_duty:
            hint = "Ask the primary node."
            reply_to.tell(CommandAnswer("refused", "this node does not poll", hint))
            return
        self._keeper.rewind(to_us)
        mark = self._keeper.mark
        assert mark is not None, "a rewind sets a mark"
        done = CommandAnswer("done", f"{self._ports.name} begins again, epoch {mark.epoch}")
        self._keeper.answer_when_saved(reply_to, done)
        self._from_the_beginning()

    def _from_the_beginning(self) -> None:
        """The watermark went back: look at everything again, as soon as may be."""
        self._items.ask_again()
        self._keeper.save()
        self._look(now=True)

    # -- answers and timers ----

    def _database_said(
        self, message: ProgressLoaded | ProgressSaved | OutcomeRecorded | PendingChecked
    ) -> None:
        match message:
            case ProgressLoaded():
                if self._keeper.loaded(message):
                    self._from_the_beginning()
                self._loaded = True
                if self._keeper.mark is None and not self._keeper.is_new:
                    self._ports.clock.call_later(LOAD_AGAIN_S, self._ports.me, LoadDue())
                if self._overdue:
                    self._poll_if_known()
            case ProgressSaved():
                error = self._keeper.saved(message).stale
                if error is not None and not self._is_over(error):
                    self._keeper.save()
            case OutcomeRecorded():
                error = self._items.outcome_recorded(message)
                if error is not None and not self._is_over(error):
                    self._items.outcome_due(message.key)
            case PendingChecked():
                self._items.pending_checked(message)
            case _:
                assert_never(message)

    def _poll_if_known(self) -> None:
        if self._keeper.mark is not None or self._keeper.is_new:
            self._poll()
        else:
            self._reporter.no_state(self._loaded)

    def _looked(self, message: Looked) -> None:
        match message:
            case TakenIn():
                self._taking_in.taken(message)
            case CanaryChecked():
                self._canary.checked(message, on_duty=self._on_duty)
            case ParkedLoaded():
                self._parked.loaded(message)
            case LeftLoaded():
                self._left.loaded(message)
            case OffRecordWritten():
                self._off_record.written(message)
            case OffRecordDue():
                self._off_record.due()
            case ParkedDue():
                self._parked.due()
            case LeftDue():
                self._left.due(duty_lasts=self._on_duty and self._lister.lasts)
            case CanaryDue():
                self._canary.due(message, on_duty=self._on_duty)
            case _:
                assert_never(message)

    def _timer_fired(
        self, message: PollDue | ItemRetryDue | OutcomeDue | SaveDue | LoadDue | HintDue
    ) -> None:
        match message:
            case PollDue(number):
                if number == self._timer:
                    self._arm(self._schedule.beat_ns(self._ports.clock.monotonic_ns()))
                    self._poll()
                    self._reporter.look(self._ports.clock.monotonic_ns())
            case ItemRetryDue():
                self._items.retry_due(message)
            case OutcomeDue(key):
                self._items.outcome_due(key)
            case SaveDue():
                self._keeper.save_due()
            case LoadDue():
                if self._keeper.mark is None:
                    self._keeper.load()
            case HintDue():
                self._look(now=self._hints.due(message, on_duty=self._on_duty))
            case _:
                assert_never(message)

    def _arm(self, due_ns: int) -> None:
        self._timer += 1
        delay_s = max(0, due_ns - self._ports.clock.monotonic_ns()) / 1e9
        self._ports.clock.call_later(delay_s, self._ports.me, PollDue(self._timer))

    def _publish(self) -> None:
        waiting = not self._schedule.may_poll(self._ports.clock.monotonic_ns())
        self._reporter.publish(loaded=self._loaded, on_duty=self._on_duty, waiting=waiting)
