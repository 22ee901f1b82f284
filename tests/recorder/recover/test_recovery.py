"""A recovery from its request to its end, and what may come between."""

import pytest

from cluster.messages import Ping
from recorder.budgets import BudgetFigures
from recorder.errors import BadAnswer
from recorder.messages import RecoveriesChanged
from recorder.model import Window
from recorder.records.recoveries import Counts, RecoveryStatus
from recorder.settings.stages import RecoverySettings
from tests.by_hand import Inbox
from tests.recorder.recover.recovering import (
    FAILED,
    GONE,
    HOUR_US,
    NOT_RECORDABLE,
    NOW_US,
    Desk,
)


@pytest.fixture
def desk():
    return Desk()


def some(desk, count, apart_s=60):
    """Items of the last day, the first one the oldest; their keys."""
    keys = [f"i{number:03d}" for number in range(count)]
    for number, key in enumerate(keys):
        desk.source.add(key, age_s=80_000 - number * apart_s)
    return keys


def test_what_is_missing_is_given_to_the_poller_and_what_is_here_is_not(desk):
    keys = some(desk, 8)
    desk.archive(*keys[:5])
    desk.request()
    desk.grant().serve()
    row = desk.row()
    assert row.status is RecoveryStatus.COMPLETED
    assert row.counts == Counts(detected=8, already_here=5, recovered=3)
    assert row.size_bytes == 3000
    assert desk.stages() == dict.fromkeys(keys[5:], "recovered")


def test_a_period_of_which_nothing_is_missing_is_completed_without_more_ado(desk):
    desk.archive(*some(desk, 4))
    desk.request()
    desk.grant().advance(3)
    assert desk.row().status is RecoveryStatus.COMPLETED
    assert desk.given() == []
    assert desk.proven() == []  # taken with what was given
    assert desk.row().counts.detected == 4


def test_a_completed_recovery_proves_its_period(desk):
    desk.request()
    desk.grant().advance(3)
    assert desk.proven() == [Window(NOW_US - 24 * HOUR_US, NOW_US)]


def test_nothing_is_done_without_the_duty(desk):
    some(desk, 2)
    desk.request()
    desk.tell(RecoveriesChanged())
    desk.advance(60)
    assert desk.source.calls == []
    assert not desk.snapshot.on_duty


def test_a_request_is_looked_at_as_soon_as_somebody_says_so(desk):
    desk.grant().advance(1)
    desk.archive(*some(desk, 1))
    desk.request()
    desk.tell(RecoveriesChanged())
    desk.run().advance(0.5)
    assert desk.row().counts.detected == 1


def test_it_answers_pings(desk):
    inbox = Inbox()
    desk.tell(Ping(4, inbox))
    assert [(pong.name, pong.number) for pong in inbox.messages] == [("recovery", 4)]


def test_every_end_an_item_can_have_is_counted(desk):
    keys = some(desk, 6)
    desk.archive(keys[0])
    desk.end(keys[1], NOT_RECORDABLE)
    desk.request()
    desk.grant().advance(3)
    assert desk.given() == keys[2:]
    desk.archive(keys[2])
    desk.end(keys[3], NOT_RECORDABLE)
    desk.end(keys[4], GONE)
    desk.end(keys[5], FAILED, parked=True)
    desk.advance(3)
    row = desk.row()
    assert row.status is RecoveryStatus.COMPLETED
    assert row.counts == Counts(6, already_here=1, recovered=1, not_recordable=2, gone=1, failed=1)


# -- live capture comes first ----


def test_only_so_many_items_are_in_hand():
    desk = Desk(settings=RecoverySettings(calls_per_s=1000, in_hand_max=3, automatic=False))
    keys = some(desk, 10)
    desk.request()
    desk.grant().advance(10)
    assert desk.given() == keys[:3]
    desk.archive(keys[0])
    desk.advance(3)
    assert desk.given() == [keys[3]]
    assert desk.snapshot.in_hand == {"dyn": 3}


@pytest.mark.parametrize(
    "obstacle",
    [
        {"pending": 20},
        {"state": "failing"},
        {"state": "waiting"},
        {"watermark_us": None},
    ],
)
def test_nothing_is_given_while_live_capture_has_enough_to_do(desk, obstacle):
    keys = some(desk, 2)
    desk.busy(**obstacle)
    desk.request()
    desk.grant().advance(10)
    assert desk.given() == []
    assert desk.snapshot.waits_because["dyn"]
    assert desk.row().counts == Counts(detected=2, pending=2)
    desk.busy()
    desk.advance(3)
    assert desk.given() == keys


def test_items_that_wait_for_another_try_keep_nobody_waiting(desk):
    keys = some(desk, 2)
    desk.busy(pending=30, failed=25)
    desk.request()
    desk.grant().advance(10)
    assert desk.given() == keys


def test_listing_keeps_to_its_share_of_the_budget():
    desk = Desk(settings=RecoverySettings(share=0.25, automatic=False))
    desk.source.figures = BudgetFigures(used=0, limit=40, per_s=10.0, waits=0, throttled=0)
    desk.archive(*some(desk, 60))
    desk.request(window=Window(NOW_US - 24 * HOUR_US, NOW_US))
    desk.grant()
    before = len(desk.source.calls)
    desk.advance(10)
    assert len(desk.source.calls) - before in {9, 10, 11}


@pytest.mark.parametrize(
    "figures",
    [
        BudgetFigures(used=33, limit=40, per_s=10.0, waits=0, throttled=0),
        BudgetFigures(used=0, limit=40, per_s=10.0, waits=0, throttled=1, quiet_s=5.0),
    ],
)
def test_nothing_is_listed_while_the_budget_is_spent_or_patience_was_asked_for(desk, figures):
    some(desk, 2)
    desk.source.figures = figures
    desk.request()
    desk.grant().advance(10)
    assert desk.source.calls == []
    desk.source.figures = None
    desk.advance(10)
    assert desk.source.calls


# -- the process dies, the peer takes over ----


def test_the_other_node_goes_on_with_the_same_id_and_does_nothing_twice(desk):
    keys = some(desk, 9)
    desk.request()
    desk.grant()
    desk.archive(*desk.given()[:4])
    desk.advance(3)
    listed = len(desk.source.calls)
    desk.center.term = 2
    other = Desk(center=desk.center, source=desk.source, name="b")
    other.grant(term=2)
    assert other.given() == keys[4:]
    other.archive(*keys[4:])
    other.advance(3)
    assert other.row().counts == Counts(detected=9, recovered=9)
    assert len(desk.source.calls) == listed
    assert other.row().node == "b"


def test_a_takeover_in_the_middle_of_a_listing_lists_only_the_section_in_hand_again(desk):
    keys = some(desk, 30, apart_s=2000)
    desk.source.page_size = 1
    desk.request()
    desk.duty().steps(40)
    half = desk.row()
    assert 0 < half.counts.detected < 30
    desk.center.term = 2
    other = Desk(center=desk.center, source=desk.source, name="b")
    before = len(desk.source.calls)
    other.grant(term=2).serve()
    assert other.row().counts == Counts(detected=30, recovered=30)
    assert {window.from_us for window, _ in desk.source.calls[before:]} >= {half.listed}
    assert min(window.from_us for window, _ in desk.source.calls[before:]) == half.listed
    assert other.stages() == dict.fromkeys(keys, "recovered")


def test_a_node_whose_term_is_over_stops_at_its_next_write(desk):
    some(desk, 3)
    desk.request()
    desk.center.term = 2
    desk.grant(term=1)
    assert not desk.snapshot.on_duty
    assert desk.row().counts == Counts()
    desk.grant(term=1)
    assert not desk.snapshot.on_duty
    desk.grant(term=2)
    assert desk.snapshot.on_duty
    assert desk.row().counts.detected == 3


def test_the_duty_ends_at_once_when_it_is_withdrawn(desk):
    some(desk, 5)
    desk.request()
    desk.duty().steps(5)
    (ended,) = desk.withdraw().messages
    assert (ended.name, ended.marks) == ("recovery", {})
    desk.run()  # what was on its way may end
    calls, row = len(desk.source.calls), desk.row()
    desk.advance(30)
    assert len(desk.source.calls) == calls
    assert desk.row() == row


def test_nothing_is_started_on_a_belief_that_is_too_old(desk):
    some(desk, 5)
    desk.request()
    desk.grant(lasts_s=-1)
    desk.advance(30)
    assert desk.source.calls == []
    desk.grant(lasts_s=1e6).advance(6)
    assert desk.row().counts.detected == 5


def test_what_was_given_is_told_again_after_a_while_for_the_message_may_be_lost(desk):
    (key,) = some(desk, 1)
    desk.request()
    desk.grant()
    assert desk.given() == [key]
    desk.advance(50)
    assert desk.given() == []
    desk.advance(15)
    assert desk.given() == [key]


# -- the source and the Data Center in trouble ----


def test_a_page_token_that_expired_begins_the_section_again_and_counts_nothing_twice(desk):
    some(desk, 7)
    desk.source.errors = [None, BadAnswer("the page expired")]
    desk.request()
    desk.grant().advance(5)
    assert desk.row().counts.detected == 7
    assert [page for _, page in desk.source.calls].count(None) >= 2


def test_a_listing_in_circles_is_no_listing(desk):
    some(desk, 7)
    inside = desk.source.list_items
    desk.source.list_items = lambda window, _: _circle(inside(window, None))
    desk.request()
    desk.grant().advance(300)
    assert desk.row().counts.detected == 0
    assert desk.row().status is RecoveryStatus.RUNNING


def _circle(page):
    return type(page)(page.items, "again", None)
