"""A Data Center that is away for a while: polls go on, look-backs wait."""

import pytest

from recorder.codec import job_key
from recorder.model import Window
from recorder.poll.window import POSTPONED_S
from recorder.settings.stages import PollSettings, Tier
from recorder.status import SourceTries
from tests.recorder.poll.polling import START_US, Desk, SmallCenter, known

POLL = PollSettings(
    interval_s=60, settle_s=90, overlap_s=120, tiers=(Tier(every_s=900, back_s=1800),)
)


@pytest.fixture
def desk():
    """On duty, with an archived recording that only a look-back sees, due after 90 s."""
    desk = Desk(poll=POLL, center=known(SmallCenter(), coverage=(Window(0, START_US),))).start()
    desk.center.final.add(job_key(desk.source.add("archived", 1200)))
    desk.grant()
    return desk


def test_while_nobody_can_say_what_is_archived_a_look_back_waits_and_nothing_is_called_late(desk):
    desk.center.down = True
    desk.advance(300)
    assert desk.given() == []
    assert desk.status.late_escapes == 0
    assert desk.status.polls == 6


def test_a_look_back_that_waited_is_made_when_the_data_center_is_back(desk):
    desk.center.down = True
    desk.advance(120)
    desk.source.add("late", 1000)
    desk.center.down = False
    desk.advance(POSTPONED_S + 60)
    assert desk.given() == ["late"]
    assert desk.status.late_escapes == 1


def test_polls_hand_out_what_they_find_but_learn_no_lateness_from_a_guess(desk):
    desk.center.down = True
    lateness_s = desk.status.lateness_p999_s
    desk.source.add("young", 95)
    desk.advance(60)
    assert desk.given() == ["young"]
    assert desk.status.lateness_p999_s == lateness_s


# -- tries ----


def tries(desk):
    shown = desk.board.read("tries:crm", SourceTries).tries
    return {key: (one.failures, one.reason) for key, one in shown.items()}


def test_every_try_is_shown_while_an_outage_lasts_and_none_afterwards(desk):
    ref = desk.source.add("a", 95)
    desk.advance(60)
    assert tries(desk) == {}
    for count in (1, 2, 3):
        desk.break_it(ref)
        desk.advance(120)
        assert tries(desk) == {job_key(ref): (count, "unreachable: why")}
    assert desk.center.outcomes[-1].attempts == 0, "an outage uses no tries up"
    desk.finish(ref)
    desk.advance(60)
    assert tries(desk) == {}


def test_what_failed_is_forgotten_with_the_duty(desk):
    ref = desk.source.add("a", 95)
    desk.advance(60)
    desk.break_it(ref)
    desk.advance(60)
    assert tries(desk)
    desk.withdraw()
    desk.advance(60)
    assert tries(desk) == {}
