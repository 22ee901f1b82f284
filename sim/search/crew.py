"""Processes that share the work of a search. Whoever leaves them early, by Ctrl-C or otherwise, waits for none."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Generator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import active_children, get_context, resource_tracker
from typing import Any, Final, ParamSpec, TypeVar

from sim.bench.timing import now_ns, seconds_since

_PATIENCE_S: Final = 0.5
"""So long a process may take to end by itself."""

P = ParamSpec("P")
R = TypeVar("R")


class Crew:
    """See `crew`."""

    def __init__(self, pool: ProcessPoolExecutor) -> None:
        self._pool = pool

    def submit(self, work: Callable[P, R], /, *arguments: P.args, **named: P.kwargs) -> Future[R]:
        """As an executor does. A process that this starts never hears of Ctrl-C: it is for the command.

        Nor does Ctrl-C strike in the middle of its start: it is heard after. To be called in the main thread.
        """
        heard: list[int] = []
        # Both are needed: a process inherits what is blocked, and any other thread may be the one that is told.
        usual = signal.signal(signal.SIGINT, lambda number, _frame: heard.append(number))
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            future = self._pool.submit(work, *arguments, **named)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            signal.signal(signal.SIGINT, usual)
        if heard and usual is not signal.SIG_IGN:
            raise KeyboardInterrupt
        return future


@contextmanager
def crew(size: int) -> Generator[Crew]:
    """`size` processes, in which work begins in the order of its submission.

    An exception that leaves the context ends them, whatever they do.
    """
    # Begun with the first process otherwise, and its begin lets Ctrl-C through that `Crew.submit` blocks.
    resource_tracker.ensure_running()
    others = active_children()
    pool = ProcessPoolExecutor(size, mp_context=get_context("spawn"), initializer=_begin)
    try:
        yield Crew(pool)
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        members = [process for process in active_children() if process not in others]
        for member in members:
            member.terminate()
        start_ns = now_ns()
        for member in members:
            member.join(max(0.0, _PATIENCE_S - seconds_since(start_ns)))
            member.kill()
            member.join()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _begin() -> None:
    """Let what is under way end what it began: processes of its own."""
    signal.signal(signal.SIGTERM, _end)


def _end(_signal: int, _frame: Any) -> None:
    sys.exit(1)
