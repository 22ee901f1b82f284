"""A node as a desktop sees it: a real WebSocket server that does what the test says."""

import asyncio
import threading
from contextlib import suppress

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from recorder.scn.messages import DesktopHello, PacketsCame, PacketsKept, StreamEnded, Welcome
from recorder.scn.wire import FRAME_BYTES_MAX, command_frame, read_saying
from tests.waiting import wait_until


class FakeNode:
    """Listens as soon as it is made; `port` stays the same over `stop` and `start`."""

    def __init__(self, name="alpha", *, keep_alive_s=3.0, port=0, answer=None, acks=True, tls=None):
        self.name = name
        self.keep_alive_s = keep_alive_s
        self.port = port
        self.answer = answer
        self.acks = acks
        self.tls = tls
        self.knows = {}
        self.status = None
        self.raw_answer = ""
        self.body = "no\n"
        self.sayings = []
        self.headers = []
        self._lock = threading.Lock()
        self._connections = []
        self._opening = []
        self.left_open = 0
        """Connections that outlived its last stop."""
        self.start()

    @property
    def url(self):
        return f"ws{'s' if self.tls else ''}://127.0.0.1:{self.port}"

    def start(self):
        self._loop = asyncio.new_event_loop()
        started = threading.Event()
        self._thread = threading.Thread(  # noqa: TID251 - a server beside the test
            target=self._run, args=(started,), daemon=True
        )
        self._thread.start()
        assert started.wait(5)

    def stop(self):
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._over.set)
            self._thread.join(20)
            assert not self._thread.is_alive()
            assert not self.left_open, "connections that nobody closes"

    def _run(self, started):
        self._over, self._opening = asyncio.Event(), []
        self._loop.run_until_complete(self._serve(started))
        self._loop.run_until_complete(self._clear_up())
        self._loop.close()

    async def _clear_up(self):
        """Whoever was just connecting when it stopped."""
        self._abort_all()
        rest = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        await self._turns(5)
        made = [one.transport for one in self._opening if hasattr(one, "transport")]
        # With TLS a connection has no transport of its own before its handshake is over; asyncio closes that.
        unmade = 0 if self.tls else len(self._opening) - len(made)
        self.left_open = unmade + sum(not transport.is_closing() for transport in made)

    def _abort_all(self):
        for connection in self._opening:
            if hasattr(connection, "transport"):
                connection.transport.abort()

    async def _accept_no_more(self, server):
        """What asyncio accepted has a transport before the server is closed: of the others nobody would know (gh-109564)."""
        for socket in server.sockets:
            self._loop.remove_reader(socket.fileno())
        await self._turns(10)
        self._abort_all()

    async def _turns(self, count):
        for _ in range(count):
            await asyncio.sleep(0)

    async def _serve(self, started):
        async with serve(
            self._talk, "127.0.0.1", self.port, max_size=FRAME_BYTES_MAX,
            process_request=self._request, close_timeout=0.2, ping_interval=None, ssl=self.tls,
            create_connection=self._accepted,
        ) as server:  # fmt: skip
            self.port = server.sockets[0].getsockname()[1]
            started.set()
            await self._over.wait()
            await self._accept_no_more(server)

    def _accepted(self, *given, **named):
        self._opening.append(ServerConnection(*given, **named))
        return self._opening[-1]

    def _request(self, connection, request):
        self.headers.append(dict(request.headers))
        return None if self.status is None else connection.respond(self.status, self.body)

    async def _talk(self, connection):
        self._connections.append(connection)
        with suppress(ConnectionClosed):
            async for frame in connection:
                saying = read_saying(frame)
                with self._lock:
                    self.sayings.append(saying)
                for command in self._answers(saying):
                    text = command if isinstance(command, str) else command_frame(command)
                    await connection.send(text)
        self._connections.remove(connection)

    def _answers(self, saying):
        match saying:
            case DesktopHello() if self.raw_answer:
                yield self.raw_answer
            case DesktopHello():
                known = self.knows.get(saying.streaming.stream) if saying.streaming else None
                yield self.answer or Welcome(self.name, known, self.keep_alive_s)
            case PacketsCame(stream, packets):
                self.knows[stream] = packets[-1].seq + 1
                if self.acks:
                    yield PacketsKept(stream, packets[-1].seq)

    # -- for the test ----

    def tell(self, *commands, to=-1):
        async def send():
            for command in commands:
                await self._connections[to].send(command_frame(command))

        asyncio.run_coroutine_threadsafe(send(), self._loop).result(20)

    def hang_up(self):
        self._loop.call_soon_threadsafe(self._connections[-1].transport.abort)

    def heard(self, kind):
        with self._lock:
            return [one for one in self.sayings if isinstance(one, kind)]

    def packets(self, stream=None):
        """By stream and number: the last copy of each."""
        return {
            (came.stream, packet.seq): packet
            for came in self.heard(PacketsCame)
            for packet in came.packets
            if stream in {None, came.stream}
        }

    @property
    def connected(self):
        return bool(self._connections)

    def wait_for(self, kind, count=1, timeout_s=20.0):
        wait_until(lambda: len(self.heard(kind)) >= count, timeout_s, f"{count} {kind.__name__}")
        return self.heard(kind)

    def wait_for_end(self, timeout_s=20.0):
        return self.wait_for(StreamEnded, timeout_s=timeout_s)[-1]
