"""Why something is not here, and what is known of it: any id, a time, an agent."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from recorder.desk.control import NodeControl
from recorder.desk.live_items import LiveItems
from recorder.instants import from_text
from recorder.web.auth import require_reader
from recorder.web.refusals import documented, refuse
from recorder.web.views import EventView, ItemView, instant
from recorder.why.composed import Explanation
from recorder.why.desk import WITHIN_S, WhyDesk
from recorder.why.words import Fact


class FactView(BaseModel):
    """Something that is known."""

    what: str
    text: str
    at: str | None = None
    subject: str | None = None

    @staticmethod
    def of(fact: Fact) -> FactView:
        """From the model."""
        return FactView(
            what=fact.what, text=fact.text, at=instant(fact.at_us), subject=fact.subject or None
        )


class StoryView(BaseModel):
    """An item and every step of it."""

    item: ItemView
    story: list[EventView]


class ExplanationView(BaseModel):
    """A verdict in one sentence, and what it rests on, in order of time."""

    verdict: str
    known: bool
    facts: list[FactView]
    items: list[StoryView]
    hint: str | None = None


def why_router(control: NodeControl) -> APIRouter:
    """One route for readers."""
    router = APIRouter(
        prefix="/api/v1",
        tags=["items"],
        dependencies=[Depends(require_reader(control))],
        responses=documented(401, 404, 422, 503),
    )

    @router.get("/explain", response_model_exclude_none=True)
    def explain(
        key: str | None = None,
        at: str | None = None,
        agent: str | None = None,
        source: str | None = None,
        *,
        ask_source: bool = False,
        within_seconds: Annotated[float, Query(gt=0, le=86_400)] = WITHIN_S,
    ) -> ExplanationView:
        """What is known of an id, of a time, or of somebody; with `ask_source` the sources are asked too."""
        desk = _desk(control)
        if source is not None and source not in control.sources:
            refuse(404, f"There is no source {source!r} here.", "`tandem source list` shows all.")
        if at is not None:
            found = desk.about_time(_instant(at), source, agent or "", within_s=within_seconds)
        elif agent is not None:
            found = desk.about_agent(agent, source)
        elif key:
            found = desk.about_id(key, source, ask_source=ask_source)
        else:
            refuse(422, "Nothing is asked for.", "Give key, at or agent.")
        return _view(control, found)

    return router


def _view(control: NodeControl, found: Explanation) -> ExplanationView:
    live = LiveItems(control.board)
    stories = [
        StoryView(
            item=ItemView.of(*live.join(row)),
            story=[
                EventView.of(event)
                for event in control.contact_db.story(row.ref.source, row.ref.key)
            ],
        )
        for row in found.items
    ]
    return ExplanationView(
        verdict=found.verdict,
        known=found.is_known,
        facts=[FactView.of(fact) for fact in found.facts],
        items=stories,
        hint=found.hint or None,
    )


def _instant(text: str) -> int:
    """In UTC where no time zone is given."""
    try:
        return from_text(f"{text}Z")
    except (ValueError, OverflowError):
        pass
    try:
        return from_text(text)
    except (ValueError, OverflowError) as error:
        refuse(422, f"at: {error}")


def _desk(control: NodeControl) -> WhyDesk:
    if control.findings is None or control.recoveries is None:
        refuse(404, "This node keeps no findings.")
    retention = control.retention
    return WhyDesk(
        contact_db=control.contact_db,
        findings=control.findings,
        recoveries=control.recoveries.db,
        retention=None if retention is None else retention.db,
        clock=control.clock,
        sources={name: one.source for name, one in control.sources.items()},
    )
