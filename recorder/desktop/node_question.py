"""Asks a node whether it takes this desktop's token; nothing is said, so no desktop registers."""

from __future__ import annotations

from dataclasses import dataclass

from websockets.datastructures import Headers

from recorder.desktop.dialing import Dial, connected

_TEXT_CHARS_MAX = 100


@dataclass(frozen=True, slots=True)
class Answer:
    """Who took the token; both are empty for a node that does not say."""

    node: str
    build: str


async def ask_node(dial: Dial) -> Answer:
    """Connect, and hang up once the node took the token. Raises LinkFailed."""
    connection = await connected(dial)
    try:
        response = connection.response
        assert response is not None, "it was accepted"
        headers = response.headers
        answer = Answer(_first(headers, "x-tandem-node"), _first(headers, "x-tandem-build"))
        await connection.close()
    finally:
        connection.transport.abort()
    return answer


def _first(headers: Headers, name: str) -> str:
    text = next(iter(headers.get_all(name)), "")[:_TEXT_CHARS_MAX]
    return text if text.isprintable() else ""
