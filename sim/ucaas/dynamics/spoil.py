"""What faults make of an answer of Dataverse: refusals instead of it, or wrong sizes in it. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from email.utils import formatdate
from typing import cast

from sim.ucaas.dynamics.downloads import xml_error
from sim.ucaas.dynamics.entra import answer_json
from sim.ucaas.dynamics.errors import Refusal
from sim.ucaas.faults import Fault, FaultKind, Subject
from sim.ucaas.http import Content, Response

_SECOND_US = 1_000_000
_OK = 200
_THROTTLES = {
    "requests": (
        "0x80072322",
        "Number of requests exceeded the limit of 6000 over time window of 300 seconds.",
    ),
    "time": (
        "0x80072321",
        "Combined execution time of incoming requests exceeded limit of 1,200,000 milliseconds.",
    ),
    "concurrent": ("0x80072326", "Number of concurrent requests exceeded the limit of 52."),
}


def throttled(code: str, retry_after: str, seconds: float, now_us: int) -> Response:
    """429 with one of three codes and `Retry-After` in seconds, as a date, or absent."""
    hexadecimal, message = _THROTTLES[code]
    after = {
        "seconds": str(max(round(seconds), 1)),
        "date": formatdate(now_us / _SECOND_US + seconds, usegmt=True),
    }.get(retry_after)
    headers = () if after is None else (("Retry-After", after),)
    return error(429, hexadecimal, message, headers)


def error(
    status: int, code: str, message: str, headers: tuple[tuple[str, str], ...] = ()
) -> Response:
    """An error body of the Web API; no body for an empty message."""
    if not message:
        return Response(status, headers)
    return answer_json(status, {"error": {"code": code, "message": message}}, headers)


def refusal(
    faults: Sequence[Fault], subject: Subject, now_us: int, elsewhere: str
) -> Response | None:
    """The answer that faults give instead of the true one, if any; the first one wins."""
    for fault in faults:
        match fault.kind:
            case FaultKind.THROTTLE:
                return throttled(
                    fault.text("code", "requests"),
                    fault.text("retry_after", "seconds"),
                    fault.number("seconds", 5),
                    now_us,
                )
            case FaultKind.SERVER_ERROR:
                return _server_error(fault, subject)
            case FaultKind.FORBIDDEN:
                return _forbidden(fault)
            case FaultKind.LINK_EXPIRED:
                return expired_link()
            case FaultKind.REDIRECT:
                return Response(307, (("Location", fault.text("to", elsewhere)),))
            case _:
                continue
    return None


def _server_error(fault: Fault, subject: Subject) -> Response:
    status = int(fault.number("status", 503))
    after = fault.parameters.get("retry_after_s")
    headers = () if after is None else (("Retry-After", str(after)),)
    if subject.request == "blob":
        return xml_error(status, "ServerBusy", "The server is busy.", headers)
    return error(status, "0x80040216", "An unexpected error occurred.", headers)


def _forbidden(fault: Fault) -> Response:
    if fault.text("why", "no_user") == "privilege":
        return error(
            403, "0x80040220", "Principal user is missing prvReadmsdyn_ocrecording privilege."
        )
    return error(403, "0x80072560", "The user is not a member of the organization.")


def page_expired(faults: Sequence[Fault]) -> Refusal:
    """What the service says to the link of a page that it no longer knows."""
    (fault, *_) = (fault for fault in faults if fault.kind is FaultKind.PAGE_EXPIRED)
    status = int(fault.number("status", 400))
    return Refusal(status, "0x80041129", "The paging cookie is expired or malformed.")


def expired_link() -> Response:
    """What the file host says to a link that ran out."""
    message = (
        "Server failed to authenticate the request. Signature not valid in the specified time."
    )
    return xml_error(403, "AuthenticationFailed", message)


def wrong_size(response: Response, faults: Sequence[Fault]) -> Response:
    """The answer that names a file's size names another, if a fault wants it."""
    if response.status != _OK:
        return response
    for fault in faults:
        if fault.kind is FaultKind.WRONG_SIZE:
            response = _off_by(response, int(fault.number("by", 1000)))
    return response


def _off_by(response: Response, by_bytes: int) -> Response:
    body = cast("dict[str, dict[str, object]]", json.loads(response.content.joined()))
    size = body["Result"]["FileSizeInBytes"]
    assert isinstance(size, int), "a size is a number"
    body["Result"]["FileSizeInBytes"] = max(1, size + by_bytes)
    return replace(response, content=Content((json.dumps(body).encode(),)))
