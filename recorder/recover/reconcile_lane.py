"""The comparison of one source: one call or job at a time, section by section, as far as its budget allows.

How far a run is lies in the Data Center: a section that was not written is compared again, by whoever is primary.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeVar, assert_never

import structlog

from cluster.board import Board
from cluster.errors import StaleTerm
from cluster.ports import Address, Clock, Failed, Outcome, Workers
from recorder.budgets import BudgetFigures, budget_of
from recorder.errors import ArchiveError, BadAnswer, DataCenterError
from recorder.messages import CompareNow, MonitorMessage
from recorder.model import Page
from recorder.ports.recording import DataSource
from recorder.records.findings import Closing, RunRow, Sighting, Step
from recorder.recover import reconcile_jobs as jobs
from recorder.recover.compare import closings
from recorder.recover.compare_now import Ground, Wish, next_run
from recorder.recover.pacing import Pace, Pacer, yields_because
from recorder.recover.reconcile_plan import PAGES_END, Lengths
from recorder.recover.reconcile_section import Asking, Listing
from recorder.settings.stages import ReconcileSettings
from recorder.status import RecoveryStatus, SourceStatus

_log = structlog.get_logger(__name__)
T = TypeVar("T")

AGAIN_S: Final = 30.0
"""After a failure."""
YIELD_S: Final = 5.0
"""While live capture or a recovery needs the source."""
FAILURES_MAX: Final = 20
"""Failed questions to the source in a row, until a run is ended: the next night compares again."""
STRAYS_AGAIN_S: Final = 900.0
"""An object that no row names is asked about again after this, or after the grace where that is shorter:
a commit may be on its way."""
LIVE_MAX: Final = 20
"""Items that live capture may have in hand without being waited for."""


@dataclass(frozen=True, slots=True)
class JobEnded:
    """An answer to a lane."""

    source: str
    turn: int
    outcome: Outcome[Any]


@dataclass(frozen=True, slots=True)
class WakeUp:
    """Time for a lane to go on."""

    source: str
    turn: int


LaneMessage = JobEnded | WakeUp


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconcilePorts:
    """What reconciliation is given."""

    node: str
    me: Address[Any]
    sources: Mapping[str, DataSource]
    source_lanes: Mapping[str, Workers]
    database_lane: Workers
    compare_lane: Workers
    """Reads the database and the archive for long: nothing else waits behind it."""
    tools: jobs.Tools
    folders: Mapping[str, str]
    """How the keys of a source's objects begin."""
    clock: Clock
    board: Board
    monitor: Address[MonitorMessage]
    recovery: Address[Any] | None
    settings: ReconcileSettings


class Comparison:
    """One source. Everything in hand is dropped when the duty ends."""

    def __init__(self, *, ports: ReconcilePorts, name: str) -> None:
        self._ports = ports
        self._name = name
        self._source = ports.sources[name]
        settings = ports.settings
        self._pacer = Pacer(Pace(settings.share, settings.calls_per_s))
        self._lengths = Lengths(window_max_s=self._source.capabilities.window_max_s)
        self._term: int | None = None
        self._until_ns = 0
        self._turn = 0
        self._then: Callable[[Any], None] = _nothing
        self._again: Callable[[], None] = _idle
        self._failures = 0
        self._seen = 0
        self._wish = Wish()
        self.run: RunRow | None = None
        self.last: RunRow | None = None
        """The run that ended last."""
        self.open_counts: Mapping[tuple[str, str, str], int] = {}
        self.waits_because = ""

    # -- duty ----

    def granted(self, term: int, until_ns: int) -> None:
        """Work may be done, or goes on."""
        began = self._term is None
        self._term, self._until_ns = term, until_ns
        if began:
            self._check()

    def stand_by(self) -> None:
        """Nothing in hand counts any more."""
        self._term = None
        self._turn += 1
        self.run = None
        self.waits_because = ""
        self.open_counts = {}
        self._wish.refuse("This node is primary no longer.", "Ask the primary node.")

    def compare_now(self, asked: CompareNow) -> None:
        """Begin a run that somebody asks for, unless one is under way; answers when it begins."""
        if self._wish.take(asked, on_duty=self._term is not None, run=self.run):
            self._check()

    def handle(self, message: LaneMessage) -> None:
        """An answer or a timer. Raises StaleTerm when the duty is over."""
        if message.turn != self._turn or self._term is None:
            return
        match message:
            case WakeUp():
                self._again()
            case JobEnded(_, _, outcome):
                if isinstance(outcome, Failed):
                    self._failed(outcome.error)
                else:
                    self._then(outcome.value)
            case _:
                assert_never(message)

    # -- one after the other ----

    def _do(self, lane: Workers, job: Callable[[], T], then: Callable[[T], None]) -> None:
        """One job; what a turn before it answers is not heard."""
        self._turn += 1
        self._then = then
        lane.submit(job, self._ports.me, partial(JobEnded, self._name, self._turn))

    def _later(self, delay_s: float, again: Callable[[], None]) -> None:
        self._turn += 1
        self._again = again
        self._ports.clock.call_later(delay_s, self._ports.me, WakeUp(self._name, self._turn))

    def _ask_source(self, job: Callable[[], T], then: Callable[[T], None]) -> None:
        """At the pace of the budget; not while somebody else needs the source."""
        ports, now_ns = self._ports, self._ports.clock.monotonic_ns()
        again = partial(self._ask_source, job, then)
        figures = budget_of(self._source)
        self.waits_because = self._why_wait(figures)
        if self.waits_because:
            self._later(YIELD_S, again)
            return
        wait_s = self._pacer.wait_s(now_ns, figures)
        if wait_s > 0 or now_ns >= self._until_ns:
            self._later(max(wait_s, 0.1), again)
            return
        self._pacer.asked(now_ns, figures)
        self._do(ports.source_lanes[self._name], job, then)

    def _why_wait(self, figures: BudgetFigures | None) -> str:
        board = self._ports.board
        recovery = board.read("recovery", RecoveryStatus)
        # One that waits for a watermark, or for a file that is still being made, may wait for days.
        moved_us = self._ports.clock.wall_us() - int(self._ports.settings.grace_s * 1_000_000)
        if recovery is not None and any(
            row.source == self._name and row.updated_us > moved_us for row in recovery.running
        ):
            return "a recovery of this source runs"
        status = board.read(f"source:{self._name}", SourceStatus)
        return yields_because(status, figures, LIVE_MAX)

    def _failed(self, error: Exception) -> None:
        if isinstance(error, StaleTerm):
            if error.term >= self._needed_term():
                raise error
        elif isinstance(error, DataCenterError | ArchiveError):
            self.waits_because = str(error)
        else:
            self._failures += 1
            self.waits_because = f"{getattr(error, 'code', type(error).__name__)}: {error}"
            if self._failures > FAILURES_MAX and self.run is not None:
                self._end(self.run, f"it could not be compared: {self.waits_because}")
                return
        self._wish.refuse(f"It cannot be compared now: {self.waits_because}")
        wait_s = getattr(error, "retry_after_s", None) or AGAIN_S
        self._later(wait_s, self._check if self.run is None else self._next)

    # -- between runs ----

    def _check(self) -> None:
        self.run = None
        term = self._needed_term()
        job = partial(jobs.settle, self._ports.tools, self._name, term)
        self._do(self._ports.database_lane, job, self._settled)

    def _settled(self, counts: Mapping[tuple[str, str, str], int]) -> None:
        self.open_counts = counts
        job = partial(jobs.read_known, self._ports.tools, self._name)
        self._do(self._ports.database_lane, job, self._known)

    def _known(self, known: jobs.Known) -> None:
        settings, now_us = self._ports.settings, self._ports.clock.wall_us()
        self.last = next((run for run in known.runs if run.ended_us is not None), None)
        ground = Ground(
            self._name,
            known.runs,
            known.progress,
            known.oldest_us,
            self._source.capabilities.retention_s,
            self._ports.board.read(f"source:{self._name}", SourceStatus),
        )
        run = next_run(ground, self._wish, now_us=now_us, settings=settings)
        if run is None:
            self._later(settings.check_s, self._check)
            return
        job = partial(jobs.begin_run, self._ports.tools, run, self._needed_term())
        self._do(self._ports.database_lane, job, self._begun)

    def _begun(self, run: RunRow) -> None:
        _log.info("reconciliation_begins", run=run.run_id, source=self._name, scope=run.scope.value)
        self.run = run
        self._wish.began(run)
        self._failures = self._seen = 0
        self._next()

    # -- sections ----

    def _next(self) -> None:
        run = self._needed_run()
        if run.reached_us < run.to_us:
            self._list(Listing(self._lengths.next_window(run)))
        elif jobs.is_retention(run):
            job = partial(jobs.strays, self._ports.tools, self._ports.folders[self._name])
            self._do(self._ports.compare_lane, job, self._strays_found)
        else:
            self._end(run, "")

    def _list(self, listing: Listing) -> None:
        job = partial(jobs.list_page, self._source, listing.window, listing.page)
        self._ask_source(job, partial(self._listed, listing))

    def _listed(self, listing: Listing, page: Page) -> None:
        try:
            is_last = listing.take(page)
        except BadAnswer as error:
            self._failed(error)
            return
        if self._lengths.is_too_much(len(listing.items), listing.pages):
            self._lengths.shorten()
            self._next()
        elif not is_last and listing.pages >= PAGES_END:
            self._failed(BadAnswer(f"the shortest section has more than {PAGES_END} pages"))
        elif is_last:
            self._failures = 0
            self._lengths.brought(len(listing.items), listing.pages)
            self._look(listing)
        else:
            self._list(listing)

    def _look(self, listing: Listing) -> None:
        settings, run = self._ports.settings, self._needed_run()
        now_us = self._ports.clock.wall_us()
        wanted = jobs.Wanted(
            source=self._name,
            window=listing.window,
            listed=tuple(listing.items.values()),
            now_us=now_us,
            young_us=now_us - int(settings.grace_s * 1_000_000),
            described_max=settings.described_max,
            salt=run.run_id,
        )
        job = partial(jobs.look, self._ports.tools, wanted)
        then = partial(self._looked, listing.pages)
        self._do(self._ports.compare_lane, job, then)

    def _looked(self, pages: int, look: jobs.Look) -> None:
        self._ask_items(pages, Asking(look, self._ports.settings.asked_max))

    def _ask_items(self, pages: int, asking: Asking) -> None:
        if not asking.queue:
            self._record(pages, asking)
            return
        job = partial(jobs.ask, self._source, asking.queue[0])
        self._ask_source(job, partial(self._told, pages, asking))

    def _told(self, pages: int, asking: Asking, told: jobs.Told) -> None:
        asking.told(told)
        self._ask_items(pages, asking)

    def _record(self, pages: int, asking: Asking) -> None:
        look, run = asking.look, self._needed_run()
        over = closings(
            look.opened,
            asking.sightings,
            look.section,
            unasked=asking.unasked,
            gone=asking.gone,
        )
        room = max(0, self._ports.settings.findings_max - self._seen)
        known = {(row.source, row.what, row.subject) for row in look.opened}
        seen = sorted(asking.sightings, key=lambda one: one.place not in known)[:room]
        self._seen += len(seen)
        counts = dict(look.compared.counts) | {
            "calls": pages + asking.calls,
            "seen": len(asking.sightings),
            "not_told": len(asking.sightings) - len(seen),
        }
        step = Step(run.run_id, look.window.from_us, look.window.to_us, tuple(seen), over, counts)
        job = partial(jobs.record, self._ports.tools, step, self._needed_term())
        self._do(self._ports.database_lane, job, self._recorded)

    def _recorded(self, run: RunRow) -> None:
        self.run = run
        self._next()

    # -- the end ----

    def _strays_found(self, suspects: tuple[str, ...]) -> None:
        wait_s = min(STRAYS_AGAIN_S, self._ports.settings.grace_s) if suspects else 0.0
        self._later(max(wait_s, 0.1), partial(self._judge_strays, suspects))

    def _judge_strays(self, suspects: tuple[str, ...]) -> None:
        now_us = self._ports.clock.wall_us()
        job = partial(jobs.judge_strays, self._ports.tools, self._name, suspects, now_us)
        self._do(self._ports.compare_lane, job, self._strays_judged)

    def _strays_judged(self, judged: tuple[tuple[Sighting, ...], tuple[Closing, ...]]) -> None:
        run, (seen, over) = self._needed_run(), judged
        counts = {"strays": len(seen)}
        step = Step(run.run_id, run.to_us, run.to_us, seen, over, counts)
        job = partial(jobs.record, self._ports.tools, step, self._needed_term())
        self._do(self._ports.database_lane, job, lambda run: self._end(run, ""))

    def _end(self, run: RunRow, reason: str) -> None:
        now_us = self._ports.clock.wall_us()
        recover = self._ports.settings.recover and self._ports.recovery is not None
        job = partial(
            jobs.end_run,
            self._ports.tools,
            run,
            reason,
            now_us,
            self._needed_term(),
            recover=recover,
        )
        self._do(self._ports.database_lane, job, self._ended)

    def _ended(self, run: RunRow) -> None:
        _log.info(
            "reconciliation_ended",
            run=run.run_id,
            source=self._name,
            reason=run.reason,
            **dict(run.counts),
        )
        self.waits_because = ""
        if self._ports.recovery is not None:
            self._ports.recovery.tell(jobs.WAKE)
        self._check()

    def _needed_term(self) -> int:
        assert self._term is not None, "without the duty nothing is done"
        return self._term

    def _needed_run(self) -> RunRow:
        assert self.run is not None, "a section belongs to a run"
        return self.run


def _nothing(value: object) -> None:
    del value


def _idle() -> None:
    """Before the first timer."""
