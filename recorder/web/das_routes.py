"""The data access service: contacts for programs, to whoever has a token with the role `das`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from recorder.desk.control import NodeControl
from recorder.desk.proof import ProofDesk
from recorder.instants import to_text
from recorder.records.das import DasContact, DasItem, DasQuery
from recorder.web.auth import ANONYMOUS, DAS, known_caller, require_role
from recorder.web.contact_routes import Limit, period
from recorder.web.contact_views import ContactView, MediaView
from recorder.web.refusals import documented, refuse

IDS_MAX: Final = 200
"""In one address; `ids` of the port takes more."""


class DasItemView(BaseModel):
    """An item of the contact: what the source listed."""

    item: str
    version: str
    changed: str
    """The source's own instant."""
    archived: str | None = None

    @staticmethod
    def of(item: DasItem) -> DasItemView:
        """From the row."""
        archived = None if item.archived_us is None else to_text(item.archived_us)
        return DasItemView(
            item=item.key, version=item.version, changed=to_text(item.changed_us), archived=archived
        )


class DasContactView(ContactView):
    """A contact in its newest revision; `items` and `media` where they are asked for."""

    items: list[DasItemView] | None = None
    media: list[MediaView] | None = None

    @staticmethod
    def of_contact(contact: DasContact, fields: frozenset[str]) -> dict[str, Any]:
        """The chosen fields; what is unknown is absent."""
        shown = ContactView.of(contact.row).model_dump(exclude_none=True)
        if _ITEMS in fields:
            shown[_ITEMS] = [DasItemView.of(one).model_dump(exclude_none=True) for one in contact.items]  # fmt: skip
        if _MEDIA in fields:
            shown[_MEDIA] = [MediaView.of(one).model_dump(exclude_none=True) for one in contact.media]  # fmt: skip
        return {name: value for name, value in shown.items() if name in fields}


class DasView(BaseModel):
    """A page of contacts; `next` is absent on the last. A page may be short and not be the last."""

    contacts: list[DasContactView]
    next: str | None = None


_ITEMS, _MEDIA = "items", "media"
FIELDS: Final = (*ContactView.model_fields, _ITEMS, _MEDIA)
_ALWAYS: Final = "contact"


def das_router(control: NodeControl) -> APIRouter:
    """Routes for programs."""
    router = APIRouter(
        prefix="/api/das/v1",
        tags=["das"],
        dependencies=[Depends(_require_das(control))],
        responses=documented(401, 403, 404, 422, 503),
    )

    @router.get("/contacts", responses={200: {"model": DasView}})
    def das_contacts(  # noqa: PLR0917 - a query has many parts
        source: str | None = None,
        begin: Annotated[str | None, Query(alias="from")] = None,
        end: Annotated[str | None, Query(alias="to")] = None,
        ids: Annotated[list[str] | None, Query(alias="id", max_length=IDS_MAX)] = None,
        fields: str | None = None,
        after: str | None = None,
        limit: Limit = 1_000,
    ) -> Response:
        """Contacts in the order of their begin; by `id` in the order of their ids.

        Exact under writes: a contact that is in the selection from the first page to the last is told once,
        however it changes meanwhile. `id` may be repeated: contact, session or item ids. `fields` are names
        joined by commas; `items` and `media` are told only when they are named.
        """
        chosen = _chosen(fields)
        query = DasQuery(
            source=source,
            window=period(begin, end),
            ids=tuple(ids or ()),
            items=_ITEMS in chosen,
            media=_MEDIA in chosen,
            after=after,
            limit=limit,
        )
        page = desk_of(control).das.contacts(query)
        shown: dict[str, Any] = {
            "contacts": [DasContactView.of_contact(one, chosen) for one in page.contacts]
        }
        if page.next is not None:
            shown["next"] = page.next
        return JSONResponse(shown)

    return router


def desk_of(control: NodeControl) -> ProofDesk:
    """Refuses where the node has none."""
    if control.proof is None:
        refuse(404, "This node has no contact database to ask.")
    return control.proof


def _require_das(control: NodeControl) -> Callable[[Request], None]:
    """As for readers: where no token is configured, whoever is on this computer may read."""
    strict = require_role(control, DAS)

    def check(request: Request) -> None:
        if known_caller(control, request) is not ANONYMOUS:
            strict(request)

    return check


def _chosen(fields: str | None) -> frozenset[str]:
    if fields is None:
        return frozenset(FIELDS) - {_ITEMS, _MEDIA}
    named = {name.strip() for name in fields.split(",") if name.strip()}
    wrong = sorted(named.difference(FIELDS))
    if wrong:
        refuse(422, f"fields: there is no {', '.join(wrong)}", f"There are: {', '.join(FIELDS)}.")
    return frozenset({*named, _ALWAYS})
