"""Routes that read contacts: lists of them, each as it is and as it was, and their media.

An id may hold anything, a slash too: services make session ids as they like. So the longer paths come first.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel

from recorder.desk.control import NodeControl
from recorder.desk.hold_reach import holds_on
from recorder.instants import from_text
from recorder.model import Window
from recorder.records.contacts import ContactDetail, ContactQuery, ContactRow
from recorder.web.audited import audit_replay
from recorder.web.contact_views import (
    ContactDetailView,
    ContactView,
    RevisionsView,
    RevisionView,
)
from recorder.web.filters import check_source
from recorder.web.media_answer import MEDIA_RESPONSES, MediaFile, Replay, media_answer
from recorder.web.refusals import refuse
from recorder.web.replays import Replays
from recorder.web.views import instant

_FOREVER_US = 2**62
_NAMED_MAX = 4
_LOOKED_AT_MAX = 7_500
"""Contacts in one answer without patience: about a tenth of a second."""

Limit = Annotated[int, Query(ge=1, le=1000)]
_Revision = Annotated[int | None, Query(ge=1, le=2**62)]


class ContactsView(BaseModel):
    """A page of contacts; `next` is absent on the last."""

    contacts: list[ContactView]
    next: str | None = None
    searched_to: str | None = None
    """When the search ended before the page was full: how far back it looked."""


def add_contacts(router: APIRouter, control: NodeControl) -> None:
    """Add the routes to one for readers."""
    _add_list(router, control)
    _add_media(router, control)
    _add_contact(router, control)


def _add_list(router: APIRouter, control: NodeControl) -> None:
    @router.get("/contacts", tags=["contacts"], response_model_exclude_none=True)
    def contacts(
        source: str | None = None,
        begin: Annotated[str | None, Query(alias="from")] = None,
        end: Annotated[str | None, Query(alias="to")] = None,
        *,
        text: str | None = None,
        agent: str | None = None,
        number: str | None = None,
        after: str | None = None,
        limit: Limit = 100,
        patient: bool = True,
    ) -> ContactsView:
        """Contacts, newest first, each in its newest revision.

        `text`, `agent` and `number` are how something begins. Without `patient` an answer that would take long
        ends early: `searched_to` says how far back it looked, and `next` goes on from there.
        """
        window = period(begin, end)
        found = control.contact_db.contacts(
            ContactQuery(
                source,
                window,
                text,
                after,
                limit,
                agent,
                number,
                None if patient else _LOOKED_AT_MAX,
            )
        )
        if not found.rows:
            check_source(control, source)
        return ContactsView(
            contacts=[ContactView.of(row) for row in found.rows],
            next=found.next,
            searched_to=instant(found.searched_us),
        )


def _add_media(router: APIRouter, control: NodeControl) -> None:
    replays = Replays()

    @router.get(
        "/contacts/{contact_id:path}/media/{number}",
        tags=["contacts"],
        responses=MEDIA_RESPONSES,
        response_class=StreamingResponse,
    )
    @router.head("/contacts/{contact_id:path}/media/{number}", include_in_schema=False)
    def media(
        request: Request,
        contact_id: str,
        number: int,
        revision: _Revision = None,
        *,
        download: bool = False,
        replay: Replay = "",
    ) -> Response:
        """The original of the contact's media file `number`, counted from 0 in that revision; by `Range` too.

        What is read with the same `replay` id is one entry in the audit trail.
        """
        detail = contact_detail(control, contact_named(control, contact_id), revision)
        if not 0 <= number < len(detail.media):
            refuse(404, f"This contact has {len(detail.media)} media files.")
        row = detail.media[number]
        facts = {"media": row.media_key, "source": detail.row.source, "sha256": row.sha256}
        audit_replay(control, replays, request, detail.row.contact_id, facts, replay=replay)
        file = MediaFile(row.object_key, row.media_type, row.sha256, row.file_name, download)
        return media_answer(control.archive, file, request)


def _add_contact(router: APIRouter, control: NodeControl) -> None:
    @router.get(
        "/contacts/{contact_id:path}/revisions", tags=["contacts"], response_model_exclude_none=True
    )
    def revisions(contact_id: str) -> RevisionsView:
        """What each revision of a contact brought, the first one first."""
        row = contact_named(control, contact_id)
        found = control.contact_db.contact_revisions(row.contact_id)
        return RevisionsView(
            contact=row.contact_id,
            source=row.source,
            session=row.session_key,
            revisions=[RevisionView.of(one) for one in found],
        )

    @router.get("/contacts/{contact_id:path}", tags=["contacts"], response_model_exclude_none=True)
    def contact(contact_id: str, revision: _Revision = None) -> ContactDetailView:
        """One contact, as it is or as it was; the id of its session works too, or the start of either."""
        row = contact_named(control, contact_id)
        detail, desk = contact_detail(control, row, revision), control.retention
        held = holds_on(None if desk is None else desk.db, [row.contact_id])
        return ContactDetailView.of_detail(detail, row.revision, held)


def contact_named(control: NodeControl, name: str) -> ContactRow:
    """The one contact with this id or session, or the start of one. Refuses none and several."""
    rows = control.contact_db.contacts_called(name)
    if not rows:
        refuse(
            404,
            f"There is no contact {name!r}.",
            "Give its id, or that of its session, or the start of one; `tandem contact list` lists them.",
        )
    row, *others = rows
    if others:
        some = ", ".join(_told(one, name) for one in rows[:_NAMED_MAX])
        more = " and more" if len(rows) > _NAMED_MAX else ""
        refuse(
            422,
            f"{name!r} begins the ids of several contacts: {some}{more}.",
            "Give more of the id.",
        )
    return row


def _told(row: ContactRow, name: str) -> str:
    if row.contact_id.startswith(name):
        return row.contact_id
    return f"{row.contact_id} (session {row.session_key})"


def contact_detail(control: NodeControl, row: ContactRow, revision: int | None) -> ContactDetail:
    """The contact in this revision, or the newest. Refuses a revision that it has not."""
    detail = control.contact_db.contact(row.contact_id, revision)
    if detail is None:
        refuse(
            404,
            f"Contact {row.contact_id} has no revision {revision}: its newest is {row.revision}.",
            f"`tandem contact revisions {row.contact_id}` lists them.",
        )
    return detail


def period(begin: str | None, end: str | None) -> Window | None:
    """What `from` and `to` ask for; None without either. Refuses what is no instant."""
    if begin is None and end is None:
        return None
    try:
        return Window(from_text(begin) if begin else 0, from_text(end) if end else _FOREVER_US)
    except (ValueError, OverflowError) as error:
        refuse(422, f"from, to: {error}")
