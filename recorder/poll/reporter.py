"""What people see of one source: its status on the board, and findings that open and close."""

from __future__ import annotations

from recorder.errors import AuthRefused, RecorderError
from recorder.model import Level
from recorder.poll.alarms import Alarms
from recorder.poll.items import Items
from recorder.poll.keeper import FUTURE, Keeper, future_hint
from recorder.poll.left_behind import LeftBehind
from recorder.poll.lister import Lister
from recorder.poll.poller_ports import PollerPorts
from recorder.status import SourceStatus, SourceTries

STALL_FLOOR_S = 30.0
"""A healthy watermark lags by a download, a commit and a save: with short poll intervals, a few
intervals are less than that, and the finding would open and close all day."""

TRIES_EVERY_NS = 1_000_000_000

FUTURE_S = 5.0
"""The watermark is behind by the settling time; ahead of the source's clock it has no business."""

ESCAPE_TOLD_NS = 3600 * 1_000_000_000
"""How long a late item stays a finding: it was archived, and one that came alone needs nobody."""

STALLED_HINT = (
    "Polls that fail or hang hold it, and so do items that are not archived yet: see `tandem source list`, "
    "then `tandem item list --state found --state failed`."
)

NO_STATE_HINT = (
    "Starting at now would lose recordings, starting at the beginning would burn the quota. It goes on by "
    "itself when the Data Center or the other node is there; or rewind the source to the instant you want."
)


class Reporter:
    """Counts polls and failures of one source and tells of them."""

    def __init__(
        self,
        *,
        ports: PollerPorts,
        alarms: Alarms,
        keeper: Keeper,
        items: Items,
        lister: Lister,
        left: LeftBehind,
    ) -> None:
        self._ports = ports
        self._alarms = alarms
        self._keeper = keeper
        self._items = items
        self._lister = lister
        self._left = left
        self._polls = 0
        self._last_poll_ns: int | None = None
        self._failing_since_ns: int | None = None
        self._blocked = False
        self._last_error = ""
        self._next_step = ""
        self._escapes = 0
        self._escaped_ns = 0
        self._tries = SourceTries({})
        self._tries_ns: int | None = None

    # -- what happened ----

    def polled(self, now_ns: int) -> None:
        """A poll was whole."""
        self._polls += 1
        self._last_poll_ns = now_ns
        self._failing_since_ns = None
        self._last_error = self._next_step = ""
        self._alarms.close("poll_failing")
        self.look(now_ns)

    def failed(self, error: Exception, now_ns: int) -> None:
        """A poll failed."""
        if self._failing_since_ns is None:
            self._failing_since_ns = now_ns
        self._last_error = str(error)
        self._next_step = error.hint if isinstance(error, RecorderError) else ""
        self._blocked = isinstance(error, AuthRefused)
        self.look(now_ns)

    def no_state(self, loaded: bool) -> None:  # noqa: FBT001 - a fact, passed on as it is
        """Nothing is known of this source and it cannot be asked for: it is not polled."""
        if loaded:
            what = f"it is unknown how far {self._ports.name} is archived; it is not polled"
            self._last_error, self._next_step = what, NO_STATE_HINT
            self._alarms.open(
                "no_state", Level.ERROR, f"{what}: {self._keeper.why_unknown}", NO_STATE_HINT
            )

    def stand_by(self) -> None:
        """The other node tells of this source from now on."""
        self._failing_since_ns = None
        self._last_error = self._next_step = ""
        for code in (
            "poll_failing",
            "watermark_stalled",
            FUTURE,
            "source_clock_jump",
            "parked_items",
            "items_lost",
            "late_escape",
            "no_state",
        ):
            self._alarms.close(code)

    def look(self, now_ns: int) -> None:
        """Compare with what is normal."""
        name, poll = self._ports.name, self._ports.poll
        since_ns = self._failing_since_ns
        if since_ns is not None and now_ns - since_ns >= poll.failing_s * 1e9:
            what = f"{name} could not be polled for {poll.failing_s:g} s: {self._last_error}"
            self._alarms.open("poll_failing", Level.ERROR, what, self._next_step)
        lag_s = self._lag_s(now_ns)
        limit_s = max(poll.stall_factor * poll.interval_s + poll.settle_s, STALL_FLOOR_S)
        stalled = lag_s is not None and lag_s > limit_s
        self._alarms.set(
            "watermark_stalled",
            Level.WARNING,
            f"the watermark of {name} is more than {limit_s:g} s behind" if stalled else "",
            STALLED_HINT,
        )
        self._look_at_clock(lag_s)
        parked = self._items.parked
        self._alarms.set(
            "parked_items",
            Level.ERROR,
            f"{_items(parked)} of {name} parked: could not be archived" if parked else "",
            "`tandem item list --state parked` says why; they are tried again from time to time.",
        )
        lost = self._left.lost
        self._alarms.set(
            "items_lost",
            Level.ERROR,
            f"{_items(lost)} of {name} lost within 24 h: gone at the source before the download"
            if lost
            else "",
            f"`tandem item list --state gone --source {name}` names them, `tandem item why ID` tells "
            "why. Somebody deletes at the source, or this was down for longer than it keeps.",
        )
        if self._lister.lateness.escapes > self._escapes:
            self._escapes = self._lister.lateness.escapes
            self._escaped_ns = now_ns
            keys = ", ".join(self._lister.lateness.escaped)
            self._alarms.open(
                "late_escape",
                Level.WARNING,
                f"{_items(self._escapes)} of {name} appeared later than polls look back: {keys}",
                "They were archived. Raise overlap_s of this source if this goes on.",
            )
        elif now_ns - self._escaped_ns >= ESCAPE_TOLD_NS:
            self._alarms.close("late_escape")

    def _look_at_clock(self, lag_s: float | None) -> None:
        name, leap_s = self._ports.name, self._lister.source_clock.leap_s
        self._alarms.set(
            "source_clock_jump",
            Level.WARNING,
            f"an answer of {name} says that its clock leapt by {leap_s:+.0f} s" if leap_s else "",
            "It is not believed until a later answer agrees; nothing is listed beyond what both say.",
        )
        future = lag_s is not None and lag_s < -FUTURE_S
        what = f"the watermark of {name} is ahead of its clock: nothing new is listed"
        shown = what if future else self._keeper.doubted
        self._alarms.set(FUTURE, Level.ERROR, shown, future_hint(name))

    # -- what is shown ----

    def publish(self, *, loaded: bool, on_duty: bool, waiting: bool) -> None:
        """Put a fresh snapshot on the board."""
        mark, watermark = self._keeper.mark, self._keeper.watermark
        clock, lateness = self._ports.clock, self._lister.lateness
        now_ns = clock.monotonic_ns()
        self._show_tries(now_ns)
        reading = self._lister.source_clock.read(now_ns)
        offset_ms = None if reading is None else (reading.now_us - clock.wall_us()) / 1000
        self._ports.board.publish(
            f"source:{self._ports.name}",
            SourceStatus(
                name=self._ports.name,
                kind=self._ports.kind,
                state=self._state(loaded=loaded, on_duty=on_duty, waiting=waiting),
                epoch=0 if mark is None else mark.epoch,
                watermark_us=None if mark is None else mark.at_us,
                horizon_us=None if watermark is None else watermark.horizon_us,
                lag_s=self._lag_s(now_ns),
                coverage=self._keeper.coverage.windows,
                pending=0 if watermark is None else watermark.pending,
                failed=self._items.failed,
                parked=self._items.parked,
                polls=self._polls,
                last_poll_ns=self._last_poll_ns,
                found=self._lister.found,
                late_escapes=lateness.escapes,
                lateness_p999_s=lateness.p999_s(),
                clock_offset_ms=offset_ms,
                last_error=self._last_error,
                next_step=self._next_step,
            ),
        )

    def _show_tries(self, now_ns: int) -> None:
        """At most once a second: there may be thousands while a source is out."""
        if self._tries_ns is not None and now_ns - self._tries_ns < TRIES_EVERY_NS:
            return
        tries = self._items.tries()
        if self._tries_ns is None or tries != self._tries.tries:
            self._tries = SourceTries(tries)
            self._ports.board.publish(f"tries:{self._ports.name}", self._tries)
        self._tries_ns = now_ns

    def _state(self, *, loaded: bool, on_duty: bool, waiting: bool) -> str:
        if not loaded:
            return "starting"
        if not on_duty:
            return "standby"
        if waiting:
            return "waiting"
        if self._failing_since_ns is not None:
            return "stopped_by_error" if self._blocked else "failing"
        if self._keeper.mark is None and not self._keeper.is_new:
            return "stopped_by_error"
        return "polling"

    def _lag_s(self, now_ns: int) -> float | None:
        mark, reading = self._keeper.mark, self._lister.source_clock.read(now_ns)
        return None if mark is None or reading is None else (reading.now_us - mark.at_us) / 1e6


def _items(count: int) -> str:
    return "1 item" if count == 1 else f"{count} items"
