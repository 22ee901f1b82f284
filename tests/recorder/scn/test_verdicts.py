"""What legs mean for a desktop and for a part of its screen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.scn.model import ClockOffset, Verdict
from recorder.scn.part import ScnPacket
from recorder.scn.verdicts import (
    MASK_MARGIN_US,
    Fate,
    calls_of,
    fate,
    is_masked,
    masks_of,
    pieces,
    wish,
)
from tests.screens import T0_US, a_leg, a_stream

KEPT, DELETED, UNDECIDED = Verdict.KEPT, Verdict.DELETED, Verdict.UNDECIDED
NONE = ClockOffset(0, 0)


def at(seconds):
    return T0_US + round(seconds * 1e6)


def fate_of(from_s, to_s, *legs):
    return fate(at(from_s), at(to_s), legs)


def test_nothing_known_is_no_order():
    assert wish((), None).record is None
    assert wish((), T0_US).record is None


def test_a_leg_that_lasts_is_recorded_and_one_that_ended_is_not():
    assert wish([a_leg(0, None, UNDECIDED)], None).record is True
    assert wish([a_leg(0, 5), a_leg(3, None, call="call-2")], None).record is True
    assert wish([a_leg(0, 5), a_leg(3, 9)], None).record is False
    assert wish([a_leg(0, None, DELETED)], None).record is False


def test_a_leg_that_ended_before_a_stream_began_does_not_stop_it():
    assert wish([a_leg(0, 5)], at(6)).record is None
    assert wish([a_leg(0, 5)], at(4)).record is False


def test_the_calls_that_go_on_are_told_once_each():
    legs = [a_leg(0, 5), a_leg(6, None, call="b"), a_leg(7, None, call="b"), a_leg(8, None)]
    assert wish(legs, None).calls == ("b", "call-1")


def test_a_mask_covers_while_it_lasts():
    assert wish([a_leg(0, None, masks=[(3, None)])], None).masked
    assert not wish([a_leg(0, None, masks=[(3, 4)])], None).masked


@pytest.mark.parametrize(
    ("legs", "expected"),
    [
        ((), Fate.WAIT),
        ((a_leg(0, 20, KEPT),), Fate.KEEP),
        ((a_leg(0, 20, DELETED),), Fate.DELETE),
        ((a_leg(0, 20, UNDECIDED),), Fate.WAIT),
        ((a_leg(0, 20, DELETED), a_leg(0, 12, KEPT)), Fate.KEEP),
        ((a_leg(0, 20, DELETED), a_leg(0, 12, UNDECIDED)), Fate.WAIT),
        ((a_leg(0, 9, DELETED),), Fate.WAIT),
        ((a_leg(0, 9, KEPT), a_leg(15, None, DELETED)), Fate.DELETE),
    ],
)
def test_the_legs_that_touch_a_part_decide_about_it(legs, expected):
    assert fate_of(10, 20, *legs) is expected


def test_a_leg_for_which_the_next_part_was_begun_does_not_hold_this_one():
    refused, answered = a_leg(10, 19.9, DELETED), a_leg(19.7, None, KEPT, call="call-2")
    assert fate_of(10.3, 20, refused, answered) is Fate.DELETE
    assert fate_of(20.2, 25, refused, answered) is Fate.KEEP


def test_with_an_undecided_call_that_is_over_the_answered_one_decides():
    answered = a_leg(19.7, None, KEPT, call="call-2")
    assert fate_of(10.3, 20, a_leg(10, None, UNDECIDED), answered) is Fate.WAIT
    assert fate_of(10.3, 20, a_leg(10, 19.9, UNDECIDED), answered) is Fate.KEEP


def test_a_leg_that_was_heard_of_late_holds_the_part_it_lies_in():
    refused, answered = a_leg(10, 19.9, DELETED), a_leg(12, None, KEPT, call="call-2")
    assert fate_of(10.3, 20, refused, answered) is Fate.KEEP


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [(KEPT, Fate.KEEP), (DELETED, Fate.DELETE), (UNDECIDED, Fate.WAIT)],
)
def test_a_short_part_whose_platform_clock_is_ahead_is_that_of_its_leg(verdict, expected):
    assert fate_of(10, 12, a_leg(11, 13, verdict)) is expected


spans = st.tuples(st.integers(0, 30), st.one_of(st.none(), st.integers(0, 30)))
legs = st.lists(
    st.builds(
        lambda span, verdict, masks: a_leg(
            span[0],
            None if span[1] is None else span[0] + span[1],
            verdict,
            masks=[(a, None if b is None else a + b) for a, b in masks],
        ),
        spans,
        st.sampled_from(Verdict),
        st.lists(spans, max_size=2),
    ),
    max_size=4,
)


@given(legs, st.integers(0, 40), st.integers(0, 20))
def test_what_is_deleted_is_touched_by_a_deleted_leg_and_held_by_no_other(known, from_s, length):
    part = (at(from_s), at(from_s + length))
    touching = {leg.verdict for leg in known if leg.call in calls_of(*part, [leg])}
    if fate(*part, known) is Fate.DELETE:
        assert DELETED in touching
    if touching == {DELETED}:
        assert fate(*part, known) is Fate.DELETE
    if touching == {KEPT}:
        assert fate(*part, known) is Fate.KEEP
    begun = [leg for leg in known if leg.span.from_us <= part[0]]
    if any(leg.verdict is KEPT and leg.call in calls_of(*part, [leg]) for leg in begun):
        assert fate(*part, known) is Fate.KEEP


@given(legs, st.lists(st.booleans(), min_size=1, max_size=100), st.integers(-2000, 2000))
def test_nothing_of_a_masked_span_survives_and_every_piece_begins_at_a_key_frame(
    known, keys, ahead_ms
):
    offset = ClockOffset(ahead_ms * 1000, 300)
    packets = [ScnPacket(seq, seq * 400, is_key) for seq, is_key in enumerate(keys)]
    kept = pieces(packets, a_stream(), offset, masks_of(known))
    left = [seq for first, last in kept for seq in range(first, last + 1)]
    assert left == sorted(set(left))
    for first, _ in kept:
        assert packets[first].is_key
    for seq in left:
        shown_us = T0_US + packets[seq].pts_ms * 1000 - offset.ahead_us
        for leg in known:
            for mask in leg.masks:
                assert shown_us + 300 < mask.from_us or (
                    mask.to_us is not None and shown_us - 300 >= mask.to_us
                )


def test_without_masks_a_part_stays_whole():
    packets = [ScnPacket(seq, seq * 200, seq == 0) for seq in range(9)]
    assert pieces(packets, a_stream(), NONE, ()) == ((0, 8),)


def test_behind_a_mask_everything_is_left_out_until_the_next_key_frame():
    packets = [ScnPacket(seq, seq * 1000, seq in {0, 6}) for seq in range(9)]
    masks = masks_of([a_leg(0, None, masks=[(2, 3)])])
    assert pieces(packets, a_stream(), NONE, masks) == ((0, 1), (6, 8))


def test_masks_have_margins_and_an_error_widens_them():
    (mask,) = masks_of([a_leg(0, None, masks=[(10, 20)])])
    assert mask.from_us == at(10) - MASK_MARGIN_US
    assert is_masked(at(20.4), 0, [mask])
    assert not is_masked(at(20.6), 0, [mask])
    assert is_masked(at(20.6), 200_000, [mask])
