"""Every absence has a cause, and it is the one that the traces of its time tell."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.model import ItemRef, Window
from recorder.records.contacts import ItemRow
from recorder.records.findings import NODE_UP, Severity, Span, What, Why
from recorder.recover import causes
from recorder.recover.causes import Times

HOUR = 3600 * 1_000_000
NOW = 1_790_000_000_000_000
START = NOW - 100 * HOUR


def a_ref(at_us=NOW - 50 * HOUR, key="i"):
    return ItemRef("desk", key, "v", at_us, "s")


def a_row(state="failed", reason="", *, parked=False, at_us=NOW - 50 * HOUR, attempts=3):
    found_us = at_us + HOUR
    return ItemRow(
        a_ref(at_us), state, reason, attempts, found_us, "alpha", found_us, None, "", None, parked,
        None, 0, 0.0,
    )  # fmt: skip


def up(begin_us=START, until_us=NOW, node="alpha"):
    return Span(node, NODE_UP, "", begin_us, until_us)


def trouble(code, begin_us, until_us, subject="desk", detail=""):
    return Span("alpha", code, subject, begin_us, until_us, until_us, detail)


def times(covered=((START, NOW - HOUR),), spans=(), watermark_us=NOW - HOUR, oldest_us=START):
    windows = tuple(Window(*one) for one in covered)
    return Times("desk", watermark_us, windows, oldest_us, tuple(spans) or (up(),), NOW)


GAP = ((START, NOW - 60 * HOUR), (NOW - 40 * HOUR, NOW - HOUR))


@pytest.mark.parametrize(
    ("known", "at_us", "why"),
    [
        (times(), NOW - 50 * HOUR, Why.LATE_AT_SOURCE),
        (times(), NOW - HOUR // 2, Why.SERVICE_BEHIND),
        (times(), START - 5 * HOUR, Why.BEFORE_START),
        (times(oldest_us=START - 9 * HOUR), START - 5 * HOUR, Why.WATERMARK_LOST),
        (times(covered=(), oldest_us=None), START, Why.BEFORE_START),
        (times(GAP), NOW - 50 * HOUR, Why.WATERMARK_LOST),
        (
            times(GAP, [up(START, NOW - 58 * HOUR), up(NOW - 41 * HOUR, NOW)]),
            NOW - 50 * HOUR,
            Why.NODE_DOWN,
        ),
        (
            times(GAP, [up(START, NOW - 50 * HOUR), up(NOW - 51 * HOUR, NOW, node="beta")]),
            NOW - 50 * HOUR,
            Why.WATERMARK_LOST,
        ),
        (
            times(
                GAP, [up(), trouble("source_stopped_by_error", NOW - 61 * HOUR, NOW - 39 * HOUR)]
            ),
            NOW - 50 * HOUR,
            Why.CREDENTIALS,
        ),
        (
            times(GAP, [up(), trouble("source_waiting", NOW - 55 * HOUR, NOW - 54 * HOUR)]),
            NOW - 50 * HOUR,
            Why.THROTTLED,
        ),
        (
            times(GAP, [up(), trouble("poll_failing", NOW - 55 * HOUR, NOW - 54 * HOUR)]),
            NOW - 50 * HOUR,
            Why.SOURCE_FAILING,
        ),
        (
            times(GAP, [up(), trouble("poll_failing", NOW - 55 * HOUR, NOW, subject="sales")]),
            NOW - 50 * HOUR,
            Why.WATERMARK_LOST,
        ),
        (
            times(spans=[up(), trouble("source_failing", NOW - HOUR // 2, NOW)]),
            NOW - HOUR // 2,
            Why.SOURCE_FAILING,
        ),
    ],
)
def test_what_nobody_saw_has_the_cause_that_its_time_tells(known, at_us, why):
    found = causes.not_here(a_ref(at_us), None, known)
    assert found.why is why
    assert found.what is What.NOT_HERE
    assert found.is_offered
    assert found.detail


def test_a_gap_from_before_anything_was_noted_blames_no_node():
    known = times(GAP, [up(NOW - 41 * HOUR, NOW)])
    assert causes.not_here(a_ref(), None, known).why is Why.WATERMARK_LOST


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (a_row(reason="not_media: empty", parked=True), Why.PARKED),
        (a_row(reason="throttled: 429", parked=True), Why.THROTTLED),
        (a_row(reason="auth_refused: no"), Why.CREDENTIALS),
        (a_row(reason="scope_missing: no"), Why.CREDENTIALS),
        (a_row(reason="stalled: no byte"), Why.SOURCE_FAILING),
        (a_row(reason="archive_refused: full"), Why.ARCHIVE_REFUSED),
        (a_row("gone", "gone: deleted"), Why.DELETED_BEFORE_FETCHED),
        (a_row("found"), Why.SERVICE_BEHIND),
        (a_row(reason="odd"), Why.SERVICE_BEHIND),
    ],
)
def test_what_was_found_and_not_archived_has_the_cause_of_its_last_failure(row, why):
    found = causes.not_here(row.ref, row, times())
    assert found.why is why
    assert row.reason in found.detail


def test_what_waits_while_the_source_is_in_trouble_waits_for_that():
    known = times(spans=[up(), trouble("credentials_failing", NOW - 2 * HOUR, NOW, subject="")])
    row = a_row("found")
    assert causes.not_here(row.ref, row, known).why is Why.CREDENTIALS


def test_what_is_missing_is_critical_unless_it_is_on_its_way_or_was_never_wanted():
    assert causes.not_here(a_ref(), None, times()).severity is Severity.CRITICAL
    assert causes.not_here(a_ref(NOW), None, times()).severity is Severity.MAJOR
    old = causes.not_here(a_ref(START - HOUR), None, times())
    assert old.severity is Severity.MINOR
    assert causes.lost(a_row("gone")).severity is Severity.CRITICAL
    assert causes.object_missing(a_row("archived"), "x").severity is Severity.CRITICAL
    noted = causes.deleted_at_source(a_row("archived"))
    assert (noted.severity, noted.is_noted_only) == (Severity.MINOR, True)


INSTANTS = st.integers(START - 10 * HOUR, NOW)
WINDOWS = st.lists(st.tuples(INSTANTS, st.integers(1, 30 * HOUR)), max_size=5).map(
    lambda parts: tuple(sorted((begin, begin + length) for begin, length in parts))
)
CODES = st.sampled_from([NODE_UP, "source_waiting", "poll_failing", "credentials_failing", "x"])
SPANS = st.lists(st.builds(trouble, CODES, INSTANTS, INSTANTS), max_size=6)
ROWS = st.one_of(
    st.none(),
    st.builds(
        a_row,
        st.sampled_from(["found", "failed", "gone", "fetching"]),
        st.sampled_from(["", "throttled: x", "odd", "gone: y"]),
        parked=st.booleans(),
        at_us=INSTANTS,
    ),
)


@given(INSTANTS, WINDOWS, SPANS, ROWS, st.one_of(st.none(), INSTANTS))
def test_there_is_always_a_cause_and_something_to_say(at_us, covered, spans, row, oldest_us):
    known = times(covered, spans, watermark_us=NOW - HOUR, oldest_us=oldest_us)
    found = causes.not_here(a_ref(at_us), row, known)
    assert found.why in Why
    assert found.why != "unknown"
    assert found.detail
