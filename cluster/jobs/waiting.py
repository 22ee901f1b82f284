"""The jobs that nobody has, in the order they came. Pure."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

from cluster.work_messages import Job


@dataclass(frozen=True, slots=True)
class Waiting:
    """A job in line. `seq` is its place: lower goes first, and no two have the same."""

    seq: int
    job: Job
    attempt: int
    queued_ns: int
    avoid: str = ""
    """A node that does not get it before `avoid_until_ns`."""
    avoid_until_ns: int = 0
    again: bool = False


class Line:
    """Jobs by key. What is out of line waits too: until it is put back, woken or removed."""

    def __init__(self) -> None:
        self._jobs: dict[str, Waiting] = {}
        self._line: list[tuple[int, str]] = []
        self._asleep: list[tuple[int, int, str]] = []

    def __len__(self) -> int:
        return len(self._jobs)

    def __contains__(self, key: str) -> bool:
        return key in self._jobs

    def put(self, job: Waiting) -> None:
        """Wait at the place of `job.seq`."""
        self._jobs[job.job.key] = job
        heapq.heappush(self._line, (job.seq, job.job.key))

    def remove(self, key: str) -> Waiting | None:
        """Wait no more; None when it did not wait."""
        return self._jobs.pop(key, None)

    def clear(self) -> None:
        """Nothing waits."""
        self._jobs.clear()
        self._line.clear()
        self._asleep.clear()

    def drop_older(self, oldest_ns: int) -> None:
        """Forget what was queued before that instant."""
        self._jobs = {key: job for key, job in self._jobs.items() if job.queued_ns >= oldest_ns}

    def step_out(self) -> Waiting | None:
        """The first in line, out of line from now on; None when the line is empty."""
        while self._line:
            seq, key = heapq.heappop(self._line)
            job = self._jobs.get(key)
            if job is not None and job.seq == seq:
                return job
        return None

    def step_back(self, jobs: list[Waiting]) -> None:
        """These are in line again, at their places."""
        for job in jobs:
            heapq.heappush(self._line, (job.seq, job.job.key))

    def sleep(self, job: Waiting, until_ns: int) -> None:
        """A job that is out of line stays so until then: looking at it earlier is of no use."""
        heapq.heappush(self._asleep, (until_ns, job.seq, job.job.key))

    def wake(self, now_ns: int) -> None:
        """What slept long enough is in line again."""
        while self._asleep and self._asleep[0][0] <= now_ns:
            heapq.heappush(self._line, heapq.heappop(self._asleep)[1:])

    def wake_all(self) -> None:
        """Whatever it slept for is over."""
        for _, seq, key in self._asleep:
            heapq.heappush(self._line, (seq, key))
        self._asleep.clear()
