"""A node that takes every frame and keeps only counts: for figures of the desktop alone."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from recorder.scn.messages import (
    DesktopCommand,
    DesktopHello,
    DesktopSaying,
    PacketsCame,
    PacketsKept,
    StartScreen,
    Welcome,
)
from recorder.scn.model import ScreenPacket
from recorder.scn.wire import FRAME_BYTES_MAX, command_frame, read_saying
from sim.bench.timing import now_ns

_KEEP_ALIVE_S = 1.0
_START_S = 5.0


class Sink:
    """Tells every desktop to record, at so many frames a second; with 0, not to. Ends with `close`."""

    def __init__(self, frames_per_s: float, *, keep: bool = False) -> None:
        """With `keep` the packets are in `packets`."""
        self.frames_per_s = frames_per_s
        self.packets: list[ScreenPacket] | None = [] if keep else None
        self.desktops = 0
        """Hellos so far."""
        self.frames = 0
        self.key_frames = 0
        self.bytes = 0
        self.first_frame_ns = 0
        self.url = ""
        self._loop = asyncio.new_event_loop()
        self._over = asyncio.Event()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)  # noqa: TID251 - beside the figures
        self._thread.start()
        if not self._started.wait(_START_S):
            raise RuntimeError("no port to listen on")

    def close(self) -> None:
        """Hang up."""
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(_START_S)

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        server: Server
        async with serve(
            self._talk, "127.0.0.1", 0, max_size=FRAME_BYTES_MAX, compression=None
        ) as server:
            self.url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
            self._started.set()
            await self._over.wait()

    async def _talk(self, connection: ServerConnection) -> None:
        try:
            async for frame in connection:
                for command in self._answers(read_saying(frame)):
                    await connection.send(command_frame(command))
        except ConnectionClosed:
            return

    def _answers(self, saying: DesktopSaying) -> Iterator[DesktopCommand]:
        match saying:
            case DesktopHello():
                yield Welcome("sink", None, _KEEP_ALIVE_S)
                self.desktops += 1
                if self.frames_per_s:
                    yield StartScreen(self.frames_per_s)
            case PacketsCame(stream, packets):
                self.first_frame_ns = self.first_frame_ns or now_ns()
                self.frames += len(packets)
                self.key_frames += sum(packet.is_key for packet in packets)
                self.bytes += sum(len(packet.data) for packet in packets)
                if self.packets is not None:
                    self.packets += packets
                yield PacketsKept(stream, packets[-1].seq)
            case _:
                pass
