"""Files of renditions: what the page of a contact plays. See docs/replay.md."""

from __future__ import annotations

import json
from typing import Any, Final, cast

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel

from recorder.desk.control import NodeControl
from recorder.scn.model import Rendition
from recorder.web.audited import audit_replay
from recorder.web.auth import require_reader
from recorder.web.contact_routes import contact_named
from recorder.web.media_answer import MEDIA_RESPONSES, MediaFile, Replay, media_answer
from recorder.web.refusals import documented, refuse
from recorder.web.replay_routes import MadeView
from recorder.web.replays import Replays

_JSON: Final = "application/json"


class RenditionsView(BaseModel):
    """Every rendition of a contact, the first one first; files are below `…/renditions/NUMBER/`."""

    contact: str
    renditions: list[MadeView]


def rendition_router(control: NodeControl) -> APIRouter:
    """Routes for readers; they come before those of contacts, whose ids may hold a slash."""
    router = APIRouter(
        prefix="/api/v1/contacts",
        tags=["replay"],
        dependencies=[Depends(require_reader(control))],
        responses=documented(401, 403, 404, 410, 422, 500, 503),
    )
    replays = Replays()

    @router.get("/{contact_id:path}/renditions")
    def renditions(contact_id: str) -> RenditionsView:
        """What was made of a contact so far, the first one first."""
        row = contact_named(control, contact_id)
        found = _renditions(control, row.contact_id)
        return RenditionsView(
            contact=row.contact_id, renditions=[MadeView.of(one) for one in found]
        )

    @router.get(
        "/{contact_id:path}/renditions/{number}/{file}",
        responses=MEDIA_RESPONSES,
        response_class=StreamingResponse,
    )
    @router.head("/{contact_id:path}/renditions/{number}/{file}", include_in_schema=False)
    def rendition_file(
        request: Request, contact_id: str, number: int, file: str, *, replay: Replay = ""
    ) -> Response:
        """`media`, `peaks`, `timeline`, or `screen-2` of several screens; by `Range` too.

        What is read of `media`, screens and `timeline` with the same `replay` id is one entry each in the audit trail.
        """
        row = contact_named(control, contact_id)
        found = _renditions(control, row.contact_id)
        one = next((made for made in found if made.number == number), None)
        if one is None:
            refuse(404, f"Contact {row.contact_id} has no rendition {number}.")
        if control.archive.info(one.object_key) is None:
            refuse(
                410,
                f"Rendition {number} is not in the archive any more: it showed what was masked since, or was lost.",
                "The contact's page, or `tandem contact replay`, has another one made of what may be seen.",
            )
        chosen = _chosen(control, one, file)
        if file != "peaks":  # the timeline has what was written in the chat and said in captions
            facts = {"media": f"rendition {number} {file}", "sha256": chosen.sha256}
            audit_replay(control, replays, request, row.contact_id, facts, replay=replay)
        return media_answer(control.archive, chosen, request)

    return router


def _renditions(control: NodeControl, contact_id: str) -> tuple[Rendition, ...]:
    if control.screen_db is None:
        refuse(404, "This node makes no renditions.")
    return control.screen_db.renditions(contact_id)


def _chosen(control: NodeControl, one: Rendition, file: str) -> MediaFile:
    name = f"{one.contact_id}-{one.number}"
    match file:
        case "media":
            return MediaFile(one.object_key, one.media_type, one.sha256, f"{name}.webm")
        case "peaks":
            return MediaFile(one.peaks_key, _JSON, "", f"{name}-peaks.json")
        case "timeline":
            key = one.timeline_key
            return MediaFile(key, _JSON, "", f"{name}-timeline.json")
        case _:
            return _screen(control, one, file)


def _screen(control: NodeControl, one: Rendition, file: str) -> MediaFile:
    """A screen by itself, as the timeline names it."""
    with control.archive.open(one.timeline_key) as opened:
        timeline = cast("dict[str, Any]", json.loads(opened.read()))
    screens = cast("list[dict[str, Any]]", timeline.get("screens", []))
    held = {f"screen-{one['number']}": one.get("file") for one in screens}.get(file)
    if held is None:
        files = "media, peaks, timeline, and screen-1, screen-2, … where there are several"
        refuse(404, f"This rendition has no file {file!r}.", f"There are {files}.")
    name = f"{one.contact_id}-{one.number}-{file}.webm"
    return MediaFile(held["object_key"], held["media_type"], held["sha256"], name)
