"""The poller when the source's clock, or one of its servers, is wrong."""

import pytest

from recorder.errors import BadAnswer
from recorder.messages import FindingOpened
from tests.recorder.poll.polling import US, Desk

DAY_S = 86_400


@pytest.fixture
def desk():
    desk = Desk().start()
    desk.grant()
    desk.advance(120)
    return desk


def test_one_page_dated_five_days_ahead_moves_the_watermark_by_no_more_than_a_poll(desk):
    before = desk.mark
    desk.source.wrong_s = [5 * DAY_S]
    desk.advance(60)
    assert desk.findings() == ["source_clock_jump"]
    desk.advance(120)
    assert desk.findings() == []
    assert desk.mark.at_us - before.at_us == pytest.approx(180 * US, abs=3 * US)


def test_the_first_answer_of_all_dated_five_days_ahead_does_not_move_it_either():
    desk = Desk().start()
    desk.source.wrong_s = [5 * DAY_S]
    desk.grant()
    desk.advance(60)
    assert 89 <= desk.behind_s() <= 152


def test_a_clock_that_was_really_set_is_followed_from_the_next_poll_on(desk):
    desk.source.ahead_s = 3600
    desk.advance(130)
    assert 89 <= desk.behind_s() <= 152
    assert "source_clock_jump" not in desk.findings()


def test_a_clock_set_back_leaves_a_watermark_in_the_future_and_says_what_to_do(desk):
    desk.source.ahead_s = DAY_S
    desk.advance(180)
    desk.source.ahead_s = 0
    desk.advance(180)
    assert "watermark_in_future" in desk.findings()
    opened = [m.finding for m in desk.monitor.of(FindingOpened)]
    hint = next(f.hint for f in opened if f.code == "watermark_in_future")
    assert "tandem source rewind crm" in hint


def test_a_source_that_refuses_windows_in_its_future_is_asked_for_its_time_again(desk):
    listing = desk.source.list_items

    def list_items(window, page):
        if window.to_us > desk.source.now_us():
            raise BadAnswer("no such period")
        return listing(window, page)

    desk.source.list_items = list_items
    desk.source.ahead_s = -300
    polls = desk.status.polls
    desk.advance(240)
    assert desk.status.polls >= polls + 2
