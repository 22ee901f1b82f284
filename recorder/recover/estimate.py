"""What a dry run says: bytes, requests, minutes, and what will be deleted before its turn comes. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from recorder.records.recoveries import Forecast, RecoveryItem

KEYS_TOLD = 100
_US = 1_000_000


@dataclass(frozen=True, slots=True)
class Basis:
    """What the estimate rests on."""

    calls_per_item: float
    """Requests to describe and open one item, about."""
    calls_per_s: float
    """At the present budget."""
    items_per_s: float
    """That fit through the normal road at the present pace, whatever the budget."""
    mean_bytes: int = 0
    """Of an item, for those whose size the source does not tell."""

    @property
    def item_s(self) -> float:
        """Seconds for one item."""
        by_calls_s = self.calls_per_item / self.calls_per_s
        return max(by_calls_s, 1 / self.items_per_s)


class Estimate:
    """Takes the missing items one by one, nearest to their deletion first."""

    def __init__(self, basis: Basis, now_us: int) -> None:
        self._basis = basis
        self._now_us = now_us
        self._items = 0
        self._bytes = 0
        self._guessed = 0
        self._too_late = 0
        self._keys: list[str] = []

    def add(self, items: Iterable[tuple[RecoveryItem, int | None]]) -> None:
        """Items with the sizes that the source tells."""
        for item, size_bytes in items:
            self._items += 1
            self._guessed += size_bytes is None
            self._bytes += self._basis.mean_bytes if size_bytes is None else size_bytes
            turn_us = self._now_us + int(self._items * self._basis.item_s * _US)
            if item.expires_us is not None and item.expires_us < turn_us:
                self._too_late += 1
                if len(self._keys) < KEYS_TOLD:
                    self._keys.append(item.ref.key)

    @property
    def forecast(self) -> Forecast:
        """Of all that was added."""
        return Forecast(
            size_bytes=self._bytes,
            is_estimate=self._guessed > 0,
            api_calls=round(self._items * self._basis.calls_per_item),
            minutes=round(self._items * self._basis.item_s / 60, 1),
            too_late=self._too_late,
            too_late_keys=tuple(self._keys),
        )
