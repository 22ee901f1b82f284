import pytest

from cluster.board import Board
from recorder.desk.replay import ReplayDesk, ReplayState
from recorder.errors import StitchFailed
from recorder.scn.messages import Stitch
from recorder.stitch.stitch_status import FailedTry, StitchStatus
from recorder.stitch.stitching import stitch
from tests.recorder.fakes import Mailbox
from tests.recorder.screen.agents import event
from tests.recorder.stitch.stitch_node import CONTACT, K, World


class Asked:
    def __init__(self, world):
        self.world, self.board, self.stitcher = world, Board(), Mailbox("stitcher")
        self.desk = ReplayDesk(world.tools(), self.stitcher, self.board)

    def status(self, **more):
        given = {
            "state": "idle", "stitching": "", "wanted": (), "backlog": 0, "watched": 0, "made": 0, "ready": 0,
            "failed": 0, "last_seconds": 0.0, "last_memory_bytes": 0, "last_error": "",
        } | more  # fmt: skip
        self.board.publish("stitch", StitchStatus(**given))

    def state(self):
        return self.desk.ask(CONTACT).state


@pytest.fixture
def asked(tmp_path):
    world = World(tmp_path / "world")
    world.add_call()
    return Asked(world)


def test_what_is_not_ready_is_begun_and_then_it_is_ready(asked):
    assert asked.state() is ReplayState.WAITING
    assert asked.stitcher.take() == [Stitch(CONTACT)]
    asked.status(stitching=CONTACT)
    assert asked.state() is ReplayState.MAKING
    asked.stitcher.take()
    stitch(asked.world.tools(), CONTACT, complete=False)

    answer = asked.desk.ask(CONTACT)

    assert (answer.state, answer.rendition.number, answer.renditions) == (ReplayState.READY, 1, 1)
    assert asked.stitcher.messages == []


def test_while_a_newer_one_is_made_the_older_one_is_told(asked):
    stitch(asked.world.tools(), CONTACT, complete=False)
    asked.world.add_call(files=2, revision=2)

    answer = asked.desk.ask(CONTACT)

    assert (answer.state, answer.rendition.number) == (ReplayState.WAITING, 1)
    assert asked.stitcher.messages == [Stitch(CONTACT)]


def test_what_shows_a_masked_second_is_not_offered_while_another_is_made(asked):
    asked.world.add_screen()
    stitch(asked.world.tools(), CONTACT, complete=False)
    asked.world.events.record([event(K.MASK, 5), event(K.UNMASK, 5.9)])

    answer = asked.desk.ask(CONTACT)

    assert (answer.state, answer.rendition, answer.renditions) == (ReplayState.WAITING, None, 1)
    stitch(asked.world.tools(), CONTACT, complete=False)
    asked.world.add_call(files=2, revision=2)
    assert asked.desk.ask(CONTACT).rendition.number == 2, "the mask was known when it was made"


def test_a_mask_takes_the_old_rendition_away_even_when_no_other_can_be_made(asked):
    asked.world.add_screen()
    first = stitch(asked.world.tools(), CONTACT, complete=False).rendition
    asked.world.events.record([event(K.MASK, 5), event(K.UNMASK, 5.9)])
    (asked.world.archive_folder / "screens/aa/aa01.scn").write_bytes(b"torn")

    with pytest.raises(StitchFailed):
        stitch(asked.world.tools(), CONTACT, complete=False)

    assert asked.world.archive().info(first.object_key) is None


def test_why_it_waits_or_failed_is_told(asked):
    asked.status(wanted=("x", "y", CONTACT))
    assert asked.desk.ask(CONTACT).message == "2 others come first"
    asked.status(state="waiting", last_error="the disk is full", wanted=(CONTACT,))
    assert asked.desk.ask(CONTACT).message == "the disk is full"
    asked.status(failures={CONTACT: FailedTry("signal 11", 1)})

    answer = asked.desk.ask(CONTACT)

    assert (answer.state, answer.message) == (ReplayState.FAILED, "signal 11")
    assert "originals" in answer.hint
    assert asked.stitcher.messages == [Stitch(CONTACT)] * 3


def test_a_contact_without_anything_has_nothing_to_replay_and_one_that_is_gone_no_answer(asked):
    asked.world.add_call(files=0)

    assert asked.state() is ReplayState.NOTHING
    assert asked.desk.ask("d" * 32) is None
    assert asked.stitcher.messages == []


def test_a_rendition_whose_object_is_lost_is_made_again(asked):
    made = stitch(asked.world.tools(), CONTACT, complete=False)
    asked.world.archive().delete(made.rendition.object_key)

    assert asked.state() is ReplayState.WAITING
    assert asked.stitcher.messages == [Stitch(CONTACT)]
