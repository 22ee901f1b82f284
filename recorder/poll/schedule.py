"""When to poll next: a steady beat, quicker tries after a failure, patience when asked for. Pure.

Invariant: the phase is kept. Polls that take too long leave beats out and never pile up; a wait that a source
asked for moves no later beat.
"""

from __future__ import annotations

from recorder.backoff import delay_s
from recorder.errors import SourceError, Throttled

BASE_S = 1.0


class Schedule:
    """Beats of one source. Instants are monotonic nanoseconds."""

    def __init__(self, *, interval_s: float) -> None:
        self._interval_s = interval_s
        self._interval_ns = max(1, int(interval_s * 1e9))
        self._phase_ns = 0
        self._not_before_ns = 0
        self.failures = 0
        """Polls failed in a row."""

    def start(self, now_ns: int) -> None:
        """The first poll is now."""
        self._phase_ns = now_ns
        self._not_before_ns = 0
        self.failures = 0

    def may_poll(self, now_ns: int) -> bool:
        """False while the source asked for patience."""
        return now_ns >= self._not_before_ns

    def beat_ns(self, now_ns: int) -> int:
        """The next beat after now, or the end of the wait if that is later."""
        beats = (now_ns - self._phase_ns) // self._interval_ns + 1
        return max(self._phase_ns + beats * self._interval_ns, self._not_before_ns)

    def succeeded(self) -> None:
        """A poll was whole."""
        self.failures = 0

    def failed(self, error: Exception, chance: float, now_ns: int) -> int:
        """A poll failed; returns when to try again, at the next beat at the latest unless asked to wait."""
        self.failures += 1
        asked_s = error.retry_after_s if isinstance(error, SourceError) else None
        wait_s = delay_s(
            self.failures,
            base_s=BASE_S,
            cap_s=self._interval_s,
            chance=chance,
            retry_after_s=asked_s,
        )
        again_ns = now_ns + int(wait_s * 1e9)
        if isinstance(error, Throttled) or asked_s is not None:
            self._not_before_ns = again_ns
            return again_ns
        return min(again_ns, self.beat_ns(now_ns))
