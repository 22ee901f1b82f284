"""When a source is compared, and for which period."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from recorder.model import SourceProgress, Window
from recorder.records.findings import Scope
from recorder.recover.reconcile_jobs import APART_US, PERIODS_MAX, missing_periods
from recorder.recover.reconcile_plan import (
    EDGE_S,
    Lengths,
    by_source,
    due,
    new_run,
    night_us,
    period,
)
from recorder.settings.stages import ReconcileSettings
from recorder.status import SourceStatus
from tests.recorder.recover.reconciling import Bench

DAY = 86_400 * 1_000_000
HOUR = 3600 * 1_000_000
MIDNIGHT = 20_000 * DAY
SETTINGS = ReconcileSettings()


def a_run(started_us, scope=Scope.RECENT, *, ended=True):
    run = new_run("dyn", scope, Window(0, 1), started_us)
    return run if not ended else type(run)(**{**_facts(run), "ended_us": started_us + 1})


def _facts(run):
    return {name: getattr(run, name) for name in run.__dataclass_fields__}


def test_a_night_begins_at_its_hour():
    assert night_us(MIDNIGHT + 3 * HOUR, 2.0) == MIDNIGHT + 2 * HOUR
    assert night_us(MIDNIGHT + HOUR, 2.0) == MIDNIGHT - 22 * HOUR
    assert night_us(MIDNIGHT + HOUR, 0.5) == MIDNIGHT + HOUR // 2


def test_the_first_run_is_over_everything_and_begins_at_once():
    assert due([], MIDNIGHT + 15 * HOUR, SETTINGS) is Scope.RETENTION


def test_a_run_that_did_not_end_goes_on():
    unended = a_run(MIDNIGHT, Scope.RECENT, ended=False)
    assert due([unended], MIDNIGHT + 90 * DAY, SETTINGS) is Scope.RECENT


def test_the_next_night_is_recent_and_the_seventh_is_everything():
    whole = a_run(MIDNIGHT + 2 * HOUR, Scope.RETENTION)
    assert due([whole], MIDNIGHT + 20 * HOUR, SETTINGS) is None
    assert due([whole], MIDNIGHT + DAY + 3 * HOUR, SETTINGS) is Scope.RECENT
    assert due([whole], MIDNIGHT + 7 * DAY + 3 * HOUR, SETTINGS) is Scope.RETENTION
    last = a_run(MIDNIGHT + 6 * DAY + 2 * HOUR)
    assert due([last, whole], MIDNIGHT + 6 * DAY + 20 * HOUR, SETTINGS) is None


def test_a_run_from_the_future_keeps_none_from_beginning():
    whole = a_run(MIDNIGHT + DAY + 2 * HOUR, Scope.RETENTION)
    assert due([whole], MIDNIGHT + 2 * HOUR, SETTINGS) is Scope.RETENTION
    a_little_ahead = a_run(MIDNIGHT + 2 * HOUR + HOUR // 2, Scope.RETENTION)
    assert due([a_little_ahead], MIDNIGHT + 2 * HOUR, SETTINGS) is None


def progress(*windows):
    covered = tuple(Window(*one) for one in windows)
    return SourceProgress("dyn", 1, MIDNIGHT, MIDNIGHT, covered)


def a_period(scope, known, oldest_us=None, retention_s=None):
    return period(scope, known, oldest_us, retention_s, now_us=MIDNIGHT, settings=SETTINGS)


def test_a_period_ends_before_what_is_on_its_way():
    found = a_period(Scope.RECENT, progress((0, MIDNIGHT)))
    assert found == Window(MIDNIGHT - HOUR - 72 * HOUR, MIDNIGHT - HOUR)


def test_everything_begins_where_the_source_still_has_it():
    found = a_period(Scope.RETENTION, progress((0, MIDNIGHT)), None, 30 * 86_400.0)
    assert found.from_us == MIDNIGHT - 30 * DAY + int(EDGE_S * 1_000_000)
    endless = a_period(Scope.RETENTION, progress((0, MIDNIGHT)))
    assert endless.from_us == MIDNIGHT - HOUR - 366 * DAY


def test_nothing_is_compared_from_before_the_first_start():
    start = MIDNIGHT - 5 * HOUR
    assert a_period(Scope.RECENT, progress((start, MIDNIGHT))).from_us == start
    assert a_period(Scope.RECENT, progress((start, MIDNIGHT)), start - HOUR).from_us == start - HOUR
    assert a_period(Scope.RECENT, progress()) is None
    assert a_period(Scope.RECENT, progress((MIDNIGHT, MIDNIGHT + 1))) is None


@given(
    st.lists(st.tuples(st.integers(0, 60_000), st.integers(0, 300)), max_size=60),
    st.integers(1, 500),
)
def test_sections_cover_a_run_whatever_they_bring(brought, hours):
    lengths = Lengths(window_max_s=7 * 86_400.0)
    run = new_run("dyn", Scope.RECENT, Window(0, hours * HOUR), 5)
    for items, pages in brought:
        window = lengths.next_window(run)
        assert run.reached_us == window.from_us < window.to_us <= run.to_us
        if lengths.is_too_much(items, pages):
            lengths.shorten()
            shorter = lengths.next_window(run)
            assert shorter.to_us - shorter.from_us <= window.to_us - window.from_us
            continue
        lengths.brought(items, pages)
        run = type(run)(**{**_facts(run), "reached_us": window.to_us})
        if run.reached_us == run.to_us:
            return


@given(st.lists(st.integers(0, 100 * DAY), max_size=200))
def test_every_missing_item_is_in_a_period_and_they_are_few(instants):
    periods = missing_periods(instants)
    assert len(periods) <= PERIODS_MAX
    for at_us in instants:
        assert sum(one.from_us <= at_us < one.to_us for one in periods) == 1
    for before, after in pairwise(periods):
        assert after.from_us - before.to_us > APART_US - 1_000_001


def test_a_period_ends_by_the_calendar_of_its_source_where_that_was_heard():
    bench = Bench()
    wrong_us = bench.now_us + DAY
    assert by_source(wrong_us, None) == wrong_us
    bench.status()
    assert by_source(wrong_us, bench.board.read("source:dyn", SourceStatus)) == wrong_us
    bench.status(offset_ms=-86_400_000.0)
    assert by_source(wrong_us, bench.board.read("source:dyn", SourceStatus)) == bench.now_us
    bench.archived("rec", -5)
    bench.status(offset_ms=-7_200_000.0)
    bench.reconcile()
    (run,) = bench.runs
    assert run.to_us == bench.at(-3)
