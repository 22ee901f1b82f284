"""One deadline over every read and write of an HTTP exchange.

A timeout of the client counts between two bytes: a server that sends one now and then holds an exchange
for as long as it likes, inside the headers as well as between the pieces of a body.
"""

from __future__ import annotations

import ssl
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

import httpcore
import httpx

from cluster.ports import Clock

_UNTIL_NS: Final[ContextVar[int | None]] = ContextVar("until_ns", default=None)
_NS: Final = 1_000_000_000


@contextmanager
def within(until_ns: int) -> Generator[None]:
    """Whatever this thread reads or writes inside ends by `until_ns` on the transport's clock."""
    token = _UNTIL_NS.set(until_ns)
    try:
        yield
    finally:
        _UNTIL_NS.reset(token)


def keep_deadlines(transport: httpx.BaseTransport, clock: Clock) -> None:
    """Make the connections that `transport` opens from now on heed `within`; others stay as they are."""
    pool: object = getattr(transport, "_pool", None)
    if isinstance(pool, httpcore.ConnectionPool):
        # httpx offers no way to hand a network backend to its pool, httpcore does.
        backend: Any = getattr(pool, "_network_backend")  # noqa: B009 - private: the type is not known
        setattr(pool, "_network_backend", _Backend(backend, clock))  # noqa: B010


class _Backend(httpcore.NetworkBackend):
    def __init__(self, inner: httpcore.NetworkBackend, clock: Clock) -> None:
        self._inner = inner
        self._clock = clock

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        stream = self._inner.connect_tcp(
            host, port, _left_s(self._clock, timeout), local_address, socket_options
        )
        return _Stream(stream, self._clock)

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(seconds)


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, clock: Clock) -> None:
        self._inner = inner
        self._clock = clock

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left_s(self._clock, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left_s(self._clock, timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left_s = _left_s(self._clock, timeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left_s), self._clock)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _left_s(clock: Clock, timeout_s: float | None) -> float | None:
    until_ns = _UNTIL_NS.get()
    if until_ns is None:
        return timeout_s
    left_s = (until_ns - clock.monotonic_ns()) / _NS
    if left_s <= 0:
        raise httpcore.ReadTimeout("the exchange took too long")
    return left_s if timeout_s is None else min(left_s, timeout_s)
