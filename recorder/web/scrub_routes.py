"""The route of the integrity scrub: how far it is, and what it found."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from recorder.desk.control import NodeControl
from recorder.instants import to_text
from recorder.records.scrub import ScrubRow, ScrubStatus, ScrubSummary, Walk
from recorder.web.auth import require_reader
from recorder.web.contact_routes import Limit
from recorder.web.refusals import documented, refuse


class BadObjectView(BaseModel):
    """An object that is not as it should be."""

    object: str
    outcome: str
    """damaged, missing or stray."""
    detail: str
    source: str | None = None
    media: str | None = None
    since: str | None = None
    read: str | None = None

    @classmethod
    def of(cls, row: ScrubRow) -> BadObjectView:
        """As it is on record."""
        return cls(
            object=row.object_key,
            outcome=row.outcome.value,
            detail=row.detail,
            source=row.source or None,
            media=row.media_key or None,
            since=_text(row.since_us),
            read=_text(row.read_us),
        )


class WalkView(BaseModel):
    """A walk over all objects."""

    running: bool
    started: str | None = None
    last_started: str | None = None
    """Of the last one that came to its end."""
    last_ended: str | None = None

    @classmethod
    def of(cls, walk: Walk) -> WalkView:
        """As it is on record."""
        return cls(
            running=walk.running,
            started=_text(walk.started_us),
            last_started=_text(walk.ended_started_us),
            last_ended=_text(walk.ended_us),
        )


class ScrubView(BaseModel):
    """The whole archive in numbers, and what is bad."""

    node: str
    state: str
    """Of this node: off, standby, reading, resting or waiting. Only the primary reads."""
    last_error: str
    bytes_per_s_max: float
    objects_read: int
    """By this node since it started."""
    bytes_read: int
    objects: int
    held: int
    unread: int
    read_in_pass: int
    damaged: int
    missing: int
    stray: int
    oldest_read: str | None = None
    reads: WalkView
    census: WalkView
    bad: list[BadObjectView]


def scrub_router(control: NodeControl) -> APIRouter:
    """Routes for readers."""
    router = APIRouter(
        prefix="/api/v1",
        tags=["scrub"],
        dependencies=[Depends(require_reader(control))],
        responses=documented(401, 403, 422, 503),
    )

    @router.get("/scrub", response_model_exclude_none=True)
    def scrub(limit: Limit = 100) -> ScrubView:
        """Progress, the last full pass, and damaged, missing and stray objects."""
        if control.scrub_db is None:
            refuse(503, "This node has no scrub.", "Start it as `tandem node run` does.")
        summary, bad = control.scrub_db.summary(), control.scrub_db.bad(limit)
        status = control.board.read("scrub", ScrubStatus)
        idle = ScrubStatus("standby", 0, 0, 0.0, "", ScrubSummary())
        return _view(control.node, status or idle, summary, bad)

    return router


def _view(
    node: str, status: ScrubStatus, summary: ScrubSummary, bad: tuple[ScrubRow, ...]
) -> ScrubView:
    return ScrubView(
        node=node,
        state=status.state,
        last_error=status.last_error,
        bytes_per_s_max=round(status.bytes_per_s_max, 1),
        objects_read=status.objects_read,
        bytes_read=status.bytes_read,
        objects=summary.objects,
        held=summary.held,
        unread=summary.unread,
        read_in_pass=summary.read_in_pass,
        damaged=summary.damaged,
        missing=summary.missing,
        stray=summary.stray,
        oldest_read=_text(summary.oldest_read_us),
        reads=WalkView.of(summary.reads),
        census=WalkView.of(summary.census),
        bad=[BadObjectView.of(row) for row in bad],
    )


def _text(instant_us: int | None) -> str | None:
    return to_text(instant_us) if instant_us else None
