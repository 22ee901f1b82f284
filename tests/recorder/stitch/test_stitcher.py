from dataclasses import replace

import pytest

from cluster.board import Board
from cluster.messages import DutyEnded, DutyGranted, DutyWithdrawn, HintsHeard, Ping, Pong
from recorder.errors import CallBufferError, StitchFailed
from recorder.messages import FindingClosed, FindingOpened
from recorder.scn.messages import Stitch
from recorder.settings.screens import ReplaySettings
from recorder.stitch.stitch_status import StitchStatus
from recorder.stitch.stitcher import Stitcher, StitcherPorts
from tests.by_hand import HandClock
from tests.recorder.fakes import HandWorkers, LoopAddress, Mailbox
from tests.recorder.stitch.stitch_node import CONTACT, NOW, HereStudio, World


class FailingStudio(HereStudio):
    """Refuses with `error` while there is one."""

    error = None

    def make(self, plan, prefix, archive):
        if self.error is not None:
            raise self.error
        return super().make(plan, prefix, archive)


class Node:
    """A stitcher whose jobs run when the test says so."""

    def __init__(self, world, **settings):
        self.world = world
        self.clock = HandClock(wall=NOW)
        self.board, self.lane = Board(), HandWorkers()
        self.monitor, self.me = Mailbox("monitor"), LoopAddress("stitcher")
        self.studio = FailingStudio(world.directory / "studio")
        ports = StitcherPorts(
            me=self.me,
            lane=self.lane,
            clock=self.clock,
            board=self.board,
            monitor=self.monitor,
            tools=world.tools(studio=self.studio),
            settings=ReplaySettings(**settings),
        )
        self.me.behaviour = Stitcher(ports=ports)
        self.me.behaviour.on_start()

    def tell(self, message):
        self.me.tell(message)
        self.me.pump()

    def work(self):
        """Run what was begun, and what that begins."""
        while self.lane.jobs:
            self.lane.run_one()
            self.me.pump()

    def later(self, seconds):
        self.clock.advance(seconds, then=lambda: (self.me.pump(), self.work()))
        self.me.pump()
        self.work()

    def grant(self, term=1, lasts_s=1e6):
        until_ns = self.clock.monotonic_ns() + int(lasts_s * 1e9)
        self.tell(DutyGranted(term, until_ns, leased=True, peer_marks={}))
        self.later(1)

    @property
    def status(self):
        return self.board.read("stitch", StitchStatus)

    def made(self):
        return self.world.screens.renditions(CONTACT)


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path / "world")
    made.add_call()
    made.add_screen()
    return made


def test_what_somebody_wants_is_made_on_any_node_and_once(world):
    node = Node(world)

    node.tell(Stitch(CONTACT))
    node.tell(Stitch(CONTACT))
    assert node.status.stitching == CONTACT
    node.work()
    node.tell(Stitch(CONTACT))
    node.work()

    assert len(node.made()) == 1
    assert (node.status.made, node.status.ready, node.status.state) == (1, 1, "idle")
    assert node.status.last_memory_bytes > 0


def test_nothing_is_made_ahead_of_time_without_the_duty(world):
    node = Node(world)

    node.later(600)

    assert node.made() == ()
    assert node.status.watched == 0


def test_on_duty_a_contact_with_a_screen_is_made_before_anybody_asks(world):
    node = Node(world)

    node.grant()
    node.later(60)

    assert len(node.made()) == 1
    assert node.status.watched == 1


def test_a_contact_that_changed_just_now_is_left_alone_until_it_is_settled(world):
    node = Node(world, settle_s=120)
    detail = world.contacts.details[CONTACT]
    _touch(world, detail, updated_us=NOW)

    node.grant()
    node.later(90)
    assert node.made() == ()
    node.later(90)

    assert len(node.made()) == 1


def test_a_contact_that_comes_after_its_screen_is_found_later(world):
    detail = world.contacts.details.pop(CONTACT)
    node = Node(world)
    node.grant()
    node.later(120)
    assert node.made() == ()

    world.contacts.details[CONTACT] = detail
    node.later(600)

    assert len(node.made()) == 1


def test_a_late_file_or_part_makes_another_ahead_of_time_too(world):
    node = Node(world)
    node.grant()
    node.later(60)

    world.add_call(files=2, revision=2)
    node.later(600)
    assert len(node.made()) == 2
    world.add_screen(part_key="aa02", first=30, last=40)
    node.later(60)

    assert len(node.made()) == 3


def test_nothing_is_made_ahead_where_that_is_switched_off(world):
    node = Node(world, ahead=False)

    node.grant()
    node.later(600)

    assert node.made() == ()
    node.tell(Stitch(CONTACT))
    node.work()
    assert len(node.made()) == 1


def test_a_duty_that_is_over_starts_nothing_more_and_is_answered(world):
    node, answers = Node(world), Mailbox()
    node.grant(lasts_s=0.5)
    node.later(600)
    assert node.made() == ()

    node.tell(DutyWithdrawn(answers))
    assert answers.messages == [DutyEnded("stitcher", {})]
    node.later(600)

    assert node.made() == ()


def test_what_fails_is_a_finding_is_not_tried_at_once_again_and_closes_when_it_is_made(world):
    node = Node(world)
    node.studio.error = StitchFailed("the program that stitches ended: signal 11")
    node.tell(Stitch(CONTACT))
    node.work()

    (opened,) = node.monitor.of(FindingOpened)
    assert (opened.finding.code, opened.finding.subject) == ("rendition_failed", CONTACT)
    assert "signal 11" in opened.finding.what
    assert node.status.failures[CONTACT].reason == "the program that stitches ended: signal 11"
    node.studio.error = None
    node.tell(Stitch(CONTACT))
    assert node.lane.jobs == []
    node.later(61)
    node.tell(Stitch(CONTACT))
    node.work()

    assert node.monitor.of(FindingClosed) == [FindingClosed("rendition_failed", CONTACT)]
    assert len(node.made()) == 1
    assert node.status.failures == {}


def test_a_data_center_that_is_away_is_waited_for_and_the_wish_is_kept(world):
    node = Node(world)
    world.contacts.down = True
    node.tell(Stitch(CONTACT))
    node.work()

    assert (node.status.state, node.status.wanted) == ("waiting", (CONTACT,))
    assert node.monitor.of(FindingOpened) == []
    node.later(30)
    world.contacts.down = False
    node.later(30)

    assert len(node.made()) == 1
    assert node.status.state == "idle"


def test_a_disk_that_refuses_is_waited_for(world):
    node = Node(world)
    node.studio.error = CallBufferError("no space left")
    node.tell(Stitch(CONTACT))
    node.work()
    assert node.status.state == "waiting"

    node.studio.error = None
    node.later(20)

    assert len(node.made()) == 1


def test_a_data_center_that_is_away_while_it_looks_ahead_is_asked_again(world):
    node = Node(world)
    world.screens.faults.down = True
    node.grant()
    node.later(60)
    assert node.status.made == 0

    world.screens.faults.down = False
    node.later(60)

    assert len(node.made()) == 1


@pytest.mark.parametrize("ahead_s", [0, 3600])
def test_a_part_that_comes_later_than_its_stamp_says_is_found_too(world, ahead_s):
    """The other node's clock is a little behind, or this one's far ahead, or writing took its time."""
    world.add_screen(part_key="aa02", first=20, last=30, stored_us=NOW + ahead_s * 1_000_000)
    node = Node(world)
    node.grant()
    node.later(60)
    assert len(node.made()) == 1

    world.add_screen(part_key="aa03", first=30, last=40, stored_us=NOW - 5_000_000)
    node.later(60)

    assert len(node.made()) == 2


def test_a_look_of_the_duty_before_hides_nothing_from_the_next_one(world):
    node = Node(world)
    node.grant()
    node.clock.advance(15, then=node.me.pump)
    assert node.lane.jobs, "it looks"
    node.tell(DutyWithdrawn(Mailbox()))
    node.grant(term=2)
    node.later(60)

    assert node.status.watched == 1


def test_it_answers_pings_and_passes_over_what_is_of_pollers(world):
    node, answers = Node(world), Mailbox()

    node.tell(Ping(7, answers))
    node.tell(HintsHeard({}))

    assert answers.messages == [Pong("stitcher", 7)]


def _touch(world, detail, **row):
    world.contacts.details[CONTACT] = replace(detail, row=replace(detail.row, **row))
