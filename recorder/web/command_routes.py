"""Routes that change something: they wait for what became of it and say so.

Status codes: 200 done or already, 409 refused by state, 503 unknown (see `tandem node history`).
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from cluster.messages import CommandAnswer
from recorder.desk.control import NodeControl
from recorder.instants import from_text
from recorder.web.audited import audited_routes
from recorder.web.auth import require_admin
from recorder.web.refusals import documented, error_body, refuse

_STATUS = {"done": 200, "already": 200, "refused": 409, "unknown": 503}


def _plain(text: str) -> str:
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("holds half a character")
    return text


Name = Annotated[str, Field(max_length=1000), AfterValidator(_plain)]
REWIND_AHEAD_US = 3600 * 1_000_000
"""The clocks of node and source may differ by so much."""


class AnswerView(BaseModel):
    """What became of a command that was not refused."""

    status: str
    """done or already."""
    message: str
    hint: str | None = None


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SwitchoverBody(_Body):
    """Planned change; `to_node` absent means the other node."""

    to_node: Name | None = None


class FailoverBody(_Body):
    """Take the role on this node. `without_peer`: although the peer may be alive out of sight."""

    without_peer: bool = False


class RewindBody(_Body):
    """Archive a source again from `to` on."""

    to: Name


class RetryBody(_Body):
    """Items to try again, by source and id."""

    source: Name
    items: Annotated[list[Name], Field(max_length=1000)]


class RetryView(BaseModel):
    """Which items are tried again, and which are unknown."""

    retried: list[str]
    unknown: list[str]


def command_router(control: NodeControl) -> APIRouter:
    """Routes for admins."""
    router = APIRouter(
        prefix="/api/v1",
        tags=["commands"],
        route_class=audited_routes(control),
        dependencies=[Depends(require_admin(control))],
        responses=documented(401, 403, 404, 409, 422, 503),
    )

    _add_pair(router, control)
    _add_sources(router, control)
    return router


def _add_pair(router: APIRouter, control: NodeControl) -> None:
    @router.post("/switchover", response_model=AnswerView)
    def switchover(body: SwitchoverBody) -> Response:
        """Change the primary as planned: nothing is interrupted, no poll is skipped."""
        return answered(control.switchover(body.to_node or ""))

    @router.post("/failover", response_model=AnswerView)
    def failover(body: FailoverBody) -> Response:
        """Make this node primary although the peer cannot agree."""
        return answered(control.failover(without_peer=body.without_peer))

    @router.post("/pause", response_model=AnswerView)
    def pause() -> Response:
        """No automatic role change, on either node, until resume."""
        return answered(control.set_paused(paused=True))

    @router.post("/resume", response_model=AnswerView)
    def resume() -> Response:
        """Automatic role changes again."""
        return answered(control.set_paused(paused=False))


def _add_sources(router: APIRouter, control: NodeControl) -> None:
    @router.post("/sources/{source}/rewind", response_model=AnswerView)
    def rewind(source: str, body: RewindBody) -> Response:
        """Look at a source again from an instant on; what is archived stays archived once."""
        known_source(control, source)
        try:
            to_us = from_text(body.to)
        except (ValueError, OverflowError) as error:
            refuse(422, f"to: {error}")
        if not 0 <= to_us <= control.clock.wall_us() + REWIND_AHEAD_US:
            refuse(
                422,
                f"to: {body.to} lies before 1970 or in the future: nothing would be recorded until then",
                "Give an instant of the past, such as 2026-11-21T00:00:00Z.",
            )
        return answered(control.rewind(source, to_us))

    @router.post("/sources/{source}/poll", response_model=AnswerView)
    def poll(source: str) -> Response:
        """A hint that something is there."""
        known_source(control, source)
        control.poll_now(source)
        return answered(CommandAnswer("done", f"{source} is polled now if this node is primary."))

    @router.post("/items/retry")
    def retry(body: RetryBody) -> RetryView:
        """Try failed items again at once."""
        known_source(control, body.source)
        retried: list[str] = []
        unknown: list[str] = []
        for key in body.items:
            rows = [row for row in control.contact_db.item(body.source, key) if row.ref.key == key]
            found = rows and control.contact_db.retry_now(body.source, key, control.clock.wall_us())
            if found:
                control.retry(body.source, (rows[0].ref,))
            (retried if found else unknown).append(key)
        return RetryView(retried=retried, unknown=unknown)


def answered(answer: CommandAnswer) -> Response:
    """What became of a command, as an answer over HTTP."""
    code = _STATUS[answer.status]
    if code != _STATUS["done"]:
        return JSONResponse(error_body(answer.message, answer.hint, answer.status), code)
    view = AnswerView(status=answer.status, message=answer.message, hint=answer.hint or None)
    return JSONResponse(view.model_dump(exclude_none=True), code)


def known_source(control: NodeControl, source: str) -> None:
    """Refuse what is no source of this node."""
    if source not in control.pollers:
        known = ", ".join(sorted(control.pollers)) or "none"
        refuse(
            404,
            f"There is no source {source!r} here (running: {known}).",
            "`tandem source list` shows the state of every source.",
        )
