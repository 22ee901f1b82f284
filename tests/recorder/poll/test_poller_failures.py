"""The poller when things go wrong: items, source, Data Center, credentials."""

import pytest

from cluster.frames import Mark
from cluster.messages import DutyFailing
from cluster.work_messages import Distribute, JobBroken
from recorder.codec import FAIL, JOB, FailBody, job_key
from recorder.errors import (
    AuthRefused,
    BadAnswer,
    RecorderError,
    Throttled,
    Unreachable,
)
from recorder.messages import PollNow, RetryItems
from recorder.model import ItemEvent, ItemState
from sim.stand_ins.progress import MemoryProgress
from tests.recorder.poll.polling import (
    FOUND_US,
    START_US,
    US,
    Desk,
    SmallCenter,
    known,
    parked_row,
)


@pytest.fixture
def desk():
    return Desk().start()


def away(desk):
    desk.center.down = True


# --- items ---------------------------------------------------------------------------------------


def test_a_failed_item_is_on_record_and_handed_out_again(desk):
    ref = desk.source.add("a", 300)
    desk.grant()
    desk.given()
    desk.break_it(ref)
    outcome = desk.center.outcomes[-1]
    assert (outcome.state, outcome.attempts, outcome.parked) == (ItemState.FAILED, 0, False)
    assert outcome.reason == "unreachable: why"
    assert [event.what for event in outcome.events] == ["failed", "waiting"]
    assert outcome.events[-1].detail.startswith("retry at 2023-11-14T")
    assert outcome.retry_at_us == desk.clock.wall_us() + US
    assert desk.status.failed == 1
    desk.given()
    desk.advance(1)
    assert desk.given() == ["a"]
    assert desk.status.failed == 0
    assert desk.status.pending == 1, "it holds the watermark all the time"


def test_an_item_whose_file_is_replaced_holds_the_watermark_without_a_gap(desk):
    desk.source.add("a", 600)
    desk.grant()
    newer = desk.source.add("a", 150, version="2")
    desk.advance(60)
    assert desk.status.pending == 1
    assert desk.mark.at_us < newer.changed_us


def test_a_gone_item_is_final_only_once_that_is_on_record(desk):
    ref = desk.source.add("a", 300)
    desk.grant()
    away(desk)
    desk.break_it(ref, ItemState.GONE, "gone")
    before = desk.mark
    desk.advance(30)
    assert desk.status.pending == 1
    assert desk.mark == before
    desk.center.down = False
    desk.advance(6)
    assert desk.center.outcomes[-1].state is ItemState.GONE
    assert desk.status.pending == 0
    assert desk.mark > before


def test_an_end_is_not_taken_for_recorded_because_an_older_failure_was(desk):
    ref = desk.source.add("a", 300)
    desk.grant()
    for state in (ItemState.FAILED, ItemState.GONE):
        body = FAIL.encode(FailBody(ref, state, "x", "why", 1))
        desk.tell(JobBroken(job_key(ref), "a", body))
        desk.tell(RetryItems((ref,)))
    desk.database.run_one()
    assert [outcome.state for outcome in desk.center.outcomes] == [ItemState.FAILED]
    assert desk.status.pending == 1
    desk.run()
    assert desk.center.outcomes[-1].state is ItemState.GONE
    assert desk.status.pending == 0


def test_an_item_that_cannot_be_recorded_is_passed(desk):
    ref = desk.source.add("a", 300)
    desk.grant()
    desk.break_it(ref, ItemState.NOT_RECORDABLE, "no_media")
    assert desk.status.pending == 0
    assert desk.center.outcomes[-1].reason == "no_media: why"


def test_a_poison_item_is_parked_counted_and_no_longer_holds_the_watermark(desk):
    ref = desk.source.add("poison", 300)
    desk.grant()
    for _ in range(3):
        desk.break_it(ref, code="not_media")
        desk.advance(10)
    assert desk.center.outcomes[-1].parked
    assert desk.status.parked == 1
    assert desk.status.pending == 0
    desk.advance(60)
    assert "parked_items" in desk.findings()
    assert desk.behind_s() < 160


def test_a_parked_item_is_tried_on_without_holding_the_watermark(desk):
    ref = desk.source.add("poison", 100)
    desk.center.final.add(job_key(ref))
    desk.center.due = (parked_row(ref),)
    desk.grant()
    assert desk.given() == []
    desk.advance(61)
    given = desk.distributor.of(Distribute)[-1]
    assert (given.attempt, JOB.decode(given.job.body).found_us) == (4, FOUND_US)
    assert desk.status.parked == 1
    assert desk.status.pending == 0
    desk.advance(60)
    assert desk.given() == ["poison"], "not while it is under way"
    desk.center.due = ()
    desk.finish(ref)
    assert desk.status.parked == 0
    desk.advance(60)
    assert "parked_items" not in desk.findings()


def test_a_failure_that_its_node_told_already_is_told_once(desk):
    ref = desk.source.add("a", 300)
    desk.grant()
    told = ItemEvent("crm", "a", "b", "boot", 1, START_US, "failed", 0, "not_media: empty")
    body = FailBody(ref, ItemState.FAILED, "not_media", "empty", 1, events=(told,))
    desk.tell(JobBroken(job_key(ref), "b", FAIL.encode(body)))
    desk.run()
    events = desk.center.outcomes[-1].events
    assert [(event.node, event.what) for event in events] == [("b", "failed"), ("a", "waiting")]


@pytest.mark.parametrize(("age_days", "state"), [(31, "gone"), (29, "failed")])
def test_a_parked_item_is_tried_until_the_sources_retention_ends(desk, age_days, state):
    ref = desk.source.add("poison", age_days * 86_400)
    desk.grant()
    desk.tell(RetryItems((ref,)))
    desk.break_it(ref)
    outcome = desk.center.outcomes[-1]
    assert (outcome.state, outcome.parked) == (state, state == "failed")
    assert desk.status.parked == (state == "failed")


def test_a_parked_item_that_fails_again_stays_parked(desk):
    ref = desk.source.add("poison", 20_000)
    desk.grant()
    desk.tell(RetryItems((ref,)))
    assert desk.given() == ["poison"]
    desk.break_it(ref)
    assert desk.center.outcomes[-1].parked
    assert desk.status.parked == 1


def test_an_operator_may_have_a_waiting_item_tried_now(desk):
    ref = desk.source.add("a", 300)
    desk.grant()
    desk.given()
    desk.break_it(ref, retry_after_s=500)
    desk.tell(RetryItems((ref,)))
    assert desk.given() == ["a"]
    assert desk.status.pending == 1


def test_a_standby_retries_nothing(desk):
    desk.tell(RetryItems((desk.source.add("a", 300),)))
    assert desk.given() == []


def test_a_report_that_cannot_be_read_is_a_failure(desk):
    ref = desk.source.add("a", 300)
    desk.grant()
    desk.tell(JobBroken(job_key(ref), "b", b"garbage"))
    desk.run()
    assert desk.center.outcomes[-1].reason.startswith("bad_report: b:")


# --- the Data Center away ------------------------------------------------------------------------


def test_polling_goes_on_into_the_buffer_while_the_data_center_is_away():
    desk = Desk(center=known(SmallCenter())).start()
    ref = desk.source.add("a", 300)
    away(desk)
    desk.grant()
    assert desk.given() == ["a"]
    desk.finish(ref, on_record=False)
    desk.advance(60)
    assert desk.given() == [], "what ended a while ago is remembered"
    assert desk.store.load()[0].watermark_us == desk.mark.at_us


def test_without_state_and_data_center_it_does_not_poll():
    center = SmallCenter()
    center.down = True
    desk = Desk(center=center).start()
    desk.grant()
    assert desk.source.windows == []
    assert desk.findings() == ["no_state"]
    assert desk.status.state == "stopped_by_error"
    center.down = False
    desk.advance(5)
    assert desk.findings() == []
    assert desk.status.polls == 1


def test_a_mark_from_the_peer_is_state_enough():
    center = SmallCenter()
    center.down = True
    desk = Desk(center=center).start()
    desk.grant(marks={"crm": Mark(0, START_US - 500 * US)})
    assert desk.status.polls == 1
    assert desk.findings() == []


def test_a_source_that_was_new_at_the_start_is_looked_up_again_before_it_begins():
    desk = Desk(center=SmallCenter()).start()
    known(desk.center, age_s=50_000)
    desk.grant()
    assert desk.source.windows[0][0].from_us < START_US - 50_000 * US


def test_a_new_source_is_looked_up_without_an_alarm():
    desk = Desk(center=SmallCenter()).start()
    desk.grant()
    assert desk.status.polls == 1
    assert desk.monitor.messages == []


def test_a_damaged_progress_file_is_no_new_source():
    class Damaged(MemoryProgress):
        def load(self):
            raise RecorderError("damaged")

    desk = Desk(store=Damaged()).start()
    desk.grant()
    assert desk.source.windows == []
    assert desk.findings() == ["no_state"]


# --- the source ----------------------------------------------------------------------------------


def test_a_poll_that_fails_is_tried_again_soon_and_moves_nothing(desk):
    desk.grant()
    before = desk.status.horizon_us
    desk.source.errors = [Unreachable("down", hint="wait")]
    desk.advance(60)
    assert desk.status.state == "failing"
    assert (desk.status.last_error, desk.status.next_step) == ("down", "wait")
    assert desk.status.horizon_us == before
    desk.advance(1)
    assert desk.status.state == "polling"
    assert desk.status.last_error == ""


def test_long_failing_is_a_finding_until_it_is_well_again(desk):
    desk.grant()
    desk.source.errors = [Unreachable("down")] * 50
    desk.advance(60)
    assert desk.findings() == []
    desk.advance(60)
    assert desk.findings() == ["poll_failing"]
    desk.source.errors = []
    desk.advance(60)
    assert desk.findings() == []


def test_a_page_that_fails_hands_out_nothing_of_its_window():
    desk = Desk(center=known(SmallCenter())).start()
    for number in range(4):
        desk.source.add(f"i{number}", 300 + number)
    desk.grant(run=False)
    while len(desk.source.windows) < 1:
        (desk.database if desk.database.jobs else desk.lane).run_one()
    desk.source.errors = [Unreachable("down")]
    desk.run()
    assert desk.given() == []
    desk.advance(1)
    assert len(desk.given()) == 4


def test_a_source_that_asks_for_patience_gets_it_and_keeps_its_beat(desk):
    desk.grant()
    desk.source.errors = [Throttled("slow down", retry_after_s=100)]
    desk.advance(60)
    polls, windows = desk.status.polls, len(desk.source.windows)
    assert desk.status.state == "waiting"
    desk.tell(PollNow("crm"))
    desk.advance(99)
    assert len(desk.source.windows) == windows
    desk.advance(2)
    assert desk.status.polls == polls + 1
    desk.advance(18)
    assert desk.status.polls == polls + 1
    desk.advance(2)
    assert desk.status.polls == polls + 2


def test_refused_credentials_are_told_to_the_pair_and_cleared(desk):
    desk.grant()
    desk.source.errors = [AuthRefused("secret expired")]
    desk.advance(60)
    assert desk.status.state == "stopped_by_error"
    assert desk.pair.of(DutyFailing) == [DutyFailing("poller:crm", "secret expired")]
    desk.advance(2)
    assert desk.pair.of(DutyFailing)[-1] == DutyFailing("poller:crm", "")
    desk.advance(60)
    assert len(desk.pair.messages) == 2


def test_a_source_that_pages_in_circles_is_an_error_and_not_an_endless_poll(desk):
    desk.source.circles = True
    desk.source.add("a", 300)
    desk.grant()
    assert desk.status.state == "failing"
    assert "came back to a page" in desk.status.last_error
    assert desk.given() == []


def test_an_adapter_that_breaks_its_contract_stops_only_this_poll(desk):
    desk.source.errors = [KeyError("surprise")]
    desk.grant()
    assert desk.status.state == "failing"
    desk.advance(1)
    assert desk.status.state == "polling"


def test_an_expired_page_token_means_to_begin_the_window_again():
    desk = Desk(center=known(SmallCenter())).start()
    for number in range(4):
        desk.source.add(f"i{number}", 300 + number)
    desk.grant(run=False)
    while len(desk.source.windows) < 1:
        (desk.database if desk.database.jobs else desk.lane).run_one()
    desk.source.errors = [BadAnswer("page token expired")]
    desk.run()
    desk.advance(1)
    assert [page for _, page in desk.source.windows] == [None, "2", None, "2"]
