"""Service protection: requests of each client in a sliding window of five minutes."""

from __future__ import annotations

from collections import deque

WINDOW_US = 300_000_000
LIMIT = 6000


class Quota:
    """Counts always; refuses only where a limit is set."""

    def __init__(self, limit: int | None) -> None:
        self._limit = limit
        self._seen: dict[str, deque[int]] = {}

    def spend(self, client_id: str, now_us: int) -> float | None:
        """Count one request; seconds to wait when it is over the limit."""
        seen = self._seen.setdefault(client_id, deque())
        while seen and seen[0] <= now_us - WINDOW_US:
            seen.popleft()
        seen.append(now_us)
        if self._limit is None or len(seen) <= self._limit:
            return None
        return (seen[0] + WINDOW_US - now_us) / 1_000_000

    def headers(self, client_id: str) -> tuple[tuple[str, str], ...]:
        """What is left, as the service shows it."""
        left = max((self._limit or LIMIT) - len(self._seen.get(client_id, ())), 0)
        return (
            ("x-ms-ratelimit-burst-remaining-xrm-requests", str(left)),
            ("x-ms-ratelimit-time-remaining-xrm-requests", "1,200.00"),
        )
