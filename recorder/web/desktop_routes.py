"""Where agents' computers come in: a WebSocket for each desktop, by a token of the role `desktop`.

What comes in is checked and told to the screen recorder; nothing here waits for it, but for room: see
recorder.adapters.desktop_links.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

import structlog
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from cluster.ports import Clock
from recorder.adapters.desktop_links import DesktopSocket
from recorder.desk.control import NodeControl
from recorder.errors import BadDesktopFrame
from recorder.scn.desk import ScreenDesk
from recorder.scn.messages import (
    DesktopDenied,
    DesktopGone,
    DesktopHello,
    DesktopSaid,
    DesktopSaying,
    PacketsCame,
    Refused,
    StreamBegan,
)
from recorder.scn.model import ScreenStream
from recorder.scn.wire import Frame, command_frame, read_saying
from recorder.web.desktop_callers import DesktopCaller, desktop_caller, no

_log = structlog.get_logger(__name__)

PATH: Final = "/api/recording/lan/v1/desktop"
NODE_HEADER: Final = b"x-tandem-node"
BUILD_HEADER: Final = b"x-tandem-build"
"""Who took the token, for a desktop that only asks: it hangs up without a hello."""
DESKTOPS_MAX: Final = 2000
HELLO_WITHIN_S: Final = 10.0
SEND_WITHIN_S: Final = 10.0
ROOM_WITHIN_S: Final = 30.0
WORDS_PER_S: Final = 50
"""Frames that are no packets, on average; ten times as many at once."""
DENIED_RETRY_S: Final = 60.0
_REASON_BYTES_MAX: Final = 120
_POLICY, _GOING = 1008, 1001


def desktop_route(control: NodeControl) -> WebSocketRoute:
    """The route for desktops."""

    async def serve(websocket: WebSocket) -> None:
        caller = await run_in_threadpool(_caller, control, websocket)
        if isinstance(caller, JSONResponse):
            await websocket.send_denial_response(caller)
            return
        assert control.desktops is not None, "else it is refused"
        await websocket.accept(
            headers=[(NODE_HEADER, control.node.encode()), (BUILD_HEADER, control.build.encode())]
        )
        await _Conversation(websocket, caller, control.desktops, control.clock).run()

    return WebSocketRoute(PATH, serve, name="desktop")


def _caller(control: NodeControl, websocket: WebSocket) -> DesktopCaller | JSONResponse:
    """Who asks; or why this connection is not accepted."""
    desk = control.desktops
    if desk is None:
        hint = "Set screens.enabled = true in its configuration, or use the other node."
        return no(403, "This node records no screens.", hint)
    if desk.links.count() >= DESKTOPS_MAX:
        return no(503, "Too many desktops are connected to this node.", "Use the other node.")
    return desktop_caller(control, websocket)


class _Conversation:
    """One desktop, from its acceptance to its end."""

    def __init__(
        self, websocket: WebSocket, caller: DesktopCaller, desk: ScreenDesk, clock: Clock
    ) -> None:
        self._websocket = websocket
        self._caller = caller
        client = websocket.client
        self._address = client.host if client is not None else "unknown"
        self._desk = desk
        self._socket: DesktopSocket = desk.links.open()
        self._words = _Allowance(clock)

    async def run(self) -> None:
        """Until either side ends it."""
        socket, desk = self._socket, self._desk
        listening = asyncio.ensure_future(self._listen())
        speaking = asyncio.ensure_future(self._speak())
        try:
            await asyncio.wait((listening, speaking), return_when=asyncio.FIRST_COMPLETED)
            if listening.done() and not speaking.done():
                socket.end("the desktop went away")
                with suppress(TimeoutError):
                    await asyncio.wait_for(asyncio.shield(speaking), 1.0)
        finally:
            for task in (listening, speaking):
                task.cancel()
            results = await asyncio.gather(listening, speaking, return_exceptions=True)
            for result in results:
                if isinstance(result, Exception):
                    _log.warning("desktop_failed", problem=f"{type(result).__name__}: {result}")
            reason = socket.ended_because or "the connection broke"
            desk.links.gone(socket.connection)
            desk.recorder.tell(DesktopGone(socket.connection, reason))
            _log.info("desktop_gone", connection=socket.connection, reason=reason)

    async def _listen(self) -> None:
        try:
            await self._within(HELLO_WITHIN_S, self._hello, "it said no hello in time")
            while not self._socket.ended_because:
                await self._within(
                    ROOM_WITHIN_S, self._socket.room, "it sends more than can be written"
                )
                await self._hear(await self._frame())
        except WebSocketDisconnect as error:
            self._socket.end(f"it hung up ({error.code})")
        except BadDesktopFrame as error:
            _log.warning("desktop_not_understood", problem=str(error))
            self._socket.end(f"not understood: {error}")

    async def _hello(self) -> None:
        frame = await self._frame()
        saying = self._own(read_saying(frame))
        if not isinstance(saying, DesktopHello):
            raise BadDesktopFrame("the first word must be a hello")
        if self._caller.desktop not in {None, saying.desktop}:
            self._deny(saying, self._caller.desktop or "")
            return
        _log.info(
            "desktop_came",
            connection=self._socket.connection,
            desktop=saying.desktop,
            agents=list(saying.agents),
            host=saying.host,
            address=self._address,
            build=saying.build,
        )
        self._desk.recorder.tell(DesktopSaid(self._socket.connection, saying, self._address))

    def _deny(self, hello: DesktopHello, owner: str) -> None:
        """Another desktop's token: told to the desktop, to the operator, and to the audit trail."""
        address = self._address
        denied = DesktopDenied(hello.desktop, owner, self._caller.token, hello.host, address)
        _log.warning(
            "desktop_denied", desktop=denied.named, token_of=owner, host=hello.host, address=address
        )
        self._desk.recorder.tell(denied)
        what = f"This token is that of the desktop {owner}, not of {hello.desktop}."
        hint = f"Print one with `tandem agent-desktop token --desktop {hello.desktop}` on a node, or mend desktop.id."
        self._socket.put(command_frame(Refused(what, hint, DENIED_RETRY_S)))
        self._socket.end(what)

    def _own(self, saying: DesktopSaying) -> DesktopSaying:
        """What a desktop with a token of its own sends is its own, also what it made under an earlier id."""
        mine = self._caller.desktop
        match saying:
            case DesktopHello(streaming=ScreenStream() as stream) if mine == saying.desktop:
                return replace(saying, streaming=replace(stream, desktop=mine))
            case StreamBegan(stream) if mine is not None:
                return StreamBegan(replace(stream, desktop=mine))
            case _:
                return saying

    async def _hear(self, frame: Frame) -> None:
        saying = self._own(read_saying(frame))
        match saying:
            case PacketsCame(stream, packets):
                for packet in packets:
                    self._socket.came(stream, packet.seq, len(packet.data))
            case _:
                if not self._words.take():
                    raise BadDesktopFrame("it talks too much")
        self._desk.recorder.tell(DesktopSaid(self._socket.connection, saying))

    async def _frame(self) -> Frame:
        message = await self._websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1005), message.get("reason"))
        data: Frame | None = message.get("bytes")
        return data if data is not None else message["text"]

    async def _within(
        self, seconds: float, do: Callable[[], Coroutine[Any, Any, None]], late: str
    ) -> None:
        try:
            async with asyncio.timeout(seconds):
                await do()
        except TimeoutError:
            raise BadDesktopFrame(late) from None

    async def _speak(self) -> None:
        """Everything that is to be said, then goodbye. A desktop that does not read in time is left."""
        try:
            while (frame := await self._socket.next()) is not None:
                await self._said(self._websocket.send_text(frame))
            if self._websocket.application_state is WebSocketState.CONNECTED:
                reason = self._socket.ended_because.encode()[:_REASON_BYTES_MAX]
                goodbye = self._websocket.close(_POLICY, reason.decode(errors="ignore"))
                await self._said(goodbye)
        except (WebSocketDisconnect, RuntimeError, OSError):
            self._socket.end("it hung up")

    async def _said(self, saying: Awaitable[None]) -> None:
        try:
            await asyncio.wait_for(saying, SEND_WITHIN_S)
        except TimeoutError:
            self._socket.end("it does not read what it is told")
            raise WebSocketDisconnect(_GOING) from None


class _Allowance:
    """So many words a second, and ten times as many at once."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._left = 10.0 * WORDS_PER_S
        self._at_ns = clock.monotonic_ns()

    def take(self) -> bool:
        """Whether there is one left."""
        now_ns = self._clock.monotonic_ns()
        gained = (now_ns - self._at_ns) / 1e9 * WORDS_PER_S
        self._left, self._at_ns = min(10.0 * WORDS_PER_S, self._left + gained), now_ns
        if self._left < 1:
            return False
        self._left -= 1
        return True
