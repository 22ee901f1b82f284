"""The actor that deletes what is over: on the primary alone, slowly, and never what a hold covers.

A run looks at what was agreed to, surveys what is due, puts it on record some at a time, and deletes what has
been on record for the whole recycle period. Every step is one job; between two of them it waits a while, after a
look at many contacts for as long as it takes to have been at work for a small share of the time.
What stops it (rules nobody confirmed, far more than usual, an archive that is away) stops only deletion.
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from functools import partial
from typing import Final, assert_never

from cluster.errors import StaleTerm
from cluster.messages import (
    DutyEnded,
    DutyGranted,
    DutyWithdrawn,
    HintsHeard,
    MarksHeard,
    Ping,
    Pong,
)
from cluster.ports import Address, Clock, Done, Failed
from recorder.errors import DataCenterError
from recorder.keep.interlock import INTERLOCK, Refusal, Standing, too_many, unconfirmed
from recorder.keep.pace import rest_s
from recorder.keep.retention_jobs import DeleteTools, Looked, delete_some, end_run, look
from recorder.keep.retention_messages import (
    DeletionsDone,
    LookDone,
    PageDone,
    RetentionInbox,
    RunRecorded,
    StepDue,
)
from recorder.keep.retention_parts import RetentionPorts, Teller
from recorder.keep.rules import shortest_us
from recorder.keep.surveys import joined
from recorder.records.retention import DAY_US, Run, Surveyed, Walk

LOOK_S: Final = 60.0
"""How often it is looked whether a run is due: so soon a confirmed plan counts."""
AGAIN_S: Final = 15.0
"""After a failure."""
SWEPT_US: Final = 2 * DAY_US
RUNS_SWEPT: Final = 2
"""For so long, or so many runs, after a contact was deleted what a program made of it meanwhile is looked for."""
DECIDED_AT_ONCE: Final = 200
"""Contacts: SQLite keeps every other writer out meanwhile."""


class Phase(StrEnum):
    """What the next step is."""

    LOOK = "look"
    SURVEY = "survey"
    DECIDE = "decide"
    DELETE = "delete"
    END = "end"


class Retention:
    """One per node. Acts only between a DutyGranted and its `until_ns`."""

    def __init__(self, *, ports: RetentionPorts) -> None:
        self._ports = ports
        self._rules = ports.settings.rules()
        self._swept_us = max(int(RUNS_SWEPT * ports.settings.every_s * 1e6), SWEPT_US)
        self._tell = Teller(ports)
        self._phase = Phase.LOOK
        self._term: int | None = None
        self._until_ns = 0
        self._refused_below = 0
        self._busy = False
        self._timer = self._job = 0
        self._ending: Address[DutyEnded] | None = None
        self._now_us = 0
        self._standing = Standing(None, ())
        self._walk = Walk(0)
        self._found = Surveyed()
        self._due: list[str] = []
        """Contacts that were found due, and are not on record as such."""
        self._decided = Surveyed()
        self._deleted = 0
        self._began_ns = 0
        self._run: Run | None = None
        self._swept = ""
        """The contact up to which this run swept again."""

    def on_start(self) -> None:
        """Wait for the duty."""
        self._publish()

    def on_stop(self) -> None:
        """What was begun is on record; whoever is primary goes on."""

    def on_message(self, message: RetentionInbox) -> None:
        """Handle one message."""
        match message:
            case Ping(number, reply_to):
                reply_to.tell(Pong(self._ports.me.name, number))
                return
            case DutyGranted() | DutyWithdrawn() | MarksHeard() | HintsHeard():
                self._duty(message)
            case StepDue(number):
                if number == self._timer:
                    self._step()
            case LookDone() | PageDone() | DeletionsDone() | RunRecorded():
                self._busy = False
                self._went_on(message)
            case _:
                assert_never(message)
        self._publish()

    # -- the duty ----

    def _duty(self, message: DutyGranted | DutyWithdrawn | MarksHeard | HintsHeard) -> None:
        match message:
            case DutyGranted():
                self._granted(message)
            case DutyWithdrawn(reply_to):
                self._stand_by()
                self._ending = reply_to
                if not self._busy:
                    self._answer_ended()
            case MarksHeard() | HintsHeard():
                pass
            case _:
                assert_never(message)

    def _granted(self, message: DutyGranted) -> None:
        if message.term < self._refused_below or self._ending is not None:
            return
        began = self._term != message.term
        self._term, self._until_ns = message.term, message.until_ns
        if began:
            self._job += 1
            self._phase, self._run = Phase.LOOK, None
            self._arm(self._ports.settings.first_s)

    def _stand_by(self) -> None:
        self._term = None
        self._timer += 1
        self._tell.stand_by()

    def _answer_ended(self) -> None:
        if self._ending is not None:
            self._ending.tell(DutyEnded(self._ports.me.name, {}))
            self._ending = None

    # -- steps ----

    def _step(self) -> None:
        """Begin the job of this phase, unless the duty does not reach that far."""
        if self._term is None or self._busy:
            return
        if self._ports.clock.monotonic_ns() >= self._until_ns:
            self._arm(self._ports.settings.pause_s)
            return
        self._busy = True
        self._job += 1
        self._began_ns = self._ports.clock.monotonic_ns()
        self._submit(self._term)

    def _submit(self, term: int) -> None:
        ports, db, me = self._ports, self._ports.db, self._ports.me
        match self._phase:
            case Phase.LOOK:
                ports.lane.submit(
                    partial(look, db, ports.clock.wall_us()), me, partial(LookDone, self._job)
                )
            case Phase.SURVEY:
                survey = partial(db.survey, self._walk, self._rules, self._now_us)
                ports.lane.submit(survey, me, partial(PageDone, self._job))
            case Phase.DECIDE:
                some = tuple(self._due[:DECIDED_AT_ONCE])
                decide = partial(db.decide, some, self._rules, self._now_us, term)
                ports.lane.submit(decide, me, partial(PageDone, self._job))
            case Phase.DELETE:
                tools = self._tools()
                limit = ports.settings.deletions_at_once
                delete = partial(delete_some, tools, self._rules, self._now_us, term, limit)
                ports.lane.submit(delete, me, partial(DeletionsDone, self._job))
            case Phase.END:
                assert self._run is not None, "a run ends that began"
                since_us = self._run.started_us - self._swept_us
                end = partial(end_run, self._tools(), self._run, term, since_us, self._swept)
                ports.lane.submit(end, me, partial(RunRecorded, self._job))
            case _:
                assert_never(self._phase)

    def _tools(self) -> DeleteTools:
        lasts = partial(_lasts, self._ports.clock, self._until_ns)
        return DeleteTools(self._ports.db, self._ports.archive, lasts)

    def _went_on(self, message: LookDone | PageDone | DeletionsDone | RunRecorded) -> None:
        if isinstance(message, DeletionsDone) and isinstance(message.outcome, Done):
            self._tell.deleted(message.outcome.value)
        if self._term is None:
            self._answer_ended()
            return
        if message.job != self._job:
            self._arm(self._ports.settings.pause_s)
            return
        outcome = message.outcome
        if isinstance(outcome, Failed):
            self._failed(outcome.error)
            return
        self._tell.failing("")
        match message:
            case LookDone(outcome=Done(looked)):
                self._looked(looked)
            case PageDone(outcome=Done(found)):
                self._page(found)
            case DeletionsDone(outcome=Done(deleted)):
                self._deleted += len(deleted.ended) + len(deleted.aside)
                self._tell.failing(deleted.error)
                rest = deleted.more and self._deleted < self._ports.settings.per_run_max
                over = Phase.LOOK if self._run is None else Phase.END
                self._go(Phase.DELETE if rest else over, AGAIN_S if deleted.error else None)
            case RunRecorded(outcome=Done(str(swept))):
                self._swept = swept
                self._go(Phase.END, self._rest_s())
            case RunRecorded():
                self._run = None
                self._go(Phase.LOOK, min(LOOK_S, self._ports.settings.every_s))
            case _:
                raise AssertionError("a failure was handled before")

    def _failed(self, error: Exception) -> None:
        """A database that is away is asked again; a higher term ends the duty."""
        if isinstance(error, StaleTerm):
            self._refused_below = max(self._refused_below, error.seen)
            if self._term is not None and self._term < error.seen:
                self._stand_by()
            return
        if not isinstance(error, DataCenterError):
            raise error
        self._tell.failing(str(error))
        self._arm(AGAIN_S)

    # -- a run ----

    def _looked(self, looked: Looked) -> None:
        """Begin a run when one is due and may be; otherwise look again soon."""
        self._standing, self._now_us = looked.standing, looked.now_us
        self._tell.stuck(looked.stuck)
        refusal = unconfirmed(self._rules, looked.standing)
        self._tell.refused(refusal, self._stopped_last())
        wait_s = min(LOOK_S, self._ports.settings.every_s)
        if refusal is None and not self._is_due() and looked.again and not self._stopped_last():
            self._deleted = 0
            self._go(Phase.DELETE)  # what failed is not left for the next run
            return
        if refusal is not None or not self._is_due():
            self._arm(wait_s)
            return
        assert self._term is not None, "on duty"
        started_us = self._now_us
        run_id = f"K-{started_us:x}-{self._term}"
        node, rules = self._ports.node, self._rules
        self._run = Run(run_id, started_us, None, node, self._term, "running", rules, 0, 0)
        self._deleted, self._swept = 0, ""
        self._begin_walk()

    def _stopped_last(self) -> bool:
        runs = self._standing.runs
        return bool(runs) and runs[0].outcome == "stopped" and not self._agreed_since(runs[0])

    def _agreed_since(self, run: Run) -> bool:
        plan = self._standing.confirmed
        return plan is not None and (plan.confirmed_us or 0) > run.started_us

    def _is_due(self) -> bool:
        """Never twice within a period; a confirmed plan, or an end of the node in between, makes it due at once."""
        if not self._standing.runs:
            return True
        last = self._standing.runs[0]
        if last.outcome == "running" or (last.outcome == "stopped" and self._agreed_since(last)):
            return True
        age_us = self._now_us - last.started_us
        return not 0 <= age_us < self._ports.settings.every_s * 1e6

    def _begin_walk(self) -> None:
        self._found, self._decided, self._due = Surveyed(), Surveyed(), []
        shortest = shortest_us(self._rules)
        if shortest is None:
            self._go(Phase.DELETE)
            return
        self._walk = Walk(self._now_us - shortest, None, self._ports.settings.page)
        self._go(Phase.SURVEY)

    def _page(self, found: Surveyed) -> None:
        wait_s = self._rest_s()
        if self._phase is Phase.DECIDE:
            self._decided = joined(self._decided, found)
            del self._due[:DECIDED_AT_ONCE]
            if not self._due:
                self._tell.decided(self._run, replace(self._decided, held=self._found.held))
            self._go(Phase.DECIDE if self._due else Phase.DELETE, wait_s)
            return
        self._found = joined(self._found, found)
        self._walk = replace(self._walk, after=found.next)
        room = self._ports.settings.per_run_max - len(self._due)
        self._due += found.due[:room]
        if found.next is not None:
            self._go(Phase.SURVEY, wait_s)
        else:
            self._surveyed()

    def _rest_s(self) -> float:
        """How long to wait after the step that was just done."""
        took_ns = self._ports.clock.monotonic_ns() - self._began_ns
        return rest_s(took_ns, self._ports.settings.share)

    def _surveyed(self) -> None:
        settings, found = self._ports.settings, self._found
        refusal: Refusal | None = too_many(
            found.contacts,
            self._standing,
            settings.interlock_factor,
            settings.interlock_floor,
            self._now_us,
        )
        assert self._run is not None, "a run surveys"
        self._run = replace(self._run, contacts=found.contacts, bytes=found.bytes)
        if refusal is not None:
            assert refusal.code == INTERLOCK, "the rules were confirmed"
            self._tell.refused(refusal, stopped_last=True)
            self._run = replace(self._run, outcome="stopped", ended_us=self._now_us)
            self._go(Phase.END)
        else:
            self._tell.refused(None, stopped_last=False)
            self._go(Phase.DECIDE if self._due else Phase.DELETE)

    def _go(self, phase: Phase, wait_s: float | None = None) -> None:
        self._phase = phase
        if phase is Phase.END and self._run is not None and self._run.outcome == "running":
            ended_us = max(self._ports.clock.wall_us(), self._run.started_us)
            self._run = replace(self._run, outcome="done", ended_us=ended_us)
        self._arm(self._ports.settings.pause_s if wait_s is None else wait_s)

    def _arm(self, delay_s: float) -> None:
        self._timer += 1
        self._ports.clock.call_later(delay_s, self._ports.me, StepDue(self._timer))

    def _publish(self) -> None:
        phase = self._phase.value if self._term is not None else "standby"
        self._tell.publish(phase, self._found, self._run, self._standing)


def _lasts(clock: Clock, until_ns: int) -> bool:
    return clock.monotonic_ns() < until_ns
