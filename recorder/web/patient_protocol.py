"""Connections that say nothing whole are closed: anybody may open one, and each of them is an open file of the node."""

from __future__ import annotations

import asyncio
from typing import Final, cast

from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

PATIENCE_S: Final = 10.0
"""A head, and then a body, must be whole within twice this; the first head within once."""


class PatientProtocol(H11Protocol):
    """uvicorn waits for ever for the end of a head or of a body that has begun; this waits for some seconds.

    Answers under way, and WebSockets, which have limits of their own, go on as long as they last.
    """

    patience_s = PATIENCE_S
    _waited_for: RequestResponseCycle | None = None
    """The request after which, or for whose body, it was waited at the last look."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride] - as uvicorn's own
        """Begin to look."""
        super().connection_made(transport)
        self._look_later()

    def _look_later(self) -> None:
        self.loop.call_later(self.patience_s, self._look)

    def _look(self) -> None:
        if self.transport.is_closing() or self.transport.get_protocol() is not self:
            return
        now = cast("RequestResponseCycle | None", self.cycle)  # None before the first request
        waits = now is None or now.response_complete or now.more_body
        if waits and now is self._waited_for and self.timeout_keep_alive_task is None:
            self.transport.abort()
            return
        self._waited_for = now if waits else None
        self._look_later()
