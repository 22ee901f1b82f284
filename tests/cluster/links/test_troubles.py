"""What an operator is told of TLS that does not fit and of a link that carries one way only."""

import ssl

import pytest
from structlog.testing import capture_logs

from cluster.frames import Heartbeat, Role
from cluster.links.tls_faults import SpeaksPlainError, TlsFault, tls_fault
from cluster.links.troubles import LAPSE_NS, SURE_AFTER, TlsTrouble
from cluster.messages import AlarmCleared, AlarmRaised, BeatDue, RedialDue
from cluster.ports import Closed, DialFailed, HandshakeFailed, Received
from tests.cluster.link_node import THERE, Node

S = 1_000_000_000
EXPIRED = TlsFault("its certificate has expired", "Make new ones with `tandem certs`.")
OTHER = TlsFault("it speaks without TLS", "Set peer.tls on both nodes.")
HOST = "192.0.2.2"
CLIENT_HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"r" * 200


def sure(trouble, fault=EXPIRED, now_ns=0):
    for _ in range(SURE_AFTER - 1):
        assert trouble.failed(fault, HOST, now_ns, connected=False) is None
    return trouble.failed(fault, HOST, now_ns, connected=False)


def test_a_fault_that_repeats_is_an_error_with_cause_and_next_step():
    alarm = sure(TlsTrouble("alpha"))
    assert (alarm.code, alarm.subject, alarm.error) == ("tls_mismatch", "alpha", True)
    assert "192.0.2.2" in alarm.what
    assert "its certificate has expired" in alarm.what
    assert "tandem certs" in alarm.hint


def test_a_repeated_fault_is_told_once_and_another_one_is_added():
    trouble = TlsTrouble("alpha")
    sure(trouble)
    assert trouble.failed(EXPIRED, HOST, S, connected=False) is None
    assert "expired; it speaks without TLS" in sure(trouble, OTHER, S).what
    assert trouble.failed(EXPIRED, HOST, 2 * S, connected=False) is None


def test_one_knock_of_a_stranger_is_no_finding_and_a_connected_pair_hears_of_none():
    trouble = TlsTrouble("alpha")
    assert trouble.failed(EXPIRED, HOST, 0, connected=False) is None
    for _ in range(9):
        assert trouble.failed(OTHER, HOST, 0, connected=True) is None


def test_a_link_that_comes_up_clears_it():
    trouble = TlsTrouble("alpha")
    assert trouble.up() is None
    sure(trouble)
    assert trouble.up() == AlarmCleared("tls_mismatch", "alpha")
    assert trouble.up() is None
    assert sure(trouble) is not None


def test_what_is_not_seen_again_lapses():
    trouble = TlsTrouble("alpha")
    sure(trouble)
    assert trouble.sweep(LAPSE_NS) is None
    assert trouble.sweep(LAPSE_NS + 1) == AlarmCleared("tls_mismatch", "alpha")
    assert trouble.sweep(LAPSE_NS + 2) is None


def test_of_two_faults_one_lapses_alone():
    trouble = TlsTrouble("alpha")
    sure(trouble)
    sure(trouble, OTHER, 9 * S)
    left = trouble.sweep(LAPSE_NS + 1)
    assert isinstance(left, AlarmRaised)
    assert "expired" not in left.what


def verify_error(code):
    error = ssl.SSLCertVerificationError("verify failed")
    error.reason, error.verify_code = "CERTIFICATE_VERIFY_FAILED", code
    error.verify_message = "said by the library"
    return error


def ssl_error(reason):
    error = ssl.SSLError("said by the library")
    error.reason = reason
    return error


@pytest.mark.parametrize(
    ("error", "what"),
    [
        (verify_error(10), "its certificate has expired"),
        (verify_error(9), "its certificate is not valid yet"),
        (verify_error(20), "its certificate was not signed by this node's authority"),
        (verify_error(99), "its certificate is not acceptable: said by the library"),
        (ssl_error("TLSV1_ALERT_UNKNOWN_CA"), "does not know the authority of this node's certif"),
        (ssl_error("SSLV3_ALERT_CERTIFICATE_EXPIRED"), "this node's certificate has expired"),
        (ssl_error("SSLV3_ALERT_BAD_CERTIFICATE"), "does not accept this node's certificate"),
        (ssl_error("TLSV13_ALERT_CERTIFICATE_REQUIRED"), "wants a certificate of this node"),
        (ssl_error("PEER_DID_NOT_RETURN_A_CERTIFICATE"), "shows no certificate"),
        (SpeaksPlainError("plain"), "speaks without TLS"),
        (ssl_error("ODD"), "the TLS handshake fails: ODD"),
    ],
)
def test_every_tls_error_has_a_cause_and_a_next_step(error, what):
    fault = tls_fault(error)
    assert what in fault.what
    assert "tandem certs" in fault.hint


@pytest.mark.parametrize("error", [ConnectionResetError("gone"), TimeoutError("late"), OSError(5)])
def test_what_a_dying_or_stopped_peer_does_is_no_fault_of_tls(error):
    assert tls_fault(error) is None


# -- the link ----


@pytest.fixture
def node():
    return Node()


def fail(node, fault=EXPIRED, times=SURE_AFTER):
    for _ in range(times):
        node.tell(HandshakeFailed(HOST, fault.what, fault.hint))


def test_the_operator_is_told_once_however_often_the_peer_dials(node):
    with capture_logs() as logs:
        fail(node, times=30)
    assert [alarm.code for alarm in node.observer.of(AlarmRaised)] == ["tls_mismatch"]
    assert [log["event"] for log in logs] == ["handshake_failed"]


def test_the_operator_is_told_when_the_link_is_up(node):
    fail(node)
    node.up()
    assert node.observer.messages[-1] == AlarmCleared("tls_mismatch", "a")


def test_without_further_dials_the_finding_lapses(node):
    fail(node)
    node.clock.now_ns += LAPSE_NS + S
    node.tell(BeatDue())
    assert node.observer.messages[-1] == AlarmCleared("tls_mismatch", "a")


def test_a_plain_node_that_hears_tls_says_so_and_logs_it_once(node):
    with capture_logs() as logs:
        for _ in range(9):
            node.tell(Received(node.open(inbound=True), CLIENT_HELLO))
    alarm = node.observer.of(AlarmRaised)[0]
    assert "speaks TLS" in alarm.what
    assert "[peer.tls]" in alarm.hint
    assert [log["event"] for log in logs].count("peer_misbehaved") == 1
    assert [log["event"] for log in logs].count("handshake_failed") == 1


def test_a_peer_that_is_heard_but_does_not_hear_is_told_until_it_echoes_again(node):
    node.work()
    wire = node.up()

    def second(seq, echo_seq):
        node.clock.now_ns += S
        node.work()
        node.tell(BeatDue())
        beat = Heartbeat(1, Role.SECONDARY, True, (), True, 3, {}, seq, echo_seq, 0)
        node.hear(wire, beat)

    for seq in range(1, 9):
        second(seq, 0)
    alarm = node.observer.of(AlarmRaised)[0]
    assert (alarm.code, alarm.subject, alarm.error) == ("link_one_way", "b", False)
    assert "a hears b, but b does not hear a" in alarm.what
    assert len(node.observer.messages) == 1
    for seq in (9, 10):
        second(seq, seq - 1)
    assert node.observer.messages[1:] == [AlarmCleared("link_one_way", "b")]


def test_a_dead_peer_is_no_one_way_link_any_more(node):
    wire = node.up()
    node.link._alarms._settle("b")
    node.tell(Closed(wire, "reset"))
    for _ in range(2):
        node.tell(DialFailed(THERE, refused=True, reason="refused"))
        node.tell(RedialDue())
    assert node.observer.messages[-1] == AlarmCleared("link_one_way", "b")
