"""Masks whose end is never heard, or late: nothing masked is written, and nothing is lost for ever."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.screen.legs import fold
from tests.recorder.screen.agents import LIMITS, START, K, S, event, legs, masks, story

LIMIT_S = LIMITS.mask_us // S


def a_call(*more, until_s=10_000):
    """A call that goes on, with signs of life so that it does not time out."""
    return [*story((0, K.RINGING), (5, K.CONNECTED)), *more, event(K.HOLD_DONE, until_s)]


def test_a_mask_that_nobody_ends_ends_after_its_limit():
    told = a_call(event(K.MASK, 100))
    assert masks(told) == [[(100.0, 100.0 + LIMIT_S)]]
    told = a_call(event(K.MASK, 100), until_s=110)
    assert masks(told, now_s=100 + LIMIT_S - 1) == [[(100.0, None)]]


def test_the_legs_change_by_themselves_when_a_mask_ends_by_its_limit():
    told = a_call(event(K.MASK, 100), until_s=50)
    assert fold(told, LIMITS, START + 200 * S).due_us == START + (100 + LIMIT_S) * S


def test_a_mask_that_nobody_ends_ends_with_the_next_available():
    told = [*a_call(event(K.MASK, 100), until_s=110), event(K.AVAILABLE, 300, call="")]
    told += story((400, K.RINGING), (405, K.CONNECTED), call="call-2")
    assert masks(told, now_s=500) == [[(100.0, 300.0)], []]


def test_an_end_that_is_heard_after_the_limit_counts_for_all_that_was_shown_meanwhile():
    told = a_call(event(K.MASK, 100), event(K.UNMASK, 100 + LIMIT_S + 500))
    assert masks(told) == [[(100.0, 600.0 + LIMIT_S)]]


def test_an_end_that_is_heard_after_the_leg_ended_changes_nothing():
    told = [*a_call(event(K.MASK, 100), until_s=110), event(K.AVAILABLE, 5000, call="")]
    assert masks([*told, event(K.UNMASK, 6000)]) == [[(100.0, 100.0 + LIMIT_S)]]


def test_a_mask_that_is_said_again_goes_on_for_as_long_again():
    again = 100 + LIMIT_S // 2
    assert masks(a_call(event(K.MASK, 100), event(K.MASK, again))) == [[(100.0, again + LIMIT_S)]]
    later = 100 + LIMIT_S + 60
    told = a_call(event(K.MASK, 100), event(K.MASK, later), until_s=110)
    assert masks(told, now_s=later + 10) == [[(100.0, None)]], "it had not ended meanwhile"


def test_a_mask_that_waits_for_a_call_does_not_wait_for_ever():
    mask = event(K.MASK, 0, call="")
    soon = story((60, K.RINGING), (65, K.CONNECTED))
    assert masks([mask, *soon], now_s=100) == [[(60.0, None)]]
    late = story((LIMIT_S + 60, K.RINGING), (LIMIT_S + 65, K.CONNECTED))
    assert masks([mask, *late], now_s=LIMIT_S + 100) == [[]]


steps = st.lists(
    st.tuples(
        st.integers(0, 9000),
        st.sampled_from([K.RINGING, K.CONNECTED, K.MASK, K.UNMASK, K.ENDED, K.AVAILABLE]),
        st.sampled_from(["call-1", "call-2", ""]),
    ),
    max_size=14,
)


def events_of(told):
    return [
        event(kind, at_s, call if call or kind in {K.MASK, K.UNMASK, K.AVAILABLE} else "call-1")
        for at_s, kind, call in told
    ]


@given(steps, st.integers(0, 20_000))
def test_no_mask_lasts_longer_than_its_limit_after_it_was_last_said(told, now_s):
    said = [START + at_s * S for at_s, kind, _ in told if kind is K.MASK]
    ends = [START + at_s * S for at_s, kind, _ in told if kind is K.UNMASK]
    now_us = START + (9000 + now_s) * S
    for leg in fold(events_of(told), LIMITS, now_us).legs:
        for mask in leg.masks:
            to_us = now_us if mask.to_us is None else mask.to_us
            before = [one for one in (*said, *ends, leg.span.from_us) if one <= to_us]
            assert to_us - max(before) <= LIMITS.mask_us


@given(steps, st.integers(0, 20_000))
def test_a_mask_heard_to_its_end_is_covered_whatever_the_limit(told, now_s):
    """A shorter limit uncovers nothing of [MASK, UNMASK] of a call within one leg of it."""
    mask, unmask = event(K.MASK, 2000), event(K.UNMASK, 3000)
    call = [*story((1900, K.RINGING), (1950, K.CONNECTED)), mask, unmask]
    others = [one for one in events_of(told) if one.call == "call-2" and one.kind is not K.MASK]
    short = replace(LIMITS, mask_us=10 * S)
    for leg in fold([*call, *others], short, START + (now_s + 3001) * S).legs:
        if leg.call == "call-1":
            assert any(
                one.from_us <= mask.at_us and (one.to_us or 0) >= unmask.at_us for one in leg.masks
            )


@pytest.mark.parametrize("kind", [K.AVAILABLE, K.NOT_RESPONDING])
def test_what_ends_a_leg_ends_its_mask(kind):
    told = [*story((0, K.RINGING), (1, K.MASK), (9, kind)), *story((20, K.RINGING), call="call-2")]
    assert masks(told, now_s=30)[0] == [(1.0, 9.0)]
    assert legs(told, now_s=30)[1][2] is None
