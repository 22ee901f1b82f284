"""What an adapter may tell of its request budget. Optional: a source without it is a source all the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class BudgetFigures:
    """How a source's request budget on this node is spent. Counts begin with the process."""

    used: int
    """Requests made in the last `per_s` seconds."""
    limit: int
    """How many this node allows itself in any `per_s` seconds."""
    per_s: float
    waits: int
    """How often a request had to wait for its turn, or was put off."""
    throttled: int
    """How often the service itself asked for patience."""
    quiet_s: float = 0.0
    """For so long nothing is asked, because the service said so."""


class Budgeted(Protocol):
    """A data source that can tell how its budget is spent. Optional: `DataSource` does not demand it."""

    def budget(self) -> BudgetFigures | None:
        """At once, from any thread, without a call; None where there is no budget."""
        ...


def budget_of(source: object) -> BudgetFigures | None:
    """What a source tells of its budget; None when it cannot say, or says something odd."""
    tell = getattr(source, "budget", None)
    if not callable(tell):
        return None
    try:
        told = tell()
    except Exception:  # noqa: BLE001 - a stranger's adapter may do anything
        return None
    return told if isinstance(told, BudgetFigures) else None
