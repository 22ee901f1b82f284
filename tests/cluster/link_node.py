"""A link among fakes: its clock, connections and transport stand still until the test moves them."""

from cluster.board import Board
from cluster.link import Link
from cluster.links.wire import FrameDecoder, encode
from cluster.messages import WorkProven
from cluster.ports import Endpoint, Opened, Received
from cluster.settings import PairSettings
from cluster.status import PeerStatus
from tests.cluster.links.test_handshake import OWN, PEER
from tests.cluster.mailbox import Mailbox

S = 1_000_000_000
THERE = Endpoint("192.0.2.2", 7400)


class Timer:
    cancelled = False

    def cancel(self):
        self.cancelled = True


class Clock:
    """Time stands still; timers are remembered, never fired."""

    def __init__(self):
        self.now_ns = 50 * S
        self.timers = []

    def monotonic_ns(self):
        return self.now_ns

    def call_later(self, delay_s, _address, message):
        self.timers.append((delay_s, message, timer := Timer()))
        return timer


class Wire:
    """A connection that keeps what is sent."""

    def __init__(self, number, *, inbound):
        self.number, self.inbound, self.remote_host = number, inbound, "192.0.2.2"
        self.sent, self.reason = b"", None

    def send(self, data):
        self.sent += data

    def close(self, reason):
        self.reason = reason

    @property
    def frames(self):
        return FrameDecoder().feed(self.sent)


class Transport:
    def __init__(self):
        self.dialled, self.stopped = [], False

    def listen(self, _events):
        return Endpoint("0.0.0.0", 7500)  # noqa: S104 - nothing is bound

    def dial(self, endpoint, _events):
        self.dialled.append(endpoint)

    def stop(self):
        self.stopped = True


class Discovery:
    state = "new"

    def start(self, _found):
        self.state = "started"

    def stop(self):
        self.state = "stopped"


class Node:
    def __init__(self, fixed=THERE):
        self.clock, self.transport, self.discovery = Clock(), Transport(), Discovery()
        self.pair, self.distributor, self.board = Mailbox(), Mailbox(), Board()
        self.observer = Mailbox("monitor")
        self.duties = [Mailbox("poll-1"), Mailbox("poll-2")]
        self.link = Link(
            own=Mailbox("link"),
            identity=OWN,
            settings=PairSettings(),
            transport=self.transport,
            discovery=self.discovery,
            clock=self.clock,
            randomness=self,
            board=self.board,
            pair=self.pair,
            distributor=self.distributor,
            observer=self.observer,
            duties=self.duties,
            fixed_peer=fixed,
        )
        self.link.on_start()
        self.tell = self.link.on_message
        self.numbers = 0

    def uniform(self, low, high):
        return (low + high) / 2

    def open(self, *, inbound=False):
        self.numbers += 1
        wire = Wire(self.numbers, inbound=inbound)
        self.tell(Opened(wire))
        return wire

    def hear(self, wire, *frames):
        self.tell(Received(wire, b"".join(encode(frame) for frame in frames)))

    def up(self):
        wire = self.open()
        self.hear(wire, PEER)
        return wire

    def work(self, *, healthy=True, problems=()):
        self.tell(WorkProven(healthy=healthy, problems=problems))

    def status(self):
        return self.board.read("peer", PeerStatus)

    def timers(self, kind):
        return [delay for delay, message, timer in self.clock.timers
                if isinstance(message, kind) and not timer.cancelled]  # fmt: skip
