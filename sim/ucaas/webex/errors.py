"""What the fake answers when it refuses: a message, a list of errors and a tracking id."""

from __future__ import annotations

import json

from sim.ucaas.http import Content, Response

JSON = "application/json;charset=UTF-8"


class Refusal(Exception):
    """A request that is answered with an error body. `more` is added to the body as it is."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        headers: tuple[tuple[str, str], ...] = (),
        code: int | None = None,
        more: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers
        self.code = code
        self.more = more or {}


def bad(message: str) -> Refusal:
    """A parameter or a body that is not as it must be."""
    return Refusal(400, message)


def not_found(what: str) -> Refusal:
    """Something that is not there, or not there for this token."""
    return Refusal(404, f"{what} not found.")


def refused(refusal: Refusal, tracking_id: str) -> Response:
    """The answer to a request that is refused."""
    described: dict[str, object] = {"description": refusal.message}
    if refusal.code is not None:
        described["errorCode"] = refusal.code
    body = {"message": refusal.message, "errors": [described], "trackingId": tracking_id}
    headers = (("trackingId", tracking_id), *refusal.headers)
    return answer_json(refusal.status, body | refusal.more, headers)


def answer_json(status: int, value: object, headers: tuple[tuple[str, str], ...] = ()) -> Response:
    """A JSON answer."""
    body = json.dumps(value, separators=(",", ":")).encode()
    return Response(status, (("Content-Type", JSON), *headers), Content((body,)))
