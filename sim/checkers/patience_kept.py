"""No call to a service inside the patience that it asked for by `Retry-After`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Final

from sim.checkers.violation import Violation

PROMISE = "patience_kept"
_NS: Final = 1_000_000_000
_THROTTLED: Final = 429
_SLACK_NS: Final = 1_000_000_000
"""Dates are whole seconds."""
_MAX_S: Final = 300.0
"""Nobody counts over more than five minutes: a recorder need not wait longer."""
_INSTANT: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")
_CALLS: Final = re.compile(r"/api/data/.*(?<!/\$value)|/v[12]/(?!access_token).*")
"""Addresses that a service's limits count: no tokens, no files."""


def asked_for_s(headers: Mapping[str, str]) -> float:
    """Seconds of patience; 0 when the header is absent or cannot be read. Names are lower case."""
    text = headers.get("retry-after", "")
    if re.fullmatch(r"\d{1,9}", text):
        return min(float(text), _MAX_S)
    until = datetime.fromisoformat if _INSTANT.fullmatch(text) else parsedate_to_datetime
    try:
        wait = until(text) - parsedate_to_datetime(headers.get("date", ""))
    except (TypeError, ValueError):
        return 0.0
    return min(max(wait.total_seconds(), 0.0), _MAX_S)


@dataclass
class PatienceBook:
    """Of each node: until when the service wants to hear nothing. Files are another matter."""

    until_ns: dict[str, int] = field(default_factory=dict[str, int])

    def asks(self, node: str, path: str, now_ns: int) -> Iterator[Violation]:
        """A request leaves the node."""
        until_ns = self.until_ns.get(node, 0)
        if _counts(path) and now_ns + _SLACK_NS < until_ns:
            early_s = (until_ns - now_ns) / _NS
            what = "asked the service inside its Retry-After"
            yield Violation(PROMISE, what, (f"{node}, {early_s:.1f} s early",))

    def hears(
        self, node: str, path: str, status: int, headers: Mapping[str, str], now_ns: int
    ) -> None:
        """The answer arrived."""
        if status == _THROTTLED and _counts(path):
            until_ns = now_ns + int(asked_for_s(headers) * _NS)
            self.until_ns[node] = max(until_ns, self.until_ns.get(node, 0))

    def forget(self, node: str) -> None:
        """A new process cannot know."""
        self.until_ns.pop(node, None)


def _counts(path: str) -> bool:
    return _CALLS.fullmatch(path) is not None
