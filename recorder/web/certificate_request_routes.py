"""Certificates asked for over HTTP. Any node takes a request; whichever is primary makes the certificate."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict

from recorder.desk.control import NodeControl
from recorder.instants import to_text
from recorder.prove.make import window_of
from recorder.records.certificates import CertificateRequest, RequestQuery, RequestStatus
from recorder.web.audited import audited_routes
from recorder.web.auth import caller_of, require_admin, require_reader
from recorder.web.command_routes import Name
from recorder.web.contact_routes import Limit
from recorder.web.das_routes import desk_of
from recorder.web.refusals import documented, refuse
from recorder.web.views import instant


class CertificateBody(BaseModel):
    """Which day to certify."""

    model_config = ConfigDict(extra="forbid")

    source: Name
    day: Name


class RequestView(BaseModel):
    """A certificate that was asked for."""

    request: str
    source: str
    day: str
    status: str
    """running, completed, failed or cancelled."""
    phase: str
    """waiting, listing, comparing or over."""
    reason: str | None = None
    requested: str
    requested_by: str
    started: str | None = None
    ended: str | None = None
    node: str | None = None
    pages: int
    items: int
    """Listed so far."""
    share: float
    """Of the day that is listed, 0 to 1."""
    number: int | None = None
    """Of the certificate, once there is one."""
    certificate: str | None = None
    """Where it is to be had."""

    @staticmethod
    def of(row: CertificateRequest) -> RequestView:
        """From the row."""
        path = None
        if row.number is not None:
            path = (
                f"/api/v1/certificates/{quote(row.source, safe='')}/{row.day}?number={row.number}"
            )
        return RequestView(
            request=row.request_id,
            source=row.source,
            day=row.day,
            status=row.status.value,
            phase=row.phase.value,
            reason=row.reason or None,
            requested=to_text(row.requested_us),
            requested_by=row.requested_by,
            started=instant(row.started_us),
            ended=instant(row.ended_us),
            node=row.node or None,
            pages=row.pages,
            items=row.items,
            share=_share(row),
            number=row.number,
            certificate=path,
        )


class RequestedView(BaseModel):
    """What became of asking or cancelling: `status` is `done`, or `already` where nothing changed."""

    status: str
    message: str
    request: RequestView


class RequestsView(BaseModel):
    """A page of requests, newest first; `next` is absent on the last."""

    requests: list[RequestView]
    next: str | None = None


def certificate_request_router(control: NodeControl) -> APIRouter:
    """Routes to ask for certificates, to follow and to end that."""
    router = APIRouter(
        prefix="/api/v1",
        tags=["certificates"],
        route_class=audited_routes(control),
        responses=documented(401, 403, 404, 409, 422, 503),
    )
    _add_asking(router, control)
    _add_reading(router, control)
    return router


def _add_asking(router: APIRouter, control: NodeControl) -> None:
    admin = [Depends(require_admin(control))]

    @router.post(
        "/certificates",
        dependencies=admin,
        status_code=202,
        response_model_exclude_none=True,
    )
    def make_certificate(
        body: CertificateBody, request: Request, response: Response
    ) -> RequestedView:
        """Ask for a certificate of a day; the primary lists it anew, compares, signs and keeps.

        The same day again, while one of it is being made, is the same request.
        """
        if body.source not in control.sources:
            known = ", ".join(sorted(control.sources)) or "none"
            refuse(404, f"There is no source {body.source!r} here (running: {known}).")
        by = caller_of(control, request).actor
        try:
            row, is_new = desk_of(control).request(body.source, body.day, by)
        except ValueError as error:
            refuse(422, f"day: {error}")
        response.headers["Location"] = f"/api/v1/certificate-requests/{row.request_id}"
        said = "is asked for" if is_new else f"is being made already, for {row.requested_by}"
        return RequestedView(
            status="done" if is_new else "already",
            message=f"A certificate of {row.source}, {row.day} {said}: {row.request_id}.",
            request=RequestView.of(row),
        )

    @router.post(
        "/certificate-requests/{request_id}/cancel",
        dependencies=admin,
        response_model_exclude_none=True,
    )
    def cancel_certificate(request_id: str, request: Request) -> RequestedView:
        """End a request that runs; nothing is signed or kept then."""
        desk = desk_of(control)
        before = _known(desk.work.of_id(request_id), request_id)
        row = _known(desk.cancel(request_id, caller_of(control, request).actor), request_id)
        if row.status is not RequestStatus.CANCELLED:
            refuse(409, f"{request_id} is {row.status.value}: there is nothing to cancel.")
        return RequestedView(
            status="done" if before.status is RequestStatus.RUNNING else "already",
            message=f"{request_id} is cancelled.",
            request=RequestView.of(row),
        )


def _add_reading(router: APIRouter, control: NodeControl) -> None:
    reader = [Depends(require_reader(control))]

    @router.get("/certificate-requests", dependencies=reader, response_model_exclude_none=True)
    def certificate_requests(
        source: str | None = None,
        status: RequestStatus | None = None,
        after: str | None = None,
        limit: Limit = 50,
    ) -> RequestsView:
        """Requests for certificates, newest first."""
        page = desk_of(control).work.requests(RequestQuery(source, status, after, limit))
        return RequestsView(requests=[RequestView.of(row) for row in page.rows], next=page.next)

    @router.get(
        "/certificate-requests/{request_id}", dependencies=reader, response_model_exclude_none=True
    )
    def certificate_request(request_id: str) -> RequestView:
        """How far it is, and where the certificate is."""
        return RequestView.of(_known(desk_of(control).work.of_id(request_id), request_id))


def _share(row: CertificateRequest) -> float:
    if row.status is RequestStatus.COMPLETED:
        return 1.0
    if row.listed_us is None:
        return 0.0
    day = window_of(row.day)
    return round((row.listed_us - day.from_us) / (day.to_us - day.from_us), 3)


def _known(row: CertificateRequest | None, request_id: str) -> CertificateRequest:
    if row is None:
        refuse(
            404,
            f"There is no request {request_id!r}.",
            "`tandem prove --requests` shows those there are.",
        )
    return row
