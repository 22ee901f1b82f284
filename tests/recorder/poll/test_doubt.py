"""Absurd marks are neither learnt nor shared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.frames import Mark
from cluster.messages import DescribeSelf, MarksHeard
from recorder.messages import FindingOpened
from recorder.poll.doubt import AHEAD_US, EPOCHS_AHEAD, is_absurd
from tests.recorder.poll.polling import START_US, US, Desk, SmallCenter, known

NOW_US = START_US
ABSURD = [
    Mark(0, NOW_US + 2 * AHEAD_US),
    Mark(0, 4_102_444_800_000_000),
    Mark(0, 2**63 - 1),
    Mark(2**63 - 1, NOW_US - 60 * US),
    Mark(EPOCHS_AHEAD + 1, NOW_US - 60 * US),
    Mark(1, -(2**63) + 1),
    Mark(1, -62_135_596_800_000_000),
]


@given(
    st.none() | st.builds(Mark, st.integers(0, 5000), st.integers(0, NOW_US)),
    st.builds(Mark, st.integers(0, 2**31), st.integers(-(2**62), 2**62)),
)
def test_what_is_believed_is_near_the_clock_and_near_the_own_epoch(own, mark):
    if not is_absurd(mark, own=own, now_us=NOW_US):
        assert 0 <= mark.at_us <= NOW_US + AHEAD_US
        assert mark.epoch <= (own.epoch if own else 0) + EPOCHS_AHEAD


@pytest.mark.parametrize("on_duty", [True, False])
@pytest.mark.parametrize("mark", ABSURD, ids=repr)
def test_an_absurd_mark_is_ignored_not_shared_and_told_to_the_operator(mark, on_duty):
    desk = Desk(center=known(SmallCenter())).start()
    if on_duty:
        desk.grant()
    before = desk.mark
    desk.tell(MarksHeard({"crm": mark}))
    desk.run()
    assert desk.mark == before
    assert desk.findings() == ["watermark_in_future"]
    desk.advance(60)
    told = [marks["crm"] for m in desk.link.of(DescribeSelf) if (marks := m.marks)]
    assert mark not in told
    assert "watermark_in_future" in desk.findings()


def test_an_absurd_mark_that_comes_with_the_duty_is_ignored_too():
    desk = Desk(center=known(SmallCenter())).start()
    desk.grant(marks={"crm": Mark(0, 2**62)})
    assert desk.mark.at_us < START_US
    assert "watermark_in_future" in desk.findings()


def test_the_finding_closes_when_the_peer_tells_something_possible_again():
    desk = Desk(center=known(SmallCenter())).start()
    desk.tell(MarksHeard({"crm": Mark(0, 2**62)}))
    desk.tell(MarksHeard({"crm": Mark(0, START_US - 300 * US)}))
    assert desk.findings() == []
    assert desk.mark == Mark(0, START_US - 300 * US)


def test_an_absurd_mark_the_pair_repeats_does_not_make_the_finding_flap():
    desk = Desk(center=known(SmallCenter())).start()
    for _ in range(5):
        desk.grant(marks={"crm": Mark(0, 2**62)})
        desk.tell(MarksHeard({"crm": Mark(0, START_US - 300 * US)}))
    assert [m.finding.code for m in desk.monitor.of(FindingOpened)] == ["watermark_in_future"]
    assert desk.findings() == []
