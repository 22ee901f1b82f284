import base64
import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.adapters.contact_db.pages import decode_cursor, encode_cursor
from recorder.errors import BadCursor

numbers = st.integers(-(2**63), 2**63 - 1)


def written(*place):
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


@given(numbers, st.text(st.characters(exclude_categories=["Cs"])))
def test_a_cursor_brings_back_its_place(number, text):
    assert decode_cursor(encode_cursor(number, text), int, str) == [number, text]


@pytest.mark.parametrize("place", [(2**63, "a"), (1, "\ud800"), (1,), ("a", 1), (True, "a")])
def test_a_place_no_row_can_have_is_refused(place):
    with pytest.raises(BadCursor):
        decode_cursor(written(*place), int, str)


@given(st.text())
def test_any_text_is_a_cursor_or_refused(text):
    with suppress(BadCursor):
        number, name = decode_cursor(text, int, str)
        assert decode_cursor(encode_cursor(number, name), int, str) == [number, name]
