"""Texts as every database can hold them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.adapters.contact_db.columns import clean, tidy
from recorder.model import MediaKind
from tests.calls import a_file, a_party, an_interaction

anything = st.text(st.characters(categories=["L", "N", "Cc", "Cs", "So"]))


@given(anything)
def test_a_clean_text_can_be_stored_and_is_not_changed_again(text):
    cleaned = clean(text)
    assert "\0" not in cleaned.encode("utf-8").decode("utf-8")
    assert clean(cleaned) == cleaned


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_what_can_be_stored_is_left_alone(text):
    assert clean(text) == text


def test_every_text_in_a_value_is_cleaned_and_nothing_else_changes():
    odd = an_interaction(parties=[a_party(1, name="a\0b")], subject="\ud800")
    tidied = tidy(odd)
    assert tidied.parties[0].name == "a\N{REPLACEMENT CHARACTER}b"
    assert tidied.subject == "?"
    assert tidied.segments == odd.segments
    assert tidied.attributes == odd.attributes
    assert tidy(a_file()).ref.kind is MediaKind.AUDIO


@pytest.mark.parametrize("value", [None, 7, True, 1.5])
def test_what_is_no_text_stays(value):
    assert tidy(value) is value
