"""Carries out one poll after another: asks the source page by page, the Data Center what is new.

At most one job is on its way. No page is asked for after `until_ns`, so a process that was stopped starts nothing
on a stale belief; the page in hand is finished.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import TypeAlias

from cluster.ports import Done, Failed
from recorder.codec import job_key
from recorder.errors import AuthRefused, DataCenterError, SourceError, Throttled, Unreachable
from recorder.model import ItemEvent, ItemRef, Window
from recorder.poll.coverage import Coverage
from recorder.poll.items import Items
from recorder.poll.keeper import Keeper
from recorder.poll.lateness import Lateness
from recorder.poll.off_record import OffRecord
from recorder.poll.poll_jobs import list_page, record_found, server_time, unfinished
from recorder.poll.poll_messages import FoundRecorded, PageChecked, PageListed, TimeAsked
from recorder.poll.poll_run import PollRun, TooManyPages
from recorder.poll.poller_ports import PollerPorts
from recorder.poll.source_clock import SourceClock
from recorder.poll.window import WINDOW_S, LookBacks, poll_windows

_Seen: TypeAlias = tuple[tuple[ItemRef, ItemEvent], ...]
PENDING_MAX = 5000
"""With so many items under way a poll goes no farther; the next one does."""
WINDOW_MIN_S = 60.0


class How(StrEnum):
    """How a poll ended."""

    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class RunEnd:
    """A poll is over; `error` says why it failed."""

    how: How
    error: Exception | None = None


class Lister:
    """Polls of one source. Every method that may end the poll in hand returns its `RunEnd`, else None."""

    def __init__(
        self, *, ports: PollerPorts, keeper: Keeper, items: Items, off_record: OffRecord
    ) -> None:
        self._ports = ports
        self._keeper = keeper
        self._items = items
        self._off_record = off_record
        self.source_clock = SourceClock()
        self.lateness = Lateness()
        self.look_backs = LookBacks(
            settings=ports.poll, retention_s=ports.source.capabilities.retention_s
        )
        self._window_max_s = min(WINDOW_S, ports.source.capabilities.window_max_s)
        self.until_ns = 0
        self.found = 0
        """New items since this process began."""
        self._number = 0
        self._run: PollRun | None = None
        self._new: _Seen = ()
        self._asking_source = False
        self._stopping = False
        self._may_be_off = False
        self.busy = False
        """A poll is in hand."""

    @property
    def lasts(self) -> bool:
        """The duty has not run out."""
        return self._ports.clock.monotonic_ns() < self.until_ns

    def begin(self, now_ns: int) -> RunEnd | None:
        """Start a poll."""
        assert not self.busy, "one poll at a time"
        self._number += 1
        self.busy, self._stopping, self._run = True, False, None
        if self._may_be_off or self.source_clock.leap_s or self._wants_time(now_ns):
            return self._ask_time()
        return self._plan(now_ns)

    def stop(self) -> RunEnd | None:
        """Start nothing more. A call to the source in hand is waited for: the end follows it."""
        if not self.busy:
            return RunEnd(How.STOPPED)
        self._stopping = True
        return None if self._asking_source else self._end(RunEnd(How.STOPPED))

    # -- results ----

    def time_asked(self, message: TimeAsked, now_ns: int) -> RunEnd | None:
        """The source said what time it is."""
        if message.run != self._number or not self.busy:
            return None
        self._asking_source = False
        if isinstance(message.outcome, Failed):
            return self._failed(message.outcome.error)
        self._may_be_off = False
        self.source_clock.add(message.outcome.value)
        if self._stopping:
            return self._end(RunEnd(How.STOPPED))
        return self._ask_time() if self._wants_time(now_ns) else self._plan(now_ns)

    def source_us(self) -> int:
        """What the source's clock shows, or else our own: never for a decision on what is listed."""
        reading = self.source_clock.read(self._ports.clock.monotonic_ns())
        return self._ports.clock.wall_us() if reading is None else reading.now_us

    def page_listed(self, message: PageListed, now_ns: int) -> RunEnd | None:
        """A page came: who of it is new?"""
        run = self._run
        if message.run != self._number or run is None:
            return None
        self._asking_source = False
        if isinstance(message.outcome, Failed):
            return self._failed(message.outcome.error)
        page = message.outcome.value
        if page.time is not None:
            self.source_clock.add(page.time)
        try:
            run.listed(page)
        except TooManyPages as error:
            self._window_max_s = max(WINDOW_MIN_S, self._window_max_s / 2)
            return self._failed(error)
        except SourceError as error:
            return self._failed(error)
        refs = tuple(ref for ref in page.items if not self._items.is_known(ref))
        for ref in page.items:
            self._items.hold(ref)
        if self._stopping:
            run.unfinished(refs)
        if not refs or self._stopping:
            return self._go_on(now_ns)
        job = partial(unfinished, self._ports.db, refs)
        then = partial(PageChecked, self._number, refs)
        self._ports.database_lane.submit(job, self._ports.me, then)
        return None

    def page_checked(self, message: PageChecked, now_ns: int) -> RunEnd | None:
        """The Data Center answered; while it is away everything not remembered counts as new.

        But for a look-back: that would fetch days of what is archived again, and call it late.
        """
        run = self._run
        if message.run != self._number or run is None:
            outcome = message.outcome
            refs = outcome.value if isinstance(outcome, Done) else message.refs
            self._off_record.keep(self._told(refs))
            return None
        if isinstance(message.outcome, Done):
            new = message.outcome.value
            wanted = {job_key(ref) for ref in new}
            self._items.skip(ref for ref in message.refs if job_key(ref) not in wanted)
        else:
            _expect_away(message.outcome.error)
            if run.looks_back:
                run.unfinished(message.refs)
                self.look_backs.postpone(now_ns)
                return self._end(RunEnd(How.DONE))
            new, run.is_guess = message.refs, True
        run.unfinished(new)
        return self._go_on(now_ns)

    def found_recorded(self, message: FoundRecorded, now_ns: int) -> RunEnd | None:
        """New items are on record, or travel with their own story while the Data Center is away."""
        run = self._run
        if message.run != self._number or run is None:
            return None
        if isinstance(message.outcome, Failed):
            _expect_away(message.outcome.error)
            self._off_record.keep(self._new)
        new, self._new = self._new, ()
        run.handed_on()
        if now_ns >= self.until_ns or self._stopping:
            return self._end(RunEnd(How.STOPPED))
        self._items.take(new)
        self._window_done(run)
        return self._ask(run, now_ns)

    # -- inside ----

    def _wants_time(self, now_ns: int) -> bool:
        return self.source_clock.wants_more(now_ns, self._ports.clock.wall_us())

    def _ask_time(self) -> None:
        self._asking_source = True
        job = partial(server_time, self._ports.source)
        self._ports.source_lane.submit(job, self._ports.me, partial(TimeAsked, self._number))

    def _plan(self, now_ns: int) -> RunEnd | None:
        surely_us, settings = self.source_clock.surely_us(now_ns), self._ports.poll
        assert surely_us is not None, "the clock was read a moment ago"
        to_us = surely_us - int(settings.settle_s * 1e6)
        if self._keeper.watermark is None:
            self._keeper.begin(to_us - int(settings.start_back_s * 1e6))
        watermark = self._keeper.watermark
        assert watermark is not None, "it was set a moment ago"
        overlap_s = self.lateness.overlap_s(floor_s=settings.overlap_s, settle_s=settings.settle_s)
        windows = poll_windows(
            next_from_us=watermark.next_from_us,
            to_us=to_us,
            overlap_us=int(overlap_s * 1e6),
            max_us=int(self._window_max_s * 1e6),
        )
        self._run = PollRun(windows=windows, horizon_us=watermark.horizon_us, began_ns=now_ns)
        return self._ask(self._run, now_ns)

    def _ask(self, run: PollRun, now_ns: int) -> RunEnd | None:
        if now_ns >= self.until_ns or self._stopping:
            return self._end(RunEnd(How.STOPPED))
        watermark = self._keeper.watermark
        assert watermark is not None, "a poll has a watermark"
        if watermark.pending >= PENDING_MAX and run.page is None:
            return self._end(RunEnd(How.DONE))
        if run.window is None and not self._look_back(run, watermark.horizon_us, now_ns):
            return self._end(RunEnd(How.DONE))
        assert run.window is not None, "a window is in hand"
        self._asking_source = True
        job = partial(list_page, self._ports.source, run.window, run.page)
        then = partial(PageListed, self._number)
        self._ports.source_lane.submit(job, self._ports.me, then)
        return None

    def _look_back(self, run: PollRun, horizon_us: int, now_ns: int) -> bool:
        late = now_ns - run.began_ns > self._ports.poll.interval_s * 5e8
        if late and run.looked_back:
            return False
        window = self.look_backs.next(
            now_ns=now_ns,
            coverage=self._listed(),
            horizon_us=horizon_us,
            max_us=int(self._window_max_s * 1e6),
        )
        if window is not None:
            run.look_back(window)
        return window is not None

    def _listed(self) -> Coverage:
        """All that was listed whole: what is covered, and from a watermark that is held to the horizon."""
        watermark = self._keeper.watermark
        assert watermark is not None, "a poll has a watermark"
        listed = Coverage(self._keeper.coverage.windows)
        listed.add(Window(watermark.mark.at_us, watermark.next_from_us))
        return listed

    def _go_on(self, now_ns: int) -> RunEnd | None:
        run = self._run
        assert run is not None, "a poll is in hand"
        if not run.is_whole or self._stopping:
            return self._ask(run, now_ns)
        if not run.found:
            self._window_done(run)
            return self._ask(run, now_ns)
        self._new = self._told(run.found, "look-back" if run.looks_back else "poll")
        if not run.is_guess:
            self._observe(run, now_ns)
        self.found += len(self._new)
        job = partial(record_found, self._ports.db, run.found, [event for _, event in self._new])
        then = partial(FoundRecorded, self._number)
        self._ports.database_lane.submit(job, self._ports.me, then)
        return None

    def _window_done(self, run: PollRun) -> None:
        window, watermark = run.window, self._keeper.watermark
        assert window is not None, "a window is in hand"
        assert watermark is not None, "a poll has a watermark"
        if run.looks_back:
            self.look_backs.looked(window)
        else:
            watermark.scanned(window.from_us, window.to_us)
        run.next_window()

    def _observe(self, run: PollRun, now_ns: int) -> None:
        reading, settings = self.source_clock.read(now_ns), self._ports.poll
        if reading is None:
            return
        for ref in run.found:
            late_s = (reading.now_us - ref.changed_us) / 1e6
            if run.looks_back:
                self.lateness.escape(ref.key, late_s)
            elif ref.changed_us <= run.horizon_us:
                self.lateness.observe(late_s)
            else:
                self.lateness.observe(min(late_s, settings.settle_s + settings.interval_s))

    def _failed(self, error: Exception) -> RunEnd:
        # A source that refuses what was asked may have another time than was reckoned with.
        answered = not isinstance(error, Unreachable | Throttled | AuthRefused)
        self._may_be_off = self._may_be_off or answered
        how = How.STOPPED if self._stopping else How.FAILED
        return self._end(RunEnd(how, error))

    def _told(self, refs: Iterable[ItemRef], what: str = "poll") -> _Seen:
        return tuple((ref, self._items.event(ref, "found", f"by a {what}")) for ref in refs)

    def _end(self, end: RunEnd) -> RunEnd:
        if self._new:  # on its way to the record: it may have failed
            self._off_record.keep(self._new)
        elif self._run is not None:
            self._off_record.keep(self._told(self._run.found))
        self._number += 1
        self.busy, self._asking_source, self._run, self._new = False, False, None, ()
        return end


def _expect_away(error: Exception) -> None:
    if not isinstance(error, DataCenterError):
        raise error
