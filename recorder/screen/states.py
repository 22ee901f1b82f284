"""Asks platforms what agents did: what no message told is found so, some seconds late.

One on each node. The one on duty asks regularly; a message that is not whole makes either ask at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeAlias, assert_never, cast

from cluster.messages import (
    DutyEnded,
    DutyGranted,
    DutyWithdrawn,
    HintsHeard,
    MarksHeard,
    Ping,
    Pong,
)
from cluster.ports import Address, Clock, Done, Failed, Outcome, Workers
from recorder.errors import RecorderError, SourceError
from recorder.messages import FindingClosed, FindingOpened, MonitorMessage
from recorder.model import Finding, Level, Window
from recorder.ports.recording import DataSource
from recorder.ports.screens import AgentStates
from recorder.scn.messages import AgentEventsHeard, AskStates
from recorder.scn.model import AgentEvent
from recorder.screen.quiet import QuietDue, QuietLooked, QuietMessage, QuietWatch

STATES_FAILING: Final = "agent_states_failing"
FAILURES_TOLD: Final = 3
"""So many in a row open a finding: one alone says nothing."""
FIRST_BACK_S: Final = 900.0
OVERLAP_S: Final = 120.0
"""Rows appear late, and clocks differ: what was asked is asked again."""
BACK_MAX_S: Final = 6 * 3_600.0
HINT_EVERY_S: Final = 1.0
_US: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class AskDue:
    """Time to ask a source again. `number` tells a timer that was replaced."""

    source: str
    number: int


@dataclass(frozen=True, slots=True)
class StatesTold:
    """A source answered, or did not."""

    source: str
    window: Window
    outcome: Outcome[tuple[AgentEvent, ...]]


StatesMessage: TypeAlias = (
    AskStates
    | DutyGranted
    | DutyWithdrawn
    | MarksHeard
    | HintsHeard
    | AskDue
    | StatesTold
    | QuietMessage
    | Ping
)


def can_tell(source: DataSource) -> bool:
    """Whether a source's platform can be asked what agents did."""
    return callable(getattr(source, "agent_events", None))


@dataclass(slots=True)
class _Asking:
    """How far one source was asked."""

    source: AgentStates
    lane: Workers
    upto_us: int | None = None
    busy: bool = False
    again: bool = False
    """A hint came while it was asked."""
    failures: int = 0
    timer: int = 0
    asked_ns: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatesPorts:
    """What asking needs of the world."""

    me: Address[StatesMessage]
    ris: Address[AgentEventsHeard]
    monitor: Address[MonitorMessage]
    sources: Mapping[str, DataSource]
    """Those that can tell."""
    lanes: Mapping[str, Workers]
    """By source."""
    clock: Clock
    every_s: float
    quiet: QuietWatch | None = None
    """Where screens are recorded."""


class StatesAsker:
    """One per node. Its questions cost of each source's own request budget."""

    def __init__(self, ports: StatesPorts) -> None:
        self._ports = ports
        self._asking = {
            name: _Asking(cast("AgentStates", source), ports.lanes[name])
            for name, source in ports.sources.items()
        }
        self._until_ns = 0
        self._term: int | None = None

    def on_start(self) -> None:
        """Wait for the duty, or for a hint."""

    def on_stop(self) -> None:
        """Nothing is kept."""

    def on_message(self, message: StatesMessage) -> None:
        """See the union."""
        match message:
            case AskStates(source):
                self._hinted(source)
            case DutyGranted() | DutyWithdrawn():
                self._duty(message)
            case AskDue(source, number):
                if number == self._asking[source].timer:
                    self._due(source)
            case StatesTold():
                self._told(message)
            case QuietDue() | QuietLooked():
                assert self._ports.quiet is not None, "else nobody looks"
                self._ports.quiet.on(message, on_duty=self._on_duty())
            case Ping(number, reply_to):
                reply_to.tell(Pong(self._ports.me.name, number))
            case MarksHeard() | HintsHeard():
                pass
            case _:
                assert_never(message)

    def _duty(self, message: DutyGranted | DutyWithdrawn) -> None:
        match message:
            case DutyGranted(term=term, until_ns=until_ns):
                began, self._term, self._until_ns = self._term != term, term, until_ns
                if began:
                    self._begin()
            case DutyWithdrawn(reply_to):
                self._term = None
                if self._ports.quiet is not None:
                    self._ports.quiet.end()
                reply_to.tell(DutyEnded(self._ports.me.name, {}))

    def _begin(self) -> None:
        for name in self._asking:
            self._ask(name)
        if self._ports.quiet is not None:
            self._ports.quiet.begin()

    def _on_duty(self) -> bool:
        return self._term is not None and self._ports.clock.monotonic_ns() < self._until_ns

    def _hinted(self, source: str) -> None:
        asking = self._asking.get(source)
        if asking is None:
            return
        now_ns = self._ports.clock.monotonic_ns()
        if asking.busy:
            asking.again = True
        elif asking.asked_ns is None or now_ns - asking.asked_ns >= HINT_EVERY_S * 1e9:
            self._ask(source)
        elif not asking.again:
            asking.again = True
            self._arm(source, HINT_EVERY_S)

    def _due(self, source: str) -> None:
        """Only a hint makes one ask who is not on duty."""
        if self._on_duty() or self._asking[source].again:
            self._ask(source)
        else:
            self._arm(source, self._ports.every_s)

    def _ask(self, source: str) -> None:
        asking = self._asking[source]
        if asking.busy:
            return
        asking.busy, asking.again = True, False
        asking.asked_ns = self._ports.clock.monotonic_ns()
        now_us = self._ports.clock.wall_us()
        since_us = now_us - int(FIRST_BACK_S * _US)
        if asking.upto_us is not None:
            since_us = asking.upto_us - int(OVERLAP_S * _US)
        window = Window(max(since_us, now_us - int(BACK_MAX_S * _US)), now_us + 5 * _US)
        job = partial(asking.source.agent_events, window)
        asking.lane.submit(job, self._ports.me, partial(StatesTold, source, window))

    def _told(self, told: StatesTold) -> None:
        asking = self._asking[told.source]
        asking.busy = False
        delay_s = HINT_EVERY_S if asking.again else self._ports.every_s
        match told.outcome:
            case Done(events):
                asking.upto_us = told.window.to_us
                if asking.failures >= FAILURES_TOLD:
                    self._ports.monitor.tell(FindingClosed(STATES_FAILING, told.source))
                asking.failures = 0
                if events:
                    self._ports.ris.tell(AgentEventsHeard(events))
            case Failed(error):
                asking.failures += 1
                if asking.failures == FAILURES_TOLD:
                    self._ports.monitor.tell(FindingOpened(_finding(told.source, error)))
                wait_s = error.retry_after_s if isinstance(error, SourceError) else None
                delay_s = max(self._ports.every_s, wait_s or 0.0)
        self._arm(told.source, delay_s)

    def _arm(self, source: str, delay_s: float) -> None:
        asking = self._asking[source]
        asking.timer += 1
        self._ports.clock.call_later(delay_s, self._ports.me, AskDue(source, asking.timer))


def _finding(source: str, error: Exception) -> Finding:
    hint = error.hint if isinstance(error, RecorderError) else ""
    return Finding(
        STATES_FAILING,
        Level.WARNING,
        source,
        f"the service cannot be asked what agents did: {error}",
        f"{hint} Screens follow its messages alone meanwhile; see docs/agent-events.md.".strip(),
    )
