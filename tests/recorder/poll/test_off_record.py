"""What a poll saw reaches the Data Center, although it was away, the poll broke off, or the duty is over."""

import pytest

from recorder.codec import job_key
from recorder.errors import Unreachable
from recorder.poll.off_record import AGAIN_S, KEPT_MAX, OffRecord
from tests.recorder.poll.polling import Desk, SmallCenter, known


@pytest.fixture
def desk():
    return Desk(center=known(SmallCenter())).start()


def recorded(desk):
    return sorted(ref.key for ref in desk.center.found.values())


def test_what_was_listed_during_an_outage_is_on_record_soon_after_it(desk):
    desk.source.add("seen", 300)
    desk.center.down = True
    desk.grant()
    assert desk.given() == ["seen"]
    desk.advance(60)
    assert recorded(desk) == []
    desk.center.down = False
    desk.advance(AGAIN_S)
    assert recorded(desk) == ["seen"]


def test_a_node_whose_duty_is_over_still_says_what_it_saw(desk):
    desk.source.add("deleted", 300)
    desk.center.down = True
    desk.grant()
    desk.source.items.clear()
    desk.withdraw()
    desk.run()
    desk.advance(60)
    desk.center.down = False
    desk.advance(AGAIN_S)
    assert recorded(desk) == ["deleted"], "whoever polls finds it there as left behind"
    assert desk.center.told_late == ["deleted"], "what is on record by now may be newer"


def test_pages_before_the_one_that_failed_are_not_forgotten(desk):
    for number in range(6):
        desk.source.add(f"i{number}", 300 + number)
    desk.grant(run=False)
    until_listed(desk)
    desk.source.errors = [Unreachable("gone")] * 100
    desk.run()
    assert recorded(desk) == []
    desk.advance(AGAIN_S)
    assert recorded(desk) == ["i4", "i5"]


def until_listed(desk):
    """Until the first page came and is to be checked."""
    while not desk.source.windows:
        (desk.database if desk.database.jobs else desk.lane).run_one()


@pytest.mark.parametrize("answered", [True, False], ids=["answered", "away"])
def test_a_page_that_came_as_the_duty_ended_is_not_forgotten(desk, answered):
    desk.source.page_size = 10
    done = desk.source.add("done", 310)
    desk.center.final.add(job_key(done))
    desk.source.add("seen", 300)
    desk.grant(run=False)
    until_listed(desk)
    desk.withdraw()
    desk.center.down = not answered
    desk.run()
    desk.center.down = False
    desk.advance(2 * AGAIN_S)
    assert recorded(desk) == (["seen"] if answered else ["done", "seen"])


def test_what_is_on_record_is_written_once(desk):
    desk.source.add("seen", 300)
    desk.grant()
    assert recorded(desk) == ["seen"]
    assert desk.center.told_late == []
    desk.center.found.clear()
    desk.advance(4 * AGAIN_S)
    assert recorded(desk) == []


def test_an_item_that_the_database_cannot_hold_does_not_keep_the_others_off_record(desk):
    desk.center.refused.add("odd")
    for key in ("odd", "one", "two"):
        desk.source.add(key, 300)
    desk.center.down = True
    desk.grant()
    desk.center.down = False
    desk.advance(AGAIN_S)
    assert recorded(desk) == ["one", "two"]
    asked = len(desk.center.told_late)
    desk.advance(4 * AGAIN_S)
    assert len(desk.center.told_late) == asked, "it is not tried for ever"


def test_of_too_many_the_oldest_go():
    desk = Desk(center=known(SmallCenter()))
    ports = desk.poller._ports
    kept = OffRecord(ports=ports)
    refs = [desk.source.add("one", 100, version=str(number)) for number in range(KEPT_MAX + 1)]
    kept.keep((ref, None) for ref in refs)
    assert list(kept._kept) == [job_key(ref) for ref in refs[1:]]


def test_a_duty_that_ran_out_hands_out_nothing_that_was_left_behind(desk):
    ref = desk.source.add("left", 300)
    desk.source.items.clear()
    desk.grant(lasts_s=5)
    desk.center.found[job_key(ref)] = ref
    desk.advance(300)
    assert desk.given() == []
    desk.grant()
    desk.advance(10)
    assert desk.given() == ["left"]
