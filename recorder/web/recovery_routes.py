"""Routes of recoveries. Any node takes a request; whichever is primary works on it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from recorder.desk.control import NodeControl
from recorder.desk.recoveries import RecoveryDesk
from recorder.instants import from_text
from recorder.model import Window
from recorder.records.recoveries import (
    Cause,
    RecoveryItemQuery,
    RecoveryKind,
    RecoveryQuery,
    RecoveryRow,
    RecoveryStatus,
    Stage,
)
from recorder.recover.id_lists import problem_of
from recorder.status import RecoveryStatus as Snapshot
from recorder.web.audited import audited_routes
from recorder.web.auth import caller_of, require_admin, require_reader
from recorder.web.command_routes import Name
from recorder.web.contact_routes import Limit
from recorder.web.recovery_views import (
    RecoveriesView,
    RecoveryItemsView,
    RecoveryItemView,
    RecoveryView,
    StartedView,
)
from recorder.web.refusals import documented, refuse
from recorder.web.views import instant

IDS_MAX = 10_000
"""In one request; a file in the folder for files with ids may hold more."""


class RecoveryBody(BaseModel):
    """A period of a source, which ends now without `to`; or ids as the source knows them."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    source: Name
    begin: Annotated[Name | None, Field(alias="from")] = None
    to: Name | None = None
    ids: Annotated[list[Name] | None, Field(min_length=1, max_length=IDS_MAX)] = None
    dry_run: bool = False


def recovery_router(control: NodeControl) -> APIRouter:
    """Routes to ask for recoveries, to follow and to end them."""
    router = APIRouter(
        prefix="/api/v1/recoveries",
        tags=["recoveries"],
        route_class=audited_routes(control),
        responses=documented(401, 403, 404, 409, 422, 503),
    )
    _add_reading(router, control)
    _add_commands(router, control)
    return router


def _add_reading(router: APIRouter, control: NodeControl) -> None:
    reader = [Depends(require_reader(control))]

    @router.get("", dependencies=reader, response_model_exclude_none=True)
    def recoveries(
        source: str | None = None,
        status: RecoveryStatus | None = None,
        kind: RecoveryKind | None = None,
        after: str | None = None,
        limit: Limit = 50,
    ) -> RecoveriesView:
        """Recoveries, the newest request first."""
        found = _desk(control).db.recoveries(RecoveryQuery(source, status, kind, after, limit))
        return RecoveriesView(
            recoveries=[_view(control, row) for row in found.rows], next=found.next
        )

    @router.get("/{recovery}", dependencies=reader, response_model_exclude_none=True)
    def recovery(recovery: str) -> RecoveryView:
        """One recovery: counts, progress, forecast."""
        return _view(control, _known(_desk(control).db.recovery(recovery), recovery))

    @router.get("/{recovery}/items", dependencies=reader, response_model_exclude_none=True)
    def recovery_items(
        recovery: str,
        state: Annotated[list[Stage] | None, Query()] = None,
        after: str | None = None,
        limit: Limit = 100,
    ) -> RecoveryItemsView:
        """What was missing and what became of it, nearest to its deletion at the source first."""
        db = _desk(control).db
        _known(db.recovery(recovery), recovery)
        found = db.recovery_items(RecoveryItemQuery(recovery, tuple(state or ()), after, limit))
        return RecoveryItemsView(
            items=[RecoveryItemView.of(item) for item in found.items], next=found.next
        )


def _add_commands(router: APIRouter, control: NodeControl) -> None:
    admin = [Depends(require_admin(control))]

    @router.post("", dependencies=admin, response_model_exclude_none=True)
    def start_recovery(body: RecoveryBody, request: Request) -> StartedView:
        """Ask for a recovery of a period. The same request again, while it runs, is the same recovery."""
        if body.source not in control.pollers:
            known = ", ".join(sorted(control.pollers)) or "none"
            refuse(
                404,
                f"There is no source {body.source!r} here (running: {known}).",
                "`tandem source list` shows the state of every source.",
            )
        row, is_new = _asked(control, body, caller_of(control, request).actor)
        status = "done" if is_new else "already"
        said = "is asked for" if is_new else "runs already for the same"
        return StartedView(
            status=status,
            message=f"Recovery {row.recovery_id} {said}.",
            recovery=_view(control, row),
        )

    @router.post("/{recovery}/cancel", dependencies=admin, response_model_exclude_none=True)
    def cancel_recovery(recovery: str, request: Request) -> StartedView:
        """End a recovery that runs. What is on its way is archived all the same."""
        by = caller_of(control, request).actor
        before = _known(_desk(control).db.recovery(recovery), recovery)
        row = _known(_desk(control).cancel(recovery, by), recovery)
        if row.status is not RecoveryStatus.CANCELLED:
            refuse(409, f"Recovery {recovery} is {row.status.value}: there is nothing to cancel.")
        is_new = before.status != row.status
        said = "is cancelled" if is_new else f"was cancelled already at {instant(row.ended_us)}"
        return _told(control, row, said, is_new=is_new)

    @router.post("/{recovery}/resume", dependencies=admin, response_model_exclude_none=True)
    def resume_recovery(recovery: str) -> StartedView:
        """Let a recovery that was stopped, failed or cancelled go on where it was."""
        before = _known(_desk(control).db.recovery(recovery), recovery)
        row = _known(_desk(control).resume(recovery), recovery)
        if row.status is not RecoveryStatus.RUNNING:
            refuse(409, f"Recovery {recovery} is {row.status.value}: there is nothing to resume.")
        return _told(control, row, "runs", is_new=before.status != row.status)


def _asked(control: NodeControl, body: RecoveryBody, by: str) -> tuple[RecoveryRow, bool]:
    desk = _desk(control)
    if (body.begin is None) == (body.ids is None):
        refuse(422, "A recovery is of a period (`from`) or of `ids`: give one of them.")
    if body.ids is not None:
        ids = tuple(dict.fromkeys(one.strip() for one in body.ids))
        for place, text in enumerate(ids):
            wrong = problem_of(text)
            if wrong is not None:
                refuse(422, f"ids: number {place + 1}: {wrong}.")
        return desk.start_ids(body.source, ids, by, cause=Cause.OPERATOR, dry_run=body.dry_run)
    assert body.begin is not None, "one of the two is given"
    begin_us = _instant("from", body.begin)
    to_us = control.clock.wall_us() if body.to is None else _instant("to", body.to)
    try:
        return desk.start(body.source, Window(begin_us, to_us), by, dry_run=body.dry_run)
    except ValueError as error:
        refuse(422, f"The period is no period: {error}.", "Give two instants of the past.")


def _told(control: NodeControl, row: RecoveryRow, said: str, *, is_new: bool) -> StartedView:
    return StartedView(
        status="done" if is_new else "already",
        message=f"Recovery {row.recovery_id} {said}.",
        recovery=_view(control, row),
    )


def _view(control: NodeControl, row: RecoveryRow) -> RecoveryView:
    waits = ""
    snapshot = control.board.read("recovery", Snapshot)
    fetches = row.status is RecoveryStatus.RUNNING and row.counts.pending and not row.dry_run
    if snapshot is not None and fetches:
        waits = snapshot.waits_because.get(row.source, "")
    return RecoveryView.of(row, control.clock.wall_us(), waits)


def _desk(control: NodeControl) -> RecoveryDesk:
    if control.recoveries is None:
        refuse(503, "This node has no place for recoveries.", "Ask a node of this version.")
    return control.recoveries


def _known(row: RecoveryRow | None, recovery: str) -> RecoveryRow:
    if row is None:
        refuse(
            404,
            f"There is no recovery {recovery!r}.",
            "`tandem recovery list` shows those there are.",
        )
    return row


def _instant(name: str, text: str) -> int:
    try:
        return from_text(text)
    except (ValueError, OverflowError) as error:
        refuse(422, f"{name}: {error}")
