"""What faults make of an answer of Webex: refusals instead of it, or wrong sizes in it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from email.utils import formatdate

from sim.ucaas.faults import Fault, FaultKind, Subject
from sim.ucaas.http import Content, Response
from sim.ucaas.surroundings import SECOND_US
from sim.ucaas.webex.errors import Refusal

_TEXTS = {
    423: "The requested resource is temporarily unavailable.",
    500: "Something went wrong on the server.",
    502: "The server received an invalid response from an upstream server.",
    503: "Server is overloaded with requests.",
    504: "An upstream server failed to respond on time.",
}


def refusal(
    faults: Sequence[Fault], subject: Subject, now_us: int, elsewhere: str
) -> Response | Refusal | None:
    """The answer that faults give instead of the true one, if any; the first one wins."""
    for fault in faults:
        match fault.kind:
            case FaultKind.THROTTLE:
                return _throttled(fault, now_us)
            case FaultKind.SERVER_ERROR:
                return _server_error(fault, subject)
            case FaultKind.FORBIDDEN:
                return Refusal(403, "The request is understood, but access is not allowed.")
            case FaultKind.LINK_EXPIRED:
                return expired_link(403)
            case FaultKind.REDIRECT:
                return Response(307, (("Location", fault.text("to", elsewhere)),))
            case _:
                continue
    return None


def _throttled(fault: Fault, now_us: int) -> Refusal:
    seconds = fault.number("seconds", 5)
    after = {
        "seconds": str(max(round(seconds), 1)),
        "date": formatdate(now_us / SECOND_US + seconds, usegmt=True),
    }.get(fault.text("retry_after", "seconds"))
    headers = () if after is None else (("Retry-After", after),)
    return Refusal(429, "Too many requests have been sent.", headers=headers)


def _server_error(fault: Fault, subject: Subject) -> Response | Refusal:
    status = int(fault.number("status", 503))
    after = fault.parameters.get("retry_after_s")
    headers = () if after is None else (("Retry-After", str(after)),)
    text = _TEXTS.get(status, "The request was refused.")
    if subject.request == "blob":
        return plain(status, text, headers)
    return Refusal(status, text, headers=headers)


def plain(status: int, text: str, headers: tuple[tuple[str, str], ...] = ()) -> Response:
    """What the host of the files says when it serves nothing."""
    kind = ("Content-Type", "text/plain;charset=UTF-8")
    return Response(status, (kind, *headers), Content((text.encode(),)))


def expired_link(status: int) -> Response:
    """What the host of the files says to a ticket that ran out or that it never gave."""
    return plain(status, "The download ticket is not valid.")
