"""Writes under way when one reign of a node follows another."""

from cluster.work_messages import JobBroken, JobFinished
from recorder.codec import FAIL, FailBody, job_key
from recorder.model import ItemState
from tests.recorder.poll.polling import Desk


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
