"""The peer transport of a simulated node, on the simulated network."""

from __future__ import annotations

import errno
from collections import deque
from collections.abc import Callable
from typing import Final

from cluster.ports import (
    Address,
    Closed,
    DialFailed,
    Endpoint,
    Opened,
    Received,
    TransportEvent,
)
from sim.stand_ins.network import NS, SimNetwork, Weather

DIAL_NS: Final = 3 * NS
SYN_AGAIN_NS: Final = NS
UNANSWERED_NS: Final = 8 * NS
SEND_QUEUE_BYTES_MAX: Final = 8 * 1024 * 1024

_SPLIT_CHANCE: Final = 0.2
_END: Final = b""
_RESET: Final = None


class SimConnection:
    """One end of a stream. Implements Connection."""

    def __init__(
        self,
        *,
        network: SimNetwork,
        host: str,
        remote_host: str,
        inbound: bool,
        events: Address[TransportEvent],
    ) -> None:
        self.other: SimConnection = self
        self.is_dead = False
        """The process at this end is gone."""
        self.rewrite: Callable[[bytes], bytes] | None = None
        self._network = network
        self._number = network.next_number()
        self._host = host
        self._remote_host = remote_host
        self._inbound = inbound
        self._events = events
        self._ended = False
        self._waiting: deque[bytes | None] = deque()
        self._under_way_bytes = 0
        self._arrives_ns = 0
        self._unanswered_ns: deque[int] = deque()
        self._answers_due = 0
        self._watched = False
        self._tear: float | None = None
        network.host(host).ends.append(self)

    @property
    def number(self) -> int:
        """Unique in the world."""
        return self._number

    @property
    def inbound(self) -> bool:
        """True when the other side dialled."""
        return self._inbound

    @property
    def remote_host(self) -> str:
        """The host at the other end."""
        return self._remote_host

    def send(self, data: bytes) -> None:
        """Queue bytes; a peer that lets them pile up is cut off."""
        if self._ended or self.is_dead or not data:
            return
        if self.rewrite is not None:
            data = self.rewrite(data)
        if self._under_way_bytes + len(data) > SEND_QUEUE_BYTES_MAX:
            self.end("the peer does not read")
            self.send_reset()
            return
        self._under_way_bytes += len(data)
        self._unanswered_ns.append(self._network.kernel.now_ns)
        self._push(data)
        self._watch()
        on_send = self._network.host(self._host).on_send
        if on_send is not None:
            on_send()

    def tear_next(self, share: float) -> None:
        """Break in the middle of the next thing that is sent."""
        self._tear = share

    def orphan(self, hold_ns: int, late_ns: int) -> None:
        """Break at this end alone after a while; nothing arrives before, and the rest after it."""
        if self._ended or self.is_dead:
            return
        self.nothing_before(hold_ns + late_ns)
        self._network.later(hold_ns, self._host, self._host, self._break_here)

    def _break_here(self) -> None:
        if not self._ended and not self.is_dead:
            self._push(_RESET)
            self.end("connection reset by peer")

    def close(self, reason: str) -> None:
        """Close after what is queued."""
        if not self._ended and not self.is_dead:
            self._push(_END)
            self.end(reason)

    def end(self, reason: str) -> None:
        """Report the end to the process here, once."""
        if not self._ended and not self.is_dead:
            self._ended = True
            self._unanswered_ns.clear()
            self._network.later(0, self._host, self._host, lambda: self._report_end(reason))

    def send_reset(self) -> None:
        """Tell the other end that this one knows nothing of the stream."""
        self._waiting.clear()
        self._push(_RESET)

    def nothing_before(self, delay_ns: int) -> None:
        """No byte of this end arrives earlier: the other end is still opening."""
        self._arrives_ns = self._network.kernel.now_ns + delay_ns

    def flow(self) -> None:
        """Let travel what may."""
        if self._answers_due and self._network.is_open(self._remote_host, self._host):
            due, self._answers_due = self._answers_due, 0
            delay_ns = self._network.delay_ns(self._remote_host, self._host)
            self._network.later(
                delay_ns, self._remote_host, self._host, lambda: self._answered(due)
            )
        while self._waiting and self._network.is_open(self._host, self._remote_host):
            piece = self._waiting.popleft()
            delay_ns = self._network.delay_ns(self._host, self._remote_host)
            now_ns = self._network.kernel.now_ns
            self._arrives_ns = max(self._arrives_ns, now_ns + delay_ns)
            sky = self._network.path(self._host, self._remote_host).sky
            behind_ns = self._astray(sky, piece) if sky is not None and piece else 0
            self._network.later(
                self._arrives_ns - now_ns + behind_ns,
                self._host,
                self._remote_host,
                lambda piece=piece: self._arrived(piece),
            )

    def _astray(self, sky: Weather, piece: bytes) -> int:
        """How much later than due a piece comes whose place others take; a copy of it may come too."""
        chance = self._network.weather_chance(self._host, self._remote_host)
        if chance.random() < sky.doubled:
            self._network.doubled += 1
            self._network.later(
                self._arrives_ns - self._network.kernel.now_ns + round(chance.random() * NS / 5),
                self._host,
                self._remote_host,
                lambda: self.other.take(piece),
            )
        if chance.random() >= sky.overtaken:
            return 0
        self._network.overtaken += 1
        return round(chance.random() * sky.behind_s * NS)

    def _push(self, piece: bytes | None) -> None:
        if self._tear is not None and piece:
            at = min(max(round(len(piece) * self._tear), 1), len(piece) - 1)
            self._tear = None
            self._waiting += (piece[:at], _RESET)
            self.end("connection reset by peer")
        else:
            self._waiting.append(piece)
        self.flow()

    def _arrived(self, piece: bytes | None) -> None:
        self._under_way_bytes -= len(piece or b"")
        self.other.take(piece)
        if piece and not self.other.is_dead:
            self._answers_due += 1
            self.flow()

    def take(self, piece: bytes | None) -> None:
        """Bytes, the end, or a reset arrive at this end."""
        if piece is None:
            self.end("connection reset by peer")
        elif self.is_dead or (self._ended and piece):
            self._push(_RESET)
        elif piece == _END:
            self.end("closed by the peer")
        else:
            self._receive(piece)

    def _receive(self, data: bytes) -> None:
        chance = self._network.kernel.streams.stream("net", "split", self._host)
        at = chance.randrange(len(data)) if chance.random() < _SPLIT_CHANCE else 0
        for part in (data[:at], data[at:]):
            if part:
                self._network.tell(self._host, self._events, Received(self, part))

    def _report_end(self, reason: str) -> None:
        if self.is_dead:
            return
        ends = self._network.host(self._host).ends
        if self in ends and not self._waiting:
            ends.remove(self)
        self._network.tell(self._host, self._events, Closed(self, reason))

    def _answered(self, count: int) -> None:
        for _ in range(min(count, len(self._unanswered_ns))):
            self._unanswered_ns.popleft()

    def _watch(self) -> None:
        """Give up when the oldest bytes stay unanswered for too long."""
        if self._watched or not self._unanswered_ns:
            return
        self._watched = True
        wait_ns = self._unanswered_ns[0] + UNANSWERED_NS - self._network.kernel.now_ns
        self._network.later(wait_ns, self._host, self._host, self._look)

    def _look(self) -> None:
        self._watched = False
        if self.is_dead or self._ended or not self._unanswered_ns:
            return
        if self._network.kernel.now_ns - self._unanswered_ns[0] >= UNANSWERED_NS:
            self._waiting.clear()
            self.end("timed out")
        else:
            self._watch()


class SimTransport:
    """Implements Transport for one life of a node on `host`."""

    def __init__(
        self,
        *,
        network: SimNetwork,
        host: str,
        port: int = 0,
        rewrite: Callable[[bytes], bytes] | None = None,
    ) -> None:
        """`rewrite` changes everything that is sent, as another version of the node would."""
        self.is_dead = False
        """The process died; set by the network."""
        self._rewrite = rewrite
        self._network = network
        self._host = host
        self._port = port
        self._connections: list[SimConnection] = []
        network.host(host).transports.append(self)

    def listen(self, events: Address[TransportEvent]) -> Endpoint:
        """Accept from now on. Raises OSError when the port is taken."""
        known = self._network.host(self._host)
        if self._port == 0:
            known.next_port += 1
            self._port = known.next_port
        endpoint = Endpoint(self._host, self._port)
        if self._port in known.listeners:
            raise OSError(errno.EADDRINUSE, f"cannot listen on {endpoint}: Address already in use")
        known.listeners[self._port] = events
        return endpoint

    def dial(self, endpoint: Endpoint, events: Address[TransportEvent]) -> None:
        """Try once, for three seconds."""
        self._try(endpoint, events, self._network.kernel.now_ns + DIAL_NS)

    def stop(self) -> None:
        """Close the listener and every connection."""
        if self.is_dead:
            return
        self.is_dead = True
        known = self._network.host(self._host)
        known.transports.remove(self)
        known.listeners.pop(self._port, None)
        for connection in self._connections:
            connection.close("this node stops")

    def _try(self, endpoint: Endpoint, events: Address[TransportEvent], end_ns: int) -> None:
        """Send the opening segment, again and again while nothing comes back."""
        net, here, there = self._network, self._host, endpoint.host
        left_ns = end_ns - net.kernel.now_ns
        if self.is_dead:
            return
        if left_ns <= 0:
            net.tell(here, events, DialFailed(endpoint, refused=False, reason="timed out"))
        elif net.is_open(here, there) and net.is_open(there, here):
            net.later(
                net.delay_ns(here, there),
                here,
                there,
                lambda: self._reached(endpoint, events, end_ns),
            )
        else:
            again_ns = min(left_ns, SYN_AGAIN_NS)
            net.later(again_ns, here, here, lambda: self._try(endpoint, events, end_ns))

    def _reached(self, endpoint: Endpoint, events: Address[TransportEvent], end_ns: int) -> None:
        net, here, there = self._network, self._host, endpoint.host
        if not net.is_open(there, here):
            self._try(endpoint, events, end_ns)
            return
        listener = net.listener(endpoint)
        back_ns = net.delay_ns(there, here)
        if listener is None:
            net.later(back_ns, there, here, lambda: self._refused(endpoint, events))
            return
        ours = SimConnection(
            network=net, host=here, remote_host=there, inbound=False, events=events
        )
        theirs = SimConnection(
            network=net, host=there, remote_host=here, inbound=True, events=listener
        )
        ours.other, theirs.other = theirs, ours
        theirs.nothing_before(back_ns)
        self.keep(ours)
        for transport in net.host(there).transports:
            transport.keep(theirs)
        net.tell(there, listener, Opened(theirs))
        net.later(back_ns, there, here, lambda: self._opened(ours, events))

    def _opened(self, ours: SimConnection, events: Address[TransportEvent]) -> None:
        if self.is_dead:
            ours.is_dead = True
            ours.send_reset()
        else:
            self._network.tell(self._host, events, Opened(ours))

    def _refused(self, endpoint: Endpoint, events: Address[TransportEvent]) -> None:
        if not self.is_dead:
            reason = "Connection refused"
            self._network.tell(
                self._host, events, DialFailed(endpoint, refused=True, reason=reason)
            )

    def keep(self, connection: SimConnection) -> None:
        """Remember a connection, to close it with the rest."""
        connection.rewrite = self._rewrite
        self._connections.append(connection)
