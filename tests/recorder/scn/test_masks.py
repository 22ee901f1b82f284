"""Parts on record whose object is gone: masked by a life that died, or missing for another reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.scn.masks import was_replaced
from recorder.scn.model import Span
from tests.screens import T0_US, a_part, a_stream

PART = a_part("aa01", from_s=0, to_s=10, seq_first=10, seq_last=50)
INSIDE = (Span(T0_US + 2_000_000, T0_US + 3_000_000),)


def a_piece(first, last, **more):
    return a_part("bb02", **{"seq_first": first, "seq_last": last, **more})


@pytest.mark.parametrize(
    ("from_s", "to_s", "covers"),
    [(-1, 11, True), (0, 11, True), (-1, None, True), (-1, 10, False), (1, 11, False)],
)
def test_nothing_is_left_of_a_part_that_a_mask_covers_from_end_to_end(from_s, to_s, covers):
    to_us = None if to_s is None else T0_US + to_s * 10**6
    mask = Span(T0_US + from_s * 10**6, to_us)
    assert was_replaced(PART, [mask], [PART]) is covers


def test_two_masks_that_only_together_cover_it_are_no_proof():
    half_us = T0_US + 5_000_000
    masks = [Span(T0_US, half_us), Span(half_us, None)]
    assert not was_replaced(PART, masks, [PART])


@pytest.mark.parametrize("piece", [(10, 50), (10, 12), (40, 50), (20, 20)])
def test_a_part_whose_piece_is_on_record_was_replaced(piece):
    assert was_replaced(PART, INSIDE, [PART, a_piece(*piece)])
    assert was_replaced(PART, (), [a_piece(*piece)]), "whatever the mask was"


@pytest.mark.parametrize(
    "other",
    [
        a_piece(9, 50),
        a_piece(10, 51),
        a_piece(60, 90),
        a_piece(10, 12, stream=a_stream("s-2")),
        a_piece(10, 12, node="beta"),
    ],
)
def test_what_lies_elsewhere_is_no_piece_of_it(other):
    assert not was_replaced(PART, INSIDE, [PART, other])


@given(first=st.integers(0, 60), last=st.integers(0, 60), order=st.randoms())
def test_the_order_of_what_is_listed_does_not_matter(first, last, order):
    listed = [PART, a_piece(*sorted((first, last))), a_piece(0, 99)]
    shuffled = order.sample(listed, len(listed))
    assert was_replaced(PART, INSIDE, shuffled) == was_replaced(PART, INSIDE, listed)
