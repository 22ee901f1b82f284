"""Writes under way when one reign of a node follows another."""

from cluster.ports import Done
from cluster.work_messages import JobBroken, JobFinished
from recorder.codec import FAIL, FailBody, job_key
from recorder.model import ItemState
from recorder.poll.poll_messages import LeftDue
from tests.recorder.poll.polling import Desk, SmallCenter, known


def test_a_write_of_the_reign_before_that_is_refused_now_ends_nothing():
    desk = Desk().start()
    ref = desk.source.add("a", 300)
    desk.grant(term=9)
    desk.center.final.add(job_key(ref))
    desk.tell(JobFinished(job_key(ref), "a", 0, b""))
    desk.clock.advance(1, lambda: None)
    assert desk.database.jobs, "a save in term 9 is on its way"
    desk.center.term_seen = 10
    desk.grant(term=10, run=False)
    desk.run()
    assert desk.status.state == "polling"
    assert desk.center.progress["crm"].watermark_us == desk.mark.at_us, "saved again in term 10"
    windows = len(desk.source.windows)
    desk.grant(term=10)
    desk.advance(120)
    assert len(desk.source.windows) > windows


def test_an_outcome_of_the_reign_before_is_put_on_record_in_this_one():
    desk = Desk().start()
    ref = desk.source.add("a", 300)
    desk.grant(term=9)
    body = FailBody(ref, ItemState.GONE, "gone", "why", 1, None)
    desk.tell(JobBroken(job_key(ref), "a", FAIL.encode(body)))
    desk.center.term_seen = 10
    desk.grant(term=10, run=False)
    desk.run()
    assert desk.status.state == "polling"
    assert [outcome.state for outcome in desk.center.outcomes] == [ItemState.GONE]


def left_behind(center):
    """An item that a node found, and that its source deleted before anybody fetched it."""
    one = Desk(center=center).start()
    ref = one.source.add("a", 300)
    one.grant()
    return ref


def test_what_an_earlier_reign_found_and_the_source_shows_no_more_is_tried_again():
    center = SmallCenter()
    ref = left_behind(center)
    two = Desk(center=known(center), node="b").start()
    two.grant(term=2)
    assert two.given() == ["a"]
    assert two.mark.at_us < ref.changed_us, "it holds the watermark"
    two.break_it(ref, state=ItemState.GONE, code="gone")
    assert [outcome.state for outcome in center.outcomes] == [ItemState.GONE]
    assert two.mark.at_us > ref.changed_us


def test_the_watermark_waits_for_what_was_left_behind():
    center = SmallCenter()
    ref = left_behind(center)
    two = Desk(center=known(center), node="b").start()
    two.grant(term=2, run=False)
    while two.lane.jobs:
        two.lane.run_one()
    assert two.status.polls == 1
    assert two.mark.at_us < ref.changed_us


def test_an_answer_from_before_this_duty_says_nothing_of_what_the_other_node_left():
    desk = Desk(center=known(SmallCenter()), node="b").start()
    before = desk.source.add("before", 400)
    desk.grant()
    desk.tell(LeftDue())
    [(look, _, then)] = desk.database.jobs
    desk.database.jobs.clear()
    answer = Done(look())
    desk.withdraw()
    desk.run()
    assert desk.given() == ["before"]
    desk.center.final.add(job_key(before))
    ref = left_behind(desk.center)
    desk.grant(term=2, run=False)
    while desk.lane.jobs:
        desk.lane.run_one()
    desk.tell(then(answer))
    assert desk.mark.at_us < ref.changed_us, "it holds the watermark still"
    desk.run()
    assert desk.given() == ["a"]


def test_an_item_the_poll_found_first_is_not_handed_out_twice():
    center = SmallCenter()
    left_behind(center)
    two = Desk(center=center, node="b")
    two.source.add("a", 300)
    two.start()
    two.grant(term=2)
    assert two.given() == ["a"]
    two.advance(65)
    assert two.given() == [], "nor a minute later"


def test_without_the_data_center_the_watermark_goes_on_and_it_is_asked_again():
    center = SmallCenter()
    left_behind(center)
    two = Desk(center=known(center), node="b").start()
    center.down = True
    two.grant(term=2)
    before = two.mark
    two.advance(70)
    assert two.mark > before
    assert two.given() == []
    center.down = False
    two.advance(6)
    assert two.given() == ["a"]
