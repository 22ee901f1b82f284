"""The recoveries of one source, on the node that is primary: lists, compares, counts, one section at a time.

At most one job of the listing is on its way, so at most one call to the source. A failure anywhere begins the
section in hand again: nothing of it was counted. What is missing is looked after by `Hand`.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any, assert_never

from cluster.ports import Done, Failed
from recorder.errors import AuthRefused, DataCenterError, RecorderError, SourceError
from recorder.messages import PeriodProven
from recorder.model import Page
from recorder.records.recoveries import RecoveryKind, RecoveryRow, RecoveryStatus, Stage
from recorder.recover import recovery_jobs as jobs
from recorder.recover.estimate import Basis
from recorder.recover.hand import Hand
from recorder.recover.pacing import Pace, Pacer, is_well
from recorder.recover.recovery_messages import (
    Compared,
    ItemsTended,
    LaneMessage,
    ListDue,
    Listed,
    RecoveryEnded,
    SectionRecorded,
    Staged,
)
from recorder.recover.recovery_ports import RecoveryPorts
from recorder.recover.sections import Lengths, Section
from recorder.recover.troubles import Troubles
from recorder.status import SourceStatus

AGAIN_S = 5.0
"""After a failure of the Data Center."""
_US = 1_000_000
_RANK = {RecoveryKind.SPECIFIC: 1, RecoveryKind.MANUAL: 1, RecoveryKind.AUTOMATIC: 2}


def in_turn(rows: Iterable[RecoveryRow]) -> tuple[RecoveryRow, ...]:
    """Dry runs first, for somebody waits for them; then what people asked for; then the oldest request."""

    def rank(row: RecoveryRow) -> tuple[int, int, str]:
        return (0 if row.dry_run else _RANK[row.kind], row.requested_us, row.recovery_id)

    return tuple(sorted(rows, key=rank))


def _how_far(row: RecoveryRow) -> tuple[int, int]:
    return (row.listed, row.counts.ended)


class Lane:
    """Does nothing before `granted`, and nothing after `stand_by`."""

    def __init__(self, *, ports: RecoveryPorts, name: str) -> None:
        self._ports = ports
        self._name = name
        self._source = ports.sources[name]
        settings = ports.settings
        self._pace = Pace(settings.share, settings.calls_per_s)
        self._pacer = Pacer(self._pace)
        self.hand = Hand(ports=ports, name=name)
        self._term: int | None = None
        self._until_ns = 0
        self._reign = 0
        self._run = 0
        self._rows: dict[str, RecoveryRow] = {}
        self._lengths: dict[str, Lengths] = {}
        self._section: Section | None = None
        self._busy = False
        self._ending: set[str] = set()
        self._timer = 0
        self._not_before_ns = 0
        self._troubles = Troubles()

    @property
    def rows(self) -> tuple[RecoveryRow, ...]:
        """Recoveries that run, in the order of their turns."""
        return in_turn(self._rows.values())

    # -- the duty ----

    def granted(self, term: int, until_ns: int) -> None:
        """Work in this term, but start nothing after `until_ns`."""
        if self._term is None:
            self._troubles.over()
            self._not_before_ns = 0
        self._term, self._until_ns = term, until_ns
        self.hand.granted(term, until_ns)

    def stand_by(self) -> None:
        """Forget everything: whoever is primary next reads it from the Data Center."""
        self._term = None
        self._reign += 1
        self._run += 1
        self._timer += 1
        self._busy, self._section = False, None
        self._rows.clear()
        self._lengths.clear()
        self._ending.clear()
        self.hand.stand_by()

    # -- what is to be done ----

    def looked(self, rows: Iterable[RecoveryRow]) -> None:
        """These recoveries of the source run now."""
        if self._term is None:
            return
        self._rows = {row.recovery_id: self._newer(row) for row in rows}
        if self._section is not None and self._section.recovery_id not in self._rows:
            self._section = None
            self._run += self._busy  # its answer is of no use any more
            self._busy = False
        for gone in [name for name in self._lengths if name not in self._rows]:
            del self._lengths[gone]
        self._list_on()
        self.hand.look([row for row in self.rows if not row.dry_run and row.counts.pending])
        for row in self.rows:
            self._end_if_over(row)

    def _newer(self, row: RecoveryRow) -> RecoveryRow:
        """What was read may have been read before the last write."""
        known = self._rows.get(row.recovery_id)
        if known is None or _how_far(known) <= _how_far(row):
            return row
        return known

    def handle(self, message: LaneMessage) -> None:
        """An answer or a timer of this source. Raises StaleTerm when the duty is over."""
        match message:
            case ListDue(_, number):
                if number == self._timer:
                    self._list_on()
            case ItemsTended():
                tended = self.hand.tended(message)
                if tended is not None and tended.recovery_id in self._rows:
                    self._rows[tended.recovery_id] = tended
                    self._end_if_over(tended)
            case RecoveryEnded():
                self._ended(message)
            case Listed() | Compared() | Staged() | SectionRecorded():
                self._section_went_on(message)
            case _:
                assert_never(message)

    # -- listing ----

    def _list_on(self) -> None:
        now_ns = self._ports.clock.monotonic_ns()
        may = self._not_before_ns <= now_ns < self._until_ns
        if self._busy or self._term is None or not may:
            return
        if self._section is None and not self._begin_section():
            return
        figures = self._ports.budget(self._name)
        wait_s = self._pacer.wait_s(now_ns, figures)
        if wait_s > 0:
            self._arm(wait_s)
            return
        section = self._section
        assert section is not None, "a section is in hand"
        self._pacer.asked(now_ns, figures)
        self._busy = True
        identifier = section.identifier
        if identifier is None:
            job = partial(jobs.list_page, self._source, section.window, section.page)
        else:
            job = partial(jobs.find_id, self._source, identifier)
        then = partial(Listed, self._name, self._run)
        self._ports.source_lanes[self._name].submit(job, self._ports.me, then)

    def _begin_section(self) -> bool:
        for row in self.rows:
            if row.is_listed or row.status is not RecoveryStatus.RUNNING:
                continue
            window_max_s = self._source.capabilities.window_max_s
            lengths = self._lengths.setdefault(row.recovery_id, Lengths(window_max_s=window_max_s))
            to = lengths.next_to(row, self._may_list_until(row))
            if to > row.listed:
                retention_s = self._source.capabilities.retention_s
                self._section = Section(row=row, to=to, retention_s=retention_s)
                return True
        return False

    def _may_list_until(self, row: RecoveryRow) -> int:
        """What the poller did not pass yet is its own business, unless an operator wants it."""
        status = self._ports.board.read(f"source:{self._name}", SourceStatus)
        if row.kind is not RecoveryKind.AUTOMATIC:
            return row.end
        return 0 if status is None or status.watermark_us is None else status.watermark_us

    def _section_went_on(self, message: Listed | Compared | Staged | SectionRecorded) -> None:
        section = self._section
        if message.run != self._run or section is None:
            return
        self._busy = False
        if isinstance(message.outcome, Failed):
            if isinstance(message, Listed):
                self._source_failed(section, message.outcome.error)
            else:
                self._center_failed(message.outcome.error)
            return
        match message:
            case Listed(_, _, Done(answer)):
                if isinstance(answer, jobs.Found):
                    self._troubles.answered(self._ports.clock.monotonic_ns())
                self._compare(section, answer)
            case Compared(_, _, Done(difference)):
                section.compared(difference)
                self._keep(section)
            case Staged():
                section.staged = True
                self._keep(section)
            case SectionRecorded(_, _, Done(row)):
                self._recorded(section, row)
            case _:
                raise AssertionError("a failure was dealt with above")

    def _compare(self, section: Section, answer: Page | jobs.Found) -> None:
        try:
            refs = section.listed(answer) if isinstance(answer, Page) else section.found(answer)
        except SourceError as error:
            self._source_failed(section, error)
            return
        if not refs:
            self._keep(section)
            return
        self._submit(partial(jobs.compare, self._ports.db, refs), Compared)

    def _keep(self, section: Section) -> None:
        """Stage what is too much, count a section that is whole, or go on with its next page."""
        overflow = section.overflow()
        if overflow:
            self._submit(
                partial(
                    jobs.stage,
                    self._ports.db,
                    overflow,
                    section.recovery_id,
                    first=not section.staged,
                ),
                Staged,
            )
        elif section.is_whole:
            assert self._term is not None, "without the duty no answer is looked at"
            job = partial(jobs.record_section, self._ports.db, section.result(), self._term)
            self._submit(job, SectionRecorded)
        else:
            self._list_on()

    def _recorded(self, section: Section, row: RecoveryRow) -> None:
        self._section = None
        self._troubles.over()
        lengths = self._lengths.get(row.recovery_id)
        if lengths is not None:
            lengths.brought(section.listed_items, section.calls)
        if row.recovery_id in self._rows and row.status is RecoveryStatus.RUNNING:
            self._rows[row.recovery_id] = row
            self._end_if_over(row)
        self._list_on()

    # -- failures ----

    def _source_failed(self, section: Section, error: Exception) -> None:
        """A period's section begins again, and is shorter if it broke in the middle; an id is put off or has failed."""
        now_ns = self._ports.clock.monotonic_ns()
        if section.identifier is None:
            self._section = None
            lengths = self._lengths.get(section.recovery_id)
            if section.calls and lengths is not None:
                lengths.shorten()
        else:
            polled_ns = self._polled_ns()
            reason = self._troubles.why_id_failed(section, error, now_ns, polled_ns)
            if reason:
                self._troubles.over()
                self._compare(section, jobs.Found(end=Stage.FAILED, reason=reason))
                return
            section.put_off()
        failing_s = self._troubles.failed(now_ns)
        row = self._rows.get(section.recovery_id)
        if row is not None and failing_s >= self._ports.settings.give_up_s:
            self._section = None
            self._troubles.over()
            self._give_up(row, error)
            return
        self._rest(self._troubles.wait_s(error, self._ports.randomness.uniform(0.0, 1.0)))

    def _polled_ns(self) -> int | None:
        """When a whole poll went well, last."""
        status = self._ports.board.read(f"source:{self._name}", SourceStatus)
        return status.last_poll_ns if status is not None and is_well(status) else None

    def _give_up(self, row: RecoveryRow, error: Exception) -> None:
        """Stopped in the middle, or failed to start."""
        began = row.counts.detected > 0 or row.listed > row.begin
        status = RecoveryStatus.STOPPED if began else RecoveryStatus.FAILED
        hint = error.hint if isinstance(error, RecorderError) else ""
        refused = "its credentials are refused: " if isinstance(error, AuthRefused) else ""
        self._end(row, status, f"{refused}{error} {hint}".strip())

    def _center_failed(self, error: Exception) -> None:
        if not isinstance(error, DataCenterError):
            raise error  # StaleTerm ends the duty; anything else is a bug
        self._section = None
        self._rest(AGAIN_S)

    # -- ends ----

    def _end_if_over(self, row: RecoveryRow) -> None:
        if not row.is_listed or row.recovery_id in self._ending:
            return
        if row.dry_run:
            self._forecast(row)
        elif row.counts.pending == 0:
            self._end(row, RecoveryStatus.COMPLETED, "")

    def _forecast(self, row: RecoveryRow) -> None:
        ports, settings = self._ports, self._ports.settings
        assert self._term is not None, "only the primary works"
        basis = Basis(
            calls_per_item=self._source.capabilities.item_calls,
            calls_per_s=self._pace.per_s(ports.budget(self._name)),
            items_per_s=settings.in_hand_max / (2 * settings.look_s),
        )
        now_us = ports.clock.wall_us()
        job = partial(
            jobs.forecast, ports.db, self._source, row, basis=basis, now_us=now_us, term=self._term
        )
        self._submit_end(row, job)

    def _end(self, row: RecoveryRow, status: RecoveryStatus, reason: str) -> None:
        assert self._term is not None, "only the primary works"
        job = partial(jobs.end, self._ports.db, row.recovery_id, status, reason, self._term)
        self._submit_end(row, job)

    def _submit_end(self, row: RecoveryRow, job: partial[RecoveryRow]) -> None:
        self._ending.add(row.recovery_id)
        then = partial(RecoveryEnded, self._name, self._reign, row.recovery_id)
        self._ports.database_lane.submit(job, self._ports.me, then)

    def _ended(self, message: RecoveryEnded) -> None:
        if message.run != self._reign:
            return
        self._ending.discard(message.recovery_id)
        if isinstance(message.outcome, Failed):
            if not isinstance(message.outcome.error, DataCenterError):
                raise message.outcome.error
            return  # the next look tries again
        row = message.outcome.value
        self._rows.pop(row.recovery_id, None)
        done = row.status is RecoveryStatus.COMPLETED and not row.dry_run
        if done and row.window is not None:
            self._ports.pollers[self._name].tell(PeriodProven(row.window))

    # -- inside ----

    def _submit(self, job: partial[Any], then: Any) -> None:
        self._busy = True
        made = partial(then, self._name, self._run)
        self._ports.database_lane.submit(job, self._ports.me, made)

    def _rest(self, seconds: float) -> None:
        """Ask nothing for so long, whoever looks."""
        self._not_before_ns = self._ports.clock.monotonic_ns() + int(seconds * 1e9)
        self._arm(seconds)

    def _arm(self, seconds: float) -> None:
        self._timer += 1
        due = ListDue(self._name, self._timer)
        self._ports.clock.call_later(seconds, self._ports.me, due)
