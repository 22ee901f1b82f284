"""What a checker reports."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken promise: which, what happened, and the items, nodes or objects concerned."""

    promise: str
    what: str
    items: tuple[str, ...] = ()

    def __str__(self) -> str:
        shown = ", ".join(self.items[:5]) + (" …" if len(self.items) > 5 else "")  # noqa: PLR2004
        return f"{self.promise}: {self.what}" + (f" ({shown})" if shown else "")
