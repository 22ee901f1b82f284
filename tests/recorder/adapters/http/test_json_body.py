import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.adapters.http.json_body import ROWS_MAX, hash_of, json_object, rows_of
from recorder.errors import BadAnswer

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(st.dictionaries(st.text(), VALUES))
def test_an_object_is_read_as_it_was_written(value):
    assert json_object(json.dumps(value).encode()) == value
    assert json_object(b"\xef\xbb\xbf" + json.dumps(value).encode()) == value


@given(st.binary(max_size=200))
def test_any_bytes_are_an_object_or_a_bad_answer(body):
    try:
        assert isinstance(json_object(body), dict)
    except BadAnswer:
        return


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("9" * 401, None),
        ("-" + "9" * 100_000, None),
        ("NaN", None),
        ("-Infinity", None),
        ("1e400", float("inf")),
        (r'"half \ud83d"', "half \ud83d"),
        ('"\xff"', "\ufffd"),
    ],
)
def test_a_mistaken_value_spoils_only_itself(value, read):
    body = f'{{"good": 1, "odd": {value}}}'.encode("latin-1")

    assert json_object(body) == {"good": 1, "odd": read}


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"7", b'"{}"', b"{", b"<html>", b'{"a":' * 10_000 + b"1" + b"}" * 10_000]
)
def test_what_is_no_object_is_a_bad_answer(body):
    with pytest.raises(BadAnswer, match="no JSON"):
        json_object(body)


def test_rows_are_what_the_list_holds_whatever_it_is():
    assert rows_of({"value": [1, None, {}]}, "value") == [1, None, {}]
    assert rows_of({"value": {}}, "value") is None
    assert rows_of({}, "value") is None


def test_a_page_with_more_rows_than_any_service_sends_is_a_bad_answer():
    assert len(rows_of({"value": [0] * ROWS_MAX}, "value")) == ROWS_MAX
    with pytest.raises(BadAnswer, match="rows"):
        rows_of({"value": [0] * (ROWS_MAX + 1)}, "value")


@given(VALUES, VALUES)
def test_equal_values_have_equal_names_and_others_have_others(one, other):
    texts = [json.dumps(value, sort_keys=True) for value in (one, other)]

    assert (hash_of(one) == hash_of(other)) is (texts[0] == texts[1])


def deep(inner):
    value = inner
    for number in range(20_000):
        value = [value] if number % 2 else {"a": value}
    return value


def test_a_value_nested_without_end_has_a_name_too():
    one, same, other = deep(1), deep(1), deep(2)

    assert hash_of(one) == hash_of(same) != hash_of(other)
