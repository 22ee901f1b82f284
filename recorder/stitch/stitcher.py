"""The actor that has contacts made replayable: those somebody wants at once, others ahead of time while on duty.

One job at a time, and nothing but the Data Center knows what was made: whichever node is asked makes it, both
at once make the same, and a crash leaves nothing to mend.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Final, assert_never

import structlog

from cluster.board import Board
from cluster.messages import (
    DutyEnded,
    DutyGranted,
    DutyWithdrawn,
    HintsHeard,
    MarksHeard,
    Ping,
    Pong,
)
from cluster.ports import Address, Clock, Done, Failed, Workers
from recorder.errors import (
    ArchiveError,
    CallBufferError,
    DataCenterDown,
    DataCenterError,
    RecorderError,
    StitchFailed,
)
from recorder.messages import FindingClosed, FindingOpened, MonitorMessage
from recorder.model import Finding, Level
from recorder.scn.messages import Stitch
from recorder.settings.screens import ReplaySettings
from recorder.stitch.ahead import Ahead
from recorder.stitch.backlog import Backlog, Wish
from recorder.stitch.looking import Looked, look
from recorder.stitch.stitch_ports import StitchTools
from recorder.stitch.stitch_status import FailedTry, StitchStatus
from recorder.stitch.stitcher_messages import LookDone, LookDue, StitchDone, StitcherInbox
from recorder.stitch.stitching import Result, Stitched, stitch

LOOK_S: Final = 15.0
AGAIN_S: Final = 15.0
"""After the Data Center or a disk refused."""
RETRY_S: Final = 60.0
"""A contact that failed is not tried again sooner, however often somebody asks."""
LOOK_BACK_US: Final = 86_400_000_000
"""A node that becomes primary looks at screens of the last day."""
CALLS_AT_ONCE: Final = 20
FAILURES_MAX: Final = 100
FAILED: Final = "rendition_failed"
_HINT: Final = (
    "Its originals can be exported and played; when they are whole, open the contact's page to try again, "
    "and report what the log of the node says."
)
_NS: Final = 1_000_000_000
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class StitcherPorts:
    """What the stitcher is given."""

    me: Address[StitcherInbox]
    lane: Workers
    """Of one worker: memory and processor of one rendition at a time."""
    clock: Clock
    board: Board
    monitor: Address[MonitorMessage]
    tools: StitchTools
    settings: ReplaySettings


class Stitcher:
    """One per node."""

    def __init__(self, *, ports: StitcherPorts) -> None:
        self._ports = ports
        self._backlog = Backlog()
        self._ahead = Ahead()
        self._duty: DutyGranted | None = None
        self._now: Wish | None = None
        self._looking = self._waiting = False
        self._timer = self._reign = 0
        self._cursor_us = 0
        self._known: frozenset[str] = frozenset()
        self._failures: dict[str, tuple[FailedTry, int]] = {}
        self._made = self._ready = self._failed = 0
        self._last = Stitched("", Result.READY)
        self._error = ""

    def on_start(self) -> None:
        """Wait for wishes and for the duty."""
        self._publish()

    def on_stop(self) -> None:
        """What was not finished is made when somebody asks again."""

    def on_message(self, message: StitcherInbox) -> None:
        """See the union."""
        match message:
            case Ping(number, reply_to):
                reply_to.tell(Pong(self._ports.me.name, number))
                return
            case Stitch(contact_id):
                self._wanted(contact_id)
            case StitchDone(wish, outcome):
                self._now = None
                self._ended(wish, outcome)
            case LookDue(number):
                if number == self._timer:
                    self._waiting = False
                    self._look()
            case LookDone(reign, outcome):
                self._looking = False
                self._looked(reign, outcome)
            case DutyGranted():
                self._granted(message)
            case DutyWithdrawn(reply_to):
                self._duty = None
                self._backlog.forget_ahead()
                self._ahead = Ahead()
                reply_to.tell(DutyEnded(self._ports.me.name, {}))
            case MarksHeard() | HintsHeard():
                return
            case _:
                assert_never(message)
        self._go_on()
        self._publish()

    # -- wishes ----

    def _wanted(self, contact_id: str) -> None:
        failed = self._failures.get(contact_id)
        if failed is not None and self._ports.clock.monotonic_ns() < failed[1]:
            return
        if self._now is None or self._now.contact_id != contact_id:
            self._backlog.want(contact_id)

    def _go_on(self) -> None:
        """Begin the next job, unless one runs or the Data Center is waited for."""
        if self._now is not None or self._waiting:
            return
        wish = self._backlog.next(ahead=self._on_duty())
        if wish is None:
            return
        self._now = wish
        job = partial(stitch, self._ports.tools, wish.contact_id, complete=wish.ahead)
        self._ports.lane.submit(job, self._ports.me, partial(StitchDone, wish))

    def _ended(self, wish: Wish, outcome: Done[Stitched] | Failed) -> None:
        if isinstance(outcome, Done):
            self._error = ""
            self._stitched(wish, outcome.value)
            return
        error = outcome.error
        if isinstance(error, (DataCenterDown, ArchiveError, CallBufferError)):
            self._error = str(error)
            self._backlog.put_back(wish)
            self._waiting = True
            self._wait_on(AGAIN_S)
        elif isinstance(error, (StitchFailed, DataCenterError)):
            self._lost(wish, error)
        else:
            raise error

    def _stitched(self, wish: Wish, stitched: Stitched) -> None:
        contact_id = stitched.contact_id
        self._forget_failure(contact_id)
        if stitched.result in {Result.LASTING, Result.STALE}:
            self._ahead.again(wish.call, self._ports.clock.monotonic_ns())
            return
        self._ahead.stitched(wish.call, wish.revision)
        if stitched.result is Result.MADE:
            self._made += 1
            self._last = stitched
            number = 0 if stitched.rendition is None else stitched.rendition.number
            _log.info("rendition_made", contact=contact_id, number=number, seconds=stitched.seconds)
        else:
            self._ready += 1

    def _lost(self, wish: Wish, error: RecorderError) -> None:
        clock = self._ports.clock
        self._failed += 1
        self._error = str(error)
        self._ahead.stitched(wish.call, wish.revision)
        _log.warning("rendition_failed", contact=wish.contact_id, reason=str(error))
        self._forget_failure(wish.contact_id)
        while len(self._failures) >= FAILURES_MAX:
            self._forget_failure(next(iter(self._failures)))
        failure = FailedTry(str(error), clock.wall_us())
        again_ns = clock.monotonic_ns() + int(RETRY_S * _NS)
        self._failures[wish.contact_id] = (failure, again_ns)
        what = f"the contact cannot be replayed: {error}"
        finding = Finding(FAILED, Level.WARNING, wish.contact_id, what, error.hint or _HINT)
        self._ports.monitor.tell(FindingOpened(finding))

    def _forget_failure(self, contact_id: str) -> None:
        if self._failures.pop(contact_id, None) is not None:
            self._ports.monitor.tell(FindingClosed(FAILED, contact_id))

    # -- ahead of time, on duty ----

    def _on_duty(self) -> bool:
        duty = self._duty
        return duty is not None and self._ports.clock.monotonic_ns() < duty.until_ns

    def _granted(self, duty: DutyGranted) -> None:
        before, self._duty = self._duty, duty
        if not self._ports.settings.ahead or (before is not None and before.term == duty.term):
            return
        self._cursor_us = self._ports.clock.wall_us() - LOOK_BACK_US
        self._known = frozenset()
        self._reign += 1
        self._wait_on(0.0)

    def _look(self) -> None:
        if self._duty is None or not self._ports.settings.ahead:
            return
        if self._looking or not self._on_duty():
            self._wait_on(LOOK_S)
            return
        self._looking = True
        calls = self._ahead.due(self._ports.clock.monotonic_ns(), CALLS_AT_ONCE)
        job = partial(look, self._ports.tools, self._cursor_us, self._known, calls)
        self._ports.lane.submit(job, self._ports.me, partial(LookDone, self._reign))

    def _looked(self, reign: int, outcome: Done[Looked] | Failed) -> None:
        if reign != self._reign:
            return  # the next duty begins with its own look back
        self._wait_on(LOOK_S)
        if isinstance(outcome, Failed):
            if not isinstance(outcome.error, DataCenterError):
                raise outcome.error
            self._error = str(outcome.error)
            return
        looked = outcome.value
        now_ns, now_us = self._ports.clock.monotonic_ns(), self._ports.clock.wall_us()
        self._known = frozenset(looked.parts)
        self._cursor_us = looked.cursor_us
        self._ahead.watch(looked.calls, now_ns)
        settled_us = now_us - int(self._ports.settings.settle_s * 1e6)
        for one in looked.contacts:
            if not self._ahead.wants(one.call, one.revision):
                continue
            if one.updated_us <= settled_us:
                self._backlog.add(Wish(one.contact_id, one.call, one.revision, ahead=True))
            else:
                self._ahead.again(one.call, now_ns)

    def _wait_on(self, delay_s: float) -> None:
        self._timer += 1
        self._ports.clock.call_later(delay_s, self._ports.me, LookDue(self._timer))

    def _publish(self) -> None:
        working = "idle" if self._now is None else "stitching"
        status = StitchStatus(
            state="waiting" if self._waiting and self._error else working,
            stitching="" if self._now is None else self._now.contact_id,
            wanted=self._backlog.wanted,
            backlog=self._backlog.ahead,
            watched=len(self._ahead),
            made=self._made,
            ready=self._ready,
            failed=self._failed,
            last_seconds=self._last.seconds,
            last_memory_bytes=self._last.memory_bytes,
            last_error=self._error,
            failures={name: failure for name, (failure, _) in self._failures.items()},
        )
        self._ports.board.publish("stitch", status)
