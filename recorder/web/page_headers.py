"""What every answer tells a browser: nothing from other hosts, nothing inside other pages, nothing kept."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final, TypeAlias

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

_FIXED: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_NOTHING: Final = b"default-src 'none'; frame-ancestors 'none'; sandbox"
_PAPER: Final = (
    b"default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; sandbox"
)
"""For documents to look at, such as certificates: their own style, no script."""


def page_policy(nonce: str) -> str:
    """The Content-Security-Policy of a page; `nonce` lets in the style of the waveform, and no script."""
    return (
        "default-src 'self'; script-src 'self'; connect-src 'self'; media-src 'self'; "
        f"img-src 'self'; font-src 'self'; style-src 'self' 'nonce-{nonce}'; object-src 'none'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


class PageHeaders:
    """ASGI middleware: adds the headers; a route's own policy and caching stay."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """See the class."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers: list[tuple[bytes, bytes]] = list(message.get("headers", ()))
                given = {name.lower(): value for name, value in headers}
                is_paper = given.get(b"content-type", b"").startswith(b"text/html")
                defaults = (
                    (b"content-security-policy", _PAPER if is_paper else _NOTHING),
                    (b"cache-control", b"no-store"),
                )
                headers += _FIXED
                headers += [one for one in defaults if one[0] not in given]
                message = {**message, "headers": headers}
            await send(message)

        await self._app(scope, receive, sending)
