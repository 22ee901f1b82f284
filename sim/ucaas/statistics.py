"""Who asked what and when: counts of every request, and the instants of every poll."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

_KEPT = 100_000


@dataclass(frozen=True, slots=True)
class Poll:
    """One request that lists recordings of a period: the first page of a poll, or a later one."""

    number: int
    client: str
    monotonic_ns: int
    """System-wide monotonic clock, comparable between processes of one machine."""
    wall_us: int
    first_page: bool
    status: int


class Statistics:
    """Counts and instants. Not thread-safe: the service locks."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str, int], int] = {}
        self._bytes: dict[str, int] = {}
        self._polls: deque[Poll] = deque(maxlen=_KEPT)
        self._polled = 0
        self._strays: list[str] = []
        self._leaks = 0

    def count(self, client: str, request: str, status: int, size_bytes: int) -> None:
        """One answered request."""
        key = (client, request, status)
        self._counts[key] = self._counts.get(key, 0) + 1
        self._bytes[client] = self._bytes.get(client, 0) + size_bytes

    def poll(
        self, client: str, *, monotonic_ns: int, wall_us: int, first_page: bool, status: int
    ) -> None:
        """One listing of recordings."""
        self._polled += 1
        self._polls.append(Poll(self._polled, client, monotonic_ns, wall_us, first_page, status))

    def stray(self, where: str, *, with_credentials: bool) -> None:
        """A request that followed a redirect to where it must not go."""
        self._strays.append(where)
        self._leaks += with_credentials

    def leak(self) -> None:
        """A bearer token was sent to the host of the files."""
        self._leaks += 1

    def polls(self, after: int = 0) -> tuple[Poll, ...]:
        """Polls with a number above `after`, in order."""
        return tuple(poll for poll in self._polls if poll.number > after)

    def as_json(self) -> dict[str, object]:
        """Counts as rows, bytes by client, strays and leaks."""
        return {
            "requests": [
                {"client": client, "request": request, "status": status, "count": count}
                for (client, request, status), count in self._counts.items()
            ],
            "bytes_by_client": dict(self._bytes),
            "polls": self._polled,
            "strays": list(self._strays),
            "credential_leaks": self._leaks,
        }
