import httpx
import pytest

from recorder.model import Level
from tests.recorder.adapters.zoom.scripted import ScriptedZoom, Story, error_answer


@pytest.fixture
def world():
    return ScriptedZoom()


@pytest.fixture
def story(world):
    return Story(world)


def found(world, **settings):
    return {finding.code: finding for finding in world.open(**settings).check()}


def test_a_healthy_account_has_no_findings_in_four_calls(world, story):
    story.meeting(10)

    assert found(world) == {}
    assert len([one for one in world.requests if one.url.path.startswith("/v2/")]) == 4


def test_a_wrong_secret_is_told_with_what_to_do(world):
    world.secret = "other"

    (finding,) = found(world).values()

    assert (finding.code, finding.level, finding.subject) == ("token_refused", Level.ERROR, "meet")
    assert "invalid_client" in finding.what
    assert "client_secret" in finding.hint


def test_an_unknown_account_is_told(world):
    (finding,) = found(world, account_id="other").values()

    assert "Account does not exist" in finding.what
    assert "account_id" in finding.hint


@pytest.mark.parametrize("scope", ["list", "files"])
def test_a_missing_scope_is_an_error(world, story, scope):
    story.meeting(10)
    world.scopes.remove(scope)

    finding = found(world)["scope_missing"]

    assert finding.level is Level.ERROR
    assert "scopes" in finding.hint
    assert world.tokens_given == 1, "a configuration fault is no reason for another token"


def test_without_the_scope_for_statistics_only_the_check_knows_less(world, story):
    story.meeting(10)
    world.scopes.remove("statistics")

    assert {code: one.level for code, one in found(world).items()} == {
        "statistics_unreadable": Level.INFO
    }


@pytest.mark.parametrize("code", [200, 2001])
def test_archiving_that_is_not_switched_on_is_told(world, code):
    world.order("/v2/archive_files", error_answer(400, code, "Not available for this account."))

    finding = found(world)["archiving_not_enabled"]

    assert finding.level is Level.ERROR
    assert "Zoom Support" in finding.hint


def test_an_empty_week_deserves_a_word(world, story):
    story.meeting(-8 * 86_400)

    assert found(world)["nothing_visible"].level is Level.WARNING


@pytest.mark.parametrize(
    ("offset_s", "side"), [(3600, "ahead of"), (-3600, "behind"), (61, "ahead")]
)
def test_a_clock_that_is_off_is_told(world, story, offset_s, side):
    story.meeting(10)
    source = world.open()
    wall_s = world.clock.wall_s
    world.clock.wall_us = lambda: int((wall_s + offset_s) * 1e6)

    (finding,) = source.check()

    assert finding.code == "clock_offset"
    assert side in finding.what


def test_a_host_where_downloads_may_not_go_is_named(world, story):
    story.meeting(10, [story.file(download_url="https://files.example.net/x?secret=1")])

    finding = found(world)["media_host_not_allowed"]

    assert finding.level is Level.ERROR
    assert "files.example.net" in finding.what
    assert "secret" not in finding.what
    assert found(world, media_hosts=["files.example.net"]) == {}


@pytest.mark.parametrize("address", ["https://:x/", "no address", "https://"])
def test_an_address_that_is_none_is_told_too(world, story, address):
    story.meeting(10, [story.file(download_url=address)])

    assert "an address" in found(world)["media_host_not_allowed"].what


def test_files_that_cannot_be_read_are_counted(world, story):
    story.meeting(10, [story.file(status="half"), story.file()])

    finding = found(world)["recording_unreadable"]

    assert "1 of 2" in finding.what
    assert "status" in finding.what


def test_files_processed_for_long_and_failed_ones_are_counted(world, story):
    story.meeting(10)
    world.counts = {
        "statistic_by_file_status": {"processing_file_count": 3, "failed_file_count": "2"}
    }

    findings = found(world)

    assert "3 files" in findings["files_processing_long"].what
    assert findings["files_processing_long"].level is Level.WARNING
    assert "2 files" in findings["files_failed"].what


@pytest.mark.parametrize(
    "counts",
    [{}, {"statistic_by_file_status": 5}, {"statistic_by_file_status": {"failed_file_count": []}}],
)
def test_counts_of_another_shape_are_no_trouble(world, story, counts):
    story.meeting(10)
    world.counts = counts

    assert found(world) == {}


@pytest.mark.parametrize(
    ("answer", "code", "level"),
    [
        (error_answer(429, retry_after="7"), "throttled", Level.WARNING),
        (error_answer(503), "unreachable", Level.ERROR),
        (error_answer(418), "check_failed", Level.ERROR),
        (httpx.Response(404, text="<html>"), "check_failed", Level.ERROR),
        (httpx.Response(200, json={}, headers={"date": "never"}), "check_failed", Level.ERROR),
    ],
)
def test_a_service_that_is_away_or_strange_is_one_finding(world, answer, code, level):
    world.order("/v2/archive_files", answer)

    (finding,) = found(world).values()

    assert (finding.code, finding.level) == (code, level)
    assert finding.hint


def test_trouble_in_the_middle_ends_the_check_with_what_was_found(world, story):
    story.meeting(10)
    world.order("archive_complete_time", error_answer(503))

    assert set(found(world)) == {"unreachable"}


def test_a_meeting_deleted_during_the_check_is_no_finding(world, story):
    story.meeting(10)
    world.order("past_meetings", error_answer(404, 3001))

    assert found(world) == {}
