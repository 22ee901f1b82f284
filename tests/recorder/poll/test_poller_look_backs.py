"""Look-backs go over all that was listed, whatever holds the watermark."""

from recorder.model import Window
from recorder.settings.stages import PollSettings, Tier
from tests.recorder.poll.polling import START_US, Desk, SmallCenter, known

POLL = PollSettings(
    interval_s=60, settle_s=90, overlap_s=120, tiers=(Tier(every_s=600, back_s=1800),)
)


def test_what_came_late_is_found_also_above_a_watermark_that_is_held():
    desk = Desk(poll=POLL, center=known(SmallCenter(), coverage=(Window(0, START_US),))).start()
    desk.source.add("holds the watermark", 95)
    desk.grant()
    desk.advance(60)
    assert desk.given() == ["holds the watermark"]
    held = desk.mark
    desk.advance(1200)
    assert desk.mark == held

    desk.source.add("late", 400)
    desk.advance(720)

    assert "late" in desk.given()
    assert desk.status.late_escapes == 1
    assert desk.mark == held
