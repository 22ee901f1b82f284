"""The poller: polls on duty, follows on standby, and lets the watermark move only behind what is final."""

from cluster.frames import Mark, MarksMoved
from cluster.messages import DescribeSelf, DutyEnded, MarksHeard, Ping, Pong, SendFrame
from cluster.work_messages import Distribute, JobFinished, Withdraw
from recorder.codec import JOB, job_key
from recorder.model import ItemRef, SourceProgress, Window
from sim.stand_ins.progress import MemoryProgress
from tests.by_hand import Inbox
from tests.recorder.poll.polling import START_US, US, Desk, SmallCenter, known


def test_a_standby_polls_nothing():
    desk = Desk().start()
    desk.source.add("a", 200)
    desk.advance(300)
    assert desk.source.windows == []
    assert desk.status.state == "standby"


def test_it_polls_at_once_when_the_duty_is_granted():
    desk = Desk().start()
    desk.source.add("a", 200)
    desk.grant()
    assert desk.given() == ["a"]
    assert desk.status.state == "polling"
    assert desk.status.polls == 1


def test_a_new_source_is_archived_from_the_configured_time_ago():
    desk = Desk().start()
    desk.source.add("old", 3600 + 90 + 200)
    desk.source.add("new", 3500)
    desk.grant()
    assert desk.given() == ["new"]


def test_nothing_younger_than_the_settle_time_is_asked_for():
    desk = Desk().start()
    desk.source.add("young", 80)
    desk.grant()
    assert desk.given() == []
    desk.advance(60)
    assert desk.given() == ["young"]


def test_it_goes_on_from_the_highest_watermark_known():
    store = MemoryProgress()
    store.save(SourceProgress("crm", 0, START_US - 500 * US, 0))
    desk = Desk(center=known(SmallCenter(), age_s=900), store=store).start()
    assert desk.mark == Mark(0, START_US - 500 * US)
    desk.grant(marks={"crm": Mark(0, START_US - 300 * US), "other": Mark(9, 9)})
    first = desk.source.windows[0][0]
    assert first.from_us == START_US - (300 + 120 - 1) * US


def test_items_are_handed_out_only_after_the_last_page():
    desk = Desk(center=known(SmallCenter())).start()
    for number in range(5):
        desk.source.add(f"i{number}", 200 + number)
    desk.grant(run=False)
    while len(desk.source.windows) < 3:
        assert desk.given() == []
        (desk.database if desk.database.jobs else desk.lane).run_one()
    desk.run()
    assert desk.given() == ["i4", "i3", "i2", "i1", "i0"]
    assert len(desk.center.found) == 5


def test_the_job_says_what_the_other_node_needs():
    desk = Desk().start()
    ref = desk.source.add("a", 200)
    desk.grant()
    message = desk.distributor.of(Distribute)[0]
    body = JOB.decode(message.job.body)
    assert (message.job.key, message.attempt, body.ref) == (job_key(ref), 1, ref)
    assert [event.what for event in body.events] == ["found"]
    assert body.events[0].boot == "boot-a.poller:crm"


def test_what_the_data_center_has_is_skipped_and_not_asked_for_again():
    desk = Desk().start()
    ref = desk.source.add("a", 100)
    desk.center.final.add(job_key(ref))
    desk.grant()
    assert desk.given() == []
    asked = desk.center.asked
    desk.advance(60)
    assert desk.center.asked == asked


def test_an_item_under_way_is_not_handed_out_twice():
    desk = Desk().start()
    desk.source.add("a", 150)
    desk.grant()
    desk.advance(119)
    assert desk.given() == ["a"]


def test_a_new_version_of_an_item_under_way_replaces_it():
    desk = Desk().start()
    desk.source.add("a", 300)
    desk.grant()
    new = desk.source.add("a", 70, version="2")
    desk.advance(60)
    assert desk.given() == ["a", "a"]
    assert desk.status.pending == 1
    desk.finish(new)
    assert desk.status.pending == 0


def test_the_watermark_follows_the_horizon_once_everything_is_final():
    desk = Desk().start()
    ref = desk.source.add("a", 1000)
    desk.grant()
    assert desk.mark.at_us == ref.changed_us - US
    assert desk.status.horizon_us > desk.mark.at_us
    desk.finish(ref)
    assert desk.mark.at_us == desk.status.horizon_us
    assert desk.behind_s() in {91, 92}


def test_the_watermark_is_saved_everywhere_and_shared():
    desk = Desk().start()
    ref = desk.source.add("a", 1000)
    desk.grant(term=7)
    desk.finish(ref)
    desk.advance(1)
    assert desk.store.load()[0].watermark_us == desk.mark.at_us
    assert desk.center.progress["crm"].watermark_us == desk.mark.at_us
    assert desk.center.term_seen == 7
    assert desk.link.of(DescribeSelf)[-1].marks == {"crm": desk.mark}
    assert desk.link.messages[-1] == SendFrame(MarksMoved({"crm": desk.mark}))


def test_saves_are_batched():
    desk = Desk().start()
    refs = [desk.source.add(f"i{number}", 1000 - number) for number in range(50)]
    desk.grant()
    saves = desk.store.saves
    for ref in refs:
        desk.finish(ref)
    desk.advance(1)
    assert desk.store.saves == saves + 1


def test_a_standby_follows_the_marks_of_its_peer():
    desk = Desk().start()
    mark = Mark(0, START_US - 77 * US)
    desk.tell(MarksHeard({"crm": mark, "other": Mark(3, 3)}))
    desk.advance(1)
    assert desk.mark == mark
    assert desk.store.load()[0].watermark_us == mark.at_us
    assert desk.center.progress == {}, "only the primary writes to the Data Center"
    assert desk.link.of(SendFrame) == []
    desk.tell(MarksHeard({"crm": Mark(0, 5)}))
    assert desk.mark == mark


def test_coverage_grows_behind_the_watermark():
    desk = Desk(center=known(SmallCenter(), 600, coverage=(Window(0, START_US - 600 * US),)))
    desk.start()
    desk.grant()
    assert desk.status.coverage == (Window(0, desk.mark.at_us + US),)


def test_polls_keep_their_beat():
    desk = Desk().start()
    desk.grant()
    desk.advance(59)
    assert desk.status.polls == 1
    desk.advance(1)
    assert desk.status.polls == 2
    desk.advance(60)
    assert desk.status.polls == 3


def test_overlong_polls_do_not_pile_up():
    desk = Desk().start()
    desk.grant(run=False)
    desk.clock.advance(200)
    assert desk.lane.waiting() + desk.database.waiting() <= 4
    desk.run()
    polls = desk.status.polls
    desk.advance(39)
    assert desk.status.polls == polls
    desk.advance(1)
    assert desk.status.polls == polls + 1


def test_no_page_is_asked_for_after_the_duty_ran_out():
    desk = Desk(center=known(SmallCenter())).start()
    for number in range(6):
        desk.source.add(f"i{number}", 300 + number)
    desk.grant(lasts_s=5, run=False)
    desk.lane.run_one()
    desk.clock.advance(10)
    desk.run()
    asked = len(desk.source.windows)
    assert asked <= 1
    desk.clock.advance(60)
    desk.run()
    assert len(desk.source.windows) == asked
    assert desk.given() == []
    desk.grant()
    assert len(desk.given()) == 6, "the renewal polls at once"


def test_items_found_when_the_duty_has_run_out_are_not_handed_out():
    desk = Desk(center=known(SmallCenter())).start()
    desk.source.add("a", 300)
    before = desk.mark
    desk.grant(lasts_s=5, run=False)
    while not any(job.func.__name__ == "record_found" for job, _, _ in desk.database.jobs):
        (desk.lane if desk.lane.jobs else desk.database).run_one()
    desk.clock.advance(10)
    desk.run()
    assert desk.given() == []
    assert desk.mark == before


def test_a_withdrawn_duty_ends_after_the_page_in_hand():
    desk = Desk(center=known(SmallCenter())).start()
    for number in range(6):
        desk.source.add(f"i{number}", 300 + number)
    desk.grant(run=False)
    desk.lane.run_one()
    answer = desk.withdraw()
    assert answer.messages == []
    desk.run()
    assert answer.messages == [DutyEnded("poller:crm", {"crm": desk.mark})]
    assert len(desk.source.windows) == 1
    assert desk.status.state == "standby"
    desk.advance(300)
    assert len(desk.source.windows) == 1


def test_a_withdrawn_duty_between_polls_ends_at_once_and_is_saved():
    desk = Desk().start()
    ref = desk.source.add("a", 300)
    desk.grant()
    desk.finish(ref)
    answer = desk.withdraw()
    assert answer.messages == [DutyEnded("poller:crm", {"crm": desk.mark})]
    desk.run()
    assert desk.store.load()[0].watermark_us == desk.mark.at_us


def test_a_standby_answers_a_withdrawal_too():
    desk = Desk().start()
    assert desk.withdraw().messages == [DutyEnded("poller:crm", {})]


def test_a_duty_that_comes_back_begins_at_the_watermark_again():
    desk = Desk().start()
    desk.source.add("a", 1000)
    desk.grant()
    assert desk.given() == ["a"]
    desk.withdraw()
    desk.run()
    desk.grant(term=3)
    assert desk.given() == ["a"], "asking again is harmless, forgetting is not"


def test_the_next_node_finds_what_the_first_left():
    center = SmallCenter()
    one = Desk(center=center).start()
    refs = [one.source.add(f"i{number}", 600 - number) for number in range(4)]
    one.grant()
    one.finish(refs[3])
    one.finish(refs[0])
    one.advance(1)
    two = Desk(center=center, node="b")
    two.source.items = one.source.items
    two.start()
    two.grant(term=2, marks={"crm": one.mark})
    assert two.given() == ["i1", "i2"]


def test_a_stale_term_ends_the_duty():
    desk = Desk().start()
    ref = desk.source.add("a", 300)
    desk.grant(term=3)
    desk.center.term_seen = 5
    desk.finish(ref)
    desk.advance(1)
    assert desk.status.state == "standby"
    windows = len(desk.source.windows)
    desk.grant(term=3)
    desk.advance(120)
    assert len(desk.source.windows) == windows, "the same old term is not believed again"
    desk.grant(term=6)
    assert desk.status.state == "polling"


def test_results_of_keys_never_heard_of_are_harmless():
    desk = Desk().start()
    desk.tell(JobFinished("crm/x@1", "b", 0, b""))
    desk.grant()
    desk.tell(JobFinished("crm/y@1", "b", 0, b""))
    assert desk.status.pending == 0


def test_a_result_that_got_lost_is_found_in_the_data_center():
    desk = Desk().start()
    ref = desk.source.add("a", 300)
    desk.grant()
    desk.center.final.add(job_key(ref))
    desk.advance(130)
    assert desk.status.pending == 0
    assert desk.distributor.of(Withdraw)[-1].keys == (job_key(ref),)
    assert desk.mark.at_us == desk.status.horizon_us


def test_a_job_that_got_lost_is_handed_out_again():
    desk = Desk().start()
    desk.source.add("a", 300)
    desk.grant()
    assert desk.given() == ["a"]
    desk.advance(119)
    assert desk.given() == []
    desk.advance(1)
    assert desk.given() == ["a"]


def test_it_answers_the_supervisor():
    desk = Desk().start()
    supervisor = Inbox()
    desk.tell(Ping(4, supervisor))
    assert supervisor.messages == [Pong("poller:crm", 4)]


def test_long_periods_are_asked_in_pieces():
    desk = Desk(center=known(SmallCenter(), age_s=20 * 3600)).start()
    desk.grant()
    lengths = [(w.to_us - w.from_us) / US / 3600 for w, _ in desk.source.windows]
    assert max(lengths) <= 6
    assert len(lengths) == 4
    assert desk.behind_s() in {91, 92}


def test_the_story_of_an_item_says_who_got_it():
    desk = Desk().start()
    ref = desk.source.add("a", 300)
    desk.grant(term=4)
    desk.assign(ref, node="b")
    desk.advance(1)
    event = desk.center.events[-1]
    assert (event.what, event.item_key, event.term) == ("assigned", "a", 4)
    assert "to b" in event.detail


def test_ten_thousand_items_all_reach_the_end():
    desk = Desk().start()
    desk.source.page_size = 500
    now = desk.source.now_us()
    desk.source.items = [
        ItemRef("crm", f"i{number}", "1", now - (3000 - number % 2500) * US, "s")
        for number in range(10_000)
    ]
    desk.grant()
    while desk.status.pending or desk.behind_s() > 200:
        for message in desk.distributor.take():
            desk.tell(JobFinished(message.job.key, "a", 0, b""))
        desk.advance(60)
    assert desk.status.found == 10_000
