"""In which order undecided parts are looked up: page by page, so that none waits behind those that stay undecided. Pure."""

from __future__ import annotations

from collections.abc import Iterable


class Rounds:
    """A round takes every part once; the next one begins when nothing is left of it."""

    def __init__(self) -> None:
        self._left: list[str] = []

    def begin(self, part_keys: Iterable[str]) -> None:
        """Time for a round over these parts; what is left of the last one comes first."""
        if not self._left:
            self._left = list(part_keys)

    def page(self, limit: int) -> tuple[str, ...]:
        """The next parts; empty when the round is over. Some may be decided meanwhile."""
        page, self._left = self._left[:limit], self._left[limit:]
        return tuple(page)
