from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from recorder.scn.model import Span
from recorder.stitch.spans import covered_us, overlap, union, widened, without

SPANS = st.lists(
    st.builds(
        lambda a, n: Span(a, None if n is None else a + n),
        st.integers(0, 40),
        st.none() | st.integers(0, 20),
    ),
    max_size=6,
)


def instants(spans, upto=80):
    return {
        at
        for at in range(upto)
        for one in spans
        if one.from_us <= at and (one.to_us is None or at < one.to_us)
    }


@given(SPANS)
def test_a_union_has_the_same_instants_in_order_and_apart(spans):
    found = union(spans)

    assert instants(found) == instants(spans)
    for one, other in pairwise(found):
        assert one.to_us is not None
        assert one.to_us < other.from_us


@given(SPANS, SPANS)
def test_what_is_taken_out_is_out_and_all_else_stays(spans, holes):
    assert instants(without(spans, holes)) == instants(spans) - instants(holes)


@given(SPANS, st.integers(0, 40), st.integers(1, 20))
def test_cover_and_overlap_agree_with_the_instants(spans, begin, length):
    span = Span(begin, begin + length)

    assert covered_us(span, spans) == len(instants([span]) & instants(spans))
    assert any(overlap(span, one) for one in union(spans)) == bool(
        instants([span]) & instants(spans)
    )


def test_a_span_is_widened_on_both_sides_and_an_open_one_stays_open():
    assert widened(Span(10, 20), 3) == Span(7, 23)
    assert widened(Span(10, None), 3) == Span(7, None)
