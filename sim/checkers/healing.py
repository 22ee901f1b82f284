"""L2: once faults have stopped, what is still offered is archived soon."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from sim.checkers.violation import Violation
from sim.truth import TruthItem

PROMISE = "it_heals"


@dataclass(frozen=True, slots=True)
class Patience:
    """What each step to the archive may take once all is well."""

    roles_s: float
    """Until somebody polls again."""
    poll_s: float
    """From the instant an item can be seen to its first listing: a poll interval and the settling time."""
    ingest_s: float
    """From its first listing to its commit."""
    retry_s: float
    """More for an item that failed before: it waits for its next try."""
    look_back_s: float
    """More for an item with a stamp from the past: a look-back finds it."""


def check_healing(
    truth: Iterable[TruthItem],
    archived_us: Mapping[tuple[str, str, str], int],
    failed: Iterable[tuple[str, str, str]],
    healed_us: int,
    patience: Patience,
    *,
    behind: Collection[tuple[str, str]] = (),
) -> tuple[Violation, ...]:
    """Instants are true time. `archived_us` and `failed` are by source, key and version.

    `behind`, by source and key: their stamps may lie behind what was listed, as if they came late: the clock of
    their service was ahead and set back.

    What was never archived is for nothing_lost to find.
    """
    tried = set(failed)
    slow: dict[str, float] = {}
    for item in truth:
        place = (item.source, item.key, item.version)
        if not item.must_be_archived or place not in archived_us:
            continue
        limit_s = patience.roles_s + patience.poll_s + patience.ingest_s
        limit_s += patience.retry_s if place in tried else 0.0
        limit_s += patience.look_back_s if item.late or place[:2] in behind else 0.0
        # A stamp from a clock that was ahead lies behind the end of every listing until it is reached.
        since_us = max(healed_us, item.offered_us, item.changed_us)
        took_s = (archived_us[place] - since_us) / 1e6
        if took_s > limit_s:
            slow[item.key] = took_s
    if not slow:
        return ()
    what = f"items were archived up to {max(slow.values()):.0f} s after all was well"
    return (Violation(PROMISE, what, tuple(slow)),)
