from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.adapters.http.retry_after import RETRY_AFTER_MAX_S, http_date, retry_after_s

NOW = "Thu, 01 Jan 2026 00:00:00 GMT"


@pytest.mark.parametrize(
    ("value", "wait_s"),
    [
        ("0", 0.0),
        ("30", 30.0),
        (" 30 ", 30.0),
        ("2.9", 2.0),
        ("99999999999999999999", RETRY_AFTER_MAX_S),
        ("Thu, 01 Jan 2026 00:01:30 GMT", 90.0),
        ("Wed, 31 Dec 2025 23:59:00 GMT", 0.0),
        ("Thu, 01 Jan 2099 00:00:00 GMT", RETRY_AFTER_MAX_S),
    ],
)
def test_both_forms_are_read_and_clamped(value, wait_s):
    assert retry_after_s(value, NOW) == wait_s


@pytest.mark.parametrize("value", [None, "", "-5", "soon", "nan", "inf", "1e3", "٣", "0x10", "Thu"])
def test_what_cannot_be_read_is_none(value):
    assert retry_after_s(value, NOW) is None


@pytest.mark.parametrize("date", [None, "", "yesterday"])
def test_the_date_form_needs_the_servers_date(date):
    assert retry_after_s("Thu, 01 Jan 2026 00:01:30 GMT", date) is None


def test_the_seconds_form_needs_no_date():
    assert retry_after_s("12", None) == 12.0


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_gives_a_bounded_wait_or_none(value, date):
    wait_s = retry_after_s(value, date)

    assert wait_s is None or 0 <= wait_s <= RETRY_AFTER_MAX_S


@given(
    st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2090, 1, 1)),  # noqa: DTZ001
    st.integers(0, 3600),
)
def test_a_date_ahead_is_the_difference(now, seconds):
    begin = now.replace(microsecond=0, tzinfo=UTC)
    end = datetime.fromtimestamp(begin.timestamp() + seconds, UTC)

    wait_s = retry_after_s(format_datetime(end, usegmt=True), format_datetime(begin, usegmt=True))

    assert wait_s == seconds


def test_a_date_at_the_end_of_time_does_not_overflow():
    assert http_date("Fri, 31 Dec 9999 23:59:59 -2359") is None


ZERO = "Sun, 31 May 2020 00:00:00 GMT"


@pytest.mark.parametrize(
    ("value", "wait_s"),
    [
        ("2020-05-31T00:00:30Z", 30.0),
        ("2020-05-31T02:00:05+02:00", 5.0),
        ("2020-05-31T00:00:00.500Z", 0.5),
        ("2020-05-30T23:59:00Z", 0.0),
        ("2020-06-01T00:00:00Z", 3600.0),
        ("2020-05-31T00:00:30", None),
        ("2020-13-31T00:00:30Z", None),
        ("0001-01-01T00:00:00+14:00", None),
    ],
)
def test_an_iso_instant_counts_from_the_servers_own_clock(value, wait_s):
    assert retry_after_s(value, ZERO) == wait_s
    assert retry_after_s(value, None) is None
