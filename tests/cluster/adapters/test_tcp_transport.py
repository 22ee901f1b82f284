import socket
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from cluster.adapters import tcp_connection, tcp_transport
from cluster.adapters.tcp_tls import Tls, TlsFiles
from cluster.adapters.tcp_transport import TcpTransport
from cluster.errors import ClusterError
from cluster.links.tls_faults import is_client_hello
from cluster.ports import Closed, DialFailed, Endpoint, HandshakeFailed, Opened, Received
from tests.cluster.mailbox import Mailbox
from tests.contract.transport_worlds import RealWorld, make_tls
from tests.waiting import wait_until


@pytest.fixture
def plain():
    world = RealWorld("127.0.0.1", None)
    yield world
    world.close()


def tls_world(tls):
    return RealWorld("127.0.0.1", tls)


def meet(world):
    """Both mailboxes after a dials b, when something was decided."""
    at_a, at_b = Mailbox(), Mailbox()
    endpoint = world.transport("b").listen(at_b)
    world.transport("a").dial(endpoint, at_a)
    world.wait(lambda: at_a.of(DialFailed) or at_a.of(Closed) or at_b.of(Opened), "an outcome")
    return at_a, at_b


def test_a_node_with_a_certificate_of_another_authority_is_kept_out(tmp_path):
    ours, theirs = make_tls(tmp_path / "ours", "a", "b"), make_tls(tmp_path / "theirs", "a", "b")
    world = tls_world({"a": theirs["a"], "b": ours["b"]})
    at_a, at_b = meet(world)
    world.wait(lambda: at_b.of(HandshakeFailed), "the other side hears why")
    world.close()
    assert not at_b.of(Opened)
    assert not at_a.of(DialFailed)[0].refused
    assert "CERTIFICATE_VERIFY_FAILED" in at_a.of(DialFailed)[0].reason
    assert "not signed by this node's authority" in at_a.of(HandshakeFailed)[0].what
    assert "does not know the authority" in at_b.of(HandshakeFailed)[0].what
    assert at_b.of(HandshakeFailed)[0].remote_host == "127.0.0.1"


def test_certificates_that_have_expired_are_told_as_such_on_both_sides(tmp_path):
    old = {"now_us": 1_000_000_000_000_000, "valid_days": 1}
    world = tls_world(make_tls(tmp_path, "a", "b", **old))
    at_a, at_b = meet(world)
    world.wait(lambda: at_b.of(HandshakeFailed), "the other side hears why")
    world.close()
    assert at_a.of(HandshakeFailed)[0].what == "its certificate has expired"
    assert "says that this node's certificate has expired" in at_b.of(HandshakeFailed)[0].what


def test_a_node_whose_authority_we_trust_but_that_does_not_trust_us_is_kept_out(tmp_path):
    ours, theirs = make_tls(tmp_path / "ours", "a", "b"), make_tls(tmp_path / "theirs", "a", "b")
    stranger = replace(theirs["a"], authority=ours["a"].authority)
    world = tls_world({"a": stranger, "b": ours["b"]})
    at_a, at_b = meet(world)
    # In TLS 1.3 the dialling side may have finished before the other judged its certificate.
    world.wait(lambda: at_a.of(DialFailed) or at_a.of(Closed), "the dialling side hears of it")
    world.close()
    assert not at_b.of(Opened)
    assert "not signed by this node's authority" in at_b.of(HandshakeFailed)[0].what
    assert "does not know the authority" in at_a.of(HandshakeFailed)[0].what


@pytest.mark.parametrize(
    ("names", "fits"),
    [(("b",), True), (("nobody", "LOCALHOST"), True), (("127.0.0.1",), True), (("c",), False)],
)
def test_the_name_in_the_peers_certificate_is_checked_when_wanted(tmp_path, names, fits):
    tls = make_tls(tmp_path, "a", "b")
    world = tls_world({"a": replace(tls["a"], peer_names=names), "b": tls["b"]})
    at_a, _ = meet(world)
    world.wait(lambda: at_a.messages, "an outcome")
    world.close()
    assert bool(at_a.of(Opened)) == fits
    assert fits or "wanted is c" in at_a.of(DialFailed)[0].reason


def test_a_node_without_tls_cannot_talk_to_one_with_tls(tmp_path):
    world = tls_world({"b": make_tls(tmp_path, "a", "b")["b"]})
    at_a, at_b = Mailbox(), Mailbox()
    world.transport("a").dial(world.transport("b").listen(at_b), at_a)
    world.wait(lambda: at_a.of(Opened), "opened at a")
    at_a.of(Opened)[0].connection.send(b"\0\0\0\5plain words, no TLS record")
    world.wait(lambda: at_a.of(Closed), "closed at a")
    world.close()
    assert [type(message) for message in at_b.messages] == [HandshakeFailed]
    assert "speaks without TLS" in at_b.messages[0].what


def test_a_node_with_tls_that_dials_one_without_shows_it_a_client_hello(tmp_path):
    world = tls_world({"a": make_tls(tmp_path, "a", "b")["a"]})
    at_a, at_b = meet(world)
    world.wait(lambda: at_b.of(Received), "the first bytes")
    at_b.of(Opened)[0].connection.close("no frame")
    world.wait(lambda: at_a.of(DialFailed), "the dial fails")
    world.close()
    assert is_client_hello(at_b.of(Received)[0].data)
    assert not at_a.of(HandshakeFailed), "a peer that dies looks the same"


def test_someone_who_says_nothing_during_the_handshake_blocks_nobody(tmp_path, monkeypatch):
    monkeypatch.setattr(tcp_transport, "HANDSHAKE_S", 0.3)
    world = tls_world(make_tls(tmp_path, "a", "b"))
    at_a, at_b = Mailbox(), Mailbox()
    endpoint = world.transport("b").listen(at_b)
    with closing(socket.create_connection((endpoint.host, endpoint.port))) as silent:
        world.transport("a").dial(endpoint, at_a)
        world.wait(lambda: at_a.of(Opened) and at_b.of(Opened), "the peer is served meanwhile")
        silent.settimeout(5)
        assert silent.recv(1) == b"", "and the silent one is closed"
    world.close()
    assert len(at_b.of(Opened)) == 1


def test_missing_tls_files_are_named_with_a_hint(tmp_path):
    nothing = TlsFiles(tmp_path / "a.pem", tmp_path / "a.key", tmp_path / "authority.pem")
    with pytest.raises(ClusterError, match=r"authority\.pem") as caught:
        Tls(nothing)
    assert "tandem certs" in caught.value.hint


def raw_peer(world):
    """Our end of a connection whose other end is a bare socket."""
    events = Mailbox()
    endpoint = world.transport("a").listen(events)
    sock = socket.create_connection((endpoint.host, endpoint.port))
    world.wait(lambda: events.of(Opened), "opened")
    return sock, events.of(Opened)[0].connection, events


def test_a_peer_that_never_reads_is_cut_off_and_never_blocks_the_sender(plain, monkeypatch):
    monkeypatch.setattr(tcp_connection, "SEND_QUEUE_BYTES_MAX", 2_000_000)
    sock, connection, events = raw_peer(plain)
    with closing(sock):
        for _ in range(400):
            connection.send(b"x" * 100_000)
        plain.wait(lambda: events.of(Closed), "cut off")
        assert "does not read" in events.of(Closed)[0].reason


def test_bytes_the_peers_host_does_not_take_end_the_connection_in_time(plain, monkeypatch):
    monkeypatch.setattr(tcp_connection, "UNANSWERED_S", 1)
    sock, connection, events = raw_peer(plain)
    with closing(sock):
        connection.send(b"x" * 7_000_000)
        connection.close("never flushed")
        plain.wait(lambda: events.of(Closed), "given up")


def test_a_half_closed_stream_is_closed(plain):
    sock, connection, events = raw_peer(plain)
    with closing(sock):
        sock.sendall(b"last words")
        sock.shutdown(socket.SHUT_WR)
        plain.wait(lambda: events.of(Closed), "closed")
    assert events.bytes_of(connection) == b"last words"
    assert events.of(Closed)[0].reason == "closed by the peer"


def test_a_reset_is_reported_as_such(plain):
    sock, _, events = raw_peer(plain)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    sock.close()
    plain.wait(lambda: events.of(Closed), "closed")
    assert "reset" in events.of(Closed)[0].reason


def test_a_peer_that_does_not_close_its_end_cannot_hold_ours(plain):
    sock, connection, events = raw_peer(plain)
    with closing(sock):
        connection.close("enough")
        plain.wait(lambda: events.of(Closed), "closed after a moment")


def test_an_unknown_host_is_a_failed_dial_but_no_refusal(plain):
    events = Mailbox()
    plain.transport("a").dial(Endpoint("no-such-host.invalid", 7400), events)
    plain.wait(lambda: events.messages, "an answer")
    assert [event.refused for event in events.of(DialFailed)] == [False]


def test_a_dial_that_nobody_answers_ends_in_time(plain, monkeypatch):
    monkeypatch.setattr(tcp_transport, "DIAL_S", 0.3)
    events = Mailbox()
    with closing(socket.socket()) as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        endpoint = Endpoint(*full.getsockname())
        fillers = [socket.socket() for _ in range(3)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        plain.transport("a").dial(endpoint, events)
        plain.wait(lambda: events.messages, "an answer")
        for filler in fillers:
            filler.close()
    assert [event.refused for event in events.of(DialFailed)] == [False]


def test_strangers_cannot_use_up_all_connections(plain, monkeypatch):
    monkeypatch.setattr(tcp_transport, "INBOUND_MAX", 2)
    events = Mailbox()
    endpoint = plain.transport("a").listen(events)
    socks = [socket.create_connection((endpoint.host, endpoint.port)) for _ in range(3)]
    socks[2].settimeout(5)
    assert socks[2].recv(1) == b""
    socks[0].close()
    plain.wait(lambda: events.of(Closed), "one left")
    with closing(socket.create_connection((endpoint.host, endpoint.port))):
        plain.wait(lambda: len(events.of(Opened)) == 3, "there is room again")
    for sock in socks[1:]:
        sock.close()


def test_every_interface_means_both_kinds_of_address(plain):
    events = Mailbox()
    transport = TcpTransport(listen=Endpoint("", 0), tls=None, on_crash=plain.crashes.append)
    port = transport.listen(events).port
    for host in ("127.0.0.1", "::1"):
        with closing(socket.create_connection((host, port))):
            pass
    plain.wait(lambda: len(events.of(Opened)) == 2, "both")
    transport.stop()
    assert {event.connection.remote_host for event in events.of(Opened)} == {"127.0.0.1", "::1"}


def test_a_bug_in_a_thread_of_the_transport_is_reported():
    class Broken:
        name = "broken"

        def tell(self, _):
            raise RuntimeError("a bug")

    crashes = []
    transport = TcpTransport(
        listen=Endpoint("127.0.0.1", 0), tls=None, on_crash=lambda *crash: crashes.append(crash)
    )
    endpoint = transport.listen(Broken())
    socket.create_connection((endpoint.host, endpoint.port)).close()
    wait_until(lambda: crashes, 5, "the crash")
    transport.stop()
    assert crashes[0][0] == "link-read"
    assert str(crashes[0][1]) == "a bug"


def test_stop_leaves_no_thread_and_no_descriptor_behind():
    def descriptors():
        return len(list(Path("/proc/self/fd").iterdir()))

    threads, before = threading.active_count(), descriptors()
    world = RealWorld("127.0.0.1", None)
    at_a, at_b = meet(world)
    world.wait(lambda: at_a.of(Opened), "opened")
    at_a.of(Opened)[0].connection.send(b"hello")
    world.close()
    wait_until(lambda: threading.active_count() <= threads, 5, "threads ended")
    wait_until(lambda: descriptors() <= before, 5, "descriptors closed")
    assert at_b.of(Closed)
