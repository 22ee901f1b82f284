import pytest

from cluster.ports import Closed, DialFailed, Endpoint, Opened
from tests.cluster.mailbox import Mailbox
from tests.contract.transport_worlds import RealWorld, SimulatedWorld, make_tls


@pytest.fixture(params=["tcp4", "tcp6", "tls", "sim"])
def world(request, tmp_path):
    made = {
        "tcp4": lambda: RealWorld("127.0.0.1", None),
        "tcp6": lambda: RealWorld("::1", None),
        "tls": lambda: RealWorld("127.0.0.1", make_tls(tmp_path, "a", "b")),
        "sim": SimulatedWorld,
    }[request.param]()
    yield made
    made.close()


class Pair:
    """A connection between two transports, seen from both ends."""

    def __init__(self, world):
        self.world = world
        self.a, self.b = world.transport("a"), world.transport("b")
        self.at_a, self.at_b = Mailbox("a"), Mailbox("b")
        self.endpoint = self.b.listen(self.at_b)
        self.a.dial(self.endpoint, self.at_a)
        world.wait(lambda: self.at_a.of(Opened) and self.at_b.of(Opened), "opened at both ends")
        self.from_a = self.at_a.of(Opened)[0].connection
        self.from_b = self.at_b.of(Opened)[0].connection

    def closed(self):
        return self.at_a.of(Closed) and self.at_b.of(Closed)


@pytest.fixture
def pair(world):
    return Pair(world)


def test_a_dial_opens_a_connection_at_both_ends(pair):
    assert not pair.from_a.inbound
    assert pair.from_b.inbound
    assert pair.from_a.remote_host == pair.endpoint.host
    assert pair.from_b.remote_host
    assert pair.from_a.number != pair.from_b.number or pair.a is not pair.b


def test_port_zero_is_replaced_by_the_port_that_was_bound(pair):
    assert pair.endpoint.port > 0


def test_bytes_arrive_in_order_in_both_directions(pair):
    there = b"".join(n.to_bytes(4, "big") for n in range(50_000))
    back = b"and back" * 1000
    for begin in range(0, len(there), 7001):
        pair.from_a.send(there[begin : begin + 7001])
    pair.from_b.send(back)
    pair.world.wait(lambda: pair.at_b.bytes_of(pair.from_b) == there, "everything at b")
    pair.world.wait(lambda: pair.at_a.bytes_of(pair.from_a) == back, "everything at a")


def test_close_delivers_what_was_queued_and_reports_the_end_once_on_each_side(pair):
    pair.from_a.send(b"x" * 300_000)
    pair.from_a.send(b"goodbye")
    pair.from_b.send(b"unread by a")
    pair.from_a.close("upgrade")
    pair.from_a.close("again")
    pair.world.wait(pair.closed, "closed at both ends")
    assert pair.at_b.bytes_of(pair.from_b) == b"x" * 300_000 + b"goodbye"
    assert [event.reason for event in pair.at_a.of(Closed)] == ["upgrade"]
    assert [event.connection for event in pair.at_b.of(Closed)] == [pair.from_b]
    assert isinstance(pair.at_b.messages[-1], Closed)


def test_sending_on_a_closed_connection_does_nothing(pair):
    pair.from_b.close("done")
    pair.world.wait(pair.closed, "closed at both ends")
    for connection in (pair.from_a, pair.from_b):
        connection.send(b"late")
        connection.close("late")
    assert len(pair.at_a.of(Closed)) == len(pair.at_b.of(Closed)) == 1


def test_a_dial_where_nobody_listens_is_refused(world):
    closed = world.transport("b")
    endpoint = closed.listen(Mailbox())
    closed.stop()
    events = Mailbox()
    world.transport("a").dial(endpoint, events)
    world.wait(lambda: events.messages, "an answer")
    assert [(event.endpoint, event.refused) for event in events.of(DialFailed)] == [
        (endpoint, True)
    ]


def test_stop_closes_every_connection_and_refuses_new_ones(pair):
    pair.b.stop()
    pair.world.wait(pair.closed, "closed at both ends")
    pair.a.dial(pair.endpoint, pair.at_a)
    pair.world.wait(lambda: pair.at_a.of(DialFailed), "an answer")
    assert pair.at_a.of(DialFailed)[0].refused
    pair.b.stop()


def test_both_may_dial_each_other_at_once(world):
    a, b = world.transport("a"), world.transport("b")
    at_a, at_b = Mailbox(), Mailbox()
    a_endpoint, b_endpoint = a.listen(at_a), b.listen(at_b)
    a.dial(b_endpoint, at_a)
    b.dial(a_endpoint, at_b)
    world.wait(lambda: len(at_a.of(Opened)) == len(at_b.of(Opened)) == 2, "two connections")
    assert sorted(event.connection.inbound for event in at_a.of(Opened)) == [False, True]


def test_a_taken_port_is_an_error_that_names_it(pair):
    port = pair.endpoint.port
    with pytest.raises(OSError, match=str(port)):
        pair.world.transport("b", port).listen(Mailbox())


def test_an_endpoint_is_written_as_one_dials_it():
    assert str(Endpoint("::1", 7400)) == "[::1]:7400"
