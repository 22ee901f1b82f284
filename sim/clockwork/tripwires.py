"""While a world runs, whatever would make it depend on this machine fails at once, and says where.

ruff keeps clocks, chance and threads out of our files by their text; this catches what text does not
show: a library that sleeps for us, a callback that starts a thread, a lock held across a call.
Invariant: after the `with` everything is as it was.
"""

from __future__ import annotations

import inspect
import os
import queue
import random  # noqa: TID251 - to keep others from it
import secrets  # noqa: TID251 - as above
import select
import socket
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, Final

from sim.clockwork.kernel import Deadlock, Kernel
from sim.clockwork.locks import SimLock

_OURS: Final = ("cluster", "recorder", "sim")

_BLOCKING: Final[tuple[tuple[Any, str, str], ...]] = (
    (time, "sleep", "wait with Clock.call_later or Kernel.block_for"),
    (threading.Event, "wait", "tell a message instead"),
    (threading.Condition, "wait", "tell a message instead"),
    (threading.Thread, "start", "submit a job to Workers"),  # noqa: TID251 - to keep others from it
    (threading.Thread, "join", "nothing runs beside this"),  # noqa: TID251 - as above
    (queue.Queue, "get", "tell a message instead"),
    (socket.socket, "connect", "use the transport of the world"),
    (socket.socket, "accept", "use the transport of the world"),
    (socket.socket, "recv", "use the transport of the world"),
    (socket, "getaddrinfo", "use the transport of the world"),
    (select, "select", "use the transport of the world"),
    (select, "poll", "use the transport of the world"),
    (subprocess.Popen, "__init__", "no program runs in a world"),
)
"""Fail whoever calls them: in one thread nothing could end the wait."""

_IMPURE: Final[tuple[tuple[Any, str, str], ...]] = (
    *((time, name, "use Clock") for name in ("time", "time_ns", "monotonic", "monotonic_ns")),
    *((time, name, "use Clock") for name in ("perf_counter", "perf_counter_ns")),
    *(
        (random, name, "use Randomness")
        for name in (
            *("random", "uniform", "randint", "randrange", "choice", "choices", "sample"),
            *("shuffle", "getrandbits", "randbytes", "gauss", "expovariate"),
        )
    ),
    *(
        (secrets, name, "use Randomness")
        for name in ("token_hex", "token_bytes", "token_urlsafe", "choice", "randbelow")
    ),
    (os, "urandom", "use Randomness"),
    (uuid, "uuid4", "use Randomness"),
    (uuid, "uuid1", "use Randomness"),
)
"""Fail when called from our own code; libraries may stamp their log lines."""


@contextmanager
def tripwires(kernel: Kernel) -> Generator[None]:
    """Guard the world of `kernel`. Locks made meanwhile by our code are of its time."""
    undo: list[Callable[[], None]] = []

    def put(owner: Any, name: str, substitute: Any) -> None:
        real = getattr(owner, name)
        undo.append(lambda: setattr(owner, name, real))
        setattr(owner, name, substitute)

    try:
        for owner, name, instead in _BLOCKING:
            put(owner, name, _refuse(f"{_name(owner)}.{name}", instead))
        for owner, name, instead in _IMPURE:
            put(owner, name, _refuse_ours(getattr(owner, name), f"{_name(owner)}.{name}", instead))
        for name, reentrant in (("Lock", False), ("RLock", True)):
            put(threading, name, _lock(kernel, getattr(threading, name), reentrant=reentrant))
        yield
    finally:
        for action in reversed(undo):
            action()


def _refuse(what: str, instead: str) -> Callable[..., Any]:
    def refuse(*_given: Any, **_named: Any) -> Any:
        raise Deadlock(f"{what} inside a simulated world, called by {_caller()}: {instead}")

    return refuse


def _refuse_ours(real: Callable[..., Any], what: str, instead: str) -> Callable[..., Any]:
    def refuse(*given: Any, **named: Any) -> Any:
        if _caller().partition(".")[0] in _OURS:
            raise Deadlock(f"{what} inside a simulated world, called by {_caller()}: {instead}")
        return real(*given, **named)

    return refuse


def _lock(kernel: Kernel, real: Callable[[], Any], *, reentrant: bool) -> Callable[[], Any]:
    def make() -> Any:
        if _caller().partition(".")[0] in _OURS:
            return SimLock(kernel, reentrant=reentrant)
        return real()

    return make


def _caller() -> str:
    """The module that called the substitute."""
    frame = inspect.currentframe()
    for _ in range(2):
        frame = None if frame is None else frame.f_back
    return "?" if frame is None else str(frame.f_globals.get("__name__", "?"))


def _name(owner: Any) -> str:
    return str(getattr(owner, "__name__", owner))
