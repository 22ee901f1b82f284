"""The watch on the call buffer's disk."""

import pytest

from cluster.board import Board
from cluster.messages import Ping, Pong
from recorder.buffer.call_buffer import CallBuffer
from recorder.messages import BufferSpaceChanged, FindingClosed, FindingOpened
from recorder.settings.stages import BufferSettings
from recorder.status import BufferStatus
from sim.stand_ins.buffer import SimBufferFiles
from tests.recorder.fakes import HandWorkers, LoopAddress, Mailbox
from tests.recorder.hand_clock import HandClock


class World:
    def __init__(self):
        self.clock = HandClock()
        self.me = LoopAddress("call_buffer")
        self.ingester = Mailbox()
        self.monitor = Mailbox()
        self.board = Board()
        self.workers = HandWorkers()
        self.files = SimBufferFiles(self.clock, capacity_bytes=1000, reserve_bytes=100)
        self.me.behaviour = CallBuffer(
            me=self.me,
            ingester=self.ingester,
            monitor=self.monitor,
            board=self.board,
            workers=self.workers,
            clock=self.clock,
            files=self.files,
            settings=BufferSettings(reserve_bytes=100, resume_bytes=300, look_every_s=2.0),
        )
        self.me.behaviour.on_start()
        self.look()

    def look(self):
        self.clock.advance(2.0)
        self.me.pump()
        self.workers.run_all()
        self.me.pump()

    def opened(self):
        return {message.finding.code for message in self.monitor.of(FindingOpened)}


@pytest.fixture
def world():
    return World()


def test_the_first_look_opens_the_intake(world):
    assert world.ingester.take() == [BufferSpaceChanged(open=True, free_bytes=900)]
    assert world.opened() == set()
    assert world.board.read("buffer", BufferStatus) == BufferStatus(0, 900, open=True, reason="")


def test_nothing_is_told_while_nothing_changes(world):
    world.ingester.take()
    world.monitor.take()
    world.look()
    assert world.ingester.take() == world.monitor.take() == []


def test_a_full_disk_closes_the_intake_with_a_finding_and_reopens_by_itself(world):
    world.ingester.take()
    world.files.capacity_bytes = 100
    world.look()
    (told,) = world.ingester.take()
    assert not told.open
    assert told.reason
    assert world.opened() == {"buffer_full"}
    world.monitor.take()
    world.files.capacity_bytes = 250
    world.look()
    assert world.ingester.take() == []
    world.files.capacity_bytes = 300
    world.look()
    assert world.ingester.take() == [BufferSpaceChanged(open=True, free_bytes=200)]
    assert FindingClosed("buffer_full", "call_buffer") in world.monitor.take()


def test_a_disk_that_does_not_answer_closes_the_intake_with_its_own_finding(world):
    world.ingester.take()
    world.files.failing = "Input/output error"
    world.look()
    assert world.ingester.take() == [
        BufferSpaceChanged(open=False, free_bytes=0, reason="Input/output error")
    ]
    assert world.opened() == {"buffer_failing"}
    world.files.failing = ""
    world.look()
    assert world.ingester.take()[0].open
    assert FindingClosed("buffer_failing", "call_buffer") in world.monitor.take()


def test_a_disk_that_comes_back_full_changes_the_finding(world):
    world.files.failing = "Input/output error"
    world.look()
    world.monitor.take()
    world.files.failing = ""
    world.files.capacity_bytes = 0
    world.look()
    assert world.opened() == {"buffer_full"}
    assert FindingClosed("buffer_failing", "call_buffer") in world.monitor.messages


def test_a_ping_is_answered_at_once(world):
    supervisor = Mailbox()
    world.me.tell(Ping(7, supervisor))
    world.me.pump()
    assert supervisor.take() == [Pong("call_buffer", 7)]
    world.me.behaviour.on_stop()
