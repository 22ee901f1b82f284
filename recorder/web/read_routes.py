"""Routes that read: the pair, sources, items and their stories, and contacts."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from recorder.desk.control import NodeControl
from recorder.desk.live_items import LiveItems, on_record
from recorder.figures import sources
from recorder.records.contacts import ItemQuery
from recorder.web.auth import require_reader
from recorder.web.cluster_view import ClusterView, cluster_view
from recorder.web.contact_routes import Limit, add_contacts
from recorder.web.filters import check_source, check_states
from recorder.web.refusals import documented, refuse
from recorder.web.views import (
    EventView,
    HistoryView,
    ItemView,
    SourceView,
)


class SourcesView(BaseModel):
    """Every configured source, running or not."""

    node: str
    sources: list[SourceView]


class ItemsView(BaseModel):
    """A page of items; `next` is absent on the last."""

    items: list[ItemView]
    next: str | None = None


class WhyView(BaseModel):
    """Everything known of an item, in order of time, from both nodes."""

    item: ItemView
    story: list[EventView]


class HistoryListView(BaseModel):
    """Role changes, newest first."""

    history: list[HistoryView]


def read_router(control: NodeControl) -> APIRouter:
    """Routes for readers."""
    router = APIRouter(
        prefix="/api/v1",
        dependencies=[Depends(require_reader(control))],
        responses=documented(401, 404, 422, 503),
    )
    _add_pair(router, control)
    _add_items(router, control)
    add_contacts(router, control)
    return router


def _add_pair(router: APIRouter, control: NodeControl) -> None:
    @router.get("/cluster", tags=["pair"], response_model_exclude_none=True)
    def cluster() -> ClusterView:
        """Both nodes as this one sees them."""
        return cluster_view(control)

    @router.get("/history", tags=["pair"])
    def history(limit: Limit = 50) -> HistoryListView:
        """Role changes of both nodes, newest first."""
        rows = control.contact_db.role_history(limit)
        return HistoryListView(history=[HistoryView.of(row) for row in rows])

    @router.get("/sources", tags=["sources"], response_model_exclude_none=True)
    def list_sources() -> SourcesView:
        """State, lag, coverage and next step of each source."""
        now_ns, now_us = control.clock.monotonic_ns(), control.clock.wall_us()
        running = [
            SourceView.of(status, control.budget(status.name), now_ns, now_us)
            for status in sources(control.board)
        ]
        stopped = [
            SourceView(
                source=problem.name,
                kind=problem.kind,
                state=problem.state,
                last_error=problem.what,
                next_step=problem.hint,
            )
            for problem in control.problems
        ]
        return SourcesView(
            node=control.node, sources=sorted(running + stopped, key=lambda view: view.source)
        )


def _add_items(router: APIRouter, control: NodeControl) -> None:
    @router.get("/items", tags=["items"], response_model_exclude_none=True)
    def items(
        source: str | None = None,
        state: Annotated[list[str] | None, Query()] = None,
        *,
        parked: bool | None = None,
        after: str | None = None,
        limit: Limit = 100,
    ) -> ItemsView:
        """Items, newest change first. What failed and is parked has the state `parked` here.

        `assigned`, `fetching` and `buffered` are known to the primary alone, and read after the page:
        with them a page may be shorter than `limit` and still have a next one.
        """
        states = tuple(state or ())
        check_states(states)
        found = control.contact_db.items(ItemQuery(source, on_record(states), parked, after, limit))
        if not found.rows:
            check_source(control, source)
        chosen = LiveItems(control.board).choose(found.rows, states)
        return ItemsView(items=[ItemView.of(*one) for one in chosen], next=found.next)

    @router.get("/why", tags=["items"], response_model_exclude_none=True)
    def why(key: str, source: str | None = None) -> list[WhyView]:
        """The story of an item; `key` is its id, the start of it, a session or a media id."""
        rows = control.contact_db.item(source, key)
        if not rows:
            refuse(
                404,
                f"No item here is called {key!r}, or begins with it.",
                "`tandem item list` lists what is known; `tandem source list` shows up to when each "
                "source is archived.",
            )
        live = LiveItems(control.board)
        return [
            WhyView(
                item=ItemView.of(*live.join(row)),
                story=[
                    EventView.of(event)
                    for event in control.contact_db.story(row.ref.source, row.ref.key)
                ],
            )
            for row in rows
        ]
