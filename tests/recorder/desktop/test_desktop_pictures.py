"""Pictures with less detail."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recorder.desktop.pictures import Picture, coarser, within

SIDES = st.integers(1, 40)


def painted(width, height):
    return Picture(np.arange(width * height * 4, dtype=np.uint8).reshape(height, width, 4))


@given(SIDES, SIDES, st.integers(1, 20))
def test_a_coarser_picture_has_its_size_and_one_colour_a_square(width, height, pixels):
    picture = painted(width, height)
    made = coarser(picture, pixels)
    assert (made.width, made.height) == (width, height)
    for y in range(height):
        for x in range(width):
            origin = picture.pixels[y - y % pixels, x - x % pixels]
            assert (made.pixels[y, x] == origin).all()


@given(SIDES, SIDES, st.integers(1, 40))
def test_a_picture_within_bounds_is_as_it_was_and_another_is_cut_to_them(width, height, side_max):
    picture = painted(width, height)
    made = within(picture, side_max)
    assert 0 < max(made.width, made.height) <= side_max
    assert (made is picture) is (max(width, height) <= side_max)
