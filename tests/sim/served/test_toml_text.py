import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.served.toml_text import toml_text

KEYS = st.text("abcdefghijklmnopqrstuvwxyzABCXYZ0123456789_-", min_size=1, max_size=12)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
INTEGERS = st.integers(-(2**63), 2**63 - 1)
PLAIN = st.one_of(st.booleans(), INTEGERS, st.floats(allow_nan=False), TEXTS)
FLAT = st.dictionaries(KEYS, PLAIN, max_size=3)
VALUES = st.one_of(PLAIN, st.lists(PLAIN, max_size=4), st.lists(FLAT, max_size=3))
TABLES = st.dictionaries(KEYS, st.dictionaries(KEYS, VALUES, max_size=5), max_size=5)


@given(TABLES)
def test_what_is_written_is_read_back_the_same(tables):
    assert tomllib.loads(toml_text(tables)) == tables


def test_a_dotted_name_is_a_table_in_a_table():
    text = toml_text({"sources.dynamics": {"kind": "dynamics"}})
    assert tomllib.loads(text) == {"sources": {"dynamics": {"kind": "dynamics"}}}


def test_a_tuple_is_a_list():
    assert tomllib.loads(toml_text({"a": {"b": (1, 2)}})) == {"a": {"b": [1, 2]}}


@pytest.mark.parametrize(
    "text", ['"', "\\", "\n", "\x7f", "\x00", "\u00e4", "\U0001f600", "\u2028"]
)
def test_text_of_any_kind_survives(text):
    assert tomllib.loads(toml_text({"a": {"b": text}})) == {"a": {"b": text}}


@pytest.mark.parametrize("value", [None, b"bytes", {1, 2}, object()])
def test_other_values_are_refused(value):
    with pytest.raises(TypeError, match=type(value).__name__):
        toml_text({"a": {"b": value}})
