import pytest
from structlog.testing import capture_logs

from recorder.web.webhook_tally import LOG_EVERY_NS, Result, WebhookTally
from tests.by_hand import HandClock


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def tally(clock):
    return WebhookTally(clock)


def test_a_thousand_wrong_signatures_are_one_line_a_minute(tally, clock):
    with capture_logs() as lines:
        for _ in range(1000):
            tally.note("zoom", Result.REFUSED)
        clock.advance(LOG_EVERY_NS / 1e9)
        tally.note("zoom", Result.REFUSED)
    assert [line["event"] for line in lines] == ["webhook_refused"] * 2
    assert [line["since_last_line"] for line in lines] == [0, 999]
    assert tally.counts() == {("zoom", Result.REFUSED): 1001}


def test_each_source_and_each_result_has_its_own_line(tally):
    with capture_logs() as lines:
        for source in ("zoom", "webex"):
            tally.note(source, Result.REFUSED)
            tally.note(source, Result.FAILED, "no secret")
    assert len(lines) == 4
    assert all(line["hint"] for line in lines)
    assert lines[1]["problem"] == "no secret"


@pytest.mark.parametrize("result", [Result.HINT, Result.ANSWERED])
def test_what_is_well_is_counted_and_not_told(tally, result):
    with capture_logs() as lines:
        tally.note("zoom", result)
    assert lines == []
    assert tally.counts() == {("zoom", result): 1}
