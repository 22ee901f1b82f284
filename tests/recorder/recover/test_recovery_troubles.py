"""What may go wrong during a recovery, what it forecasts, and ids instead of a period."""

import pytest

from recorder.errors import AuthRefused, BadAnswer, Throttled, Unreachable
from recorder.messages import RecoveriesChanged
from recorder.model import Window
from recorder.records.recoveries import Counts, RecoveryKind, RecoveryStatus
from recorder.recover.troubles import ID_TRIES
from recorder.settings.stages import RecoverySettings
from tests.recorder.recover.recovering import (
    HOUR_US,
    NOW_US,
    US,
    Desk,
)


@pytest.fixture
def desk():
    return Desk()


def some(desk, count, apart_s=60):
    """Items of the last day, the first one the oldest; their keys."""
    keys = [f"i{number:03d}" for number in range(count)]
    for number, key in enumerate(keys):
        desk.source.add(key, age_s=80_000 - number * apart_s)
    return keys


def test_a_source_that_asks_for_patience_gets_it(desk):
    some(desk, 2)
    desk.source.errors = [Throttled("slow down", retry_after_s=60.0)]
    desk.request()
    desk.grant().advance(55)
    assert len(desk.source.calls) == 1
    desk.advance(30)
    assert desk.row().counts.detected == 2


def test_a_source_that_went_away_stops_the_recovery_and_it_can_be_resumed(desk):
    keys = some(desk, 3)
    desk.request()
    desk.source.errors = [None] * 4 + [Unreachable("no answer", hint="Look at it.")] * 1000
    desk.source.page_size = 1
    desk.grant().advance(5000)
    row = desk.row()
    assert row.status is RecoveryStatus.STOPPED
    assert "no answer" in row.reason
    assert desk.findings() == [("recovery_stopped", "R-1")]
    desk.source.errors = []
    desk.db.resume("R-1")
    desk.advance(10).serve()
    assert desk.row().counts.detected == 3
    assert desk.row().status is RecoveryStatus.COMPLETED
    assert desk.findings() == []
    assert desk.stages() == dict.fromkeys(keys, "recovered")


@pytest.mark.parametrize("error", [Unreachable("no second page"), BadAnswer("odd")])
def test_a_source_that_never_gives_the_second_page_is_not_asked_for_the_first_for_ever(desk, error):
    some(desk, 7, apart_s=0)
    inside = desk.source.list_items

    def first_page_only(window, page):
        found = inside(window, page)
        if page is not None:
            raise error
        return found

    desk.source.list_items = first_page_only
    desk.request()
    desk.grant().advance(5000)
    assert desk.row().status is RecoveryStatus.STOPPED
    assert str(error) in desk.row().reason
    assert len(desk.source.calls) < 300, "it waits longer from try to try"


def test_a_listing_that_breaks_in_the_middle_is_taken_in_smaller_parts(desk):
    keys = some(desk, 60, apart_s=600)
    inside = desk.source.list_items

    def at_most_two_pages(window, page):
        if page == "6":
            raise BadAnswer("the page expired")
        return inside(window, page)

    desk.source.list_items = at_most_two_pages
    desk.request()
    desk.grant().advance(600)
    assert desk.row().counts.detected == len(keys)


def test_a_recovery_that_could_not_even_start_failed(desk):
    desk.source.errors = [AuthRefused("the secret is wrong")] * 1000
    desk.request()
    desk.grant().advance(5000)
    row = desk.row()
    assert row.status is RecoveryStatus.FAILED
    assert "credentials" in row.reason


def test_a_dry_run_that_is_done_does_not_end_the_alarm_of_one_that_stopped(desk):
    desk.source.errors = [AuthRefused("the secret is wrong")] * 1000
    desk.request()
    desk.grant().advance(5000)
    assert desk.findings() == [("recovery_stopped", "R-1")]
    desk.source.errors = []
    desk.request("R-2", dry_run=True)
    desk.advance(200)
    assert desk.row("R-2").status is RecoveryStatus.COMPLETED
    assert desk.findings() == [("recovery_stopped", "R-1")]


def test_an_adapter_that_breaks_does_not_break_the_node(desk):
    desk.source.errors = [ValueError("odd")]
    some(desk, 1)
    desk.request()
    desk.grant().advance(10)
    assert desk.row().counts.detected == 1


def test_a_recovery_of_a_source_that_does_not_run_here_fails(desk):
    desk.request(source="zoom")
    desk.grant().advance(6)
    assert desk.row().status is RecoveryStatus.FAILED
    assert "zoom" in desk.row().reason


def test_a_data_center_that_is_away_is_waited_for(desk):
    keys = some(desk, 7)
    desk.request()
    desk.faults.down = True
    desk.grant().advance(30)
    desk.faults.down = False
    desk.advance(12)
    assert desk.given() == keys
    desk.faults.down = True
    desk.advance(30)
    desk.faults.down = False
    desk.archive(*keys)
    desk.advance(10)
    assert desk.row().counts == Counts(detected=7, recovered=7)


def test_an_answer_that_is_lost_counts_nothing_twice(desk):
    some(desk, 7)
    desk.request()
    desk.faults.answers_lost = 3
    desk.grant().advance(60)
    desk.faults.answers_lost = 2
    desk.serve()
    assert desk.row().counts == Counts(detected=7, recovered=7)


# -- more than one ----


def test_two_recoveries_with_overlapping_periods_fetch_nothing_twice(desk):
    keys = some(desk, 6)
    desk.request("R-1", window=Window(NOW_US - 24 * HOUR_US, NOW_US))
    desk.request("R-2", window=Window(NOW_US - 23 * HOUR_US, NOW_US))
    desk.grant()
    given = desk.given()
    assert sorted(set(given)) == keys
    desk.archive(*keys)
    desk.advance(6)
    for name in ("R-1", "R-2"):
        row = desk.row(name)
        assert row.status is RecoveryStatus.COMPLETED
        assert row.counts.detected == row.counts.recovered + row.counts.already_here


def test_a_dry_run_has_its_turn_before_the_rest_and_fetches_nothing(desk):
    keys = some(desk, 6)
    desk.archive(keys[0])
    desk.request("R-1")
    desk.request("R-2", dry_run=True)
    desk.grant()
    dry = desk.row("R-2")
    assert dry.status is RecoveryStatus.COMPLETED
    assert dry.counts == Counts(detected=6, already_here=1, pending=5)
    assert dry.forecast.size_bytes == 5 * 1000
    assert dry.forecast.is_estimate
    assert dry.forecast.api_calls == 15
    assert desk.row("R-1").counts.detected == 6


def test_a_dry_run_uses_the_sizes_that_the_source_tells(desk):
    some(desk, 4)
    desk.source.listed_bytes = lambda ref: 77 if ref.key != "i000" else None
    desk.request(dry_run=True)
    desk.grant()
    assert desk.row().forecast.size_bytes == 3 * 77
    assert desk.row().forecast.is_estimate
    desk.source.listed_bytes = lambda _ref: 77
    desk.request("R-2", dry_run=True)
    desk.advance(6)
    assert not desk.row("R-2").forecast.is_estimate


def test_a_dry_run_names_what_will_be_deleted_before_its_turn(desk):
    desk.source.add("old", age_s=30 * 86_400 - 1)
    desk.source.add("new", age_s=100)
    desk.request(dry_run=True, window=Window(NOW_US - 31 * 24 * HOUR_US, NOW_US))
    desk.grant().advance(5)
    forecast = desk.row().forecast
    assert (forecast.too_late, forecast.too_late_keys) == (0, ())
    slow = Desk(settings=RecoverySettings(calls_per_s=0.5, automatic=False), source=desk.source)
    slow.request(dry_run=True, window=Window(NOW_US - 31 * 24 * HOUR_US, NOW_US))
    slow.grant().advance(100)
    assert slow.row().forecast.too_late_keys == ("old",)


# -- cancel ----


def test_a_cancelled_recovery_lists_and_gives_nothing_more(desk):
    some(desk, 30)
    desk.source.page_size = 1
    desk.request()
    desk.duty().steps(20)
    desk.db.cancel("R-1", "cancelled by ada")
    desk.tell(RecoveriesChanged())
    desk.run()
    calls = len(desk.source.calls)
    desk.given()
    desk.advance(60)
    assert len(desk.source.calls) == calls
    assert desk.given() == []
    assert desk.row().status is RecoveryStatus.CANCELLED
    assert desk.snapshot.running == ()


def test_another_recovery_goes_on_when_one_is_cancelled(desk):
    some(desk, 10)
    desk.source.page_size = 1
    desk.request("R-1")
    desk.duty().steps(10)
    desk.request("R-2", window=Window(NOW_US - 25 * HOUR_US, NOW_US))
    desk.db.cancel("R-1", "")
    desk.tell(RecoveriesChanged())
    desk.run().serve()
    assert desk.row("R-2").status is RecoveryStatus.COMPLETED


# -- ids ----


def test_ids_are_looked_for_one_by_one_and_each_has_an_outcome(desk):
    for key in ("a", "b"):
        desk.source.add(key)
    desk.archive("b")
    ids = ("session-a", "session-b", "session-x")
    desk.request(kind=RecoveryKind.SPECIFIC, window=None, ids=ids)
    desk.grant().serve()
    row = desk.row()
    assert row.status is RecoveryStatus.COMPLETED
    assert row.counts == Counts(detected=3, already_here=1, recovered=1, gone=1)
    assert desk.stages() == {"a": "recovered", "session-x": "gone"}
    assert desk.proven() == []


def test_thousands_of_ids_are_looked_for_in_parts(desk):
    ids = tuple(f"session-{number}" for number in range(45))
    desk.source.add("44")
    desk.request(kind=RecoveryKind.SPECIFIC, window=None, ids=ids)
    desk.grant().serve()
    assert desk.row().counts == Counts(detected=45, recovered=1, gone=44)
    assert desk.row().listed == 45


def test_an_id_that_the_source_chokes_on_fails_and_the_others_go_on(desk):
    for key in ("a", "b"):
        desk.source.add(key)
    desk.request(kind=RecoveryKind.SPECIFIC, window=None, ids=("session-a", "!", "!!", "session-b"))
    desk.grant().advance(60).serve()
    row = desk.row()
    assert row.status is RecoveryStatus.COMPLETED
    assert row.counts == Counts(detected=4, recovered=2, failed=2)
    assert desk.source.calls.count("!") == ID_TRIES
    assert desk.source.calls.count("session-a") == 1, "what was answered is not asked for again"
    (item,) = [one for one in desk.items() if one.ref.key == "!"]
    assert item.reason.startswith("bad_answer: ")


def test_ids_wait_for_a_source_that_is_away_and_none_of_them_fails(desk):
    desk.source.add("a")
    desk.source.find_errors = [Unreachable("no answer")] * 12
    desk.request(kind=RecoveryKind.SPECIFIC, window=None, ids=("session-a",))
    desk.grant().advance(1500).serve()
    assert desk.row().counts == Counts(detected=1, recovered=1)


def test_a_source_that_cannot_be_asked_by_id_says_so():
    desk = Desk()
    desk.source.find = None
    desk.request(kind=RecoveryKind.SPECIFIC, window=None, ids=("a",))
    desk.grant().advance(5)
    assert desk.row().counts == Counts(detected=1, failed=1)


def test_memory_stays_flat_when_all_of_a_long_section_is_missing(desk):
    some(desk, 12_000)
    desk.source.page_size = 1000
    for number, ref in enumerate(list(desk.source.items.values())):
        desk.source.add(ref.key, age_s=80_000 - number * 0.1)
    staged = []
    inside = desk.own_db.stage
    desk.own_db.stage = lambda items, name, *, first: (
        staged.append(len(items)) or inside(items, name, first=first)
    )
    desk.request()
    desk.grant().advance(5)
    assert desk.row().counts.detected == 12_000
    assert staged
    assert max(staged) <= 6000
    assert desk.row().counts.pending == 12_000
    assert US == 1_000_000


def test_a_look_that_failed_after_the_next_was_due_is_not_the_last(desk):
    some(desk, 2)
    desk.request()
    desk.grant()
    assert desk.row().status is RecoveryStatus.RUNNING
    desk.faults.down = True
    while not desk.database.jobs:
        desk.clock.advance(0.1)
    desk.clock.advance(3)  # nobody answers, and the next look comes due
    desk.run()
    desk.faults.down = False
    desk.serve().advance(30)
    assert desk.row().status is RecoveryStatus.COMPLETED
