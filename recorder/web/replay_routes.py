"""Whether a contact is ready for replay; asking has it made ready."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from recorder.desk.control import NodeControl
from recorder.desk.replay import Replay
from recorder.instants import to_text
from recorder.scn.model import Rendition
from recorder.web.auth import require_reader
from recorder.web.contact_routes import contact_named
from recorder.web.refusals import documented, refuse


class MadeView(BaseModel):
    """One rendition of a contact."""

    number: int
    digest: str
    media_type: str
    object: str
    size_bytes: int
    sha256: str
    peaks_object: str
    timeline_object: str
    duration_ms: int
    has_screen: bool
    has_audio: bool
    made: str
    made_by: str
    peaks_sha256: str | None = None
    """Absent, as that of the timeline, where an earlier version made it."""
    timeline_sha256: str | None = None

    @staticmethod
    def of(one: Rendition) -> MadeView:
        """From the model."""
        return MadeView(
            number=one.number,
            digest=one.digest,
            media_type=one.media_type,
            object=one.object_key,
            size_bytes=one.size_bytes,
            sha256=one.sha256,
            peaks_object=one.peaks_key,
            timeline_object=one.timeline_key,
            duration_ms=one.duration_ms,
            has_screen=one.has_screen,
            has_audio=one.has_audio,
            made=to_text(one.made_us),
            made_by=one.made_by,
            peaks_sha256=one.peaks_sha256 or None,
            timeline_sha256=one.timeline_sha256 or None,
        )


class ReplayView(BaseModel):
    """How far a contact is from being replayed as it is on record now."""

    contact: str
    state: str
    """ready, making, waiting, nothing (there is nothing to replay) or failed."""
    message: str | None = None
    """Why it failed, or what it waits for."""
    hint: str | None = None
    rendition: MadeView | None = None
    """The newest; unless `state` is ready, it is of what was on record before."""
    renditions: int

    @staticmethod
    def of(replay: Replay) -> ReplayView:
        """From the desk's answer."""
        made = replay.rendition
        return ReplayView(
            contact=replay.contact_id,
            state=replay.state.value,
            message=replay.message or None,
            hint=replay.hint or None,
            rendition=None if made is None else MadeView.of(made),
            renditions=replay.renditions,
        )


def replay_router(control: NodeControl) -> APIRouter:
    """A route for readers; it comes before those of contacts, whose ids may hold a slash."""
    router = APIRouter(
        prefix="/api/v1/contacts",
        tags=["replay"],
        dependencies=[Depends(require_reader(control))],
        responses=documented(401, 404, 422, 503),
    )

    @router.get("/{contact_id:path}/replay", response_model_exclude_none=True)
    def replay(contact_id: str) -> ReplayView:
        """How far it is; unless it is ready, it is made so: ask again after a second."""
        row = contact_named(control, contact_id)
        if control.replay is None:
            refuse(404, "This node makes no renditions.")
        answer = control.replay.ask(row.contact_id)
        if answer is None:
            refuse(404, f"Contact {row.contact_id} was deleted just now.")
        return ReplayView.of(answer)

    return router
