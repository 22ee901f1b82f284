"""Routes of the audit trail: to list it, to export it, and to say what this node remembers of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from recorder.audit.canonical import to_line
from recorder.desk.control import NodeControl
from recorder.instants import from_text, to_text
from recorder.ports.audit import AuditDb
from recorder.records.audit import AuditGuardStatus, AuditHead, AuditQuery, AuditRecord, AuditStatus
from recorder.web.auth import require_admin
from recorder.web.contact_routes import Limit
from recorder.web.refusals import documented, refuse

_PAGE = 500
_Number = Annotated[int, Query(ge=0, le=2**62)]


class RecordView(BaseModel):
    """One record, for people; `tandem audit export` gives it as it is hashed."""

    number: int
    at: str
    node: str
    actor: str
    what: str
    subject: str
    detail: dict[str, Any]
    hash: str

    @classmethod
    def of(cls, record: AuditRecord) -> RecordView:
        """As it lies in the database."""
        entry = record.entry
        return cls(
            number=record.number,
            at=to_text(entry.at_us),
            node=entry.node,
            actor=entry.actor,
            what=entry.what,
            subject=entry.subject,
            detail=dict(entry.detail),
            hash=record.hash,
        )


class AuditView(BaseModel):
    """A page of records, newest first; `before` of the next page is absent on the last."""

    records: list[RecordView]
    before: int | None = None


class HeadView(BaseModel):
    """A record by its number and hash."""

    number: int
    hash: str

    @classmethod
    def of(cls, head: AuditHead) -> HeadView:
        """Number 0 stands for none."""
        return cls(number=head.number, hash=head.hash)


class AuditStateView(BaseModel):
    """What this node knows of the trail."""

    node: str
    anchor: HeadView
    """What is remembered on this node's own disk."""
    broken: str
    waiting: int
    """Records that are not in the Data Center yet."""
    checked: str | None = None


def audit_router(control: NodeControl) -> APIRouter:
    """Routes for admins."""
    router = APIRouter(
        prefix="/api/v1",
        tags=["audit"],
        dependencies=[Depends(require_admin(control))],
        responses=documented(401, 403, 422, 503),
    )
    _add_list(router, control)
    _add_lines(router, control)
    _add_state(router, control)
    return router


def _add_list(router: APIRouter, control: NodeControl) -> None:
    @router.get("/audit", response_model_exclude_none=True)
    def audit(
        since: str | None = None,
        until: str | None = None,
        *,
        subject: str | None = None,
        actor: str | None = None,
        what: str | None = None,
        before: Annotated[int | None, Query(ge=1, le=2**62)] = None,
        limit: Limit = 100,
    ) -> AuditView:
        """Records, newest first."""
        from_us, to_us = _period(since, until)
        query = AuditQuery(
            before=before,
            from_us=from_us,
            to_us=to_us,
            subject=subject,
            actor=actor,
            what=what,
            newest_first=True,
            limit=limit,
        )
        found = _db(control).records(query)
        more = found[-1].number if len(found) == limit and found[-1].number > 1 else None
        return AuditView(records=[RecordView.of(record) for record in found], before=more)


def _add_lines(router: APIRouter, control: NodeControl) -> None:
    @router.get("/audit/lines", response_class=StreamingResponse)
    def lines(
        since: str | None = None,
        until: str | None = None,
        after: _Number = 0,
        first: _Number = 0,
        last: Annotated[int | None, Query(ge=0, le=2**62)] = None,
    ) -> StreamingResponse:
        """Records as lines of JSON, in order, each as it is hashed: what `tandem audit verify` reads.

        A period gives every record from the first to the last one made in it, so that the chain has no gap.
        `after` and `first` begin behind and at a number; `last` ends with one.
        """
        db = _db(control)
        begin, end = max(after, first - 1), last
        if since is not None or until is not None:
            span = db.span(*_period(since, until))
            begin, end = (0, 0) if span is None else (span[0] - 1, span[1])
        pages = _pages(db, begin, end)
        head = next(pages, "")  # what fails, fails before the answer begins
        return StreamingResponse(_joined(head, pages), media_type="application/jsonl")


def _add_state(router: APIRouter, control: NodeControl) -> None:
    @router.get("/audit/state", response_model_exclude_none=True)
    def state() -> AuditStateView:
        """What this node remembers of the trail, and whether it found it whole."""
        guard = control.board.read("audit_guard", AuditGuardStatus)
        writer = control.board.read("audit", AuditStatus)
        checked_us = None if guard is None else guard.checked_us
        return AuditStateView(
            node=control.node,
            anchor=HeadView.of(AuditHead() if guard is None else guard.anchor),
            broken="" if guard is None else guard.broken,
            waiting=0 if writer is None else writer.waiting,
            checked=None if checked_us is None else to_text(checked_us),
        )


def _pages(db: AuditDb, after: int, last: int | None) -> Iterator[str]:
    while last is None or after < last:
        before = None if last is None else last + 1
        page = db.records(AuditQuery(after=after, before=before, limit=_PAGE))
        if not page:
            return
        yield "".join(f"{to_line(record)}\n" for record in page)
        after = page[-1].number


def _joined(head: str, rest: Iterator[str]) -> Iterator[str]:
    yield head
    yield from rest


def _period(since: str | None, until: str | None) -> tuple[int | None, int | None]:
    try:
        return (
            None if since is None else from_text(since),
            None if until is None else from_text(until),
        )
    except (ValueError, OverflowError) as error:
        refuse(422, f"since, until: {error}")


def _db(control: NodeControl) -> AuditDb:
    if control.audit_db is None:
        refuse(503, "This node keeps no audit trail.", "Start it as `tandem node run` does.")
    return control.audit_db
