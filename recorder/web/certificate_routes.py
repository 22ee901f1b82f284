"""Certificates over HTTP: read by readers, checked by admins."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, ConfigDict

from recorder.desk.control import NodeControl
from recorder.instants import to_text
from recorder.prove.document import Certificate
from recorder.prove.document import to_text as document_text
from recorder.prove.page import page_text
from recorder.prove.verify import Fault, verify
from recorder.records.certificates import CertificateHead, CertificateQuery
from recorder.web.audited import audited_routes
from recorder.web.auth import require_admin, require_reader
from recorder.web.contact_routes import Limit
from recorder.web.das_routes import desk_of
from recorder.web.refusals import documented, refuse

_JSON = "application/json"
_Number = Annotated[int | None, Query(ge=1, le=2**31)]


class HeadView(BaseModel):
    """One line of a list of certificates."""

    source: str
    day: str
    number: int
    made: str
    made_by: str
    verdict: str
    root: str
    leaves: int

    @staticmethod
    def of(head: CertificateHead) -> HeadView:
        """From the row."""
        return HeadView(
            source=head.source,
            day=head.day,
            number=head.number,
            made=to_text(head.made_us),
            made_by=head.made_by,
            verdict=head.verdict,
            root=head.root,
            leaves=head.leaves,
        )


class CertificatesView(BaseModel):
    """A page of certificates, newest first; `next` is absent on the last."""

    certificates: list[HeadView]
    next: str | None = None


class KeyView(BaseModel):
    """The public half of a node's signing key."""

    node: str
    key_id: str
    public_key: str
    since: str


class KeysView(BaseModel):
    """Every key that nodes of this cluster ever published."""

    keys: list[KeyView]


class FaultView(BaseModel):
    """What is not as it was certified; `item` is absent where it concerns the whole."""

    code: str
    item: str | None = None
    what: str

    @staticmethod
    def of(fault: Fault) -> FaultView:
        """From the model."""
        return FaultView(code=fault.code, item=fault.item or None, what=fault.what)


class CheckView(BaseModel):
    """A kept certificate against database, audit trail and archive."""

    certificate: HeadView
    ok: bool
    faults: list[FaultView]
    notes: list[FaultView]
    """What changed since, as it may."""


class CheckBody(BaseModel):
    """Which certificate to check; `read` hashes every object, else presence and size are looked at."""

    model_config = ConfigDict(extra="forbid")

    number: int | None = None
    read: bool = True


def certificate_router(control: NodeControl) -> APIRouter:
    """Routes of certificates."""
    router = APIRouter(
        prefix="/api/v1/certificates",
        tags=["certificates"],
        dependencies=[Depends(require_reader(control))],
        responses=documented(401, 403, 404, 409, 422, 503),
        route_class=audited_routes(control),
    )
    _add_lists(router, control)
    _add_check(router, control)
    _add_one(router, control)
    return router


def _add_lists(router: APIRouter, control: NodeControl) -> None:
    @router.get("", response_model_exclude_none=True)
    def certificates(
        source: str | None = None,
        day: str | None = None,
        after: str | None = None,
        limit: Limit = 100,
    ) -> CertificatesView:
        """Certificates, newest first, without what they are about."""
        query = CertificateQuery(source, day, after, limit)
        page = desk_of(control).prover.db.certificates(query)
        return CertificatesView(
            certificates=[HeadView.of(row) for row in page.rows], next=page.next
        )

    @router.get("/keys")
    def certificate_keys() -> KeysView:
        """Public keys: what a certificate's signature is to be compared with."""
        keys = desk_of(control).prover.db.published_keys()
        return KeysView(
            keys=[
                KeyView(
                    node=one.node,
                    key_id=one.key_id,
                    public_key=one.public_key,
                    since=to_text(one.since_us),
                )
                for one in keys
            ]
        )


def _add_check(router: APIRouter, control: NodeControl) -> None:
    @router.post(
        "/{source}/{day}/check",
        dependencies=[Depends(require_admin(control))],
        response_model_exclude_none=True,
    )
    def check_certificate(source: str, day: str, body: CheckBody) -> CheckView:
        """Verify a kept certificate against contact database, audit trail and archive."""
        certificate = _kept(control, source, day, body.number)
        faults = verify(certificate)
        found = desk_of(control).check(certificate, read=body.read)
        every = [*faults, *found.faults]
        return CheckView(
            certificate=_head_of(certificate.statement),
            ok=not every,
            faults=[FaultView.of(one) for one in every],
            notes=[FaultView.of(one) for one in found.notes],
        )


def _add_one(router: APIRouter, control: NodeControl) -> None:
    @router.get("/{source}/{day}", responses={200: {"content": {_JSON: {}, "text/html": {}}}})
    def certificate(
        source: str,
        day: str,
        number: _Number = None,
        form: Annotated[Literal["json", "html"], Query(alias="format")] = "json",
    ) -> Response:
        """A certificate as it is verified, or as a page for people; the newest of the day by default."""
        found = _kept(control, source, day, number)
        if form == "html":
            _refuse_changed(found, source, day)
            return HTMLResponse(page_text(found))
        return Response(document_text(found), media_type=_JSON)


def _refuse_changed(found: Certificate, source: str, day: str) -> None:
    """A page for people must not say COMPLETE of what somebody changed."""
    faults = verify(found)
    if faults:
        refuse(
            503,
            f"What is kept as a certificate of {source}, {day} was changed: {faults[0].what}",
            "The contact database was changed from outside: verify the file you were given.",
        )


def _kept(control: NodeControl, source: str, day: str, number: int | None) -> Certificate:
    try:
        found = desk_of(control).kept(source, day, number)
    except ValueError as error:
        refuse(
            503,
            f"What is kept as a certificate of {source}, {day} is none any more: {error}",
            "The contact database was changed from outside: verify the file you were given.",
        )
    if found is None:
        which = "certificate" if number is None else f"certificate {number}"
        refuse(
            404,
            f"There is no {which} of {source}, {day}.",
            f"`tandem prove --source {source} --day {day}` makes one.",
        )
    return found


def _head_of(said: Any) -> HeadView:
    return HeadView(
        source=said["source"],
        day=said["day"],
        number=said["number"],
        made=to_text(said["made_us"]),
        made_by=said["made_by"],
        verdict=said["verdict"],
        root=said["root"],
        leaves=said["leaves"],
    )
