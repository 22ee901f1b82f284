"""What is told of a source whose watermark lags, or whose items come late."""

from recorder.messages import FindingOpened
from recorder.model import ItemRef, Window
from recorder.records.contacts import ItemRow
from recorder.settings.stages import PollSettings, Tier
from tests.recorder.poll.polling import POLL, START_US, Desk, SmallCenter, known


def told(desk, code):
    """The open finding with this code."""
    assert code in desk.findings()
    opened = [one.finding for one in desk.monitor.messages if isinstance(one, FindingOpened)]
    return next(finding for finding in opened if finding.code == code)


def test_a_watermark_that_lags_is_a_finding():
    desk = Desk(poll=POLL.model_copy(update={"stall_factor": 1.5})).start()
    ref = desk.source.add("a", 100)
    desk.grant()
    desk.advance(120)
    assert desk.findings() == ["watermark_stalled"]
    hint = told(desk, "watermark_stalled").hint
    assert "tandem source list" in hint
    assert "tandem item list" in hint
    desk.finish(ref)
    desk.advance(60)
    assert desk.findings() == []


def test_with_short_intervals_a_watermark_may_lag_as_long_as_a_download_takes():
    desk = Desk(poll=PollSettings(interval_s=0.5, settle_s=0, overlap_s=10)).start()
    desk.source.add("a", 5)
    desk.grant()
    desk.advance(20)
    assert desk.findings() == []
    desk.advance(15)
    assert desk.findings() == ["watermark_stalled"]


def test_an_item_only_a_look_back_finds_is_archived_counted_and_told():
    poll = PollSettings(
        interval_s=60, settle_s=90, overlap_s=120, tiers=(Tier(every_s=900, back_s=1800),)
    )
    center = known(SmallCenter(), coverage=(Window(0, START_US),))
    desk = Desk(poll=poll, center=center).start()
    desk.grant()
    desk.source.add("late", 1200)
    desk.advance(60)
    assert desk.given() == []
    desk.advance(60)
    assert desk.given() == ["late"]
    assert desk.status.late_escapes == 1
    assert told(desk, "late_escape").what.startswith("1 item of crm ")
    desk.advance(3000)
    assert "late_escape" in desk.findings()
    desk.advance(700)
    assert "late_escape" not in desk.findings()
    assert desk.status.lateness_p999_s > 1000


DAY_S = 86_400


def lost(key, at_us):
    ref = ItemRef("crm", key, "1", at_us, key)
    return ItemRow(ref, "gone", "gone", 0, at_us, "a", at_us, None, "", 0, False, None, 0, 0)


def test_items_that_were_gone_before_they_were_fetched_are_told_within_a_minute_until_a_day_later():
    desk = Desk().start()
    desk.grant()
    desk.advance(100)
    assert "items_lost" not in desk.findings()
    desk.center.lost = [lost("b", desk.clock.wall_us()), lost("a", desk.clock.wall_us())]
    desk.advance(2 * 60)
    finding = told(desk, "items_lost")
    assert finding.what.startswith("2 items of crm lost within 24 h")
    assert "tandem item list --state gone --source crm" in finding.hint
    desk.advance(DAY_S - 300)
    assert "items_lost" in desk.findings()
    desk.advance(600)
    assert "items_lost" not in desk.findings()


def test_the_next_primary_tells_of_what_was_lost_under_the_first():
    desk = Desk().start()
    desk.center.lost = [lost("a", desk.clock.wall_us())]
    desk.grant()
    desk.advance(100)
    assert told(desk, "items_lost").what.startswith("1 item of crm ")
    desk.withdraw()
    desk.advance(1)
    assert "items_lost" not in desk.findings()
