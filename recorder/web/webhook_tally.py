"""What came of webhooks: counted for metrics, and told in the log, but seldom: anybody may send one."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import structlog

from cluster.ports import Clock

LOG_EVERY_NS: Final = 60 * 1_000_000_000
NO_SOURCE: Final = "-"
"""Stands for the source where an address names none that hears."""

_log = structlog.get_logger(__name__)


class Result(StrEnum):
    """What a webhook was."""

    HINT = "hint"
    """Genuine, and a reason to poll early."""
    AGENT = "agent"
    """Genuine, and says something of agents."""
    ANSWERED = "answered"
    """Genuine, nothing new."""
    REFUSED = "refused"
    """The signature is missing or wrong."""
    NO_SECRET = "no_secret"  # noqa: S105 - the name of a result
    """The source has no secret to check signatures with."""
    UNKNOWN = "unknown"
    """No source here hears under this address."""
    FAILED = "failed"
    """It could not be judged."""


_HINTS: Final = {
    Result.REFUSED: "Set webhook_secret of the source to the secret the service signs with; somebody else may be trying too.",
    Result.NO_SECRET: "Set webhook_secret of the source, or delete the webhook at the service.",
    Result.UNKNOWN: "Compare the address at the service with docs/operating.md.",
    Result.FAILED: "Nothing is lost: the source is polled as usual.",
}


class WebhookTally:
    """Counts per source. To be noted on one thread, read on any."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._counts: dict[tuple[str, Result], int] = {}
        self._told_ns: dict[tuple[str, Result], int] = {}
        self._untold: dict[tuple[str, Result], int] = {}

    def counts(self) -> dict[tuple[str, Result], int]:
        """How often each result was, by source."""
        return dict(self._counts)

    def note(self, source: str, result: Result, problem: str = "") -> None:
        """Count it; what is not well is logged, at most once a minute for each source and result."""
        which = source, result
        self._counts[which] = self._counts.get(which, 0) + 1
        if result not in _HINTS:
            return
        now_ns = self._clock.monotonic_ns()
        told_ns = self._told_ns.get(which)
        if told_ns is not None and now_ns - told_ns < LOG_EVERY_NS:
            self._untold[which] = self._untold.get(which, 0) + 1
            return
        self._told_ns[which] = now_ns
        facts = {"source": source, "since_last_line": self._untold.pop(which, 0)}
        if problem:
            facts["problem"] = problem
        _log.warning(f"webhook_{result.value}", hint=_HINTS[result], **facts)
