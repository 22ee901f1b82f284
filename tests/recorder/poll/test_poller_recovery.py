"""After an outage everything heals within one poll interval, whatever the back-off had come to."""

import pytest

from cluster.work_messages import Distribute
from recorder.errors import Unreachable
from recorder.poll.waking import SPREAD_S
from recorder.settings.stages import RetrySettings
from tests.recorder.poll.polling import Desk, parked_row

HOUR_S = 3600


@pytest.fixture
def desk():
    return Desk(retry=RetrySettings()).start()


def outage(desk, refs, lasts_s, *, polls_fail=True, code="unreachable"):
    """Whatever is handed out fails for so long."""
    by_key = {ref.key: ref for ref in refs}
    desk.source.errors = [Unreachable("down")] * (100_000 if polls_fail else 0)
    for _ in range(int(lasts_s / 10)):
        for key in desk.given():
            desk.break_it(by_key[key], code=code)
        desk.advance(10)
    for key in desk.given():
        desk.break_it(by_key[key], code=code)
    desk.source.errors = []


def calls(desk, number=3):
    return [desk.source.add(f"i{n}", 300 + n) for n in range(number)]


def test_an_outage_of_the_source_parks_nothing_and_heals_within_one_poll_interval(desk):
    refs = calls(desk)
    desk.grant()
    outage(desk, refs, 2 * HOUR_S)
    assert (desk.status.parked, desk.status.failed) == (0, 3)
    desk.advance(60 + SPREAD_S)
    assert sorted(set(desk.given())) == ["i0", "i1", "i2"]


def test_an_outage_of_downloads_alone_heals_within_one_poll_interval_too(desk):
    refs = calls(desk)
    desk.grant()
    outage(desk, refs, 2 * HOUR_S, polls_fail=False, code="stalled")
    desk.advance(60 + SPREAD_S)
    probes = desk.given()
    assert probes
    desk.finish(next(ref for ref in refs if ref.key == probes[0]))
    desk.advance(SPREAD_S)
    assert sorted({*probes, *desk.given()}) == ["i0", "i1", "i2"]


def test_after_more_than_a_day_parked_items_are_due_as_soon_as_the_source_answers(desk):
    refs = calls(desk)
    desk.grant()
    outage(desk, refs, 25 * HOUR_S)
    assert desk.status.parked == 3
    desk.advance(60 + SPREAD_S)
    assert sorted(set(desk.given())) == ["i0", "i1", "i2"]


def test_items_parked_under_another_duty_are_hurried_unless_the_fault_is_their_own(desk):
    desk.grant()
    desk.source.errors = [Unreachable("down")]
    waits, poison = calls(desk, 2)
    desk.center.due_later = (
        parked_row(waits, reason="unreachable: why"),
        parked_row(poison, reason="not_media: a web page"),
    )
    desk.advance(62)
    assert desk.given() == ["i0"]


@pytest.mark.parametrize("code", ["throttled", "call_buffer"])
def test_without_a_time_named_an_item_is_tried_tens_of_times_an_hour_not_thousands(desk, code):
    ref = desk.source.add("a", 300)
    desk.grant()
    tries = 0
    for _ in range(HOUR_S):
        tried = len([m for m in desk.distributor.take() if isinstance(m, Distribute)])
        tries += tried
        if tried:
            desk.break_it(ref, code=code)
        desk.advance(1)
    assert tries < 80
