"""Locks in virtual time: a job that would wait for another lets virtual time pass, an actor fails at once.

On threads, `threading.Lock` makes one job wait for another. In the simulator all jobs share one thread,
where a real lock would either stop the whole world for ever or, when re-entrant, keep nobody out.
"""

from __future__ import annotations

from types import TracebackType
from typing import Final

from greenlet import getcurrent, greenlet

from sim.clockwork.kernel import Deadlock, Kernel

_FIRST_LOOK_S: Final = 0.0005
_LOOK_S_MAX: Final = 0.05


class SimLock:
    """Stands in for `threading.Lock`, and for `threading.RLock` when `reentrant`.

    Waiters look again after a growing while of virtual time. The lock of a job that died with its node is
    never given back, and nothing of a later life knows it.
    """

    def __init__(self, kernel: Kernel, *, reentrant: bool) -> None:
        self._kernel = kernel
        self._reentrant = reentrant
        self._owner: greenlet | None = None
        self._depth = 0

    def acquire(self, blocking: bool = True, timeout: float = -1.0) -> bool:  # noqa: FBT001, FBT002 - the shape of threading.Lock
        """Take it. Raises Deadlock where nobody could ever give it back meanwhile."""
        me = getcurrent()
        if self._reentrant and self._owner is me:
            self._depth += 1
            return True
        waited_s, look_s = 0.0, _FIRST_LOOK_S
        while self._owner is not None:
            if not blocking or 0 <= timeout <= waited_s:
                return False
            if self._owner is me or not self._kernel.in_task():
                raise Deadlock("this would wait for a lock that only the waiter itself could free")
            self._kernel.block_for(look_s)
            waited_s += look_s
            look_s = min(2 * look_s, _LOOK_S_MAX)
        self._owner, self._depth = me, 1
        return True

    def release(self) -> None:
        """Give it back. Raises RuntimeError when it is not held."""
        if self._owner is None:
            raise RuntimeError("release of a lock that nobody holds")
        self._depth -= 1
        if self._depth == 0:
            self._owner = None

    def locked(self) -> bool:
        """Whether somebody holds it."""
        return self._owner is not None

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()
