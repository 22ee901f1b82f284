from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.scn.model import Span, Verdict
from recorder.screen.legs import fold, joined
from tests.recorder.screen.agents import LIMITS, START, K, S, event, legs, masks, seconds, story


def test_a_call_that_is_answered_is_kept_until_the_agent_is_available():
    events = [*story((0, K.RINGING), (5, K.CONNECTED), (60, K.ENDED)), event(K.AVAILABLE, 90, "")]
    assert legs(events) == [("call-1", 0, 90, "kept", "available")]


def test_a_call_that_rings_is_recorded_and_nothing_is_decided():
    assert legs(story((0, K.RINGING)), now_s=3) == [("call-1", 0, None, "undecided", "")]


def test_a_call_that_nobody_answers_is_deleted_at_once():
    events = story((0, K.RINGING), (20, K.NOT_RESPONDING))
    assert legs(events, now_s=21) == [("call-1", 0, 20, "deleted", "not_responding")]


def test_a_call_offered_again_is_a_second_leg():
    events = story((0, K.RINGING), (20, K.NOT_RESPONDING), (30, K.RINGING), (33, K.CONNECTED))
    assert legs(events, now_s=40) == [
        ("call-1", 0, 20, "deleted", "not_responding"),
        ("call-1", 30, None, "kept", ""),
    ]


def test_an_outbound_call_need_not_ring():
    assert legs(story((0, K.CONNECTED)), now_s=5) == [("call-1", 0, None, "kept", "")]


@pytest.mark.parametrize("kind", [K.CONFERENCING, K.CONSULTING, K.ON_HOLD, K.HOLD_DONE])
def test_what_follows_an_answer_proves_it(kind):
    assert legs(story((0, K.RINGING), (9, kind)), now_s=10)[0][3] == "kept"
    assert legs(story((9, kind)), now_s=10) == [("call-1", 9, None, "kept", "")]


def test_hold_consult_and_conference_change_nothing():
    steps = (K.ON_HOLD, K.HOLD_DONE, K.CONSULTING, K.CONSULT_DONE, K.CONFERENCING, K.WRAP_UP)
    said = story((0, K.RINGING), (1, K.CONNECTED), *((10 + i, k) for i, k in enumerate(steps)))
    assert legs(said, now_s=20) == [("call-1", 0, None, "kept", "")]


def test_several_calls_at_once_are_legs_of_their_own():
    first = story((0, K.RINGING), (5, K.CONNECTED), (100, K.ENDED), call="a")
    second = story((50, K.RINGING), (70, K.NOT_RESPONDING), call="b")
    third = story((60, K.CONNECTED), call="c")
    assert legs(first + second + third, now_s=110) == [
        ("a", 0, None, "kept", ""),
        ("b", 50, 70, "deleted", "not_responding"),
        ("c", 60, None, "kept", ""),
    ]


def test_a_missed_end_ends_when_the_agent_is_available():
    events = [*story((0, K.RINGING), (5, K.CONNECTED)), event(K.AVAILABLE, 400, "")]
    assert legs(events) == [("call-1", 0, 400, "kept", "available")]


def test_available_for_one_call_ends_that_one():
    events = story((0, K.CONNECTED), (90, K.AVAILABLE), call="a") + story(
        (1, K.CONNECTED), call="b"
    )
    assert legs(events, now_s=100) == [
        ("a", 0, 90, "kept", "available"),
        ("b", 1, None, "kept", ""),
    ]


def test_the_end_of_an_unanswered_call_decides_nothing():
    events = [*story((0, K.RINGING), (8, K.ENDED)), event(K.AVAILABLE, 9, "")]
    assert legs(events) == [("call-1", 0, 9, "undecided", "available")]


def test_time_limits_end_what_nobody_ends():
    assert legs(story((0, K.RINGING)), now_s=180) == [("call-1", 0, 180, "undecided", "time_limit")]
    assert legs(story((0, K.CONNECTED)), now_s=15_000)[0][2] == 14_400
    wrapping = story((0, K.CONNECTED), (50, K.ENDED), (60, K.WRAP_UP), (70, K.ENDED))
    assert legs(wrapping, now_s=949)[0][2] is None
    assert legs(wrapping, now_s=950)[0][2:] == (950, "kept", "time_limit")


def test_every_sign_of_life_lets_a_long_call_go_on():
    events = story((0, K.CONNECTED), (14_000, K.ON_HOLD))
    assert legs(events, now_s=20_000) == [("call-1", 0, None, "kept", "")]


def test_a_call_that_rang_for_long_and_was_answered_is_one_leg():
    events = story((0, K.RINGING), (200, K.CONNECTED))
    assert legs(events, now_s=210) == [("call-1", 0, None, "kept", "")]
    assert legs(story((0, K.RINGING), (2_000, K.CONNECTED)), now_s=2_010) == [
        ("call-1", 0, 180, "undecided", "time_limit"),
        ("call-1", 2_000, None, "kept", ""),
    ]


def test_the_next_call_ends_a_wrap_up_of_which_the_platform_says_nothing():
    events = story((0, K.CONNECTED), (50, K.ENDED), call="a") + story((70, K.RINGING), call="b")
    assert legs(events, now_s=80)[0] == ("a", 0, 70, "kept", "next_call")
    spoken = story((0, K.CONNECTED), (50, K.WRAP_UP), call="a") + story((70, K.RINGING), call="b")
    assert legs(spoken, now_s=80)[0] == ("a", 0, None, "kept", "")


def test_a_call_that_comes_back_in_its_wrap_up_is_another_leg():
    events = story((0, K.CONNECTED), (50, K.WRAP_UP), (60, K.RINGING), (62, K.CONNECTED))
    assert legs(events, now_s=70) == [
        ("call-1", 0, 60, "kept", "next_call"),
        ("call-1", 60, None, "kept", ""),
    ]


def test_what_ends_late_does_not_go_on_again():
    events = story((0, K.CONNECTED), (50, K.ENDED), (51, K.HOLD_DONE), (52, K.CONSULT_DONE))
    assert legs([*events, event(K.AVAILABLE, 53, "")])[0][2] == 53
    after = [*story((0, K.CONNECTED)), event(K.AVAILABLE, 10, ""), event(K.HOLD_DONE, 11)]
    assert legs(after) == [("call-1", 0, 10, "kept", "available")]


def test_not_responding_decides_although_the_agent_was_available_before():
    events = [*story((0, K.RINGING), (20, K.NOT_RESPONDING)), event(K.AVAILABLE, 19, "")]
    assert legs(events) == [("call-1", 0, 19, "deleted", "available")]


def test_an_end_alone_begins_nothing():
    for kind in (K.ENDED, K.WRAP_UP, K.NOT_RESPONDING, K.AVAILABLE, K.MASK, K.UNMASK):
        assert legs(story((5, kind))) == []


# --- masks ---


def test_what_is_masked_is_masked_until_told():
    events = story((0, K.CONNECTED), (10, K.MASK), (20, K.UNMASK), (30, K.MASK))
    assert masks(events, now_s=40) == [[(10, 20), (30, None)]]


def test_a_mask_ends_with_its_leg():
    events = [*story((0, K.CONNECTED), (10, K.MASK)), event(K.AVAILABLE, 50, "")]
    again = story((60, K.CONNECTED), call="call-2")
    assert masks(events + again, now_s=70) == [[(10, 50)], []]


def test_a_mask_hides_the_screen_whichever_call_it_is_for():
    first = story((0, K.CONNECTED), (10, K.MASK), (20, K.UNMASK), call="a")
    assert masks(first + story((15, K.RINGING), call="b"), now_s=30) == [[(10, 20)], [(15, 20)]]


def test_a_mask_of_the_agent_lasts_as_long_as_any_leg():
    first = story((0, K.CONNECTED), (30, K.AVAILABLE), call="a")
    second = story((5, K.CONNECTED), (60, K.AVAILABLE), call="b")
    assert masks([*first, *second, event(K.MASK, 10, "")]) == [[(10, 30)], [(10, 60)]]


def test_a_mask_heard_before_its_call_waits_for_it():
    assert masks(story((0, K.MASK), (5, K.CONNECTED)), now_s=9) == [[(5, None)]]
    assert masks(story((0, K.MASK), (1, K.UNMASK), (5, K.CONNECTED)), now_s=9) == [[]]
    other = story((0, K.MASK), call="a") + story((5, K.CONNECTED), call="b")
    assert masks(other, now_s=9) == [[]]


def test_a_mask_in_the_instant_of_its_end_counts():
    assert masks(story((0, K.CONNECTED), (5, K.MASK), (5, K.UNMASK)), now_s=9) == [[(5, None)]]


# --- laws ---

CALLS = st.sampled_from(["a", "b", ""])
EVENTS = st.lists(
    st.builds(event, st.sampled_from(list(K)), st.integers(0, 1_200), CALLS, number=st.integers(0, 3)),
    max_size=14,
)  # fmt: skip


@given(EVENTS, st.randoms(use_true_random=False), st.integers(0, 20_000))
def test_any_order_and_any_repetition_of_the_same_events_are_the_same_legs(events, chance, now_s):
    now_us = START + now_s * S
    shuffled = events + chance.choices(events, k=len(events)) if events else []
    chance.shuffle(shuffled)
    assert fold(shuffled, LIMITS, now_us) == fold(events, LIMITS, now_us)


@given(EVENTS, st.integers(0, 20_000))
def test_once_an_answer_is_known_its_leg_is_kept(events, now_s):
    known = fold(events, LIMITS, START + now_s * S)
    unique = {one.event_id: one for one in sorted(events, key=lambda one: one.at_us)}
    for one in unique.values():
        if one.kind is K.CONNECTED and one.call:
            around = [leg for leg in known.legs if leg.call == one.call and covers(leg, one.at_us)]
            assert any(leg.verdict is Verdict.KEPT for leg in around), one


@given(EVENTS, st.integers(0, 20_000))
def test_a_leg_is_deleted_exactly_if_refused_and_never_answered(events, now_s):
    for leg in fold(events, LIMITS, START + now_s * S).legs:
        kinds = {one.kind for one in events if one.call in {leg.call, ""}}
        if leg.verdict is Verdict.DELETED:
            assert K.NOT_RESPONDING in kinds
        if leg.ended_by == "not_responding":
            assert leg.verdict is Verdict.DELETED


@given(EVENTS, EVENTS, st.integers(0, 20_000))
def test_hearing_more_never_deletes_what_was_answered(events, more, now_s):
    now_us = START + now_s * S
    by_id = {one.event_id: one for one in (*more, *events)}
    answers = [one for one in by_id.values() if one.kind is K.CONNECTED and one.call]
    known = fold(by_id.values(), LIMITS, now_us)
    for one in answers:
        assert any(
            leg.verdict is Verdict.KEPT and leg.call == one.call and covers(leg, one.at_us)
            for leg in known.legs
        )


@given(EVENTS)
def test_what_lasts_has_a_time_limit_and_ends_at_it(events):
    now_us = START + 600 * S
    known = fold(events, LIMITS, now_us)
    assert known.lasting == any(leg.span.to_us is None for leg in known.legs)
    if known.due_us is not None:
        assert known.due_us > now_us
        assert fold(events, LIMITS, known.due_us - 1).legs == fold(events, LIMITS, now_us).legs


@given(EVENTS, st.integers(0, 20_000))
def test_legs_are_in_order_and_masks_lie_within(events, now_s):
    known = fold(events, LIMITS, START + now_s * S).legs
    assert [leg.span.from_us for leg in known] == sorted(leg.span.from_us for leg in known)
    for leg in known:
        assert leg.span.to_us is None or leg.span.to_us >= leg.span.from_us
        assert joined(leg.masks, leg.span) == leg.masks


def test_spans_are_joined():
    spans = [Span(5, 9), Span(1, 3), Span(8, None), Span(2, 4)]
    assert joined(spans, Span(2, 20)) == (Span(2, 4), Span(5, 20))
    assert joined([replace(Span(0, 1), to_us=2)], Span(2, None)) == ()
    assert seconds(Span(START, None)) == (0, None)


def covers(leg, at_us):
    return leg.span.from_us <= at_us and (leg.span.to_us is None or at_us <= leg.span.to_us)
