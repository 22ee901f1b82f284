"""Drills as a table, and how to read it in three lines below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from recorder.instants import duration_text
from sim.drill.outcome import Outcome

HEAD: Final = (
    "Drill",
    "Takeover",
    "Role changes",
    "Calls",
    "Delayed",
    "Longest delay",
    "API calls",
    "Twice",
    "Lost",
    "Promises",
)


def row(outcome: Outcome) -> list[str]:
    """One line of the table."""
    takeover = "-" if outcome.takeover_s is None else f"{outcome.takeover_s:.1f} s"
    return [
        outcome.name,
        takeover,
        str(outcome.role_changes),
        str(outcome.offered),
        str(outcome.delayed),
        duration_text(outcome.longest_delay_s),
        str(outcome.api_calls),
        str(outcome.duplicates),
        str(outcome.lost),
        "kept" if outcome.good else "BROKEN",
    ]


def below(outcomes: Sequence[Outcome], usual_delay_s: float) -> list[str]:
    """What the columns do not say."""
    usual = duration_text(usual_delay_s)
    lines = [
        f"Delayed: archived later than {usual} after it was there: settling, two polls and the fetch.",
        "Takeover: from the fault to the other node's first poll; a new primary does not wait for the interval.",
    ]
    for outcome in outcomes:
        lines += [f"BROKEN in {outcome.name}: {text}" for text in outcome.broken]
    return lines
