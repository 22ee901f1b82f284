"""The judge of promise S7: what it lets pass, and what not."""

from dataclasses import replace

import pytest

from recorder.scn.model import Span, Verdict
from sim.checkers.screen_follows_agent import (
    AgentLeg,
    Frame,
    ScreenRun,
    SeenPart,
    check_discarded,
    check_screens,
    missing,
)

AGENT = "dynamics/agent-1"
S = 1_000_000


def leg(from_s, to_s, verdict=Verdict.KEPT, *, call="c-1", masks=()):
    spans = tuple((a * S, b * S) for a, b in masks)
    return AgentLeg(AGENT, call, from_s * S, to_s * S, verdict, spans)


def film(from_s, to_s, *, stream="s-1", keys=(0,)):
    """A frame a second."""
    return [
        Frame(AGENT, stream, seq, at_s * S, seq in keys)
        for seq, at_s in enumerate(range(from_s, to_s))
    ]


def part(frames, *, key="p-1", node="alpha", archived=True):
    return SeenPart(key, node, archived, tuple(one.place for one in frames))


def run(legs, frames, parts, **more):
    return ScreenRun(legs, {one.place: one for one in frames}, parts, **more)


def said(legs, frames, parts, **more):
    return [one.what for one in check_screens(run(legs, frames, parts, **more))]


def test_an_answered_call_in_the_archive_is_right():
    frames = film(0, 30)
    assert said([leg(0, 30)], frames, [part(frames)]) == []


@pytest.mark.parametrize("left", [slice(0, 20), slice(5, 30), slice(0, 0)])
def test_frames_of_an_answered_call_that_are_not_archived_are_missed(left):
    frames = film(0, 30)
    (what,) = said([leg(0, 30)], frames, [part(frames[left])])
    assert "not archived" in what


def test_the_call_buffer_is_no_archive():
    frames = film(0, 30)
    assert missing(run([leg(0, 30)], frames, [part(frames, archived=False)]))


def test_what_was_truly_lost_is_not_missed():
    frames = film(0, 30)
    lost = {one.place for one in frames[10:]}
    assert said([leg(0, 30)], frames, [part(frames[:10])], lost=lost) == []


def test_the_first_seconds_after_an_unanswered_call_may_go_with_it():
    legs = [leg(0, 10, Verdict.DELETED, call="c-0"), leg(12, 40)]
    frames = film(0, 40)
    assert said(legs, frames, [part(frames[16:])]) == []
    assert said(legs, frames, [part(frames[17:])])


def test_what_was_captured_before_a_node_was_told_of_a_call_may_go_with_an_unanswered_one():
    refused = leg(0, 10, Verdict.DELETED, call="c-0")
    frames = film(0, 40)
    for told_s, begins in ((20, 21), (0, 16)):
        late = replace(leg(12, 40), told_us=told_s * S)
        assert said([refused, late], frames, [part(frames[begins:])]) == []
        assert said([refused, late], frames, [part(frames[begins + 1 :])])
        assert said([late], frames, [part(frames[begins:])])


@pytest.mark.parametrize("archived", [True, False])
def test_an_unanswered_call_is_nowhere(archived):
    frames = film(0, 20)
    legs = [leg(0, 20, Verdict.DELETED)]
    (what,) = said(legs, frames, [part(frames, archived=archived)])
    assert "not answered" in what


def test_an_unanswered_call_that_an_answered_one_covers_stays():
    frames = film(0, 60)
    legs = [leg(0, 60), leg(20, 40, Verdict.DELETED, call="c-2")]
    assert said(legs, frames, [part(frames)]) == []


def test_a_node_that_was_told_of_an_answered_call_is_excused():
    frames = film(0, 20)
    legs = [leg(0, 20, Verdict.DELETED)]
    told = {("alpha", AGENT): (Span(0, None),)}
    assert said(legs, frames, [part(frames)], believed=told) == []
    assert said(legs, frames, [part(frames, node="beta")], believed=told)


def test_nothing_of_a_masked_span_may_be_there():
    frames = film(0, 30, keys=(0, 22))
    legs = [leg(0, 30, masks=[(10, 20)])]
    clean = [one for one in frames if not 10 * S <= one.at_us < 21 * S]
    assert said(legs, frames, [part(clean)]) == []
    (what,) = said(legs, frames, [part(frames)])
    assert "masked" in what


def test_frames_that_build_on_masked_ones_may_go_with_them():
    frames = film(0, 30, keys=(0, 26))
    legs = [leg(0, 30, masks=[(10, 20)])]
    left = [one for one in frames if one.at_us < 10 * S or one.at_us >= 26 * S]
    assert said(legs, frames, [part(left)]) == []


def test_what_was_sent_once_is_archived_once():
    frames = film(0, 30)
    twice = [part(frames), part(frames[10:], key="p-2")]
    (what,) = said([leg(0, 30)], frames, twice)
    assert "twice" in what
    assert said([leg(0, 30)], frames, twice, moved={"s-1"}) == []


def test_an_undecided_call_waits_for_its_period():
    legs, frames = [leg(0, 20, Verdict.UNDECIDED)], film(0, 20)
    assert list(check_discarded(legs, frames, [], done_us=10 * S))
    assert not list(check_discarded(legs, frames, [], done_us=20 * S))
    assert not list(check_discarded(legs, frames, [part(frames)], done_us=0))
