"""Routes that read: the pair, sources, items and their stories, contacts and their media."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, BinaryIO

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from recorder.control import NodeControl
from recorder.figures import sources
from recorder.instants import from_text
from recorder.live_items import LiveItems, on_record
from recorder.model import Window
from recorder.rows import ContactDetail, ContactQuery, ItemQuery
from recorder.web.auth import require_reader
from recorder.web.cluster_view import ClusterView, cluster_view
from recorder.web.refusals import documented, refuse
from recorder.web.views import (
    ContactDetailView,
    ContactView,
    EventView,
    HistoryView,
    ItemView,
    SourceView,
)

_CHUNK_BYTES = 256 * 1024
_FOREVER_US = 2**62


class SourcesView(BaseModel):
    """Every configured source, running or not."""

    node: str
    sources: list[SourceView]


class ItemsView(BaseModel):
    """A page of items; `next` is absent on the last."""

    items: list[ItemView]
    next: str | None = None


class ContactsView(BaseModel):
    """A page of contacts; `next` is absent on the last."""

    contacts: list[ContactView]
    next: str | None = None


class WhyView(BaseModel):
    """Everything known of an item, in order of time, from both nodes."""

    item: ItemView
    story: list[EventView]


class HistoryListView(BaseModel):
    """Role changes, newest first."""

    history: list[HistoryView]


_Limit = Annotated[int, Query(ge=1, le=1000)]


def read_router(control: NodeControl) -> APIRouter:
    """Routes for readers."""
    router = APIRouter(
        prefix="/api/v1",
        dependencies=[Depends(require_reader(control))],
        responses=documented(401, 404, 422, 503),
    )
    _add_pair(router, control)
    _add_items(router, control)
    _add_contacts(router, control)
    return router


def _add_pair(router: APIRouter, control: NodeControl) -> None:
    @router.get("/cluster", tags=["pair"], response_model_exclude_none=True)
    def cluster() -> ClusterView:
        """Both nodes as this one sees them."""
        return cluster_view(control)

    @router.get("/history", tags=["pair"])
    def history(limit: _Limit = 50) -> HistoryListView:
        """Role changes of both nodes, newest first."""
        rows = control.contact_db.role_history(limit)
        return HistoryListView(history=[HistoryView.of(row) for row in rows])

    @router.get("/sources", tags=["sources"], response_model_exclude_none=True)
    def list_sources() -> SourcesView:
        """State, lag, coverage and next step of each source."""
        now_ns, now_us = control.clock.monotonic_ns(), control.clock.wall_us()
        running = [SourceView.of(status, now_ns, now_us) for status in sources(control.board)]
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
        limit: _Limit = 100,
    ) -> ItemsView:
        """Items, newest change first. What failed and is parked has the state `parked` here.

        `assigned`, `fetching` and `buffered` are known to the primary alone, and read after the page:
        with them a page may be shorter than `limit` and still have a next one.
        """
        states = tuple(state or ())
        found = control.contact_db.items(ItemQuery(source, on_record(states), parked, after, limit))
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


def _add_contacts(router: APIRouter, control: NodeControl) -> None:
    @router.get("/contacts", tags=["contacts"], response_model_exclude_none=True)
    def contacts(
        source: str | None = None,
        begin: Annotated[str | None, Query(alias="from")] = None,
        end: Annotated[str | None, Query(alias="to")] = None,
        *,
        text: str | None = None,
        after: str | None = None,
        limit: _Limit = 100,
    ) -> ContactsView:
        """Contacts, newest first."""
        window = _window(begin, end)
        found = control.contact_db.contacts(ContactQuery(source, window, text, after, limit))
        return ContactsView(contacts=[ContactView.of(row) for row in found.rows], next=found.next)

    @router.get("/contacts/{contact_id}", tags=["contacts"], response_model_exclude_none=True)
    def contact(contact_id: str) -> ContactDetailView:
        """One contact; the id of its session works too."""
        return ContactDetailView.of_detail(_contact(control, contact_id))

    @router.get("/contacts/{contact_id}/media/{number}", tags=["contacts"])
    def media(contact_id: str, number: int) -> StreamingResponse:
        """The original of the contact's media file `number`, counted from 0."""
        detail = _contact(control, contact_id)
        if not 0 <= number < len(detail.media):
            refuse(404, f"This contact has {len(detail.media)} media files.")
        row = detail.media[number]
        held = control.archive.info(row.object_key)
        if held is None:
            refuse(
                500,
                f"The archive no longer holds the object {row.object_key}.",
                "Restore the archive from a backup of the same time as the contact database.",
            )
        return StreamingResponse(
            _chunks(control.archive.open(row.object_key)),
            media_type=row.media_type or "application/octet-stream",
            headers={"Content-Length": str(held.size_bytes), "X-Content-SHA256": row.sha256},
        )


def _contact(control: NodeControl, contact_id: str) -> ContactDetail:
    detail = control.contact_db.contact(contact_id)
    if detail is None:
        refuse(
            404,
            f"There is no contact {contact_id!r}.",
            "Give its whole id, or that of its session; `tandem contact list` lists them.",
        )
    return detail


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk


def _window(begin: str | None, end: str | None) -> Window | None:
    if begin is None and end is None:
        return None
    try:
        return Window(from_text(begin) if begin else 0, from_text(end) if end else _FOREVER_US)
    except (ValueError, OverflowError) as error:
        refuse(422, f"from, to: {error}")
