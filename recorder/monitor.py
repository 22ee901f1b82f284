"""The actor that keeps what an operator should know: findings, role history, hooks, figures.

A role change is written to the Data Center's history again and again until that works: a repeated
row is the same row. Hooks run one after the other, in the order of the changes.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias, assert_never

import structlog

from cluster.board import Board
from cluster.messages import (
    AlarmCleared,
    AlarmRaised,
    DescribeSelf,
    LinkMessage,
    ObserverMessage,
    Ping,
    Pong,
    RoleChanged,
)
from cluster.ports import Address, Clock, Done, Failed, Outcome, Workers
from recorder.audit.trail import NO_TRAIL
from recorder.figures import figures
from recorder.findings import FindingBook
from recorder.messages import FindingClosed, FindingOpened, MonitorMessage
from recorder.model import Finding, Level
from recorder.ports.audit import AuditTrail
from recorder.ports.recording import ContactDb
from recorder.records.audit import SYSTEM, role_once
from recorder.records.contacts import HistoryRow
from recorder.status import Findings

_log = structlog.get_logger(__name__)

_LOG_LEVELS = {
    Level.ERROR: logging.ERROR,
    Level.WARNING: logging.WARNING,
    Level.INFO: logging.INFO,
}

HISTORY_RETRY_S = 2.0
HISTORY_WAITING_MAX = 1_000
HOOKS_WAITING_MAX = 100
FIGURES_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class _HistoryWritten:
    outcome: Outcome[None]


@dataclass(frozen=True, slots=True)
class _HistoryDue:
    """Time to try the history again."""


@dataclass(frozen=True, slots=True)
class _HookEnded:
    outcome: Outcome[int]


@dataclass(frozen=True, slots=True)
class _FiguresDue:
    """Time to tell the peer how far this node is."""


_Message: TypeAlias = (
    MonitorMessage
    | ObserverMessage
    | Ping
    | _HistoryWritten
    | _HistoryDue
    | _HookEnded
    | _FiguresDue
)


class Monitor:
    """Publishes `Findings` (part `findings`); `run_hook` blocks and returns an exit status."""

    def __init__(
        self,
        *,
        address: Address[_Message],
        board: Board,
        clock: Clock,
        contact_db: ContactDb,
        workers: Workers,
        link: Address[LinkMessage],
        run_hook: Callable[[RoleChanged], int] | None,
        trail: AuditTrail = NO_TRAIL,
    ) -> None:
        self._address = address
        self._board = board
        self._clock = clock
        self._contact_db = contact_db
        self._workers = workers
        self._link = link
        self._run_hook = run_hook
        self._trail = trail
        self._book = FindingBook()
        self._history: deque[HistoryRow] = deque()
        self._writing = False
        self._hooks: deque[RoleChanged] = deque(maxlen=HOOKS_WAITING_MAX)
        self._hook_runs = False
        self._told: dict[str, float] = {}

    def on_start(self) -> None:
        """Publish that nothing is wrong yet; begin to tell figures."""
        self._publish()
        self._tell_figures()

    def on_stop(self) -> None:
        """Nothing to give back."""

    def on_message(self, message: _Message) -> None:
        """See the union."""
        match message:
            case FindingOpened(finding):
                self._open(finding)
            case FindingClosed(code, subject) | AlarmCleared(code, subject):
                self._close(code, subject)
            case AlarmRaised():
                level = Level.ERROR if message.error else Level.WARNING
                self._open(
                    Finding(message.code, level, message.subject, message.what, message.hint)
                )
            case RoleChanged():
                self._note(message)
            case _HistoryWritten(outcome):
                self._history_written(outcome)
            case _HistoryDue():
                self._write_history()
            case _HookEnded(outcome):
                self._hook_ended(outcome)
            case _FiguresDue():
                self._tell_figures()
            case Ping(number, reply_to):
                reply_to.tell(Pong("monitor", number))
            case _:
                assert_never(message)

    def _open(self, finding: Finding) -> None:
        if self._book.open(finding, self._clock.wall_us()):
            _log.log(
                _LOG_LEVELS[finding.level],
                finding.code,
                subject=finding.subject,
                what=finding.what,
                hint=finding.hint,
            )
        self._publish()

    def _close(self, code: str, subject: str) -> None:
        finding = self._book.close(code, subject)
        if finding is not None:
            _log.info("finding_closed", code=code, subject=subject)
            self._publish()

    def _publish(self) -> None:
        self._board.publish("findings", Findings(self._book.all()))

    def _note(self, change: RoleChanged) -> None:
        _log.info(
            "role_changed",
            old=change.old.value,
            new=change.new.value,
            term=change.term,
            reason=change.reason,
        )
        row = HistoryRow(
            change.at_us, change.node, change.old, change.new, change.term, change.reason
        )
        self._trail.record(
            "role_changed",
            change.node,
            SYSTEM,
            {
                "old": change.old.value,
                "new": change.new.value,
                "term": change.term,
                "reason": change.reason,
            },
            once=role_once(change.node, change.at_us, change.term, change.new.value),
        )
        if len(self._history) < HISTORY_WAITING_MAX:
            self._history.append(row)
        self._write_history()
        self._hooks.append(change)
        self._run_next_hook()

    def _tell_figures(self) -> None:
        now = figures(self._board, self._clock.wall_us())
        if now != self._told:
            self._told = now
            self._link.tell(DescribeSelf(figures=now))
        self._clock.call_later(FIGURES_EVERY_S, self._address, _FiguresDue())

    def _write_history(self) -> None:
        if self._history and not self._writing:
            self._writing = True
            self._workers.submit(
                partial(self._contact_db.record_role_change, self._history[0]),
                self._address,
                _HistoryWritten,
            )

    def _history_written(self, outcome: Outcome[None]) -> None:
        self._writing = False
        match outcome:
            case Done():
                self._history.popleft()
                self._write_history()
            case Failed():
                self._clock.call_later(HISTORY_RETRY_S, self._address, _HistoryDue())

    def _run_next_hook(self) -> None:
        if self._run_hook is not None and self._hooks and not self._hook_runs:
            self._hook_runs = True
            job = partial(self._run_hook, self._hooks.popleft())
            self._workers.submit(job, self._address, _HookEnded)

    def _hook_ended(self, outcome: Outcome[int]) -> None:
        self._hook_runs = False
        self._run_next_hook()
        match outcome:
            case Done(value=0):
                self._close("hook_failed", "on_role_change")
            case Done(value=status):
                self._hook_failed(f"it ended with status {status}")
            case Failed(error):
                self._hook_failed(str(error))

    def _hook_failed(self, why: str) -> None:
        self._open(
            Finding(
                "hook_failed",
                Level.WARNING,
                "on_role_change",
                f"The hook on role changes failed: {why}.",
                "Run it by hand with the arguments of the last role change (tandem node history).",
            )
        )
