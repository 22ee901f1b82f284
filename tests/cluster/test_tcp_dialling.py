"""Dialling and accepting where the network, the host or the name behind an address is not as it should be."""

import errno
import os
import socket
from contextlib import ExitStack, closing

import pytest
from structlog.testing import capture_logs

from cluster.adapters import tcp_transport
from cluster.adapters.tcp_connection import remote_host
from cluster.ports import Closed, DialFailed, Endpoint, Opened, Received
from tests.cluster.mailbox import Mailbox
from tests.contract.transport_worlds import RealWorld

LOOPBACK = "127.0.0.1"


@pytest.fixture
def world():
    made = RealWorld(LOOPBACK, None)
    yield made
    made.close()


@pytest.fixture
def silent():
    """An address where dialling gets no answer: its queue of callers is full."""
    with ExitStack() as stack:
        full = stack.enter_context(closing(socket.socket()))
        full.bind((LOOPBACK, 0))
        full.listen(0)
        for _ in range(3):
            filler = stack.enter_context(closing(socket.socket()))
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        yield full.getsockname()


def nobody():
    """An address where nobody listens."""
    with closing(socket.socket()) as probe:
        probe.bind((LOOPBACK, 0))
        return probe.getsockname()


@pytest.fixture
def named(monkeypatch):
    """Lets the name `peer.example` mean these addresses, in this order."""
    real = socket.getaddrinfo

    def name(*addresses):
        def found(host, port, *words, **more):
            if host != "peer.example":
                return real(host, port, *words, **more)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address) for address in addresses]

        monkeypatch.setattr(tcp_transport.socket, "getaddrinfo", found)
        return Endpoint("peer.example", 7440)

    return name


def outcome(world, endpoint):
    events = Mailbox()
    world.transport("a").dial(endpoint, events)
    world.wait(lambda: events.messages, "an answer")
    return events


def test_a_name_is_tried_at_each_of_its_addresses(world, named):
    at_b = Mailbox()
    endpoint = world.transport("b").listen(at_b)
    events = outcome(world, named(nobody(), nobody(), (endpoint.host, endpoint.port)))
    assert events.of(Opened)


def test_an_address_that_never_answers_leaves_time_for_the_others(
    world, named, silent, monkeypatch
):
    """A host with a dead IPv6 address and a good IPv4 one must be reached all the same."""
    monkeypatch.setattr(tcp_transport, "DIAL_S", 0.6)
    endpoint = world.transport("b").listen(Mailbox())
    events = outcome(world, named(silent, (endpoint.host, endpoint.port)))
    assert events.of(Opened), events.messages


def test_a_name_counts_as_refused_only_when_every_address_refused(
    world, named, silent, monkeypatch
):
    monkeypatch.setattr(tcp_transport, "DIAL_S", 0.4)
    (all_refused,) = outcome(world, named(nobody(), nobody())).of(DialFailed)
    assert all_refused.refused
    assert all_refused.endpoint.host == "peer.example"
    (one_silent,) = outcome(world, named(nobody(), silent)).of(DialFailed)
    assert not one_silent.refused
    assert "timed out" in one_silent.reason


def test_a_port_that_meets_itself_is_a_port_where_nobody_listens(world, monkeypatch):
    class Unlucky(socket.socket):
        """Gets the very port it dials as its own: then the connection is one with itself."""

        def connect(self, address):
            self.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.bind(address)
            super().connect(address)

    address = nobody()
    monkeypatch.setattr(tcp_transport.socket, "socket", Unlucky)
    (failed,) = outcome(world, Endpoint(*address)).of(DialFailed)
    assert failed.refused


def test_a_stopped_transport_dials_nobody(world):
    endpoint = world.transport("b").listen(Mailbox())
    stopped, events = world.transport("a"), Mailbox()
    stopped.stop()
    stopped.dial(endpoint, events)
    world.wait(lambda: events.messages, "an answer")
    (failed,) = events.of(DialFailed)
    assert not failed.refused
    assert "stops" in failed.reason


@pytest.mark.parametrize("code", [errno.EMFILE, errno.ECONNABORTED])
def test_a_caller_that_cannot_be_taken_is_no_end_of_listening(code, world, monkeypatch):
    class Listener(socket.socket):
        """Out of descriptors once."""

        failures = 1

        def accept(self):
            if self.failures:
                self.failures -= 1
                raise OSError(code, os.strerror(code))
            return super().accept()

    def bind(endpoint):
        made = Listener(socket.AF_INET, socket.SOCK_STREAM)
        made.bind((endpoint.host, endpoint.port))
        made.listen()
        return made

    monkeypatch.setattr(tcp_transport, "_bind", bind)
    at_b = Mailbox()
    with capture_logs() as logs:
        endpoint = world.transport("b").listen(at_b)
        with closing(socket.create_connection((endpoint.host, endpoint.port))) as caller:
            caller.sendall(b"hello")
            world.wait(lambda: at_b.of(Received), "the caller is heard")
    (log,) = [log for log in logs if log["event"] == "accept_failed"]
    assert log["reason"] == os.strerror(code)


def test_a_caller_that_is_gone_before_it_is_served_disturbs_nobody(world):
    at_b = Mailbox()
    endpoint = world.transport("b").listen(at_b)
    for _ in range(20):
        sock = socket.create_connection((endpoint.host, endpoint.port))
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        sock.close()
    events = outcome(world, endpoint)
    assert events.of(Opened)
    world.wait(lambda: len(at_b.of(Opened)) == len(at_b.of(Closed)) + 1, "only the peer is left")


def test_an_endpoint_that_cannot_be_listened_on_is_named_before_anything_starts(world):
    taken = world.transport("b").listen(Mailbox())
    with pytest.raises(OSError, match=f"cannot listen on {LOOPBACK}:{taken.port}") as caught:
        world.transport("a", taken.port).probe()
    assert caught.value.errno == errno.EADDRINUSE
    world.transport("a").probe()


@pytest.mark.parametrize(
    ("name", "host"),
    [
        (("192.0.2.7", 7440), "192.0.2.7"),
        (("2001:db8::7", 7440, 0, 0), "2001:db8::7"),
        (("::ffff:192.0.2.7", 7440, 0, 0), "192.0.2.7"),
        (("fe80::7%eth0", 7440, 0, 3), "fe80::7%3"),
        (("fe80::7", 7440, 0, 3), "fe80::7%3"),
        (("2001:0db8:0::7", 7440, 0, 0), "2001:db8::7"),
    ],
)
def test_a_peers_address_is_told_as_one_would_dial_it(name, host):
    class Sock:
        def getpeername(self):
            return name

    assert remote_host(Sock()) == host
