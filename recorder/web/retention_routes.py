"""Routes of legal holds and retention. Any node takes them; whichever is primary deletes."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from recorder.desk.control import NodeControl
from recorder.desk.hold_reach import reach
from recorder.desk.retention import PlanRefused, RetentionDesk, period
from recorder.instants import from_text
from recorder.keep.interlock import Standing, unconfirmed
from recorder.keep.retention_parts import RetentionStatus
from recorder.records.contacts import ContactQuery
from recorder.records.retention import DAY_US, DeletionQuery, DeletionState, Scope
from recorder.settings.retention import DAYS_MAX
from recorder.web.audited import audited_routes
from recorder.web.auth import caller_of, require_admin, require_reader
from recorder.web.contact_routes import Limit
from recorder.web.refusals import documented, refuse
from recorder.web.retention_views import (
    DeletionsView,
    DeletionView,
    HoldsView,
    HoldToldView,
    HoldView,
    PlanToldView,
    PlanView,
    RetentionView,
    RulesView,
    RunView,
    UndeletedView,
    WhatIfView,
)

_RUNS = 10
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
"""Blanks around it are none of it: a hold on a blank would hold nothing."""


class HoldBody(BaseModel):
    """What to hold: all that is given must be so."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    reason: Text
    contact: Text | None = None
    source: Text | None = None
    query: Text | None = None
    begin: Annotated[Text | None, Field(alias="from")] = None
    to: Text | None = None


class ReasonBody(BaseModel):
    """Why."""

    model_config = ConfigDict(extra="forbid")

    reason: Text


def retention_router(control: NodeControl) -> APIRouter:
    """Routes of holds, policies, plans and deletions."""
    router = APIRouter(
        prefix="/api/v1",
        tags=["retention"],
        route_class=audited_routes(control),
        responses=documented(401, 403, 404, 409, 422, 503),
    )
    _add_holds(router, control)
    _add_reading(router, control)
    _add_plans(router, control)
    _add_what_if(router, control)
    return router


def _add_holds(router: APIRouter, control: NodeControl) -> None:
    reader, admin = [Depends(require_reader(control))], [Depends(require_admin(control))]

    @router.get("/holds", dependencies=reader, response_model_exclude_none=True)
    def holds(*, released: bool = False) -> HoldsView:
        """Holds in force; with `released` those that ended as well."""
        db = _desk(control).db
        return HoldsView(
            holds=[
                HoldView.of(
                    one,
                    reach(control.contact_db, db, one.scope) if one.released_us is None else None,
                )
                for one in db.holds(released=released)
            ]
        )

    @router.post("/holds", dependencies=admin, response_model_exclude_none=True)
    def place_hold(body: HoldBody, request: Request) -> HoldToldView:
        """Place a legal hold: from then on nothing that it covers is deleted."""
        scope, actor = _scope(control, body), caller_of(control, request).actor
        if scope.contact_id:
            _refuse_nobody(control, scope.contact_id)
        desk = _desk(control)
        placed = desk.place(scope, body.reason, actor)
        late = list(placed.already_deleted)
        said = f", too late for {', '.join(late)}" if late else ""
        covered = reach(control.contact_db, desk.db, placed.hold.scope)
        if not body.contact or (covered.contacts == 0 and not late):
            said += f"; it covers {covered.text} now, and what comes later"
        return HoldToldView(
            status="done",
            message=f"Hold {placed.hold.hold_id} is in force{said}.",
            hold=HoldView.of(placed.hold, covered),
            already_deleted=late,
        )

    @router.post("/holds/{hold}/release", dependencies=admin, response_model_exclude_none=True)
    def release_hold(hold: str, body: ReasonBody, request: Request) -> HoldToldView:
        """End a hold. What it covered is decided upon anew, with a whole recycle period."""
        by, desk = caller_of(control, request).actor, _desk(control)
        before = {one.hold_id: one for one in desk.db.holds(released=True)}.get(hold)
        found = desk.db.release_hold(hold, by, body.reason)
        if found is None:
            refuse(404, f"There is no hold {hold!r}.", "`tandem hold list` shows those there are.")
        is_new = before is not None and before.released_us is None
        return HoldToldView(
            status="done" if is_new else "already",
            message=f"Hold {hold} is released.",
            hold=HoldView.of(found),
        )


def _add_reading(router: APIRouter, control: NodeControl) -> None:
    reader = [Depends(require_reader(control))]

    @router.get("/retention", dependencies=reader, response_model_exclude_none=True)
    def retention() -> RetentionView:
        """Policies, agreement, runs, and what stands in the way."""
        desk = _desk(control)
        plan = desk.db.confirmed_plan()
        status = control.board.read("retention", RetentionStatus)
        runs = desk.db.runs(_RUNS)
        phase, refused, last_error = RetentionView.status_of(status)
        return RetentionView(
            seen_by=control.node,
            phase=phase,
            refused=refused,
            last_error=last_error,
            rules=RulesView.of(desk.rules),
            confirmed_plan=None if plan is None else PlanView.of(plan),
            needs_confirmation=unconfirmed(desk.rules, Standing(plan, runs)) is not None,
            holds=len(desk.db.holds()),
            runs=[RunView.of(run) for run in runs],
        )

    @router.get("/deletions", dependencies=reader, response_model_exclude_none=True)
    def deletions(
        *,
        state: Annotated[list[DeletionState] | None, Query()] = None,
        source: str | None = None,
        contact: str | None = None,
        stuck: bool = False,
        after: str | None = None,
        limit: Limit = 50,
    ) -> DeletionsView:
        """Decisions to delete and what became of them, newest first; `stuck`: only what failed when it was tried."""
        query = DeletionQuery(tuple(state or ()), source, contact, int(stuck), after, limit)
        found = _desk(control).db.deletions(query)
        return DeletionsView(
            deletions=[DeletionView.of(one) for one in found.rows], next=found.next
        )


def _add_plans(router: APIRouter, control: NodeControl) -> None:
    admin = [Depends(require_admin(control))]

    @router.post("/retention/plans", dependencies=admin, response_model_exclude_none=True)
    def plan_retention(request: Request) -> PlanToldView:
        """What the policies of this node would delete now. Changes nothing but that it is on record."""
        plan = _desk(control).plan(caller_of(control, request).actor)
        least = "at least " if plan.survey.truncated else ""
        return PlanToldView(
            status="done",
            message=f"Plan {plan.plan_id}: {least}{plan.survey.contacts} contacts would go.",
            plan=PlanView.of(plan),
        )

    @router.post(
        "/retention/plans/{plan}/confirm", dependencies=admin, response_model_exclude_none=True
    )
    def confirm_plan(plan: str, request: Request) -> PlanToldView:
        """Agree to what a plan showed: its policies are in force from then on."""
        hint = "`tandem retention plan` makes one of what is configured now."
        try:
            found = _desk(control).confirm(plan, caller_of(control, request).actor)
        except PlanRefused as error:
            refuse(409, f"Plan {plan} cannot be confirmed: {error}.", hint)
        if found is None:
            refuse(404, f"There is no plan {plan!r}.", hint)
        return PlanToldView(
            status="done", message=f"Plan {plan} is confirmed.", plan=PlanView.of(found)
        )

    @router.post(
        "/deletions/{contact}/undelete", dependencies=admin, response_model_exclude_none=True
    )
    def undelete_contact(contact: str, body: ReasonBody, request: Request) -> UndeletedView:
        """Take back a deletion in its recycle period; the contact is held from then on."""
        home = _contact(control, contact)
        found, hold = _desk(control).undelete(home, body.reason, caller_of(control, request).actor)
        hint = "`tandem retention list` shows what is due, and what is gone."
        if found is None:
            refuse(404, f"Nothing was ever decided about contact {contact!r}.", hint)
        if hold.hold_id not in found.reason:
            refuse(
                409,
                f"Contact {contact} is {found.state.value}: there is nothing to take back.",
                hint,
            )
        return UndeletedView(
            status="done",
            message=f"Contact {home} stays, held by {hold.hold_id}.",
            deletion=DeletionView.of(found),
            hold=hold.hold_id,
        )


def _add_what_if(router: APIRouter, control: NodeControl) -> None:
    admin = [Depends(require_admin(control))]

    @router.get("/retention/what-if", dependencies=admin, response_model_exclude_none=True)
    def what_if(
        *,
        keep_days: Annotated[float, Query(gt=0, le=DAYS_MAX, allow_inf_nan=False)],
        source: str | None = None,
    ) -> WhatIfView:
        """What would go if everything, or a source, were kept so many days. Changes nothing, and nothing is on record."""
        desk = _desk(control)
        if source is not None and not _has(control, source):
            known = ", ".join(sorted(control.pollers)) or "none"
            refuse(404, f"There is no source {source!r} and no contact of it (running: {known}).")
        try:
            found = desk.what_if(round(keep_days * DAY_US), source or "")
        except PlanRefused as error:
            least = desk.rules.legal_minimum_us / DAY_US
            refuse(
                422,
                f"Nothing may be kept so short: {error}.",
                f"Ask for {least:g} days or more (legal_minimum_days in [retention]).",
            )
        return WhatIfView.of(found, keep_days, source or "")


def _has(control: NodeControl, source: str) -> bool:
    """Whether there is such a source, or was one."""
    query = ContactQuery(source=source, limit=1)
    return source in control.pollers or bool(control.contact_db.contacts(query).rows)


def _scope(control: NodeControl, body: HoldBody) -> Scope:
    try:
        window = period(_instant("from", body.begin), _instant("to", body.to))
    except ValueError as error:
        refuse(422, f"{error}.")
    contact = "" if body.contact is None else _contact(control, body.contact)
    scope = Scope(contact, body.source or "", body.query or "", window)
    if scope.is_empty:
        refuse(422, "A hold names a contact, a query, a period or a source.")
    if body.source and body.source not in control.pollers and not (body.contact or body.query):
        known = ", ".join(sorted(control.pollers)) or "none"
        refuse(404, f"There is no source {body.source!r} here (running: {known}).")
    return scope


def _refuse_nobody(control: NodeControl, contact_id: str) -> None:
    """A hold on a contact that never was would hold nothing, and nobody would know."""
    if control.contact_db.contact(contact_id) is not None:
        return
    if not _desk(control).db.deletions(DeletionQuery(contact_id=contact_id, limit=1)).rows:
        hint = "A name, a number or a key, also of contacts to come: --query TEXT."
        refuse(404, f"There is no contact {contact_id!r} here.", hint)


def _contact(control: NodeControl, name: str) -> str:
    """Its id, of an id, a session key or the beginning of one; as given where it is not there any more."""
    found = control.contact_db.contacts_called(name)
    if len(found) > 1:
        refuse(422, f"Several contacts begin with {name!r}.", "Give the whole id.")
    return found[0].contact_id if found else name


def _instant(name: str, text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return from_text(text)
    except (ValueError, OverflowError) as error:
        refuse(422, f"{name}: {error}")


def _desk(control: NodeControl) -> RetentionDesk:
    if control.retention is None:
        refuse(503, "This node has no place for retention.", "Ask a node of this version.")
    return control.retention
