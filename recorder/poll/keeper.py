"""Keeps a source's progress: loads it, merges what is heard, saves and shares what moved.

Saves are batched: at most one is on its way, and the next follows when it is back or a second later.
"""

from __future__ import annotations

from collections import deque
from functools import partial

from cluster.frames import Mark, MarksMoved
from cluster.messages import CommandAnswer, DescribeSelf, SendFrame
from cluster.ports import Address, Done
from recorder.model import ItemEvent, Level, SourceProgress, Window
from recorder.poll.alarms import Alarms
from recorder.poll.coverage import Coverage
from recorder.poll.doubt import is_absurd
from recorder.poll.poll_jobs import Saved, load_progress, save_progress
from recorder.poll.poll_messages import ProgressLoaded, ProgressSaved, SaveDue
from recorder.poll.poller_ports import PollerPorts
from recorder.poll.watermark import Watermark

SAVE_S = 1.0
STORY_MAX = 5000
STORY_AT_ONCE = 1000
FUTURE = "watermark_in_future"


def future_hint(name: str) -> str:
    """What to do about a watermark that cannot be true."""
    return (
        f"`tandem source rewind {name} --to INSTANT`, with the last instant you trust; what is archived is "
        "not stored again."
    )


class Keeper:
    """The progress of one source. `term` is set while this node has the duty, None otherwise."""

    def __init__(self, *, ports: PollerPorts, alarms: Alarms) -> None:
        self._ports = ports
        self._alarms = alarms
        self.watermark: Watermark | None = None
        self.coverage = Coverage()
        self.term: int | None = None
        self.is_new = False
        """Both the disk and the Data Center were asked, and neither ever heard of this source."""
        self.why_unknown = "the progress of this source was not read yet"
        self.doubted = ""
        """Why the mark heard last was not believed; empty when it was."""
        self._absurd: Mark | None = None
        self._began_again = False
        self._story: deque[ItemEvent] = deque(maxlen=STORY_MAX)
        self._last: Mark | None = None
        self._loading = False
        self._saving = False
        self._timer_set = False
        self._dirty = False
        self._answers: list[tuple[int, Address[CommandAnswer], CommandAnswer]] = []
        """Orders whose epoch is not saved yet, and who waits to hear of them."""

    # -- what is known ----

    def load(self) -> None:
        """Ask disk and Data Center, once at a time; ProgressLoaded follows."""
        if self._loading:
            return
        self._loading = True
        ports = self._ports
        job = partial(load_progress, ports.store, ports.db, ports.name)
        ports.database_lane.submit(job, ports.me, ProgressLoaded)

    def ask_again(self) -> None:
        """The duty came: what was new once may be known by now, and coverage may have grown."""
        self.is_new = False
        self.load()

    def loaded(self, message: ProgressLoaded) -> bool:
        """Merge what they know. True when the Data Center lost it all, and the source begins again."""
        self._loading = False
        if not isinstance(message.outcome, Done):
            raise message.outcome.error
        found = message.outcome.value
        rows = [row for row in (found.disk, found.center) if row is not None]
        for row in sorted(rows, key=lambda row: (row.epoch, row.watermark_us)):
            self.heard(Mark(row.epoch, row.watermark_us))
        for row in rows:
            self._merge_coverage(row)
        self.is_new = not (rows or found.disk_error or found.center_error)
        self.why_unknown = "; ".join(t for t in (found.disk_error, found.center_error) if t)
        lost = found.disk is not None and found.center_empty and not self._began_again
        if found.disk is not None and lost:
            self._begin_again(found.disk)
        return lost

    def heard(self, mark: Mark) -> None:
        """Merge a mark from anywhere."""
        if self.watermark is None:
            self._start(mark)
        else:
            self.watermark.heard(mark)
        self.moved()

    def told(self, mark: Mark, now_us: int) -> None:
        """Merge a mark of the peer unless it is absurd. `now_us`: the best idea of the source's clock."""
        if is_absurd(mark, own=self.mark, now_us=now_us):
            if mark == self._absurd:
                return  # the pair remembers it and tells it with every renewal of the duty
            self._absurd = mark
            name = self._ports.name
            self.doubted = f"the other node tells an impossible watermark of {name}: not believed"
            self._alarms.open(FUTURE, Level.ERROR, self.doubted, future_hint(name))
            return
        if self.doubted:
            self.doubted = ""
            self._alarms.close(FUTURE)
        self.heard(mark)

    def begin(self, at_us: int) -> None:
        """A source never seen before is archived from this instant on."""
        assert self.watermark is None, "only a source without progress begins"
        self._start(Mark(0, at_us))
        self.moved()

    def rewind(self, to_us: int) -> None:
        """An operator's order: a new epoch from this instant on."""
        if self.watermark is None:
            self._start(Mark(0, to_us))
        assert self.watermark is not None
        self.watermark.rewind(to_us)
        self.moved()

    def prove(self, window: Window) -> None:
        """A recovery accounted for this period; above the watermark nothing is proven."""
        mark = self.mark
        if mark is not None:
            self.coverage.add(Window(window.from_us, min(window.to_us, mark.at_us)))
            self._changed()

    def answer_when_saved(self, reply_to: Address[CommandAnswer], answer: CommandAnswer) -> None:
        """Tell `answer` once a crash cannot undo the present epoch any more."""
        assert self.watermark is not None, "an order sets a mark"
        self._answers.append((self.watermark.mark.epoch, reply_to, answer))

    def forget_pending(self) -> None:
        """The duty is over: the next one begins at the watermark again."""
        if self.watermark is not None:
            self._start(self.watermark.mark)

    @property
    def mark(self) -> Mark | None:
        """(epoch, W); None while nothing is known."""
        return None if self.watermark is None else self.watermark.mark

    # -- what moves ----

    def tell(self, event: ItemEvent) -> None:
        """Add a step to the story of an item; it is written with the next save."""
        self._story.append(event)
        self._changed()

    def moved(self) -> None:
        """To be called after anything that may have moved the watermark."""
        mark = self.mark
        if mark is None or mark == self._last:
            return
        granularity_us = self._ports.source.capabilities.granularity_us
        if self._last is None or mark.epoch > self._last.epoch:
            self.coverage.cut(mark.at_us + granularity_us)
        else:
            self.coverage.add(Window(self._last.at_us, mark.at_us + granularity_us))
        self._last = mark
        self._changed()

    def save(self) -> None:
        """Save and share now, unless a save is on its way; then right after it."""
        if self.watermark is None:
            return
        if self._saving:
            self._dirty = True
            return
        self._saving, self._dirty = True, False
        ports, mark = self._ports, self.watermark.mark
        progress = SourceProgress(
            source=ports.name,
            epoch=mark.epoch,
            watermark_us=mark.at_us,
            horizon_us=self.watermark.horizon_us,
            coverage=self.coverage.windows,
        )
        marks = {ports.name: mark}
        ports.link.tell(DescribeSelf(marks=marks))
        if self.term is not None:
            ports.link.tell(SendFrame(MarksMoved(marks)))
        events = tuple(self._story)[:STORY_AT_ONCE]
        job = partial(save_progress, ports.store, ports.db, progress, events, self.term)
        ports.database_lane.submit(job, ports.me, ProgressSaved)

    def save_due(self) -> None:
        """The timer of a batch fired."""
        self._timer_set = False
        if self._dirty:
            self.save()

    def saved(self, message: ProgressSaved) -> Saved:
        """A save ended; `stale` in the answer means that its term is over."""
        self._saving = False
        if not isinstance(message.outcome, Done):
            raise message.outcome.error
        saved = message.outcome.value
        for _ in range(min(saved.events_written, len(self._story))):
            self._story.popleft()
        if saved.row is not None:
            self.heard(Mark(saved.row.epoch, saved.row.watermark_us))
        if saved.lasts:
            self._tell_answers(saved.epoch)
        self._alarms.set(
            "progress_not_saved",
            Level.ERROR,
            saved.disk_error,
            "Until it is mended a restart of this node asks the other node or the Data Center.",
        )
        if self._dirty or (self._story and self.term is not None):
            self._changed()
        return saved

    # -- inside ----

    def _tell_answers(self, epoch: int) -> None:
        told = [entry for entry in self._answers if entry[0] <= epoch]
        self._answers = [entry for entry in self._answers if entry[0] > epoch]
        for _, reply_to, answer in told:
            reply_to.tell(answer)

    def _start(self, mark: Mark) -> None:
        granularity_us = self._ports.source.capabilities.granularity_us
        self.watermark = Watermark(mark=mark, granularity_us=granularity_us)

    def _begin_again(self, disk: SourceProgress) -> None:
        """A watermark speaks of what is in the Data Center; there is nothing, so it proves nothing."""
        self._began_again = True
        ports = self._ports
        back_s = max(ports.poll.start_back_s, ports.source.capabilities.retention_s or 0.0)
        self._alarms.open(
            "data_center_empty",
            Level.ERROR,
            "the Data Center knows nothing of this source, which this node had archived before: "
            f"it is listed again from {round(back_s / 3600)} hours before the old watermark",
            "Was the database removed or replaced? Stop the nodes and restore it from a backup; what "
            "is older than the source keeps cannot be fetched again.",
        )
        assert self.watermark is not None, "a row has a mark"
        if self.watermark.mark.epoch <= disk.epoch:
            self.rewind(max(0, disk.watermark_us - int(back_s * 1e6)))

    def _merge_coverage(self, row: SourceProgress) -> None:
        assert self.watermark is not None, "a row has a mark"
        part = Coverage(row.coverage)
        if row.epoch < self.watermark.mark.epoch:
            part.cut(self.watermark.mark.at_us)
        for window in part.windows:
            self.coverage.add(window)

    def _changed(self) -> None:
        self._dirty = True
        if not self._timer_set:
            self._timer_set = True
            self._ports.clock.call_later(SAVE_S, self._ports.me, SaveDue())
