"""What a source did not answer lately: how long to wait for it, and when an id is to blame instead. Pure.

Instants are monotonic nanoseconds.
"""

from __future__ import annotations

from recorder.backoff import delay_s
from recorder.errors import BadAnswer, RecorderError, SourceError, Throttled
from recorder.recover.sections import Section

ID_TRIES = 4
"""So often an id may get no answer while the source is well; then it has failed, and the others go on."""
BACKOFF_S, BACKOFF_MAX_S = 2.0, 120.0


class Troubles:
    """Of one source."""

    def __init__(self) -> None:
        self._count = 0
        self._since_ns: int | None = None
        self._answered_ns: int | None = None

    def over(self) -> None:
        """What was won stays: an id was answered, or a section is on record. A page alone may be lost again."""
        self._count, self._since_ns = 0, None

    def answered(self, now_ns: int) -> None:
        """An id had its answer."""
        self.over()
        self._answered_ns = now_ns

    def failed(self, now_ns: int) -> float:
        """Once more; seconds since it began."""
        self._count += 1
        if self._since_ns is None:
            self._since_ns = now_ns
        return (now_ns - self._since_ns) / 1e9

    def wait_s(self, error: Exception, chance: float) -> float:
        """How long to ask nothing after a failure."""
        return delay_s(
            self._count,
            base_s=BACKOFF_S,
            cap_s=BACKOFF_MAX_S,
            chance=chance,
            retry_after_s=error.retry_after_s if isinstance(error, SourceError) else None,
        )

    def why_id_failed(
        self, section: Section, error: Exception, now_ns: int, polled_ns: int | None
    ) -> str:
        """Why the id in hand has failed; empty while it is to be asked for again.

        An answer that is none is the id's own. Any other failure may be the source's: it counts only if
        something else went well since the one before: another id, or a poll (`polled_ns`: the last one). A
        source that wants patience gets it.
        """
        if isinstance(error, Throttled):
            return ""
        known = [one for one in (self._answered_ns, polled_ns) if one is not None]
        well_ns = max(known, default=None)
        if well_ns is not None and self._since_ns is not None and well_ns > self._since_ns:
            self.over()
        if section.failed(now_ns, now_ns if isinstance(error, BadAnswer) else well_ns) < ID_TRIES:
            return ""
        if not isinstance(error, RecorderError):
            return f"adapter_error: {error!r}"
        code = error.code if isinstance(error, SourceError) else "error"
        return f"{code}: {error} {error.hint}".rstrip()
