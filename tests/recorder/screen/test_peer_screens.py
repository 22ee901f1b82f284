"""What the nodes tell each other of their desktops, for people to see."""

from dataclasses import replace

from cluster.board import Board
from cluster.messages import PeerListens, Ping, Pong, SendFrame, ShareHeard
from recorder.scn.recorder_status import (
    DesktopStatus,
    PeerScreensStatus,
    ScreenRecorderStatus,
    ToldDesktop,
)
from recorder.screen.peer_screens import DESKTOPS_MAX, TELL_S, TOPIC, PeerScreens, told_of
from tests.recorder.fakes import LoopAddress, Mailbox
from tests.recorder.hand_clock import HandClock

PC = DesktopStatus("pc-7", ("crm/ann", "zoom/a1"), "pc-7.lan", True, False, -1.5, 0.2)
WAITS = DesktopStatus("pc-2", ("crm/bob",), "pc-2.lan", False, True, None, None)


def recording(*desktops, stopped=""):
    return ScreenRecorderStatus(desktops, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, None, stopped)


class Node:
    def __init__(self, name, clock):
        self.board, self.link, self.clock = Board(), Mailbox("link"), clock
        self.me = LoopAddress("peer_screens")
        self.me.behaviour = PeerScreens(
            node=name, me=self.me, link=self.link, board=self.board, clock=clock
        )
        self.me.behaviour.on_start()

    def hear(self, message):
        self.me.tell(message)
        self.me.pump()

    def said(self):
        return [one.frame for one in self.link.take() if isinstance(one, SendFrame)]

    @property
    def shown(self):
        return self.board.read("peer_screens", PeerScreensStatus)


def pair():
    clock = HandClock()
    return Node("alpha", clock), Node("beta", clock), clock


def test_each_node_tells_the_other_which_desktops_are_connected_to_it():
    alpha, beta, clock = pair()
    alpha.board.publish("screens", recording(WAITS, PC, stopped="the disk is full"))
    clock.advance(TELL_S)
    alpha.me.pump()
    (frame,) = alpha.said()
    assert frame.topic == TOPIC
    beta.hear(ShareHeard(frame.topic, frame.body))
    told = beta.shown.told
    assert told.node == "alpha"
    assert told.desktops == (
        ToldDesktop("pc-7", ("crm/ann", "zoom/a1"), streaming=True, masked=False),
        ToldDesktop("pc-2", ("crm/bob",), streaming=False, masked=True),
    )
    assert (told.more, told.stopped) == (0, "the disk is full")
    assert beta.shown.heard_ns == clock.monotonic_ns()


def test_a_peer_that_begins_to_listen_is_told_at_once():
    alpha, _beta, _clock = pair()
    alpha.board.publish("screens", recording(PC))
    alpha.hear(PeerListens())
    assert [frame.topic for frame in alpha.said()] == [TOPIC]


def test_a_node_that_knows_nothing_of_its_screens_tells_nothing():
    alpha, _beta, _clock = pair()
    alpha.hear(PeerListens())
    assert alpha.said() == []


def test_it_is_told_again_and_again():
    alpha, _beta, clock = pair()
    alpha.board.publish("screens", recording())
    for _ in range(3):
        clock.advance(TELL_S)
        alpha.me.pump()
    assert len(alpha.said()) == 3


def test_what_a_peer_says_in_other_words_changes_nothing():
    _alpha, beta, _clock = pair()
    for body in (b"", b"nothing", b"\xc0" * 9):
        beta.hear(ShareHeard(TOPIC, body))
    assert beta.shown is None


def test_of_very_many_desktops_those_that_record_are_told_and_the_others_counted():
    idle = [replace(WAITS, desktop=f"a-{number}") for number in range(DESKTOPS_MAX + 20)]
    told = told_of("alpha", recording(*idle, PC))
    assert told.desktops[0].desktop == "pc-7"
    assert (len(told.desktops), told.more) == (DESKTOPS_MAX, 21)


def test_it_answers_the_supervisor():
    alpha, _beta, _clock = pair()
    pinger = Mailbox("supervisor")
    alpha.hear(Ping(3, pinger))
    assert pinger.messages == [Pong("peer_screens", 3)]
