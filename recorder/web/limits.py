"""What a request may weigh: a body is counted while it comes, before anybody reads or parses it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any, TypeAlias

from fastapi.responses import JSONResponse

from recorder.web.refusals import error_body

BODY_BYTES_MAX = 1024 * 1024

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]


class _TooMuch(Exception):
    """The body went over the limit."""


class BodyLimit:
    """ASGI middleware: 413 for a body over 1 MiB, announced or not."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """See the class."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if not announced.isdigit() or int(announced[:20]) > BODY_BYTES_MAX:
            await _refusal(scope, receive, send)
            return
        counted = 0
        exceeded = begun = False

        async def counting() -> Message:
            nonlocal counted, exceeded
            message = await receive()
            counted += len(message.get("body", b""))
            if counted > BODY_BYTES_MAX:
                exceeded = True
                raise _TooMuch
            return message

        async def sending(message: Message) -> None:
            nonlocal begun
            if exceeded and not begun:
                return  # whoever read the body takes its end for a body that is damaged
            begun = True
            await send(message)

        with suppress(_TooMuch):
            await self._app(scope, counting, sending)
        if exceeded and not begun:
            await _refusal(scope, receive, send)


async def _refusal(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
    body = error_body(
        f"The body is larger than {BODY_BYTES_MAX} bytes.", "Send less, in several requests."
    )
    await JSONResponse(body, 413, {"Connection": "close"})(scope, receive, send)
