"""A clock that a test moves by hand. It has no timers, for adapters set none."""

from __future__ import annotations

from typing import Any, NoReturn

from cluster.ports import Address

BEGIN_US = 1_767_225_600_000_000  # 2026-01-01T00:00:00Z


class HandClock:
    """Implements what an adapter may ask of cluster.ports.Clock."""

    def __init__(self, begin_us: int = BEGIN_US) -> None:
        self.begin_us = begin_us
        self._passed_ns = 0

    def monotonic_ns(self) -> int:
        """See the port."""
        return self._passed_ns

    def wall_us(self) -> int:
        """See the port."""
        return self.begin_us + self._passed_ns // 1000

    def wall_s(self) -> float:
        """The same in seconds, for the headers of a fake."""
        return self.wall_us() / 1e6

    def call_later(self, delay_s: float, address: Address[Any], message: object) -> NoReturn:
        """An adapter that wants a timer breaks its contract."""
        raise AssertionError(f"adapters set no timers: {delay_s} {address} {message}")

    def advance(self, seconds: float) -> None:
        """Time goes by."""
        self._passed_ns += int(seconds * 1e9)
