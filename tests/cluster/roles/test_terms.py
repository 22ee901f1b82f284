from hypothesis import given
from hypothesis import strategies as st

from cluster.roles.terms import (
    TERM_JUMP_MAX,
    TERM_MAX,
    ask_above,
    is_unwitnessed,
    leap,
    next_unwitnessed,
)

SEEN = st.integers(0, 10**12)


@given(seen=SEEN)
def test_an_unwitnessed_term_is_the_next_one_of_this_nodes_own_digit(seen):
    term = next_unwitnessed(seen, node="a", peer="b")
    assert seen < term <= seen + 10
    assert term % 10 == 8
    assert is_unwitnessed(term)


@given(one=SEEN, other=SEEN)
def test_two_nodes_never_take_the_same_term_without_the_witness(one, other):
    a = next_unwitnessed(one, node="a", peer="b")
    b = next_unwitnessed(other, node="b", peer="a")
    lonely = next_unwitnessed(one, node="a", peer="")
    assert len({a, b, lonely}) == 3


@given(seen=SEEN)
def test_what_the_witness_is_asked_for_is_a_term_nobody_takes_without_it(seen):
    granted = ask_above(seen) + 1
    assert seen < granted <= seen + 4
    assert not is_unwitnessed(granted)


@given(known=st.integers(0, TERM_MAX), said=st.integers(0, TERM_MAX))
def test_only_a_term_within_reach_of_what_is_known_is_learnt(known, said):
    assert bool(leap("term", said, known)) == (said > known + TERM_JUMP_MAX)


def test_terms_beyond_the_highest_learnable_one_still_fit_64_bits():
    for peer in ("", "b"):
        assert next_unwitnessed(TERM_MAX, node="a", peer=peer) < 2**63
    assert ask_above(TERM_MAX) + 1 < 2**63
