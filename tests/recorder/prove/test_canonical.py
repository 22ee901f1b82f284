import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.prove.canonical import canonical, parsed, plain

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text().map(plain),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text().map(plain), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(VALUES)
def test_what_is_written_is_read_again_and_written_the_same(value):
    assert parsed(canonical(value)) == value
    assert canonical(parsed(json.dumps(value, indent=3))) == canonical(value)


def test_the_order_of_keys_does_not_matter_and_nothing_is_escaped_without_need():
    assert canonical({"b": 1, "a": ["é", True, None]}) == '{"a":["é",true,null],"b":1}'.encode()


@pytest.mark.parametrize("value", [1.5, 2**53 + 1, {1: 2}, b"x", "\ud800", [object()]])
def test_what_readers_of_json_do_not_agree_on_is_refused(value):
    with pytest.raises(ValueError, match=r".+"):
        canonical(value)


@pytest.mark.parametrize("text", ['{"a":1,"a":2}', "[1.0]", "[NaN]", "[1e3]", "{", "[" * 100_000])
def test_documents_of_two_meanings_are_refused(text):
    with pytest.raises(ValueError, match=r".+"):
        parsed(text)


def test_a_text_is_made_as_a_database_keeps_it():
    assert plain("a\0b\ud800") == "a\N{REPLACEMENT CHARACTER}b?"
