"""The actor of reconciliation: one per node, at work while its node is primary; one comparison for each source.

What is open alarms: one finding of the monitor for each source and severity, as long as there is anything.
"""

from __future__ import annotations

from typing import Final, TypeAlias, assert_never

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
from recorder.messages import CompareNow, FindingClosed, FindingOpened
from recorder.model import Finding, Level
from recorder.records.findings import Severity
from recorder.recover.reconcile_lane import Comparison, JobEnded, ReconcilePorts, WakeUp
from recorder.status import ReconciliationStatus

ALARMS: Final = {
    Severity.CRITICAL: ("recordings_missing", Level.ERROR),
    Severity.MAJOR: ("recordings_differ", Level.WARNING),
    Severity.MINOR: ("recordings_noted", Level.INFO),
}
FAILING: Final = "reconciliation_failing"

_Message: TypeAlias = DutyMessage | Ping | JobEnded | WakeUp | CompareNow


class Reconciliation:
    """Works only between a DutyGranted and its `until_ns`."""

    def __init__(self, *, ports: ReconcilePorts) -> None:
        self._ports = ports
        self._lanes = {name: Comparison(ports=ports, name=name) for name in ports.sources}
        self._term: int | None = None
        self._refused_below = 0
        self._told: dict[tuple[str, str], str] = {}

    def on_start(self) -> None:
        """Nothing before the duty."""
        self._publish()

    def on_stop(self) -> None:
        """What is not on record is compared again."""

    def on_message(self, message: _Message) -> None:
        """Handle one message; a write that was refused for its term ends the duty."""
        match message:
            case Ping(number, reply_to):
                reply_to.tell(Pong(self._ports.me.name, number))
                return
            case DutyGranted(term, until_ns):
                self._granted(term, until_ns)
            case DutyWithdrawn(reply_to):
                self._stand_by()
                reply_to.tell(DutyEnded(self._ports.me.name, {}))
            case MarksHeard() | HintsHeard():
                return
            case CompareNow():
                self._lanes[message.source].compare_now(message)
            case JobEnded() | WakeUp():
                self._pass_on(message)
            case _:
                assert_never(message)
        self._publish()

    def _granted(self, term: int, until_ns: int) -> None:
        if term < self._refused_below:
            return
        self._term = term
        for lane in self._lanes.values():
            lane.granted(term, until_ns)

    def _pass_on(self, message: JobEnded | WakeUp) -> None:
        try:
            self._lanes[message.source].handle(message)
        except StaleTerm as error:
            self._refused_below = max(self._refused_below, error.seen)
            if self._term is not None and self._term <= error.term:
                self._stand_by()

    def _stand_by(self) -> None:
        """The primary alarms; this node is it no longer."""
        self._term = None
        for lane in self._lanes.values():
            lane.stand_by()

    # -- telling ----

    def _publish(self) -> None:
        lanes = self._lanes
        open_counts = {key: n for lane in lanes.values() for key, n in lane.open_counts.items()}
        snapshot = ReconciliationStatus(
            on_duty=self._term is not None,
            running=tuple(lane.run for lane in lanes.values() if lane.run is not None),
            ended={name: lane.last for name, lane in lanes.items() if lane.last is not None},
            open_counts=open_counts,
            waits_because={
                name: lane.waits_because for name, lane in lanes.items() if lane.waits_because
            },
        )
        self._ports.board.publish("reconciliation", snapshot)
        for name, lane in lanes.items():
            for severity, (code, level) in ALARMS.items():
                self._alarm(code, name, level, _what(name, severity, open_counts))
            ended = lane.last if self._term is not None else None
            reason = "" if ended is None else ended.reason
            self._alarm(FAILING, name, Level.WARNING, reason)

    def _alarm(self, code: str, source: str, level: Level, what: str) -> None:
        if self._told.get((code, source), "") == what:
            return
        self._told[code, source] = what
        told = FindingClosed(code, source)
        if what:
            hint = f"`tandem finding list --open --source {source}` names each with its cause."
            told = FindingOpened(Finding(code, level, source, what, hint))
        self._ports.monitor.tell(told)


def _what(source: str, severity: Severity, counts: dict[tuple[str, str, str], int]) -> str:
    causes = {
        cause: number
        for (of, how, cause), number in sorted(counts.items())
        if of == source and how == severity
    }
    if not causes:
        return ""
    told = ", ".join(f"{number} {cause}" for cause, number in causes.items())
    return f"{sum(causes.values())} open findings of reconciliation ({told})"
