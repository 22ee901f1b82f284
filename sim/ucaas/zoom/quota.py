"""The rate limits of the account: so many requests a second of each label, whoever asks."""

from __future__ import annotations

from collections.abc import Mapping

from sim.ucaas.surroundings import SECOND_US
from sim.ucaas.zoom.errors import Refusal
from sim.ucaas.zoom.spoil import CATEGORIES, limited


class Quota:
    """`per_second` gives the limits by label (Light, Medium); None is no limit at all."""

    def __init__(self, per_second: Mapping[str, int] | None) -> None:
        self._limits = per_second
        self._second = 0
        self._spent: dict[str, int] = {}

    def spend(self, request: str, now_us: int) -> Refusal | None:
        """One request of this kind: None when it may go on."""
        label = CATEGORIES.get(request, "Light")
        if self._limits is None or label not in self._limits:
            return None
        second = now_us // SECOND_US
        if second != self._second:
            self._second = second
            self._spent.clear()
        self._spent[label] = self._spent.get(label, 0) + 1
        limit = self._limits[label]
        if self._spent[label] <= limit:
            return None
        return limited(request, limit, day=False, seconds=1, now_us=now_us)
