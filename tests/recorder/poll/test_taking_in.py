"""Items that a recovery found missing, and periods that it proved, as the poller takes them."""

import pytest

from cluster.work_messages import Distribute
from recorder.codec import JOB
from recorder.messages import PeriodProven, Rewind, TakeIn
from recorder.model import ItemRef, ItemState, Window
from tests.by_hand import Inbox
from tests.recorder.poll.polling import START_US, US, Desk, SmallCenter, known, parked_row

OLD_S = 90_000


@pytest.fixture
def desk():
    desk = Desk(center=known(WithItems(), age_s=300))
    desk.start()
    desk.grant()
    desk.given()
    return desk


class WithItems(SmallCenter):
    """Knows single rows as well."""

    rows = ()

    def item(self, source, key):
        self._up()
        return tuple(row for row in self.rows if (row.ref.source, row.ref.key) == (source, key))


def missed(key="m", age_s=OLD_S):
    return ItemRef("crm", key, "1", START_US - age_s * US, f"session-{key}")


def take_in(desk, *refs):
    desk.tell(TakeIn(tuple(refs), "R-1"))
    desk.run()


def test_a_missing_item_is_put_on_record_and_handed_out(desk):
    ref = missed()
    take_in(desk, ref)
    assert desk.center.found["crm/m@1"] == ref
    (order,) = [m for m in desk.distributor.take() if isinstance(m, Distribute)]
    (event,) = JOB.decode(order.job.body).events
    assert (event.what, event.detail) == ("found", "by recovery R-1")


def test_it_does_not_hold_the_watermark(desk):
    take_in(desk, missed(age_s=1000), missed("n"))
    before = desk.mark
    desk.advance(120)
    assert desk.mark > before
    assert desk.status.pending == 0


def test_it_is_tried_again_and_parked_as_any_other(desk):
    ref = missed()
    take_in(desk, ref)
    for _ in range(3):
        desk.assign(ref)
        desk.break_it(ref, code="not_media")
        desk.advance(30)
    assert desk.center.outcomes[-1].parked
    assert desk.status.parked == 1


def test_its_end_without_media_is_put_on_record(desk):
    ref = missed()
    take_in(desk, ref)
    desk.break_it(ref, state=ItemState.GONE, code="gone")
    assert [outcome.state for outcome in desk.center.outcomes] == [ItemState.GONE]


def test_told_again_while_it_is_under_way_it_is_not_handed_out_again(desk):
    ref = missed()
    take_in(desk, ref)
    desk.given()
    take_in(desk, ref)
    assert desk.given() == []
    desk.finish(ref)
    take_in(desk, ref)
    assert desk.given() == []


def test_an_item_that_the_poller_found_at_the_same_time_is_handed_out_once(desk):
    ref = desk.source.add("both", age_s=200)
    desk.advance(60)
    assert desk.given() == ["both"]
    take_in(desk, ref)
    assert desk.given() == []


def test_a_parked_item_is_tried_again_at_once(desk):
    ref = missed()
    desk.center.final.add("crm/m@1")
    desk.center.rows = (parked_row(ref),)
    take_in(desk, ref)
    assert desk.given() == ["m"]


def test_a_parked_item_that_is_in_hand_is_tried_again_at_once(desk):
    ref = missed()
    take_in(desk, ref)
    for _ in range(3):
        desk.break_it(ref, code="not_media")
        desk.advance(30)
    assert desk.status.parked == 1
    desk.given()
    take_in(desk, ref)
    assert desk.given() == ["m"]


def test_an_item_that_is_archived_by_now_is_left_alone(desk):
    desk.center.final.add("crm/m@1")
    take_in(desk, missed())
    assert desk.given() == []


def test_without_the_duty_it_is_forgotten(desk):
    desk.withdraw()
    desk.run()
    take_in(desk, missed())
    assert desk.center.found == {}


def test_the_duty_may_end_while_it_is_put_on_record(desk):
    desk.tell(TakeIn((missed(),), "R-1"))
    desk.withdraw()
    desk.run()
    assert desk.given() == []


def test_a_data_center_that_is_away_loses_it_and_it_is_told_again(desk):
    desk.center.down = True
    take_in(desk, missed())
    assert desk.given() == []
    desk.center.down = False
    take_in(desk, missed())
    assert desk.given() == ["m"]


def test_an_item_ahead_of_the_watermark_holds_it_as_if_it_had_been_listed(desk):
    ref = desk.source.add("ahead", age_s=30)
    take_in(desk, ref)
    desk.advance(300)
    assert desk.mark.at_us < ref.changed_us
    desk.finish(ref)
    desk.advance(60)
    assert desk.mark.at_us > ref.changed_us


def test_after_a_rewind_what_was_taken_in_holds_the_watermark_too(desk):
    ref = desk.source.add("m", age_s=3000)
    take_in(desk, ref)
    assert desk.status.pending == 0
    desk.tell(Rewind(ref.changed_us - US, Inbox()))
    desk.run()
    desk.advance(120)
    assert desk.mark.at_us < ref.changed_us
    desk.finish(ref)
    desk.advance(60)
    assert desk.mark.at_us > ref.changed_us


def test_a_version_that_was_replaced_meanwhile_is_left_to_what_took_its_place(desk):
    newer = desk.source.add("both", age_s=200, version="2")
    desk.advance(60)
    assert desk.given() == ["both"]
    older = ItemRef("crm", "both", "1", newer.changed_us - US, "s")
    take_in(desk, older)
    assert desk.given() == []
    desk.center.rows = (parked_row(newer),)
    desk.finish(newer)
    take_in(desk, older)
    assert desk.given() == []


# -- periods ----


def test_a_proven_period_is_covered(desk):
    window = Window(START_US - OLD_S * US, START_US - 80_000 * US)
    desk.tell(PeriodProven(window))
    desk.advance(60)
    assert window in desk.status.coverage
    assert window in desk.center.progress["crm"].coverage


def test_nothing_is_proven_above_the_watermark(desk):
    at_us = desk.status.watermark_us
    desk.tell(PeriodProven(Window(at_us - US, at_us + 500 * US)))
    assert max(window.to_us for window in desk.status.coverage) <= at_us + US
