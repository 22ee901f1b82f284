"""Many desktops in one process that play stored packets at their pace: the load of an office, without screens."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from websockets.asyncio.client import ClientConnection, connect

from cluster.adapters.real_randomness import RealRandomness
from recorder.scn.desktop_tokens import desktop_token
from recorder.scn.messages import (
    AskClock,
    ClockTold,
    DesktopHello,
    DesktopSaying,
    PacketsCame,
    PacketsKept,
    StreamBegan,
    Welcome,
)
from recorder.scn.model import ScreenPacket, ScreenStream
from recorder.scn.wire import read_command, saying_frames
from sim.bench.timing import now_ns

_ROUTE = "/api/recording/lan/v1/desktop"
_TOGETHER = 20
"""So many connect at the same time."""


class Crowd:
    """`play` runs it to its end. Counts are of all of them together."""

    def __init__(
        self, url: str, secret: str, clip: Sequence[ScreenPacket], *, wall_us: int
    ) -> None:
        """`secret` is behind the tokens; `clip` begins with a key frame and is repeated; `wall_us` is the calendar now."""
        self._url = url + _ROUTE
        self._secret = secret
        self._clip = clip
        self._wall_us = wall_us - now_ns() // 1000
        self._length_ms = clip[-1].pts_ms + 200
        self._names = RealRandomness()
        self._wanted = 0
        self._everybody = asyncio.Event()
        self.sent = 0
        self.sent_bytes = 0
        self.kept = 0
        """Acknowledged by the node."""
        self.connected = 0
        self.late_s = 0.0
        """The worst delay of a packet against its time: above a fraction of a second the crowd was too slow."""

    async def play(self, agents: int, seconds: float) -> None:
        """So many desktops for so long, from the moment the last one is connected."""
        self._wanted = agents
        gate = asyncio.Semaphore(_TOGETHER)
        begun = asyncio.Event()
        tasks = [
            asyncio.ensure_future(self._desktop(f"desk-{number}", gate, begun, seconds))
            for number in range(agents)
        ]
        ready = asyncio.ensure_future(self._everybody.wait())
        await asyncio.wait((ready, *tasks), return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        begun.set()
        await asyncio.gather(*tasks)

    async def _desktop(
        self, name: str, gate: asyncio.Semaphore, begun: asyncio.Event, seconds: float
    ) -> None:
        async with gate:
            headers = {"Authorization": f"Bearer {desktop_token(self._secret, name)}"}
            connection = await connect(
                self._url, additional_headers=headers, compression=None, ping_interval=None
            )
        async with connection:
            agents = (f"dynamics/{name}",)
            await _say(connection, DesktopHello(name, agents, "crowd", "0", None))
            assert isinstance(read_command(await connection.recv()), Welcome), "a welcome"
            self.connected += 1
            if self.connected == self._wanted:
                self._everybody.set()
            listening = asyncio.ensure_future(self._listen(connection))
            await begun.wait()
            # Not all of them show a change at the same instant.
            await asyncio.sleep(self._names.uniform(0.0, 1.0))
            stream = ScreenStream(
                self._names.token(), name, agents, "vp9", 1920, 1080, self._now_us()
            )
            await _say(connection, StreamBegan(stream))
            await self._stream(connection, stream.stream, seconds)
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    async def _stream(self, connection: ClientConnection, stream: str, seconds: float) -> None:
        t0_ns, seq, round_ms = now_ns(), 0, 0
        while True:
            for packet in self._clip:
                pts_ms = round_ms + packet.pts_ms
                if pts_ms > seconds * 1000:
                    return
                behind_s = (now_ns() - t0_ns) / 1e9 - pts_ms / 1000
                await asyncio.sleep(max(0.0, -behind_s))
                self.late_s = max(self.late_s, behind_s)
                own = ScreenPacket(seq, pts_ms, packet.is_key, packet.data)
                await _say(connection, PacketsCame(stream, (own,)))
                seq += 1
                self.sent += 1
                self.sent_bytes += len(packet.data)
            round_ms += self._length_ms

    async def _listen(self, connection: ClientConnection) -> None:
        last = -1
        async for frame in connection:
            match read_command(frame):
                case AskClock(number):
                    await _say(connection, ClockTold(number, self._now_us()))
                case PacketsKept(_, seq):
                    self.kept += seq - last
                    last = seq
                case _:
                    pass

    def _now_us(self) -> int:
        return self._wall_us + now_ns() // 1000


async def _say(connection: ClientConnection, saying: DesktopSaying) -> None:
    for frame in saying_frames(saying):
        await connection.send(frame)
