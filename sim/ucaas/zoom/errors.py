"""What the service answers when it refuses, in its codes and words."""

from __future__ import annotations

import json

from sim.ucaas.http import Content, Response

Headers = tuple[tuple[str, str], ...]
JSON = "application/json;charset=UTF-8"


class Refusal(Exception):
    """A request that is answered with an error body."""

    def __init__(
        self, status: int, code: int, message: str, *, headers: Headers = (), field: str = ""
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers
        self.field = field

    def response(self) -> Response:
        """The answer."""
        body: dict[str, object] = {"code": self.code, "message": self.message}
        if self.field:
            body["message"] = "Validation Failed."
            body["errors"] = [{"field": self.field, "message": self.message}]
        return answer_json(self.status, body, self.headers)


def answer_json(status: int, value: object, headers: Headers = ()) -> Response:
    """A JSON answer."""
    body = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
    return Response(status, (("Content-Type", JSON), *headers), Content((body,)))


def bad_field(field: str, message: str) -> Refusal:
    """A parameter that cannot be."""
    return Refusal(400, 300, message, field=field)


def bad_token(*, expired: bool) -> Refusal:
    """No bearer token, none of ours, or one that ran out."""
    return Refusal(401, 124, "Access token is expired." if expired else "Invalid access token.")


def no_scope(scopes: tuple[str, ...]) -> Refusal:
    """A token that may not do this."""
    wanted = ", ".join(scopes)
    return Refusal(400, 4711, f"Invalid access token, does not contain scopes:[{wanted}].")


def no_page(status: int = 400) -> Refusal:
    """A page token that is unknown, old, or used with other parameters."""
    return Refusal(status, 300, "The next page token is invalid or expired.")


def no_meeting(uuid: str) -> Refusal:
    """A meeting that is not in the archive."""
    return Refusal(404, 3001, f"Meeting does not exist: {uuid}.")


def no_file() -> Refusal:
    """A file that is not in the archive."""
    return Refusal(404, 3332, "The archived file does not exist.")


def nothing_here() -> Refusal:
    """A path that leads nowhere."""
    return Refusal(404, 2300, "This API endpoint is not recognized.")
