"""The actor that makes certificates which were asked for, while its node is primary.

What is asked for lies in the Data Center, so that a request outlives restarts and failovers: whoever is primary
begins it anew. Days of different sources are listed side by side, those of one source one after the other.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Final, assert_never

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
from recorder.errors import ArchiveError, DataCenterDown, RecorderError, SourceError
from recorder.messages import CertificatesWanted
from recorder.prove.document import Certificate
from recorder.prove.listing import Answer, DayListing, Listing, ask
from recorder.prove.make import Order, certify, window_of
from recorder.prove.maker_messages import (
    Answered,
    Certified,
    LookDue,
    Looked,
    MakerInbox,
    Noted,
    StepDue,
)
from recorder.prove.maker_parts import MakerPorts, Making, expect, keep_for, taken
from recorder.records.certificates import CertificateRequest, Phase, RequestStatus
from recorder.status import CertificatesStatus

_log = structlog.get_logger(__name__)

IDLE_LOOK_S: Final = 5.0
BUSY_LOOK_S: Final = 1.0
NOTE_S: Final = 1.0
"""How often progress is put on record."""
AWAY_S: Final = 5.0
GRANT_S: Final = 1.0
_NS: Final = 1_000_000_000


class Maker:
    """Works only between a DutyGranted and its `until_ns`. A look that fails is made again."""

    def __init__(self, *, ports: MakerPorts) -> None:
        self._ports = ports
        self._clock = ports.prover.clock
        self._term: int | None = None
        self._until_ns = 0
        self._refused_below = 0
        self._run = 0
        self._looks = 0
        self._looking = self._again = False
        self._hand: dict[str, Making] = {}
        """By source."""

    def on_start(self) -> None:
        """Nothing before the duty."""
        self._publish()

    def on_stop(self) -> None:
        """What was begun is begun anew."""

    def on_message(self, message: MakerInbox) -> None:
        """Handle one message; a write that was refused for its term ends the duty."""
        match message:
            case Ping(number, reply_to):
                reply_to.tell(Pong(self._ports.me.name, number))
                return
            case DutyGranted() | DutyWithdrawn() | MarksHeard() | HintsHeard():
                self._duty(message)
            case CertificatesWanted():
                self._look()
            case LookDue(number):
                if number == self._looks:
                    self._look()
            case Looked(run, outcome):
                if run == self._run:
                    self._looked(outcome)
            case Answered() | StepDue() | Noted() | Certified():
                if message.run == self._run:
                    self._went_on(message)
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
                pass  # of pollers
            case _:
                assert_never(message)

    def _granted(self, term: int, until_ns: int) -> None:
        if term < self._refused_below:
            return
        if self._term is not None and self._term != term:
            self._stand_by()
        began = self._term is None
        self._term, self._until_ns = term, until_ns
        if began:
            self._look()

    def _stand_by(self) -> None:
        self._term = None
        self._run += 1
        self._looks += 1
        self._looking = self._again = False
        self._hand.clear()

    def _refused(self, error: StaleTerm) -> None:
        """Another node is primary."""
        self._refused_below = max(self._refused_below, error.seen)
        self._stand_by()

    @property
    def _may_work(self) -> bool:
        return self._term is not None and self._clock.monotonic_ns() < self._until_ns

    # -- looks ----

    def _look(self) -> None:
        if self._term is None:
            return
        if self._looking:
            self._again = True
            return
        self._looks += 1
        every_s = BUSY_LOOK_S if self._hand else IDLE_LOOK_S
        self._clock.call_later(every_s, self._ports.me, LookDue(self._looks))
        if self._may_work:
            self._looking = True
            then = partial(Looked, self._run)
            self._ports.database_lane.submit(self._ports.work.running, self._ports.me, then)

    def _looked(self, outcome: Outcome[tuple[CertificateRequest, ...]]) -> None:
        self._looking = False
        if isinstance(outcome, Failed):
            expect(outcome.error)
            return
        running = {row.request_id for row in outcome.value}
        for source, making in list(self._hand.items()):
            if making.row.request_id not in running:
                del self._hand[source]  # cancelled; what a job still brings is passed over
        was_idle = not self._hand
        for row in outcome.value:
            if row.source not in self._hand:
                self._begin(row)
        if self._again or (was_idle and self._hand):
            self._again = False
            self._look()

    def _begin(self, row: CertificateRequest) -> None:
        node = self._ports.prover.node
        row = replace(row, started_us=row.started_us or self._clock.wall_us(), node=node, reason="")
        proved = self._ports.sources.get(row.source)
        if proved is None:
            self._hand[row.source] = making = Making(row, None)
            self._end(making, f"{row.source} does not run on {node}, which is primary")
            return
        row = replace(row, phase=Phase.LISTING, pages=0, items=0, listed_us=None)
        listing = DayListing(window_of(row.day), proved.source.capabilities.window_max_s)
        self._hand[row.source] = making = Making(row, listing)
        self._note(making)
        self._step(making)

    # -- steps ----

    def _went_on(self, message: Answered | StepDue | Noted | Certified) -> None:
        held = self._hand.values()
        making = next((one for one in held if one.row.request_id == message.request_id), None)
        if making is None:
            return  # it was cancelled
        match message:
            case StepDue():
                self._step(making)
            case Answered():
                self._answered(making, message.outcome)
            case Noted():
                self._noted(making, message)
            case Certified():
                self._certified(making, message.outcome)
            case _:
                assert_never(message)

    def _step(self, making: Making) -> None:
        if not self._may_work:
            self._later(making, GRANT_S)  # the grant ran out, and is renewed or withdrawn
        elif making.is_over:
            self._note(making)
        elif making.listed is not None:
            self._certify(making, making.listed)
        else:
            self._ask(making)

    def _ask(self, making: Making) -> None:
        row, listing = making.row, making.listing
        assert listing is not None, "what has no source here is over"
        question = listing.question()
        if question is None:
            making.listed = listing.listing()
            making.row = replace(row, phase=Phase.COMPARING)
            self._note(making)
            self._step(making)
            return
        job = partial(ask, self._ports.sources[row.source].source, question)
        then = partial(Answered, self._run, row.request_id)
        self._ports.source_lanes[row.source].submit(job, self._ports.me, then)

    def _answered(self, making: Making, outcome: Outcome[Answer]) -> None:
        listing = making.listing
        assert listing is not None, "nobody was asked"
        error = taken(listing, outcome)
        if isinstance(error, SourceError):
            try:
                wait_s = listing.failed(error)
            except SourceError:
                self._end(making, f"{making.row.source} does not give the day whole: {error}")
                return
            self._show(making, f"{making.row.source}: {error}")
            self._later(making, wait_s)
        elif error is not None:
            self._broken(making, error)
        else:
            self._show(making, "")
            self._step(making)

    def _show(self, making: Making, reason: str) -> None:
        """How far the listing is; on record now and then."""
        listing = making.listing
        assert listing is not None, "it is being listed"
        now_ns = self._clock.monotonic_ns()
        making.row = replace(
            making.row,
            reason=reason,
            pages=listing.pages,
            items=listing.items,
            listed_us=listing.listed_us,
        )
        if now_ns - making.noted_ns >= int(NOTE_S * _NS):
            self._note(making)

    def _certify(self, making: Making, listed: Listing) -> None:
        row, term = making.row, self._term
        assert term is not None, "only on duty"
        proved = self._ports.sources[row.source]
        order = Order(
            row.source, proved.kind, proved.settle_s, row.day, row.requested_by, row.request_id
        )
        keep = partial(keep_for, self._ports.work, row.request_id, term)
        job = partial(certify, self._ports.prover, order, listed, keep)
        then = partial(Certified, self._run, row.request_id)
        self._ports.lane.submit(job, self._ports.me, then)

    def _certified(self, making: Making, outcome: Outcome[Certificate | None]) -> None:
        match outcome:
            case Done():
                self._drop(making)
            case Failed(StaleTerm() as error):
                self._refused(error)
            case Failed(DataCenterDown() | ArchiveError() as error):
                making.row = replace(making.row, reason=f"waits: {error}")
                self._note(making)
                self._later(making, AWAY_S)
            case Failed(RecorderError() as error):
                self._end(making, f"{error} {error.hint}".rstrip())
            case Failed(error):
                self._broken(making, error)

    # -- on record ----

    def _end(self, making: Making, reason: str) -> None:
        """It failed."""
        making.row = replace(
            making.row,
            status=RequestStatus.FAILED,
            phase=Phase.OVER,
            reason=reason,
            ended_us=self._clock.wall_us(),
        )
        self._note(making)

    def _broken(self, making: Making, error: Exception) -> None:
        """A mistake in the program: one that ended the node would do so again after each restart."""
        _log.error("certificate_failed", request=making.row.request_id, exc_info=error)
        self._end(making, f"the node made a mistake ({type(error).__name__}); its log says more")

    def _note(self, making: Making) -> None:
        term = self._term
        assert term is not None, "only on duty"
        if making.noting:
            making.note_again = True
            return
        making.note_again = False
        making.noting, making.noted_ns = True, self._clock.monotonic_ns()
        job = partial(self._ports.work.note, making.row, term)
        then = partial(Noted, self._run, making.row.request_id, making.is_over)
        self._ports.database_lane.submit(job, self._ports.me, then)

    def _noted(self, making: Making, message: Noted) -> None:
        making.noting = False
        match message.outcome:
            case Failed(StaleTerm() as error):
                self._refused(error)
            case Failed(error):
                expect(error)
                if making.is_over:
                    self._later(making, AWAY_S)
            case Done():
                if message.is_over:
                    self._drop(making)
                elif making.note_again:
                    self._note(making)

    def _drop(self, making: Making) -> None:
        """It is over: the next one of this source may begin."""
        row = making.row
        del self._hand[row.source]
        if row.status is RequestStatus.FAILED:
            self._ports.prover.trail.record(
                "certificate_failed",
                f"{row.source} {row.day}",
                row.requested_by,
                {"request": row.request_id, "reason": row.reason},
                once=f"certificate-failed:{row.request_id}",
            )
        self._look()

    def _later(self, making: Making, delay_s: float) -> None:
        due = StepDue(self._run, making.row.request_id)
        self._clock.call_later(delay_s, self._ports.me, due)

    def _publish(self) -> None:
        rows = tuple(making.row for making in self._hand.values())
        self._ports.board.publish(
            "certificates", CertificatesStatus(on_duty=self._term is not None, running=rows)
        )
