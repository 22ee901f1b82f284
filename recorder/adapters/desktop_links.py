"""Connections of desktops: between the actor, on its thread, and the web server's loop, on another.

What is to be sent is handed to the loop and never waited for. A desktop that does not read is hung up on; of one that
sends more than is written to files, nothing more is read until it is.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from recorder.scn.messages import DesktopCommand, PacketsKept
from recorder.scn.wire import command_frame

WAITING_MAX: Final = 1000
"""Frames to a desktop that does not read."""
UNKEPT_BYTES_MAX: Final = 16 * 1024 * 1024
"""Of packets read and not yet in a file: one frame more is the most that a desktop makes this node hold."""
FRAME_COSTS_BYTES: Final = 1024
"""What a packet costs beside its bytes."""


class DesktopSocket:
    """One connection. Everything but the constructor runs in the loop's thread."""

    def __init__(self, connection: str, loop: asyncio.AbstractEventLoop) -> None:
        self.connection = connection
        self.loop = loop
        self.ended_because = ""
        self._out: deque[str] = deque()
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._unkept: deque[tuple[str, int, int]] = deque()
        self._unkept_bytes = 0

    def put(self, frame: str) -> None:
        """To be sent."""
        if self.ended_because:
            return
        if len(self._out) >= WAITING_MAX:
            self._out.clear()
            self.end("it does not read what it is told")
            return
        self._out.append(frame)
        self._news.set()

    def end(self, reason: str) -> None:
        """Hang up once everything was sent."""
        self.ended_because = self.ended_because or reason
        self._news.set()
        self._room.set()

    async def next(self) -> str | None:
        """The next frame to send; None when the connection is to be ended."""
        while not self._out:
            if self.ended_because:
                return None
            self._news.clear()
            await self._news.wait()
        return self._out.popleft()

    def came(self, stream: str, seq: int, size_bytes: int) -> None:
        """A packet was read."""
        cost = size_bytes + FRAME_COSTS_BYTES
        self._unkept.append((stream, seq, cost))
        self._unkept_bytes += cost
        if self._unkept_bytes > UNKEPT_BYTES_MAX:
            self._room.clear()

    def kept(self, stream: str, seq: int) -> None:
        """Everything of a stream so far is in a file."""
        left = deque(one for one in self._unkept if one[0] != stream or one[1] > seq)
        self._unkept, self._unkept_bytes = left, sum(cost for _, _, cost in left)
        if self._unkept_bytes <= UNKEPT_BYTES_MAX:
            self._room.set()

    async def room(self) -> None:
        """Wait until more may be read."""
        await self._room.wait()


class DesktopSockets:
    """Implements recorder.ports.screens.DesktopLinks over WebSockets. Any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sockets: dict[str, DesktopSocket] = {}
        self._numbers = itertools.count(1)

    def open(self) -> DesktopSocket:
        """A connection is there; called in the thread of its loop."""
        loop = asyncio.get_running_loop()
        with self._lock:
            socket = DesktopSocket(f"desktop-{next(self._numbers)}", loop)
            self._sockets[socket.connection] = socket
        return socket

    def gone(self, connection: str) -> None:
        """A connection ended: what is sent to it from now on is lost."""
        with self._lock:
            self._sockets.pop(connection, None)

    def count(self) -> int:
        """Connections that are open."""
        with self._lock:
            return len(self._sockets)

    def send(self, connection: str, command: DesktopCommand) -> None:
        """See DesktopLinks."""
        socket = self._get(connection)
        if socket is None:
            return
        if isinstance(command, PacketsKept):
            _in_loop(socket, lambda: socket.kept(command.stream, command.seq))
        frame = command_frame(command)
        _in_loop(socket, lambda: socket.put(frame))

    def close(self, connection: str, reason: str) -> None:
        """See DesktopLinks."""
        socket = self._get(connection)
        if socket is not None:
            _in_loop(socket, lambda: socket.end(reason))

    def _get(self, connection: str) -> DesktopSocket | None:
        with self._lock:
            return self._sockets.get(connection)


def _in_loop(socket: DesktopSocket, do: Callable[[], None]) -> None:
    # A loop that is closed serves nobody any more.
    with suppress(RuntimeError):
        socket.loop.call_soon_threadsafe(do)
