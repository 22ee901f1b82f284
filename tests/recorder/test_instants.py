import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.instants import bytes_text, duration_text, from_text, offset_text, to_text

INSTANTS_US = st.integers(min_value=-62_135_596_800_000_000, max_value=253_402_300_799_999_999)


@given(INSTANTS_US)
def test_an_instant_survives_as_text(instant_us):
    assert from_text(to_text(instant_us)) == instant_us


@given(INSTANTS_US, INSTANTS_US)
def test_whole_seconds_as_text_are_ordered_as_they_are(one_us, other_us):
    one, other = (us // 1_000_000 * 1_000_000 for us in (one_us, other_us))
    assert (to_text(one) < to_text(other)) == (one < other)


@pytest.mark.parametrize(
    ("instant_us", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1, "1970-01-01T00:00:00.000001Z"),
        (-1, "1969-12-31T23:59:59.999999Z"),
        (1_700_000_000_000_000, "2023-11-14T22:13:20Z"),
    ],
)
def test_instants_are_rfc_3339_in_utc(instant_us, text):
    assert to_text(instant_us) == text


def test_an_offset_counts():
    assert from_text("1970-01-01T01:00:00+01:00") == 0


@pytest.mark.parametrize("text", ["2026-11-21T09:30:00", "2026-11-21", "now", "", "99"])
def test_what_is_no_instant_with_a_zone_is_refused_with_an_example(text):
    with pytest.raises(ValueError, match="write 2026-11-21T09:30:00Z"):
        from_text(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0s"),
        (0.4, "0s"),
        (59.4, "59s"),
        (59.6, "1m00s"),
        (3599, "59m59s"),
        (3600, "1h00m"),
        (86_399, "23h59m"),
        (86_400 * 3 + 3600 * 4, "3d04h"),
    ],
)
def test_a_duration_has_two_units_at_most(seconds, text):
    assert duration_text(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (2_000_000, "2.0 MB"), (3e12, "3.0 TB")],
)
def test_bytes_are_told_in_powers_of_ten(count, text):
    assert bytes_text(count) == text


@pytest.mark.parametrize(
    ("instant_us", "text"),
    [
        (2**63, "9999-12-31T23:59:59.999999Z"),
        (-(2**63), "0001-01-01T00:00:00Z"),
    ],
)
def test_an_instant_outside_the_calendar_is_shown_at_its_edge(instant_us, text):
    assert to_text(instant_us) == text


@pytest.mark.parametrize(
    ("offset_ms", "text"),
    [
        (None, "?"),
        (0, "+0:00:00"),
        (62_500, "+0:01:02.500"),
        (-1, "-0:00:00.001"),
        (36_000_000, "+10:00:00"),
    ],
)
def test_offsets_read_like_a_clock(offset_ms, text):
    assert offset_text(offset_ms) == text
