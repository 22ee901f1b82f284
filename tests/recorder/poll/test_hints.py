"""When hints are acted upon."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from recorder.poll.hints import HintTimes

S = 1_000_000_000


def acts(hints, spacing_s, settle_s):
    """The instants, in seconds, at which something is done for hints at these instants."""
    times, due_ns, done = HintTimes(spacing_ns=spacing_s * S), None, []

    def act_until(now_ns):
        nonlocal due_ns
        while due_ns is not None and due_ns <= now_ns:
            done.append(due_ns // S)
            due_ns = times.acted(due_ns)

    for hint_s in sorted(hints):
        act_until(hint_s * S)
        sooner_ns = times.hinted(hint_s * S, settle_s * S)
        due_ns = due_ns if sooner_ns is None else sooner_ns
    act_until(10_000 * S)
    assert due_ns is None, "without new hints it ends"
    return done


def test_a_single_hint_is_acted_upon_at_once_and_again_when_it_has_settled():
    assert acts([100], 5, 90) == [100, 190]


def test_without_settling_once_is_enough():
    assert acts([100], 5, 0) == [100]


def test_a_storm_is_a_poll_now_and_then():
    assert acts(range(100, 120), 5, 0) == [100, 105, 110, 115, 120]


def test_a_hint_brings_forward_what_was_planned_for_an_earlier_one():
    assert acts([0, 50], 5, 90) == [0, 50, 140]


@given(
    st.lists(st.integers(0, 500), min_size=1, max_size=40), st.integers(1, 20), st.integers(0, 90)
)
def test_every_hint_is_acted_upon_soon_and_once_settled_and_never_too_often(
    hints, spacing_s, settle_s
):
    done = acts(hints, spacing_s, settle_s)
    for hint in hints:
        assert any(hint <= act <= hint + spacing_s for act in done)
        assert any(act >= hint + settle_s for act in done)
    assert all(later - sooner >= spacing_s for sooner, later in pairwise(done))
    assert done[-1] <= max(hints) + max(settle_s, spacing_s) + spacing_s
