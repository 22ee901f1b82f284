"""Job functions in virtual time: each job is a task that blocks through the kernel."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from greenlet import GreenletExit

from cluster.ports import Address, Done, Failed, Outcome
from sim.clockwork.kernel import Deadlock, Epoch, Kernel

M = TypeVar("M")
T = TypeVar("T")

_NS = 1_000_000_000
_START_DELAY_NS_MAX = 50_000


class SimWorkers:
    """Implements `cluster.ports.Workers` for one lane of one life of a simulated node.

    At most `threads` jobs are under way; a job never runs inside `submit`. Jobs of a crashed node
    never go on. `on_crash(name, error)` is called for AssertionError, SystemExit and when `then`
    raises; other BaseExceptions come out of the kernel as they are.
    """

    def __init__(
        self,
        *,
        kernel: Kernel,
        epoch: Epoch,
        name: str,
        threads: int,
        on_crash: Callable[[str, BaseException], None],
    ) -> None:
        assert threads > 0, f"the lane {name} needs a thread"
        self._kernel = kernel
        self._epoch = epoch
        self._name = name
        self._threads = threads
        self._on_crash = on_crash
        self._delays = kernel.streams.stream("workers", epoch.node, name)
        self._queue: deque[Callable[[], None]] = deque()
        self._running = 0
        self._stopped = False

    def submit(
        self,
        job: Callable[[], T],
        reply_to: Address[M],
        then: Callable[[Outcome[T]], M],
    ) -> None:
        """Run `job` in an event to come and tell `then(outcome)`; forgotten after `stop`."""
        if not self._stopped:
            self._queue.append(partial(self._work, job, reply_to, then))
            self._begin_soon()

    def waiting(self) -> int:
        """Jobs submitted and not yet running."""
        return len(self._queue)

    def stop(self, timeout_s: float) -> bool:
        """Forget the jobs that wait, and run the world until those that run ended; False if not."""
        if self._kernel.busy:
            raise Deadlock("stop inside an actor or a job would wait for itself")
        self._stopped = True
        self._queue.clear()
        return self._kernel.pump(
            lambda: not self._running, self._kernel.now_ns + round(timeout_s * _NS)
        )

    def _begin_soon(self) -> None:
        self._kernel.schedule(
            int(self._delays.random() * _START_DELAY_NS_MAX),
            self._begin,
            label=f"{self._epoch.node} {self._name}",
            epoch=self._epoch,
        )

    def _begin(self) -> None:
        if self._queue and self._running < self._threads:
            self._running += 1
            self._kernel.run_task(self._queue.popleft(), self._epoch)

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
        except GreenletExit:
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001 - ends the node
            self._on_crash(self._name, error)
        self._running -= 1
        if self._queue:
            self._begin_soon()
