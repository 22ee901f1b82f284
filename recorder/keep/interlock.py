"""Whether a run may delete what it found: rules that were agreed to, and no far larger number than usual. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from recorder.keep.rules import never_shorter
from recorder.records.retention import DAY_US, Plan, Rules, Run

RECENT_US: Final = 8 * DAY_US
"""A week and a day: what is usual on one weekday is no surprise on the next."""
UNCONFIRMED: Final = "retention_unconfirmed"
INTERLOCK: Final = "retention_interlock"
_MORE_THAN_SHOWN: Final = 1.2
"""A confirmed plan grows old while people read it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What was agreed to and done before."""

    confirmed: Plan | None
    """The newest plan that was confirmed."""
    runs: tuple[Run, ...]
    """Recent ones, newest first."""

    def unagreed_run(self) -> Run | None:
        """The newest run, when nobody has confirmed anything since."""
        newest = self.runs[0] if self.runs else None
        agreed_us = 0 if self.confirmed is None else self.confirmed.confirmed_us or 0
        return newest if newest is not None and newest.started_us >= agreed_us else None

    def in_force(self) -> Rules:
        """What was agreed to last; without a plan nothing is ever deleted."""
        return Rules() if self.confirmed is None else self.confirmed.rules


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nothing is deleted now. Recording goes on."""

    code: str
    what: str


def unconfirmed(rules: Rules, standing: Standing) -> Refusal | None:
    """Rules that may delete something earlier than those agreed to wait until somebody confirms them.

    Longer ones need no agreement, and count from their first run on: what is shorter than those waits too, even
    if it was agreed to once.
    """
    last = standing.unagreed_run()
    if not never_shorter(rules, standing.in_force()):
        since = ""
    elif last is not None and not never_shorter(rules, last.rules):
        since = f", and {last.run_id} ran with longer ones since"
    else:
        return None
    before = "none were" if standing.confirmed is None else f"{standing.confirmed.plan_id} was"
    return Refusal(
        UNCONFIRMED,
        f"the retention policies of this node may delete earlier than what was confirmed ({before} "
        f"confirmed last{since}): nothing is deleted until they are",
    )


def too_many(
    found: int, standing: Standing, factor: float, floor: int, now_us: int
) -> Refusal | None:
    """Far more than any recent run found, and than anybody confirmed since."""
    usual = _usual(standing.runs, now_us)
    allowed = max(floor, int(usual * factor), _agreed(standing))
    if found <= allowed:
        return None
    return Refusal(
        INTERLOCK,
        f"retention found {found} contacts to delete, recent runs at most {usual}: more than the "
        f"{allowed} that may go without anybody looking, so nothing is deleted",
    )


def _usual(runs: Sequence[Run], now_us: int) -> int:
    done = [
        run.contacts
        for run in runs
        if run.outcome == "done" and run.started_us > now_us - RECENT_US
    ]
    return max(done, default=0)


def _agreed(standing: Standing) -> int:
    """What a plan showed that was confirmed after the last run that came to its end."""
    plan = standing.confirmed
    if plan is None or plan.confirmed_us is None:
        return 0
    if any(run.outcome == "done" and run.started_us >= plan.confirmed_us for run in standing.runs):
        return 0
    return int(plan.survey.contacts * _MORE_THAN_SHOWN)
