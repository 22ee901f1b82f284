"""One connection to one node: hello, welcome, then frames out and commands in, until it is over.

A node that says nothing for more than two keep-alives (no word, no pong) counts as dead.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from cluster.ports import Clock
from recorder.desktop.dialing import Dial, LinkFailed, connected
from recorder.desktop.sending import Sending
from recorder.desktop.spool import Spool
from recorder.errors import BadDesktopFrame, RecorderError
from recorder.scn.messages import (
    ClockTold,
    DesktopCommand,
    DesktopHello,
    DesktopSaying,
    Refused,
    StreamEnded,
    Welcome,
)
from recorder.scn.wire import read_command, saying_frames

_NS = 1_000_000_000
_SILENT_KEEP_ALIVES = 2.0
_FAREWELL_S = 1.5
_VERSION_HINT = "Desktop and node are of versions that do not fit: update the older one."


class LinkLost(RecorderError):
    """Raised when a connection that worked is over."""


class Link:
    """Serves one connection. `obey` gets every command but the welcome, in the loop's thread."""

    def __init__(
        self,
        *,
        spool: Spool,
        news: asyncio.Event,
        clock: Clock,
        hello: Callable[[], DesktopHello],
        obey: Callable[[DesktopCommand], ClockTold | None],
        on_welcome: Callable[[str, Welcome], None],
    ) -> None:
        """`news` is set when there may be something to send."""
        self._spool = spool
        self._news = news
        self._clock = clock
        self._hello = hello
        self._obey = obey
        self._on_welcome = on_welcome
        self._heard_ns = 0

    async def serve(self, dial: Dial, stopping: asyncio.Event) -> None:
        """Until it is over. Returns when `stopping` is set and everything was said.

        Raises LinkFailed before the welcome, LinkLost after it.
        """
        connection = await connected(dial)
        try:
            hello = self._hello()
            welcome = await self._welcomed(connection, hello, dial)
            self._on_welcome(dial.url, welcome)
            sending = Sending(self._spool, hello.streaming, welcome)
            await self._talk(connection, sending, welcome, stopping)
            await connection.close()
        finally:
            # Whoever is silent is not waited for.
            connection.transport.abort()

    async def _welcomed(
        self, connection: ClientConnection, hello: DesktopHello, dial: Dial
    ) -> Welcome:
        try:
            async with asyncio.timeout(dial.connect_s):
                await _say(connection, hello)
                answer = read_command(await connection.recv())
        except TimeoutError:
            raise LinkFailed(
                "the node does not answer the hello", hint="Look at its health and log."
            ) from None
        except ConnectionClosed as error:
            raise LinkFailed(f"the node hung up: {_why(error)}") from error
        except BadDesktopFrame as error:
            raise LinkFailed(
                f"the node speaks another language: {error}", hint=_VERSION_HINT
            ) from error
        match answer:
            case Welcome():
                return answer
            case Refused(what, hint, retry_s):
                raise LinkFailed(what, hint=hint, retry_s=retry_s)
            case _:
                raise LinkFailed(
                    "the node's first word is no welcome",
                    hint=_VERSION_HINT,
                )

    async def _talk(
        self,
        connection: ClientConnection,
        sending: Sending,
        welcome: Welcome,
        stopping: asyncio.Event,
    ) -> None:
        self._heard_ns = self._clock.monotonic_ns()
        tasks = [
            asyncio.ensure_future(self._listen(connection)),
            asyncio.ensure_future(self._speak(connection, sending, stopping)),
            asyncio.ensure_future(self._watch(connection, welcome.keep_alive_s)),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        except ConnectionClosed as error:
            raise LinkLost(f"the node hung up: {_why(error)}") from error
        except BadDesktopFrame as error:
            raise LinkLost(f"not understood: {error}", hint=_VERSION_HINT) from error
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _listen(self, connection: ClientConnection) -> None:
        async for frame in connection:
            self._heard_ns = self._clock.monotonic_ns()
            answer = self._obey(read_command(frame))
            self._news.set()
            if answer is not None:
                await _say(connection, answer)
        raise LinkLost("the node hung up")

    async def _speak(
        self, connection: ClientConnection, sending: Sending, stopping: asyncio.Event
    ) -> None:
        while True:
            self._news.clear()
            while (saying := sending.next()) is not None:
                await _say(connection, saying)
                if isinstance(saying, StreamEnded):
                    self._spool.end_told(saying.stream)
            if stopping.is_set():
                await self._wait_until_kept()
                return
            await self._news.wait()

    async def _wait_until_kept(self) -> None:
        """What the node has not in a file when this ends is sent again after the next start."""
        try:
            async with asyncio.timeout(_FAREWELL_S):
                while self._spool.streams():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            return

    async def _watch(self, connection: ClientConnection, keep_alive_s: float) -> None:
        """Ping once a keep-alive; the answer, or anything else, shows that the node lives."""
        while True:
            try:
                # A node that reads nothing holds up the ping, too.
                async with asyncio.timeout(keep_alive_s):
                    pong = asyncio.ensure_future(await connection.ping())
                pong.add_done_callback(self._heard)
                await asyncio.sleep(keep_alive_s)
            except TimeoutError:
                pass
            silent_s = (self._clock.monotonic_ns() - self._heard_ns) / _NS
            if silent_s > _SILENT_KEEP_ALIVES * keep_alive_s:
                raise LinkLost(f"the node was silent for {silent_s:.1f} s")

    def _heard(self, pong: asyncio.Future[float]) -> None:
        if not pong.cancelled() and pong.exception() is None:
            self._heard_ns = self._clock.monotonic_ns()


async def _say(connection: ClientConnection, saying: DesktopSaying) -> None:
    for frame in saying_frames(saying):
        await connection.send(frame)


def _why(error: ConnectionClosed) -> str:
    return error.rcvd.reason or f"code {error.rcvd.code}" if error.rcvd else "no goodbye"
