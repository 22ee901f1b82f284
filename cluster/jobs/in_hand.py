"""What this node's worker has in hand, and under which of the peer's claims to report it. Pure.

Work outlives the reign in which it was given: after a change of roles it goes on, and is reported to
whoever asks for the same key next.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

FAILURES_MAX: Final = 256
"""Failures remembered, because the word of them may have been lost with the link; the oldest goes first."""


@dataclass(frozen=True, slots=True)
class Task:
    """A job the worker runs. `claim` is what the worker knows, `report` the peer's claim or empty."""

    claim: str
    key: str
    report: str = ""
    bytes_total: int = 0
    held: bool = False


class InHand:
    """Tasks by key: a worker never runs one key twice at the same time."""

    def __init__(self) -> None:
        self._tasks: dict[str, Task] = {}
        self._claim_of: dict[str, str] = {}
        self._key_of: dict[str, str] = {}
        self._failures: dict[str, bytes] = {}

    @property
    def claims(self) -> Mapping[str, str]:
        """The worker's claim of every key in hand."""
        return self._claim_of

    def start(self, task: Task) -> None:
        """The worker was told to run this."""
        assert task.key not in self._tasks, f"{task.key} is in hand already"
        self._tasks[task.key] = task
        self._claim_of[task.key] = task.claim
        self._key_of[task.claim] = task.key

    def report_as(self, key: str, claim: str) -> Task | None:
        """From now on report this key under the peer's `claim`; None when it is not in hand."""
        task = self._tasks.get(key)
        if task is None:
            return None
        task = replace(task, report=claim)
        self._tasks[key] = task
        return task

    def unwanted(self, report: str) -> None:
        """The peer does not wait for this claim any more; the work goes on."""
        for task in self._tasks.values():
            if task.report == report:
                self._tasks[task.key] = replace(task, report="")
                return

    def moved(self, claim: str, bytes_total: int, *, held: bool) -> Task | None:
        """Bytes moved on the worker's `claim`; None when it is not in hand."""
        key = self._key_of.get(claim)
        if key is None:
            return None
        old = self._tasks[key]
        task = replace(old, bytes_total=max(old.bytes_total, bytes_total), held=held or old.held)
        self._tasks[key] = task
        return task

    def ended(self, key: str) -> Task | None:
        """The worker is through with this key; None when it was not in hand."""
        task = self._tasks.pop(key, None)
        if task is not None:
            del self._claim_of[key]
            del self._key_of[task.claim]
        return task

    def failed(self, report: str, body: bytes) -> None:
        """The peer is told of this failure under its claim; nobody says whether it arrives."""
        self._failures.pop(report, None)
        self._failures[report] = body
        if len(self._failures) > FAILURES_MAX:
            del self._failures[next(iter(self._failures))]

    def failure(self, report: str) -> bytes | None:
        """What the peer was told of its claim, if that failed here not long ago."""
        return self._failures.get(report)
