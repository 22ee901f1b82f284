"""Whatever is changed over the API goes on record: before it is done, and again with what became of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, cast

from fastapi import HTTPException
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from recorder.desk.control import NodeControl
from recorder.web.auth import known_caller
from recorder.web.refusals import refuse
from recorder.web.replays import Replays

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_SUBJECTS = ("contact", "source", "recovery", "hold", "run", "node", "to_node")
"""What a body names that a command is about, best first."""
_OUTCOME = ("status", "message")


def audited_routes(control: NodeControl) -> type[APIRoute]:
    """For `APIRouter(route_class=…)`: each of its routes that changes something is put on record.

    As `NAME_ordered` before it is done, safe from a crash, and as `NAME` with what became of it; NAME is that
    of the function. The subject is the first part of the path that varies, or what the body names.
    """

    class AuditedRoute(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handle = super().get_route_handler()
            if not (self.methods or set()) - _READING:
                return handle

            async def audited(request: Request) -> Response:
                return await _audited(control, self.name, request, handle)

            return audited

    return AuditedRoute


def audit_access(
    control: NodeControl, what: str, subject: str, request: Request, detail: Mapping[str, object]
) -> None:
    """Put on record that media are about to be read. Refuses when that cannot be made sure: blocks."""
    caller = known_caller(control, request)
    actor = "anonymous" if caller is None else caller.actor
    if not control.audited(what, subject, actor, detail):
        refuse(
            503,
            "This access cannot be put on record now, so it is refused.",
            "Try again; `tandem health` says what is wrong with the disk or the Data Center.",
        )


def audit_replay(
    control: NodeControl,
    replays: Replays,
    request: Request,
    subject: str,
    detail: Mapping[str, object],
    *,
    replay: str,
) -> None:
    """As `audit_access` of `media_read`, once for each replay of one file by one person."""
    if request.method == "HEAD":
        return  # nothing is read
    caller = known_caller(control, request)
    actor = "anonymous" if caller is None else caller.actor
    place, now_ns = f"{subject} {detail.get('media', '')}", control.clock.monotonic_ns()
    if replays.is_on_record(actor, place, replay, now_ns):
        return
    audit_access(control, "media_read", subject, request, detail)
    replays.note(actor, place, replay, now_ns)


async def _audited(
    control: NodeControl,
    name: str,
    request: Request,
    handle: Callable[[Request], Coroutine[Any, Any, Response]],
) -> Response:
    caller = await run_in_threadpool(known_caller, control, request)
    if caller is None:
        return await handle(request)  # which refuses
    given = await _body(request)
    subject = _subject(request, given) or control.node
    actor = caller.actor
    # A disk that fails must not keep an operator from a failover: that is a finding of its own.
    await run_in_threadpool(control.audited, f"{name}_ordered", subject, actor, given)
    try:
        response = await handle(request)
    except HTTPException as error:
        control.audit.record(name, subject, actor, {"code": error.status_code})
        raise
    except Exception as error:
        control.audit.record(name, subject, actor, {"failed": type(error).__name__})
        raise
    control.audit.record(name, subject, actor, _outcome(response))
    return response


async def _body(request: Request) -> dict[str, object]:
    try:
        found = cast("object", json.loads(await request.body() or b"{}"))
    except (ValueError, RecursionError):
        return {}
    return cast("dict[str, object]", found) if isinstance(found, dict) else {}


def _subject(request: Request, given: Mapping[str, object]) -> str:
    for value in request.path_params.values():
        return str(value)
    named = (given.get(name) for name in _SUBJECTS)
    return next((value for value in named if isinstance(value, str) and value), "")


def _outcome(response: Response) -> dict[str, object]:
    try:
        found = cast("object", json.loads(bytes(response.body)))
    except (AttributeError, ValueError):
        found = None
    said = cast("dict[str, object]", found) if isinstance(found, dict) else {}
    error = said.get("error")
    if isinstance(error, dict):
        said = cast("dict[str, object]", error)
    told = {name: said[name] for name in _OUTCOME if isinstance(said.get(name), str)}
    return {"code": response.status_code, **told}
