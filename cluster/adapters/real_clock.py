"""The clocks of the machine, and timers served by one thread."""

from __future__ import annotations

import heapq
import threading
import time
from itertools import count
from typing import Any, TypeVar

from cluster.ports import Address

M = TypeVar("M")

_NS = 1_000_000_000
_CANCELLED_KEPT_MAX = 64

# Both run on while the process is stopped; BOOTTIME runs on while the machine sleeps, too.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def blocking_wait(seconds: float) -> None:
    """Block the calling thread: for jobs only, never for an actor."""
    time.sleep(max(0.0, seconds))  # noqa: TID251 - the one place where a job waits


class _Pending:
    """A timer in the heap; without an address it was delivered or cancelled."""

    __slots__ = ("_clock", "address", "message")

    def __init__(self, clock: RealClock, address: Address[Any], message: object) -> None:
        self._clock = clock
        self.address: Address[Any] | None = address
        self.message: object = message

    def cancel(self) -> None:
        self._clock.forget(self)


class RealClock:
    """Implements `cluster.ports.Clock`. The timer thread starts with the first timer."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._heap: list[tuple[int, int, _Pending]] = []
        self._numbers = count()
        self._cancelled = 0
        self._thread: threading.Thread | None = None  # noqa: TID251 - this file is the port
        self._stopped = False

    def monotonic_ns(self) -> int:
        """Nanoseconds since the machine started; runs on while the process is stopped."""
        return time.clock_gettime_ns(_CLOCK)

    def wall_us(self) -> int:
        """Microseconds since 1970 UTC, as the machine's calendar says."""
        return time.time_ns() // 1000  # noqa: TID251 - this file is the port

    def call_later(self, delay_s: float, address: Address[M], message: M) -> _Pending:
        """Tell `message` after `delay_s` seconds (at once when negative); never after `stop`."""
        due_ns = self.monotonic_ns() + max(0, round(delay_s * _NS))
        timer = _Pending(self, address, message)
        with self._changed:
            if self._stopped:
                return timer
            heapq.heappush(self._heap, (due_ns, next(self._numbers), timer))
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, name="timers", daemon=True)  # noqa: TID251
                self._thread.start()
            elif self._heap[0][2] is timer:
                self._changed.notify()
        return timer

    def forget(self, timer: _Pending) -> None:
        """Do not deliver `timer`; the heap is rebuilt when mostly cancelled timers fill it."""
        with self._changed:
            if timer.address is None:
                return
            timer.address = timer.message = None
            self._cancelled += 1
            if self._cancelled > max(_CANCELLED_KEPT_MAX, len(self._heap) // 2):
                self._heap = [entry for entry in self._heap if entry[2].address is not None]
                heapq.heapify(self._heap)
                self._cancelled = 0

    def stop(self) -> None:
        """Drop every timer and end the thread."""
        with self._changed:
            self._stopped = True
            self._heap.clear()
            self._changed.notify()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _serve(self) -> None:
        while (due := self._wait()) is not None:
            for address, message in due:
                address.tell(message)

    def _wait(self) -> list[tuple[Address[Any], object]] | None:
        """Sleep until something is due, and take it; None after `stop`."""
        with self._changed:
            while not self._stopped:
                due = self._take_due()
                if due:
                    return due
                self._changed.wait(
                    (self._heap[0][0] - self.monotonic_ns()) / _NS if self._heap else None
                )
            return None

    def _take_due(self) -> list[tuple[Address[Any], object]]:
        now_ns = self.monotonic_ns()
        due: list[tuple[Address[Any], object]] = []
        while self._heap and self._heap[0][0] <= now_ns:
            timer = heapq.heappop(self._heap)[2]
            if timer.address is None:
                self._cancelled -= 1
                continue
            due.append((timer.address, timer.message))
            timer.address = timer.message = None
        return due
