"""What surfaces may ask about retention: holds, plans and deletions are on record, on whichever node is asked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from cluster.ports import Clock, Randomness
from recorder.keep.rules import plan_id, shortest_us
from recorder.keep.surveys import joined
from recorder.keep.what_if import days, undercuts, what_if
from recorder.model import Window
from recorder.ports.retention import RetentionDb
from recorder.records.retention import (
    DAY_US,
    Deletion,
    Hold,
    Placed,
    Plan,
    Rules,
    Scope,
    Surveyed,
    Walk,
)

_PAGE: Final = 1_000
_PLAN_S: Final = 12.0
"""A plan that takes longer is cut short, and says so."""
PLAN_LASTS_US: Final = DAY_US
"""What was shown longer ago is shown again before anybody agrees to it."""


class PlanRefused(Exception):
    """A plan that may not be confirmed, or a question about policies that nobody may have, and why."""


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What would go under other rules than those of the node."""

    rules: Rules
    survey: Surveyed


@dataclass(frozen=True, slots=True)
class RetentionDesk:
    """Of one running node. Calls block; they raise DataCenterError."""

    db: RetentionDb
    clock: Clock
    randomness: Randomness
    rules: Rules
    """Of this node's configuration."""

    def place(self, scope: Scope, reason: str, by: str) -> Placed:
        """Put a new hold on record; it counts from then on."""
        return self.db.place_hold(self._hold(scope, reason, by))

    def undelete(self, contact_id: str, reason: str, by: str) -> tuple[Deletion | None, Hold]:
        """Take back what is due, and hold the contact, so that no rule decides upon it again."""
        hold = self._hold(Scope(contact_id=contact_id), reason, by)
        return self.db.undelete(contact_id, hold), hold

    def plan(self, by: str) -> Plan:
        """What the policies of this node would put on record as due now; kept for a confirmation."""
        now_us = self._now_us()
        survey = self._survey(self.rules, now_us)
        plan = Plan(plan_id(self.rules, now_us), now_us, by, self.rules, survey)
        self.db.save_plan(plan)
        return plan

    def what_if(self, keep_us: int, source: str) -> WhatIf:
        """What would be due now if everything, or a source, were kept so long; nothing is put on record.

        What is decided upon already is not in it. Raises PlanRefused below the legal minimum.
        """
        if undercuts(self.rules, keep_us):
            least = days(self.rules.legal_minimum_us)
            raise PlanRefused(
                f"a policy of {days(keep_us)} would undercut the legal minimum of {least}"
            )
        rules = what_if(self.rules, keep_us, source)
        return WhatIf(rules, self._survey(rules, self._now_us()))

    def confirm(self, name: str, by: str) -> Plan | None:
        """Agree to a plan; None when there is none. Raises PlanRefused."""
        plan = self.db.plan(name)
        if plan is None:
            return None
        if plan.rules != self.rules:
            raise PlanRefused("it is of other policies than this node has now")
        if abs(self.clock.wall_us() - plan.made_us) > PLAN_LASTS_US:
            raise PlanRefused("it was made more than a day ago")
        return self.db.confirm_plan(name, by)

    def _now_us(self) -> int:
        return min(self.clock.wall_us(), self.db.now_us())

    def _survey(self, rules: Rules, now_us: int) -> Surveyed:
        shortest = shortest_us(rules)
        if shortest is None:
            return Surveyed()
        until_ns = self.clock.monotonic_ns() + int(_PLAN_S * 1e9)
        walk, found = Walk(now_us - shortest, None, _PAGE), Surveyed()
        while True:
            found = joined(found, self.db.survey(walk, rules, now_us))
            if found.next is None:
                return found
            if self.clock.monotonic_ns() >= until_ns:
                return replace(found, truncated=True)
            walk = replace(walk, after=found.next)

    def _hold(self, scope: Scope, reason: str, by: str) -> Hold:
        name = f"H-{self.randomness.token()[:8]}"
        return Hold(name, reason, scope, self.clock.wall_us(), by)


def period(from_us: int | None, to_us: int | None) -> Window | None:
    """Of a hold: open at an end that is not given. Raises ValueError when it is empty."""
    if from_us is None and to_us is None:
        return None
    window = Window(0 if from_us is None else from_us, 2**62 if to_us is None else to_us)
    if window.from_us >= window.to_us:
        raise ValueError("the period ends before it begins")
    return window
