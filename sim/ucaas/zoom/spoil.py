"""What faults make of an answer of the service: refusals instead of it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from email.utils import formatdate

from sim.ucaas.faults import Fault, FaultKind, Subject
from sim.ucaas.http import Response
from sim.ucaas.surroundings import SECOND_US
from sim.ucaas.zoom.downloads import denied
from sim.ucaas.zoom.errors import Headers, Refusal, bad_token, no_scope
from sim.ucaas.zoom.instants import instant_text
from sim.ucaas.zoom.manners import FILE
from sim.ucaas.zoom.oauth import NEEDED

CATEGORIES = {"list": "Medium", "statistics": "Medium"}
"""The label of a request; Light for all others."""
_SECOND = "You have reached the maximum per-second rate limit for this API. Try again later."
_DAY = "You have reached the maximum daily rate limit for this API. Refer to the response header for details."


def limited(
    request: str, limit: int, *, day: bool, after: str = "absent", seconds: float, now_us: int
) -> Refusal:
    """429 of the per-second or the daily limit; `after` is how it says when to try again."""
    if after == "bare":
        return Refusal(429, 429, _DAY if day else _SECOND)
    headers: Headers = (
        ("X-RateLimit-Category", CATEGORIES.get(request, "Light")),
        ("X-RateLimit-Type", "Daily-limit" if day else "QPS"),
        ("X-RateLimit-Limit", str(limit)),
        ("X-RateLimit-Remaining", "0"),
    )
    told = {
        "seconds": str(max(round(seconds), 1)),
        "instant": instant_text(now_us + int(seconds * SECOND_US)),
        "date": formatdate(now_us / SECOND_US + seconds, usegmt=True),
    }.get(after)
    if told is not None:
        headers += (("Retry-After", told),)
    return Refusal(429, 429, _DAY if day else _SECOND, headers=headers)


def instead(
    faults: Sequence[Fault], subject: Subject, now_us: int, elsewhere: str, *, signed: bool
) -> Response | None:
    """The answer that faults give instead of the true one, if any; the first one wins.

    `signed`: addresses of files need no token, so they can run out. Raises Refusal for those that the API words itself.
    """
    for fault in faults:
        match fault.kind:
            case FaultKind.THROTTLE:
                raise _throttled(fault, subject, now_us)
            case FaultKind.SERVER_ERROR:
                return _server_error(fault, subject)
            case FaultKind.FORBIDDEN:
                raise no_scope(NEEDED.get(subject.request, ("recording:read:admin",)))
            case FaultKind.LINK_EXPIRED:
                return _expired(signed=signed and subject.request == FILE)
            case FaultKind.REDIRECT:
                return Response(302, (("Location", fault.text("to", elsewhere)),))
            case _:
                continue
    return None


def _throttled(fault: Fault, subject: Subject, now_us: int) -> Refusal:
    day = fault.text("code", "second") == "day"
    return limited(
        subject.request,
        60_000 if day else 20,
        day=day,
        after=fault.text("retry_after", "instant" if day else "absent"),
        seconds=fault.number("seconds", 5),
        now_us=now_us,
    )


def _server_error(fault: Fault, subject: Subject) -> Response:
    status = int(fault.number("status", 503))
    after = fault.parameters.get("retry_after_s")
    headers: Headers = () if after is None else (("Retry-After", str(after)),)
    if subject.request == FILE:
        answer = denied(status, "InternalError", "We encountered an internal error.")
        return Response(status, (*answer.headers, *headers), answer.content)
    return Refusal(status, status, "Internal server error.", headers=headers).response()


def _expired(*, signed: bool) -> Response:
    """What the holder of an address hears that is too old, or of a token that serves elsewhere."""
    if signed:
        return denied(403, "AccessDenied", "Access denied")
    return bad_token(expired=True).response()
