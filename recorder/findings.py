"""Which findings are open: opened, refreshed and closed, with the time each began. Pure."""

from __future__ import annotations

from dataclasses import replace

from recorder.model import Finding

FINDINGS_MAX = 1_000
"""A fault that opens one finding per item must not fill the memory."""


class FindingBook:
    """Open findings by (code, subject)."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, str], Finding] = {}

    def open(self, finding: Finding, now_us: int) -> bool:
        """Open or refresh; the first `since_us` stays. True when it was not open before."""
        key = (finding.code, finding.subject)
        before = self._open.get(key)
        if before is None and len(self._open) >= FINDINGS_MAX:
            return False
        since_us = now_us if before is None else before.since_us
        self._open[key] = replace(finding, since_us=since_us)
        return before is None

    def close(self, code: str, subject: str) -> Finding | None:
        """Close; returns the finding when it was open."""
        return self._open.pop((code, subject), None)

    def all(self) -> tuple[Finding, ...]:
        """Worst first, then oldest first."""
        rank = {"error": 0, "warning": 1, "info": 2}
        return tuple(
            sorted(
                self._open.values(), key=lambda f: (rank[f.level], f.since_us, f.code, f.subject)
            )
        )
