"""Two real links over real TCP in one process."""

import threading
from types import SimpleNamespace

import pytest

from cluster.adapters.real_clock import RealClock
from cluster.adapters.real_randomness import RealRandomness
from cluster.adapters.tcp_transport import TcpTransport
from cluster.adapters.thread_runtime import ThreadRuntime
from cluster.board import Board
from cluster.errors import NodeIdTaken
from cluster.frames import Goodbye, Heartbeat, JobOffer, Mark, MarksMoved, Role
from cluster.link import Link
from cluster.links.handshake import Identity
from cluster.messages import (
    DescribeSelf,
    HintsHeard,
    MarksHeard,
    PeerGone,
    PeerRefused,
    PeerRejected,
    PeerSaid,
    PeerUp,
    SendFrame,
    StopLink,
    WorkProven,
)
from cluster.ports import Endpoint
from cluster.settings import PairSettings
from cluster.status import PeerStatus
from cluster.work_messages import PeerJobFrame
from tests.cluster.mailbox import Mailbox
from tests.contract.transport_worlds import make_tls
from tests.waiting import wait_until

SETTINGS = PairSettings(heartbeat_s=0.1)


class House:
    """Everything two nodes need, with what their pair actors, distributors and duties heard."""

    def __init__(self):
        self.crashes = []
        self.clock = RealClock()
        self.runtime = ThreadRuntime(on_crash=lambda *crash: self.crashes.append(crash))

    def node(
        self, name, *, peer_port=None, port=0, tls=None, node=None, instance=None, protocols=(1, 1)
    ):
        own = self.runtime.reserve(name)
        transport = TcpTransport(
            listen=Endpoint("127.0.0.1", port),
            tls=tls,
            on_crash=lambda *crash: self.crashes.append(crash),
        )
        made = SimpleNamespace(
            own=own,
            transport=transport,
            pair=Mailbox("pair"),
            distributor=Mailbox("distributor"),
            duty=Mailbox("duty"),
            board=Board(),
        )
        link = Link(
            own=own,
            identity=Identity(
                *("acme", node or name, instance or f"i-{name}", f"b-{name}", "test"),
                protocol_min=protocols[0],
                protocol_max=protocols[1],
            ),
            settings=SETTINGS,
            transport=transport,
            discovery=None,
            clock=self.clock,
            randomness=RealRandomness(),
            board=made.board,
            pair=made.pair,
            distributor=made.distributor,
            observer=Mailbox("monitor"),
            duties=[made.duty],
            fixed_peer=None if peer_port is None else Endpoint("127.0.0.1", peer_port),
        )
        self.runtime.start(own, link)
        own.tell(WorkProven(healthy=True, problems=()))
        wait_until(lambda: link._listen_port, 5, "listening")
        made.port = link._listen_port
        return made

    def close(self):
        self.runtime.stop_all()
        self.clock.stop()
        assert self.crashes == []


@pytest.fixture
def house():
    made = House()
    yield made
    made.close()


@pytest.fixture
def two(house, free_port):
    a = house.node("a", peer_port=free_port, port=0)
    b = house.node("b", peer_port=a.port, port=free_port)
    for one in (a, b):
        wait_until(lambda one=one: one.pair.of(PeerUp), 5, "the link is up")
    return a, b


@pytest.fixture
def free_port():
    transport = TcpTransport(listen=Endpoint("127.0.0.1", 0), tls=None, on_crash=print)
    port = transport.listen(Mailbox()).port
    transport.stop()
    return port


def beats_of(one):
    return [said.frame for said in one.pair.of(PeerSaid) if isinstance(said.frame, Heartbeat)]


def status(one):
    return one.board.read("peer", PeerStatus)


def test_two_links_find_each_other_and_exchange_beats(two):
    for one in two:
        wait_until(lambda one=one: len(beats_of(one)) > 3, 5, "beats")
        wait_until(lambda one=one: status(one).round_trip_ms is not None, 5, "a round trip")
    a, b = two
    assert (status(a).node, status(b).node) == ("b", "a")
    assert status(a).connected
    assert status(a).protocol == 1
    assert status(a).round_trip_ms < 100
    assert [up.restarted for up in a.pair.of(PeerUp)] == [False]
    assert not a.pair.of(PeerGone)


def test_frames_and_marks_reach_whom_they_concern(two):
    a, b = two
    a.own.tell(SendFrame(JobOffer("c", "k", b"body", 1)))
    a.own.tell(SendFrame(MarksMoved({"crm": Mark(1, 2)})))
    a.own.tell(DescribeSelf(term=7, role=Role.PRIMARY, marks={"crm": Mark(1, 3)}, at_once=True))
    wait_until(lambda: b.distributor.messages, 5, "the job")
    assert b.distributor.messages == [PeerJobFrame(JobOffer("c", "k", b"body", 1))]
    wait_until(lambda: MarksHeard({"crm": Mark(1, 3)}) in b.duty.messages, 5, "marks in a beat")
    a.own.tell(DescribeSelf(hints={"crm": 1}, at_once=True))
    wait_until(lambda: HintsHeard(("crm",)) in b.duty.messages, 5, "a hint")
    # Two connections may still be settling which one stays, so that the order is not certain.
    wait_until(lambda: MarksHeard({"crm": Mark(1, 2)}) in b.duty.messages, 5, "marks that moved")
    assert (beats_of(b)[-1].term, beats_of(b)[-1].role) == (7, Role.PRIMARY)


@pytest.mark.parametrize("dying", [0, 1])
def test_the_death_of_a_process_is_noticed_with_evidence_within_a_second(two, dying):
    staying = two[1 - dying]
    wait_until(lambda: len(beats_of(staying)) > 3, 5, "beats")
    two[dying].transport.stop()
    wait_until(lambda: staying.pair.of(PeerRefused), 1.0, "evidence of death")
    kinds = [type(m) for m in staying.pair.messages if isinstance(m, PeerGone | PeerRefused)]
    assert kinds == [PeerGone, PeerRefused]


def test_a_goodbye_arrives_before_the_end(two):
    a, b = two
    a.own.tell(DescribeSelf(term=5))
    a.own.tell(StopLink("upgrade"))
    wait_until(lambda: b.pair.of(PeerRefused), 1.0, "evidence of the end")
    said = [m for m in b.pair.messages if not isinstance(getattr(m, "frame", None), Heartbeat)]
    assert isinstance(said[0], PeerUp)
    assert said[1].frame == Goodbye(5, "upgrade")
    assert [type(m) for m in said[2:]] == [PeerGone, PeerRefused]


def test_a_restarted_process_is_recognised(house, free_port):
    a = house.node("a", peer_port=free_port)
    old = house.node("b", peer_port=a.port, port=free_port)
    wait_until(lambda: a.pair.of(PeerUp), 5, "up")
    old.transport.stop()
    wait_until(lambda: a.pair.of(PeerGone), 5, "down")
    house.node("b2", node="b", instance="i-b", peer_port=a.port, port=free_port)
    # A last dial of the old process may have come up in between.
    wait_until(lambda: a.pair.of(PeerUp)[-1].hello.boot == "b-b2", 5, "up again")
    assert a.pair.of(PeerUp)[-1].restarted


def test_a_cloned_node_is_rejected_on_both_sides(house):
    a = house.node("a")
    clone = house.node("copy", node="a", peer_port=a.port)
    for one in (a, clone):
        wait_until(lambda one=one: one.pair.of(PeerRejected), 5, "rejected")
        assert one.pair.of(PeerRejected)[0].cloned
        assert not one.pair.of(PeerUp)


def test_a_node_that_dials_itself_rejects_itself_without_crying_clone(house, free_port):
    a = house.node("a", port=free_port, peer_port=free_port)
    wait_until(lambda: a.pair.of(PeerRejected), 5, "rejected")
    assert not a.pair.of(PeerRejected)[0].cloned


def test_nodes_of_two_versions_speak_the_newest_protocol_both_know(house):
    old = house.node("a", protocols=(1, 2))
    new = house.node("b", peer_port=old.port, protocols=(2, 3))
    for one in (old, new):
        wait_until(lambda one=one: beats_of(one), 5, "beats")
        assert status(one).protocol == 2


def test_nodes_without_a_common_protocol_reject_each_other_and_say_what_to_do(house):
    old = house.node("a", protocols=(1, 1))
    new = house.node("b", peer_port=old.port, protocols=(2, 3))
    for one in (old, new):
        wait_until(lambda one=one: one.pair.of(PeerRejected), 5, "rejected")
        assert "upgrade the older one" in one.pair.of(PeerRejected)[0].reason
        assert not one.pair.of(PeerUp)


def test_another_installation_with_the_id_of_a_connected_peer_ends_itself(house):
    a = house.node("a")
    house.node("b", peer_port=a.port)
    wait_until(lambda: a.pair.of(PeerUp), 5, "the link is up")
    house.node("clone", peer_port=a.port, node="b", instance="copy")
    wait_until(lambda: house.crashes, 5, "the clone ends itself")
    ((name, error),) = house.crashes
    assert (name, type(error)) == ("clone", NodeIdTaken)
    assert len(a.pair.of(PeerUp)) == 1
    house.crashes.clear()


def test_the_pair_works_over_tls(house, tmp_path):
    tls = make_tls(tmp_path, "a", "b")
    a = house.node("a", tls=tls["a"])
    b = house.node("b", peer_port=a.port, tls=tls["b"])
    for one in (a, b):
        wait_until(lambda one=one: len(beats_of(one)) > 2, 5, "beats")


def test_a_node_without_our_authority_never_gets_a_word_in(house, tmp_path):
    ours, theirs = make_tls(tmp_path / "x", "a", "b"), make_tls(tmp_path / "y", "a", "b")
    a = house.node("a", tls=ours["a"])
    stranger = house.node("b", peer_port=a.port, tls=theirs["b"])
    never = threading.Event()
    assert not never.wait(0.5)
    assert a.pair.messages == stranger.pair.messages == []
