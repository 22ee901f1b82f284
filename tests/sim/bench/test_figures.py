import json

from hypothesis import given
from hypothesis import strategies as st

from sim.bench.figures import latency_row, percentile, publish, rounded, table_text

NUMBERS = st.floats(0.001, 1e6)


def test_a_percentile_is_one_of_the_values():
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert percentile([3.0, 1.0, 2.0], 0.99) == 3.0
    assert percentile([1.0], 0.0) == 1.0


@given(st.lists(NUMBERS, min_size=1), st.floats(0, 1))
def test_so_large_a_share_of_the_values_does_not_exceed_a_percentile(values, share):
    found = percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values)


@given(st.lists(NUMBERS, min_size=1), st.floats(0, 1), st.floats(0, 1))
def test_a_higher_percentile_is_never_lower(values, one, other):
    low, high = sorted((one, other))
    assert percentile(values, low) <= percentile(values, high)


def test_a_latency_row_is_in_milliseconds():
    assert latency_row("death", [0.1, 0.3, 0.2]) == {
        "name": "death",
        "samples": 3,
        "p50_ms": 200.0,
        "p99_ms": 300.0,
        "max_ms": 300.0,
    }


def test_a_latency_row_without_samples_says_so():
    assert latency_row("death", [])["samples"] == 0
    assert latency_row("death", [])["p50_ms"] is None


def test_figures_are_rounded_to_what_they_are_worth():
    assert rounded(0.0123456) == 0.01235
    assert rounded(12.3456) == 12.35
    assert rounded(123456.7) == 123457.0
    assert rounded(0.0) == 0.0


@given(NUMBERS)
def test_rounding_changes_little(value):
    assert abs(rounded(value) - value) <= value * 1e-3


def test_a_table_aligns_numbers_to_the_right_and_words_to_the_left():
    rows = [
        {"name": "a", "ms": 5.25, "good": True},
        {"name": "bcd", "ms": 12345, "good": False},
        {"name": "e", "ms": None, "good": True},
    ]
    assert table_text(rows).splitlines() == [
        "name      ms  good",
        "----  ------  ----",
        "a       5.25  yes",
        "bcd   12,345  no",
        "e          -  yes",
    ]


def test_a_table_shows_columns_of_any_row_or_those_wanted():
    rows = [{"a": 1}, {"b": 2}]
    assert table_text(rows).splitlines()[0] == "a  b"
    assert table_text(rows, ["b"]).splitlines() == ["b", "-", "-", "2"]


def test_results_are_written_with_the_facts_of_the_machine(tmp_path):
    path = publish("thing", [{"name": "one", "ms": 1.0}], folder=tmp_path / "made", wanted=5)
    found = json.loads(path.read_text())
    assert path.name == "thing.json"
    assert found["rows"] == [{"name": "one", "ms": 1.0}]
    assert found["wanted"] == 5
    assert {"cores", "python"} <= set(found["machine"])
