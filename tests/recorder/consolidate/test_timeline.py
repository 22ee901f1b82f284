"""What happened in all interactions of a contact, on one timeline."""

from hypothesis import given
from hypothesis import strategies as st

from recorder.consolidate.contact import consolidate
from recorder.consolidate.timeline import timeline
from recorder.model import Interaction, MediaKind, MediaRef, Party, Segment

MINUTE = 60_000_000


def meeting(key, started=None, ended=None, **more):
    return Interaction(
        key=key,
        session_key="root",
        channel="meeting",
        direction="unknown",
        started_us=None if started is None else started * MINUTE,
        ended_us=None if ended is None else ended * MINUTE,
        **more,
    )


def stay(key, joined, left):
    return Party(key, "agent", key.title(), "", joined * MINUTE, left * MINUTE)


def a_file(key, started, minutes):
    start_us = None if started is None else started * MINUTE
    kind = MediaKind.AUDIO
    return MediaRef(
        key, kind, f"{key}.m4a", "audio/mp4", started_us=start_us, duration_ms=minutes * 60_000
    )


ROOT = meeting(
    "root", 10, 70, subject="All hands", parties=(stay("ann", 10, 70), stay("bob", 12, 70))
)
RED = meeting(
    "red", 30, 50, subject="Room red", parties=(stay("ann", 30, 48),), media=(a_file("r", 31, 10),)
)
BLUE = meeting("blue", 32, 45, subject="Room blue", parties=(stay("bob", 32, 45),))


def spans(*parts):
    contact = consolidate(parts)
    return timeline(contact.interactions, contact.started_us)


def minutes(span):
    return tuple(None if us is None else us / MINUTE for us in (span.offset_us, span.end_offset_us))


def told(*parts):
    return [(one.kind, one.interaction_key, one.text, *minutes(one)) for one in spans(*parts)]


def test_a_meeting_and_two_rooms_that_overlap_are_on_one_timeline():
    assert told(BLUE, RED, ROOT) == [
        ("interaction", "root", "All hands", 0, 60),
        ("party", "root", "Ann", 0, 60),
        ("party", "root", "Bob", 2, 60),
        ("interaction", "red", "Room red", 20, 40),
        ("party", "red", "Ann", 20, 38),
        ("media", "red", "r.m4a", 21, 31),
        ("interaction", "blue", "Room blue", 22, 35),
        ("party", "blue", "Bob", 22, 35),
    ]


def test_a_room_alone_is_on_its_own_timeline_until_the_meeting_comes():
    assert told(BLUE)[0] == ("interaction", "blue", "Room blue", 0, 13)


def test_what_began_before_the_contact_has_a_negative_offset():
    early = meeting("root", 10, 20, parties=(stay("ann", 8, 20),))
    assert minutes(spans(early)[0]) == (-2, 10)


def test_segments_tell_how_they_ended():
    transfer = Segment("s1", 10 * MINUTE, 15 * MINUTE, "agent_transferred")
    (_, segment) = told(meeting("root", 10, 20, segments=(transfer,)))
    assert segment == ("segment", "root", "agent_transferred", 0, 5)


def test_what_names_no_start_comes_last():
    lost = meeting("lost", None, 65)
    assert told(ROOT, lost)[-1] == ("interaction", "lost", "", None, 55)


def test_without_any_instant_nothing_has_an_offset():
    assert told(meeting("root", parties=(Party("p", "bot"),))) == [
        ("interaction", "root", "", None, None),
        ("party", "root", "bot", None, None),
    ]


def test_an_interaction_without_times_is_placed_by_its_files():
    contact = consolidate([meeting("root", media=(a_file("a", 5, 2), a_file("b", None, 1)))])
    assert (contact.started_us, contact.ended_us) == (5 * MINUTE, 7 * MINUTE)
    assert ("media", "root", "a.m4a", 0, 2) in told(*contact.interactions)


@given(st.permutations([ROOT, RED, BLUE, meeting("lost"), meeting("red", 29)]))
def test_the_order_of_arrival_does_not_show(parts):
    assert spans(*parts) == spans(ROOT, RED, BLUE, meeting("lost"), meeting("red", 29))
