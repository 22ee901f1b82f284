"""Job functions on a small pool of threads: one instance per lane of work."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from cluster.ports import Address, Done, Failed, Outcome

M = TypeVar("M")
T = TypeVar("T")


class ThreadWorkers:
    """Implements `cluster.ports.Workers`.

    Jobs start in the order of `submit`, at most `threads` at once; threads are made when needed.
    `on_crash(name, error)` is called on the worker's thread for an AssertionError, for anything that
    is no Exception, and when `then` raises. The threads are daemons: a wedged job never keeps the
    process from ending.
    """

    def __init__(
        self, *, name: str, threads: int, on_crash: Callable[[str, BaseException], None]
    ) -> None:
        assert threads > 0, f"the lane {name} needs a thread"
        self._name = name
        self._threads_max = threads
        self._on_crash = on_crash
        self._changed = threading.Condition()
        self._queue: deque[Callable[[], None]] = deque()
        self._threads: list[threading.Thread] = []  # noqa: TID251 - this file is the port
        self._idle = 0
        self._stopped = False

    def submit(
        self,
        job: Callable[[], T],
        reply_to: Address[M],
        then: Callable[[Outcome[T]], M],
    ) -> None:
        """Run `job` when a thread is free and tell `then(outcome)`; forgotten after `stop`."""
        with self._changed:
            if self._stopped:
                return
            self._queue.append(partial(self._work, job, reply_to, then))
            if self._idle >= len(self._queue):
                self._changed.notify()
            elif len(self._threads) < self._threads_max:
                name = f"{self._name}-{len(self._threads) + 1}"
                thread = threading.Thread(target=self._serve, name=name, daemon=True)  # noqa: TID251
                self._threads.append(thread)
                thread.start()

    def waiting(self) -> int:
        """Jobs submitted and not yet running."""
        return len(self._queue)

    def stop(self, timeout_s: float) -> bool:
        """Forget the jobs that wait, and wait for those that run; False when one still runs."""
        with self._changed:
            self._stopped = True
            self._queue.clear()
            self._changed.notify_all()
            return self._changed.wait_for(lambda: not self._threads, max(0.0, timeout_s))

    def _serve(self) -> None:
        while (task := self._next()) is not None:
            task()
            del task  # it holds the job's arguments and must not live until the next one comes

    def _next(self) -> Callable[[], None] | None:
        with self._changed:
            self._idle += 1
            while not self._queue and not self._stopped:
                self._changed.wait()
            self._idle -= 1
            if self._queue:
                return self._queue.popleft()
            self._threads.remove(threading.current_thread())
            self._changed.notify_all()
            return None

    def _work(
        self, job: Callable[[], Any], reply_to: Address[Any], then: Callable[[Any], Any]
    ) -> None:
        try:
            outcome: Outcome[Any]
            try:
                outcome = Done(job())
            except AssertionError:
                raise
            except Exception as error:  # noqa: BLE001 - the outcome is the actor's to judge
                outcome = Failed(error)
            reply_to.tell(then(outcome))
        except BaseException as error:  # noqa: BLE001 - ends the node
            self._on_crash(self._name, error)
