"""Routes of findings and of reconciliation."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from recorder.desk.control import NodeControl
from recorder.instants import from_text, to_text
from recorder.model import Window
from recorder.ports.proof import FindingsDb
from recorder.records.findings import ACCEPTED, FindingQuery, FindingRow, RunRow
from recorder.web.audited import audited_routes
from recorder.web.auth import caller_of, require_admin, require_reader
from recorder.web.command_routes import AnswerView, Name, answered, known_source
from recorder.web.contact_routes import Limit
from recorder.web.refusals import documented, refuse
from recorder.web.views import instant


class ReconciledView(BaseModel):
    """Something that does not agree, and why."""

    finding: str
    source: str
    what: str
    subject: str
    cause: str
    severity: str
    open: bool
    at: str
    """The item's own instant."""
    detail: str
    opened: str
    seen: str
    closed: str | None = None
    closed_because: str | None = None
    recovery: str | None = None
    run: str | None = None

    @staticmethod
    def of(row: FindingRow) -> ReconciledView:
        """From a row."""
        return ReconciledView(
            finding=row.finding_id,
            source=row.source,
            what=row.what.value,
            subject=row.subject,
            cause=row.why.value,
            severity=row.severity.value,
            open=row.is_open,
            at=to_text(row.at_us),
            detail=row.detail,
            opened=to_text(row.opened_us),
            seen=to_text(row.seen_us),
            closed=instant(row.closed_us),
            closed_because=row.closed_because or None,
            recovery=row.recovery_id or None,
            run=row.run_id or None,
        )


class ReconciledListView(BaseModel):
    """A page of findings; `next` is absent on the last."""

    findings: list[ReconciledView]
    next: str | None = None


class RunView(BaseModel):
    """A comparison of a source with what is on record."""

    run: str
    source: str
    scope: str
    begin: str
    end: str
    started: str
    reached: str
    ended: str | None = None
    node: str
    counts: dict[str, int]
    reason: str | None = None

    @staticmethod
    def of(row: RunRow) -> RunView:
        """From a row."""
        return RunView(
            run=row.run_id,
            source=row.source,
            scope=row.scope.value,
            begin=to_text(row.from_us),
            end=to_text(row.to_us),
            started=to_text(row.started_us),
            reached=to_text(row.reached_us),
            ended=instant(row.ended_us),
            node=row.node,
            counts=dict(row.counts),
            reason=row.reason or None,
        )


class RunListView(BaseModel):
    """Comparisons, the newest first."""

    reconciliations: list[RunView]


class AcceptBody(BaseModel):
    """Why it is well as it is."""

    model_config = ConfigDict(extra="forbid")

    because: Annotated[Name, Field(min_length=1)]


class CompareBody(BaseModel):
    """What to compare; without `from` and `to` the last days."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    source: Name
    begin: Annotated[Name | None, Field(alias="from")] = None
    to: Name | None = None


def finding_router(control: NodeControl) -> APIRouter:
    """Routes to look at findings, and to accept one."""
    router = APIRouter(
        prefix="/api/v1",
        tags=["reconciliation"],
        route_class=audited_routes(control),
        responses=documented(401, 403, 404, 409, 422, 503),
    )
    _add_reading(router, control)
    _add_commands(router, control)
    return router


def _add_reading(router: APIRouter, control: NodeControl) -> None:
    reader = [Depends(require_reader(control))]

    @router.get("/findings", dependencies=reader, response_model_exclude_none=True)
    def findings(
        source: str | None = None,
        *,
        open: bool | None = None,  # noqa: A002 - the name of the parameter in the API
        subject: str | None = None,
        after: str | None = None,
        limit: Limit = 100,
    ) -> ReconciledListView:
        """What source, database and archive do not agree about, the newest first."""
        query = FindingQuery(source, open, subject, after=after, limit=limit)
        found = _db(control).findings(query)
        return ReconciledListView(
            findings=[ReconciledView.of(row) for row in found.rows], next=found.next
        )

    @router.get("/findings/{finding}", dependencies=reader, response_model_exclude_none=True)
    def finding(finding: str) -> ReconciledView:
        """One finding."""
        return ReconciledView.of(_known(_db(control).finding(finding), finding))

    @router.get("/reconciliations", dependencies=reader, response_model_exclude_none=True)
    def reconciliations(source: str | None = None, limit: Limit = 20) -> RunListView:
        """Comparisons of sources with what is on record."""
        rows = _db(control).runs(source, limit)
        return RunListView(reconciliations=[RunView.of(row) for row in rows])


def _add_commands(router: APIRouter, control: NodeControl) -> None:
    admin = [Depends(require_admin(control))]

    @router.post("/findings/{finding}/accept", dependencies=admin, response_model_exclude_none=True)
    def accept_finding(finding: str, body: AcceptBody, request: Request) -> ReconciledView:
        """Close a finding that is well as it is: it alarms no more, and is not opened again."""
        before = _known(_db(control).finding(finding), finding)
        if not before.is_open:
            refuse(409, f"Finding {finding} is closed: {before.closed_because}.")
        because = f"{ACCEPTED}{body.because} (by {caller_of(control, request).actor})"
        return ReconciledView.of(_known(_db(control).close_finding(finding, because), finding))

    @router.post("/reconciliations", dependencies=admin, response_model=AnswerView)
    def compare_now(body: CompareBody) -> Response:
        """Compare a source with what is on record, now. The primary does; one run of a source at a time."""
        _db(control)
        known_source(control, body.source)
        return answered(control.compare_now(body.source, _window(control, body)))


def _window(control: NodeControl, body: CompareBody) -> Window | None:
    if body.begin is None and body.to is None:
        return None
    try:
        from_us = 0 if body.begin is None else from_text(body.begin)
        to_us = control.clock.wall_us() if body.to is None else from_text(body.to)
    except (ValueError, OverflowError) as error:
        refuse(422, f"from, to: {error}")
    if from_us >= to_us:
        refuse(422, "The period ends before it begins.")
    return Window(from_us, to_us)


def _known(row: FindingRow | None, finding: str) -> FindingRow:
    if row is None:
        refuse(404, f"There is no finding {finding!r}.", "`tandem finding list` shows all.")
    return row


def _db(control: NodeControl) -> FindingsDb:
    if control.findings is None:
        refuse(404, "This node keeps no findings.")
    return control.findings
