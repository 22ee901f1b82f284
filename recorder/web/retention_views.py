"""The JSON of retention: field names are a contract, as in `views.py`."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from recorder.desk.hold_reach import Reach
from recorder.desk.retention import WhatIf
from recorder.instants import to_text
from recorder.keep.retention_parts import RetentionStatus
from recorder.records.retention import DAY_US, Deletion, Example, Hold, Plan, Policy, Rules, Run
from recorder.web.views import instant

_FOR_EVER_US = 2**62


class HoldView(BaseModel):
    """A legal hold; what its scope leaves out is absent."""

    hold: str
    reason: str
    contact: str | None = None
    source: str | None = None
    query: str | None = None
    begin: str | None = None
    end: str | None = None
    placed: str
    placed_by: str
    released: str | None = None
    released_by: str | None = None
    released_because: str | None = None
    contacts: int | None = None
    """So many that are here does it cover now; absent for one that is released."""
    more_contacts: bool | None = None
    """True where there are more than were counted."""

    @staticmethod
    def of(one: Hold, covered: Reach | None = None) -> HoldView:
        """From the model."""
        window = one.scope.window
        return HoldView(
            hold=one.hold_id,
            reason=one.reason,
            contact=one.scope.contact_id or None,
            source=one.scope.source or None,
            query=one.scope.text or None,
            begin=to_text(window.from_us) if window and window.from_us else None,
            end=to_text(window.to_us) if window and window.to_us < _FOR_EVER_US else None,
            placed=to_text(one.placed_us),
            placed_by=one.placed_by,
            released=instant(one.released_us),
            released_by=one.released_by or None,
            released_because=one.released_because or None,
            contacts=None if covered is None else covered.contacts,
            more_contacts=(covered is not None and covered.more) or None,
        )


class HoldsView(BaseModel):
    """Holds, by id."""

    holds: list[HoldView]


class HoldToldView(BaseModel):
    """What became of a command about a hold."""

    status: str
    message: str
    hold: HoldView
    already_deleted: list[str] = []


class PolicyView(BaseModel):
    """A policy; conditions that it does not have are absent."""

    name: str
    keep_days: float
    sources: list[str] | None = None
    channels: list[str] | None = None
    directions: list[str] | None = None
    attributes: dict[str, str] | None = None

    @staticmethod
    def of(one: Policy) -> PolicyView:
        """From the model."""
        match = one.match
        return PolicyView(
            name=one.name,
            keep_days=one.keep_us / DAY_US,
            sources=list(match.sources) or None,
            channels=list(match.channels) or None,
            directions=list(match.directions) or None,
            attributes=dict(match.attributes) or None,
        )


class RulesView(BaseModel):
    """Policies with what holds for all of them."""

    policies: list[PolicyView]
    legal_minimum_days: float
    recycle_days: float

    @staticmethod
    def of(rules: Rules) -> RulesView:
        """From the model."""
        return RulesView(
            policies=[PolicyView.of(one) for one in rules.policies],
            legal_minimum_days=rules.legal_minimum_us / DAY_US,
            recycle_days=rules.recycle_us / DAY_US,
        )


class ExampleView(BaseModel):
    """A contact that would be deleted."""

    contact: str
    source: str
    started: str | None = None
    policy: str
    size_bytes: int

    @staticmethod
    def of(one: Example) -> ExampleView:
        """From the model."""
        return ExampleView(
            contact=one.contact_id,
            source=one.source,
            started=instant(one.started_us),
            policy=one.policy,
            size_bytes=one.size_bytes,
        )


class PlanView(BaseModel):
    """What policies would delete."""

    plan: str
    made: str
    made_by: str
    rules: RulesView
    contacts: int
    size_bytes: int
    held: int
    held_contacts: list[str] = []
    """The first of those that a hold keeps."""
    looked_at: int
    oldest: str | None = None
    newest: str | None = None
    examples: list[ExampleView]
    is_lower_bound: bool
    """It was cut short: there is more."""
    confirmed: str | None = None
    confirmed_by: str | None = None

    @staticmethod
    def of(plan: Plan) -> PlanView:
        """From the model."""
        survey = plan.survey
        return PlanView(
            plan=plan.plan_id,
            made=to_text(plan.made_us),
            made_by=plan.made_by,
            rules=RulesView.of(plan.rules),
            contacts=survey.contacts,
            size_bytes=survey.bytes,
            held=survey.held,
            held_contacts=list(survey.held_contacts),
            looked_at=survey.looked_at,
            oldest=instant(survey.oldest_us),
            newest=instant(survey.newest_us),
            examples=[ExampleView.of(one) for one in survey.examples],
            is_lower_bound=survey.truncated,
            confirmed=instant(plan.confirmed_us),
            confirmed_by=plan.confirmed_by or None,
        )


class WhatIfView(BaseModel):
    """What would go under a policy that nobody has."""

    message: str
    keep_days: float
    source: str | None = None
    """Absent: everything."""
    rules: RulesView
    """Those that were asked about: the policy, and what this node has for parts of the contacts."""
    contacts: int
    size_bytes: int
    held: int
    """So many more are old enough, and kept by legal holds."""
    held_contacts: list[str]
    """The first of those."""
    looked_at: int
    oldest: str | None = None
    newest: str | None = None
    """Instants from which the age counts; absent where nothing would go."""
    examples: list[ExampleView]
    is_lower_bound: bool
    """It was cut short: there is more."""

    @staticmethod
    def of(found: WhatIf, keep_days: float, source: str) -> WhatIfView:
        """From the model."""
        survey = found.survey
        least = "at least " if survey.truncated else ""
        what = f"everything of {source}" if source else "everything"
        return WhatIfView(
            message=f"If {what} were kept {keep_days:g} days, {least}{survey.contacts} contacts would go.",
            keep_days=keep_days,
            source=source or None,
            rules=RulesView.of(found.rules),
            contacts=survey.contacts,
            size_bytes=survey.bytes,
            held=survey.held,
            held_contacts=list(survey.held_contacts),
            looked_at=survey.looked_at,
            oldest=instant(survey.oldest_us),
            newest=instant(survey.newest_us),
            examples=[ExampleView.of(one) for one in survey.examples],
            is_lower_bound=survey.truncated,
        )


class PlanToldView(BaseModel):
    """What became of a command about a plan."""

    status: str
    message: str
    plan: PlanView


class RunView(BaseModel):
    """A run of retention."""

    run: str
    started: str
    ended: str | None = None
    node: str
    term: int
    outcome: str
    contacts: int
    size_bytes: int

    @staticmethod
    def of(run: Run) -> RunView:
        """From the model."""
        return RunView(
            run=run.run_id,
            started=to_text(run.started_us),
            ended=instant(run.ended_us),
            node=run.node,
            term=run.term,
            outcome=run.outcome,
            contacts=run.contacts,
            size_bytes=run.bytes,
        )


class RetentionView(BaseModel):
    """What is in force, what was done, and what stands in the way."""

    seen_by: str
    phase: str
    """Of the node asked: standby, look, survey, decide, delete or end."""
    refused: str
    """Why nothing is deleted: the code of a finding; empty when nothing is in the way, or on a standby."""
    last_error: str
    rules: RulesView
    """Of the configuration of the node asked."""
    confirmed_plan: PlanView | None = None
    needs_confirmation: bool
    """The policies of this node may delete earlier than those confirmed: nothing is deleted until they are."""
    holds: int
    runs: list[RunView]

    @staticmethod
    def status_of(status: RetentionStatus | None) -> tuple[str, str, str]:
        """Phase, refusal and last error of a node."""
        if status is None:
            return "off", "", ""
        return status.phase, status.refused, status.last_error


class DeletionView(BaseModel):
    """A decision, and what became of it."""

    contact: str
    number: int
    source: str
    session: str
    policy: str
    decision: dict[str, Any]
    state: str
    reason: str
    decided: str
    due: str
    ended: str | None = None
    node: str
    term: int
    size_bytes: int
    objects: list[str]
    trouble: str | None = None
    """Why it could not be deleted at the last try; it is tried again at `again`, and the others go on."""
    tries: int | None = None
    again: str | None = None

    @staticmethod
    def of(one: Deletion) -> DeletionView:
        """From the model."""
        return DeletionView(
            contact=one.contact_id,
            number=one.number,
            source=one.source,
            session=one.session_key,
            policy=one.policy,
            decision=dict(one.decision),
            state=one.state.value,
            reason=one.reason,
            decided=to_text(one.decided_us),
            due=to_text(one.due_us),
            ended=instant(one.ended_us),
            node=one.node,
            term=one.term,
            size_bytes=one.size_bytes,
            objects=[media.object_key for media in one.media],
            trouble=(one.trouble or None) if one.state.is_open else None,
            tries=(one.tries or None) if one.state.is_open else None,
            again=to_text(one.again_us) if one.state.is_open and one.tries else None,
        )


class DeletionsView(BaseModel):
    """A page of deletions, newest decision first; `next` is absent on the last."""

    deletions: list[DeletionView]
    next: str | None = None


class UndeletedView(BaseModel):
    """What became of an undelete."""

    status: str
    message: str
    deletion: DeletionView
    hold: str
