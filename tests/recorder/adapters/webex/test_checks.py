import httpx
import pytest

from recorder.model import Level
from tests.recorder.adapters.webex import calls
from tests.recorder.adapters.webex.scripted import (
    API,
    CDR,
    FakeSecrets,
    ScriptedWebex,
    Story,
    error_answer,
    uuid,
)

LIST = "admin/convergedRecordings"


@pytest.fixture
def world():
    made = ScriptedWebex()
    made.clock.advance(1000)
    calls.recorded_call(made, Story(made))
    return made


def codes(source):
    return [finding.code for finding in source.check()]


def only(source):
    (finding,) = source.check()
    assert finding.what
    assert finding.hint
    return finding


def test_nothing_is_found_where_nothing_is_wrong(world):
    assert world.open(cdr="stream").check() == ()


def test_a_check_takes_a_handful_of_calls(world):
    world.open(cdr="stream").check()

    assert len(world.requests) <= 5


def test_a_refused_refresh_token_says_where_to_put_a_new_one(world):
    world.refresh_tokens.clear()

    finding = only(world.open())

    assert (finding.code, finding.level) == ("token_refused", Level.ERROR)
    assert "refresh_token" in finding.hint


def test_a_missing_secret_names_its_reference(world):
    finding = only(world.open(secrets=FakeSecrets({"env:REFRESH": "x"})))

    assert finding.code == "token_refused"
    assert "env:WEBEX" in finding.what


@pytest.mark.parametrize(
    ("status", "code", "level"),
    [
        (401, "token_refused", Level.ERROR),
        (403, "right_missing", Level.ERROR),
        (429, "throttled", Level.WARNING),
        (503, "unreachable", Level.ERROR),
        (400, "check_failed", Level.ERROR),
        (404, "check_failed", Level.ERROR),
    ],
)
def test_a_listing_that_is_refused_says_why(world, status, code, level):
    world.order(LIST, error_answer(status), times=2)

    finding = only(world.open())

    assert (finding.code, finding.level) == (code, level)


def test_a_missing_scope_is_named(world):
    world.order(LIST, error_answer(403))

    assert "spark-compliance:recordings_read" in only(world.open()).hint


def test_an_administrators_token_is_not_enough(world):
    world.is_compliance = False

    finding = only(world.open())

    assert (finding.code, finding.level) == ("compliance_token_needed", Level.ERROR)
    assert "compliance officer" in finding.hint


def test_a_recording_that_is_not_ready_proves_nothing_about_the_token(world):
    world.recordings[0]["sizeBytes"] = 0
    world.is_compliance = False

    assert codes(world.open()) == []


def test_an_empty_week_is_worth_a_word(world):
    world.recordings.clear()

    finding = only(world.open())

    assert (finding.code, finding.level) == ("nothing_visible", Level.INFO)


@pytest.mark.parametrize("row", [{}, {"id": 5}, None, {"id": uuid(1, 1)}])
def test_a_newest_recording_that_cannot_be_read_is_told(world, row):
    world.order(LIST, httpx.Response(200, json={"items": [row]}))
    world.order(f"{API}convergedRecordings/", httpx.Response(200, json={"id": "?"}))

    assert codes(world.open(include_deleted=False))[-1] == "recording_unreadable"


def test_a_newest_recording_that_is_gone_by_now_is_nothing(world):
    world.order(f"{API}convergedRecordings/", error_answer(404))

    assert codes(world.open()) == []


def test_a_bin_that_may_not_be_listed_says_how_to_leave_it_out(world):
    world.order("status=deleted", error_answer(403))

    finding = only(world.open())

    assert (finding.code, finding.subject) == ("status_refused", "calls/deleted")
    assert "include_deleted = false" in finding.hint


@pytest.mark.parametrize("offset_s", [120, -120])
def test_a_clock_that_is_off_is_told(world, offset_s):
    world.clock_offset_s = offset_s

    finding = only(world.open())

    assert finding.code == "clock_offset"
    assert "120 s" in finding.what


def test_answers_without_a_date_are_told(world):
    world.dated = False

    assert codes(world.open()) == ["no_source_clock"]


def test_a_changing_refresh_token_needs_a_file(world, tmp_path):
    world.rotates = True

    assert only(world.open()).code == "refresh_token_rotates"
    world.refresh_tokens.add("first-refresh-token")
    assert codes(world.open(token_file=str(tmp_path / "token"))) == []
    world.refresh_tokens.add("first-refresh-token")
    assert codes(world.open(token_file=str(tmp_path / "no" / "t"))) == ["refresh_token_not_saved"]


def test_a_refresh_token_that_ends_soon_is_told(world):
    world.refresh_lifetime_s = 13 * 86_400

    finding = only(world.open())

    assert finding.code == "refresh_token_ends"
    assert "13.0 days" in finding.what


def test_a_missing_role_for_call_detail_records_is_a_warning_only(world):
    world.order(CDR, error_answer(403))

    finding = only(world.open(cdr="stream"))

    assert (finding.code, finding.level) == ("cdr_right_missing", Level.WARNING)
    assert "spark-admin:calling_cdr_read" in finding.hint


def test_the_wrong_region_names_the_right_end_point(world):
    text = "Please use https://analytics-calling-eu.webexapis.com/v1/cdr_stream instead"
    world.order(CDR, error_answer(451, text))

    finding = only(world.open(cdr="stream"))

    assert finding.code == "cdr_wrong_region"
    assert '"https://analytics-calling-eu.webexapis.com"' in finding.hint


def test_a_wrong_region_without_a_name_is_told_all_the_same(world):
    world.order(CDR, httpx.Response(451, content=b"\xff<html>"))

    assert "cdr_url" in only(world.open(cdr="feed")).hint


@pytest.mark.parametrize("status", [400, 404, 429, 500])
def test_other_trouble_with_records_is_a_warning_only(world, status):
    world.order(CDR, error_answer(status))

    finding = only(world.open(cdr="stream"))

    assert (finding.code, finding.level) == ("cdr_unavailable", Level.WARNING)


def test_the_budget_counts_calls_of_the_api_and_no_questions_for_records(world):
    source = world.open(cdr="stream", requests_per_min=50)
    source.check()

    told = source.budget()

    assert (told.used, told.limit, told.per_s) == (3, 50, 60.0)
    assert len(world.asked(CDR)) == 1
