from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.model import MediaKind, Party, Segment
from recorder.scn.model import AgentEventKind, ClockOffset, Verdict
from recorder.stitch.inputs import Inputs
from recorder.stitch.plan import plan
from tests.recorder.screen.agents import event
from tests.recorder.stitch.contacts import START, at, contact, leg, part, ref
from tests.recorder.stitch.media import scn, screen_packets, stream_of

PACKETS = screen_packets(40)


def screen(
    start_s=0, *, key="aa01", stream="stream-1", agent="calls/ann", offset=None, first=0, last=40
):
    _, row = scn(
        stream_of(at(start_s), stream=stream, agents=[agent], desktop=f"desk-{stream}"),
        PACKETS[first:last],
        part_key=key,
        offset=offset,
    )
    return row


def keeps(made, number=0):
    """In seconds on the contact's clock."""
    origin = made.origin_us - START
    return [
        ((one.from_us + origin) / 1e6, None if one.to_us is None else (one.to_us + origin) / 1e6)
        for one in made.streams[number].keeps
    ]


def test_the_timeline_begins_with_whatever_begins_first():
    detail = contact(part(media=[ref("a", start_s=10), ref("b", start_s=4)]))

    assert plan(Inputs(detail)).origin_us == at(4)
    with_screen = Inputs(detail, legs=(leg(1, 60),), parts=(screen(2),))
    assert plan(with_screen).origin_us == at(2)


def test_a_file_that_tells_no_begin_is_placed_by_its_interaction_and_else_by_the_contact():
    part_two = part(key="i-2", media=[ref("c", start_s=None)])
    detail = contact(
        part(start_s=3, media=[ref("a", start_s=5), ref("b", start_s=None)]),
        replace(part_two, started_us=None, ended_us=None),
    )

    made = plan(Inputs(detail))

    placed = {one.media_key: (one.start_us, one.placed_by) for one in made.files}
    assert placed["a"] == (2_000_000, "file")
    assert placed["b"] == (0, "interaction")
    assert placed["c"] == (0, "contact")
    assert [(one.code, one.subject) for one in made.notes] == [("no_origin", "c")]


def test_a_file_with_a_date_from_another_story_is_left_out():
    detail = contact(part(media=[ref("a"), ref("far", start_s=90 * 86_400)]))

    far = next(one for one in plan(Inputs(detail)).files if one.media_key == "far")

    assert (far.use, far.problem) == ("none", "begins more than a day from the rest of the contact")


def test_what_a_meetings_audio_holds_is_not_heard_again_from_its_other_files():
    media = [
        ref("mix", seconds=60),
        ref("film", MediaKind.VIDEO, seconds=60),
        ref("own", start_s=10, seconds=30),
        ref("late", start_s=58, seconds=30),
    ]
    meeting = contact(part(media=media, channel="meeting"))
    call = contact(part(media=media))

    def use(detail):
        return {one.media_key: (one.use, one.beside) for one in plan(Inputs(detail)).files}

    assert use(meeting) == {
        "mix": ("sound", False),
        "film": ("none", True),
        "own": ("none", False),
        "late": ("sound", False),
    }
    assert use(call)["own"] == ("sound", False)
    assert use(call)["film"] == ("none", True)


def test_only_kept_legs_of_the_contacts_own_calls_are_shown():
    other = leg(20, 30, call="call-2")
    refused = leg(40, 50, verdict=Verdict.DELETED)
    mine = leg(0, 10)

    made = plan(Inputs(contact(part()), legs=(other, refused, mine), parts=(screen(-5),)))

    assert keeps(made) == [(0, 10)]
    assert [one.verdict for one in made.legs] == ["kept", "deleted"]


def leads(made):
    """How many seconds before each kept stretch may be decoded."""
    return [(one.from_us - one.lead_us) / 1e6 for one in made.streams[0].keeps]


def test_what_came_before_a_kept_leg_is_decoded_unless_a_mask_or_a_deleted_leg_forbids_it():
    detail, mine, other = contact(part()), leg(start_s=4), {"call": "call-2"}
    deleted = leg(start_s=1, end_s=4.5, verdict=Verdict.DELETED, **other)

    def lead(*legs, **more):
        return leads(plan(Inputs(detail, (), (mine, *legs), (screen(1),), **more)))

    assert lead() == [3.0]
    assert lead(deleted) == [0.0]
    assert lead(deleted, leg(start_s=3, **other)) == [1.0]
    before = leg(start_s=0, end_s=2.5, verdict=Verdict.DELETED, **other)
    assert lead(before) == [0.5], "its end is told in whole seconds"
    assert lead(replace(before, verdict=Verdict.UNDECIDED)) == [0.5]
    assert lead(leg(start_s=0, end_s=3.9, verdict=Verdict.DELETED, **other)) == [0.0]
    assert lead(leg(start_s=0, end_s=2.5, masks=[(1.5, 2.5)], **other))[0] < 1.5


def test_a_leg_that_nobody_decided_is_shown_when_its_call_is_here():
    undecided = leg(0, 10, verdict=Verdict.UNDECIDED)
    stranger = leg(0, 10, verdict=Verdict.UNDECIDED, call="call-2")
    detail = contact(part())

    assert keeps(plan(Inputs(detail, legs=(undecided,), parts=(screen(),)))) == [(0, 10)]
    assert plan(Inputs(detail, legs=(stranger,), parts=(screen(),))).streams == ()


def test_an_agent_whose_platform_names_calls_otherwise_is_found_by_name_and_time():
    elsewhere = leg(5, 30, call="another-id")
    too_late = leg(70, 90, call="another-id")
    detail = contact(part(start_s=0, end_s=60))

    made = plan(Inputs(detail, legs=(elsewhere, too_late), parts=(screen(),)))

    assert keeps(made) == [(5, 30)]
    known = Inputs(detail, legs=(elsewhere,), parts=(screen(),), others=frozenset(["another-id"]))
    assert plan(known).streams == ()


def test_a_mask_of_any_call_is_left_out_and_a_little_more_by_what_the_clocks_may_be_wrong():
    mine, other = leg(0, 60), leg(10, 40, call="call-2", masks=[(20, 25)])
    rough = screen(offset=ClockOffset(0, 500_000))
    inputs = Inputs(contact(part()), legs=(mine, other), parts=(rough,))

    assert keeps(plan(inputs)) == [(0, 19.5), (25.5, 60)]
    known = replace(inputs, service=ClockOffset(0, 1_000_000))
    assert keeps(plan(known)) == [(0, 18.5), (26.5, 60)]
    assert [(one.start_ms, one.end_ms) for one in plan(inputs).masks] == [(20_000, 25_000)]


def test_a_mask_that_was_never_ended_leaves_out_everything_after_it():
    masked = replace(leg(0, 60), masks=(replace(leg(0, 1).span, from_us=at(5), to_us=None),))

    made = plan(Inputs(contact(part()), legs=(masked,), parts=(screen(),)))

    assert keeps(made) == [(0, 4.999)]


def test_both_clock_offsets_are_applied_the_services_only_beyond_its_own_error():
    ahead = screen(2, offset=ClockOffset(2_000_000, 10_000))
    inputs = Inputs(contact(part(media=[ref("a")])), legs=(leg(-10, 60),), parts=(ahead,))

    def base_s(service):
        made = plan(replace(inputs, service=service))
        return (made.streams[0].base_us + made.origin_us - START) / 1e6

    assert base_s(None) == 0
    assert base_s(ClockOffset(400_000, 500_000)) == 0
    assert base_s(ClockOffset(3_000_000, 500_000)) == 3
    assert base_s(ClockOffset(-3_000_000, 500_000)) == -3


def test_parts_of_one_stream_that_are_told_on_the_clocks_of_two_processes_are_placed_as_one():
    """The service was started again, and the calendar had been set by an hour meanwhile."""
    hour = 3600
    before = screen(key="aa01", last=20, offset=ClockOffset(0, 900_000))
    after = screen(hour, key="aa02", first=20, offset=ClockOffset(hour * 1_000_000, 5_000))

    made = plan(Inputs(contact(), legs=(leg(0, 60),), parts=(before, after)))

    (stream,) = made.streams
    assert stream.base_us + made.origin_us == at(0)
    assert [one.part_key for one in stream.parts] == ["aa01", "aa02"]


def test_the_best_offset_among_the_parts_of_a_stream_places_all_of_it():
    rough = screen(key="aa01", last=20, offset=ClockOffset(700_000, 900_000))
    fine = screen(key="aa02", first=20, offset=ClockOffset(20_000, 5_000))

    made = plan(Inputs(contact(part()), legs=(leg(-10, 60),), parts=(fine, rough)))

    assert [one.part_key for one in made.streams[0].parts] == ["aa01", "aa02"]
    assert made.streams[0].base_us + made.origin_us == at(0) - 20_000
    assert {one.applied_us for one in made.clocks.desktops} == {20_000}
    assert {one.ahead_us for one in made.clocks.desktops} == {20_000, 700_000}


def test_an_agent_is_named_where_each_stretch_of_his_is_a_party_of_its_own():
    told = part(parties=(Party("ann:s-1", "agent", "Ann"), Party("cus:x", "customer", "Cem")))

    made = plan(Inputs(contact(told), (event(AgentEventKind.RINGING, 1),), (leg(),), (screen(),)))

    assert made.legs[0].name == "Ann"
    assert made.agent_names["calls/ann"] == "Ann"
    assert "calls/cus" not in made.agent_names
    assert [one.who for one in made.events if one.kind == "ringing"] == ["Ann"]


def test_events_parties_and_segments_lie_on_the_timeline():
    spoken = part(
        media=[ref("a", start_s=2)],
        parties=(
            Party("ann", "agent", "Ann", joined_us=at(3)),
            Party("c", "customer", "", "+49 1"),
        ),
        segments=(Segment("s-1", at(0), at(9), "agent_transferred"),),
    )
    events = (
        event(AgentEventKind.RINGING, 1),
        event(AgentEventKind.AVAILABLE, 12, call=""),
        event(AgentEventKind.AVAILABLE, 500, call="", number=2),
        event(AgentEventKind.RINGING, 5, call="call-2"),
    )

    made = plan(Inputs(contact(spoken), events, (leg(1, 30),)))

    assert [(one.t_ms, one.kind, one.who) for one in made.events] == [
        (-2_000, "segment_began", ""),
        (-1_000, "ringing", "Ann"),
        (1_000, "joined", "Ann"),
        (7_000, "segment_ended", ""),
        (10_000, "available", "Ann"),
    ]
    assert [(one.start_ms, one.end_ms) for one in made.segments] == [(-2_000, 7_000)]
    assert made.party_of_name == {"ann": "ann"}


def test_a_contact_without_anything_makes_an_empty_plan():
    assert plan(Inputs(contact(part()))).nothing
    assert plan(Inputs(contact())).nothing
    only_other = contact(part(media=[ref("zip", MediaKind.OTHER)]))
    assert plan(Inputs(only_other)).nothing


# -- laws ----

DETAIL = contact(
    part(media=[ref("a", start_s=1), ref("b", start_s=None)]),
    part(key="i-2", start_s=30, media=[ref("c", start_s=31, seconds=20)]),
)
SECONDS = st.integers(-20, 120)


@st.composite
def legs(draw):
    begin = draw(SECONDS)
    end = draw(st.none() | st.integers(begin + 1, begin + 60))
    mask = draw(SECONDS)
    masks = draw(st.sampled_from([(), ((mask, mask + 5),)]))
    return leg(
        begin,
        end,
        agent=draw(st.sampled_from(["calls/ann", "calls/bob"])),
        call=draw(st.sampled_from(["call-1", "call-2"])),
        verdict=draw(st.sampled_from(list(Verdict))),
        masks=masks,
    )


@st.composite
def parts(draw):
    number = draw(st.integers(0, 9))
    first = draw(st.integers(0, 3)) * 10
    return screen(
        draw(SECONDS) if number > 5 else 7,
        key=f"{number:02x}{first:02x}",
        stream=f"stream-{number % 3}",
        # All parts of a stream name the same agents: the desktop told them once, when it began.
        agent=("calls/ann", "calls/bob", "calls/ann")[number % 3],
        offset=ClockOffset(draw(st.integers(-3_000_000, 3_000_000)), draw(st.integers(0, 999_000))),
        first=first,
        last=first + 10,
    )


PARTS = st.lists(parts(), max_size=6, unique_by=lambda one: one.part_key)
EVENTS = st.lists(
    st.builds(
        event, st.sampled_from(list(AgentEventKind)), SECONDS, st.sampled_from(["call-1", ""])
    ),
    max_size=6,
    unique_by=lambda one: one.event_id,
)


@given(st.lists(legs(), max_size=5), PARTS, EVENTS, st.randoms())
def test_inputs_in_any_order_make_the_same_plan(some_legs, some_parts, events, chance):
    one = Inputs(DETAIL, tuple(events), tuple(some_legs), tuple(some_parts))
    media, interactions = list(DETAIL.media), list(DETAIL.interactions)
    for shuffled in (media, interactions, events, some_legs, some_parts):
        chance.shuffle(shuffled)
    detail = replace(DETAIL, media=tuple(media), interactions=tuple(interactions))
    other = Inputs(detail, tuple(events) * 2, tuple(some_legs), tuple(some_parts))

    assert plan(one) == plan(other)


@given(st.lists(legs(), max_size=5), PARTS)
def test_nothing_but_the_unmasked_time_of_kept_legs_of_this_contact_is_ever_kept(
    some_legs, some_parts
):
    made = plan(Inputs(DETAIL, (), tuple(some_legs), tuple(some_parts)))

    for stream in made.streams:
        for keep in stream.keeps:
            last_us = keep.from_us + 200_000_000 if keep.to_us is None else keep.to_us
            for number in range(20):
                at_us = made.origin_us + keep.from_us + (last_us - keep.from_us) * number // 20
                mine = [one for one in some_legs if one.agent_key in stream.agents]
                assert any(
                    (one.call == "call-1" or may_be_named_otherwise(one, some_legs))
                    and one.verdict is not Verdict.DELETED
                    and holds(one.span, at_us)
                    for one in mine
                )
                assert not any(holds(mask, at_us) for one in mine for mask in one.masks)


def may_be_named_otherwise(one, some_legs):
    """Of an agent of the contact who has no leg that names it."""
    mine = {leg.agent_key for leg in some_legs if leg.call == "call-1"}
    return (
        one.verdict is Verdict.KEPT and one.agent_key == "calls/ann" and one.agent_key not in mine
    )


@given(st.lists(legs(), max_size=4), PARTS, st.integers(-9_000_000, 9_000_000))
def test_the_digest_is_of_what_is_on_record_and_not_of_what_was_measured(
    some_legs, some_parts, ahead_us
):
    inputs = Inputs(DETAIL, (), tuple(some_legs), tuple(some_parts))
    measured = replace(inputs, service=ClockOffset(ahead_us, 600_000))

    assert plan(inputs).digest == plan(measured).digest
    assert plan(inputs).digest != plan(replace(inputs, detail=contact(part()))).digest


def holds(span, at_us):
    return span.from_us <= at_us and (span.to_us is None or at_us < span.to_us)


@pytest.mark.parametrize("changed", ["subject", "channel"])
def test_what_is_told_of_the_contact_is_part_of_the_digest_and_the_number_of_its_revision_is_not(
    changed,
):
    inputs = Inputs(DETAIL)
    other = replace(DETAIL, row=replace(DETAIL.row, **{changed: "something else"}))
    newer = replace(DETAIL, row=replace(DETAIL.row, revision=9, updated_us=1))

    assert plan(replace(inputs, detail=other)).digest != plan(inputs).digest
    assert plan(replace(inputs, detail=newer)).digest == plan(inputs).digest
