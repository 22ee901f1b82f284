"""Contacts that wait to be stitched: those somebody wants come first. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

AHEAD_MAX: Final = 200
WANTED_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class Wish:
    """One contact to be made replayable."""

    contact_id: str
    call: str = ""
    """Whose watching found it, and in which revision of the contact; empty when somebody asked."""
    revision: int = 0
    ahead: bool = False


class Backlog:
    """Two bounded lists. What is dropped is asked for again, or looked up again."""

    def __init__(self) -> None:
        self._wanted: dict[str, Wish] = {}
        self._ahead: dict[str, Wish] = {}

    @property
    def wanted(self) -> tuple[str, ...]:
        """Contact ids, the next first."""
        return tuple(self._wanted)

    @property
    def ahead(self) -> int:
        """How many wait without anybody waiting for them."""
        return len(self._ahead)

    def want(self, contact_id: str) -> None:
        """Somebody waits: behind those who asked before."""
        if len(self._wanted) < WANTED_MAX:
            found = self._ahead.pop(contact_id, Wish(contact_id))
            self._wanted.setdefault(contact_id, replace(found, ahead=False))

    def add(self, wish: Wish) -> None:
        """Make it ahead of time, the newest first; the oldest give way."""
        if wish.contact_id in self._wanted:
            return
        self._ahead.pop(wish.contact_id, None)
        self._ahead[wish.contact_id] = wish
        while len(self._ahead) > AHEAD_MAX:
            del self._ahead[next(iter(self._ahead))]

    def put_back(self, wish: Wish) -> None:
        """It could not be begun; it is the next of its kind again."""
        if wish.ahead:
            self.add(wish)
        else:
            rest = {name: one for name, one in self._wanted.items() if name != wish.contact_id}
            self._wanted = {wish.contact_id: wish, **rest}

    def next(self, *, ahead: bool) -> Wish | None:
        """Take the next; `ahead`: also what nobody waits for."""
        if self._wanted:
            return self._wanted.pop(next(iter(self._wanted)))
        if ahead and self._ahead:
            return self._ahead.pop(next(reversed(self._ahead)))
        return None

    def forget_ahead(self) -> None:
        """The other node does that now."""
        self._ahead.clear()
