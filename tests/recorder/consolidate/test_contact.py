"""Interactions of one session make one contact, in any order."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.consolidate.contact import consolidate, contact_id, merge
from recorder.model import Interaction, MediaKind, MediaRef, Party, Segment
from recorder.settings.bounds import INSTANT_US_MAX
from tests.recorder.consolidate.strategies import INTERACTIONS


def call(key="i1", **kwargs):
    facts = {
        "session_key": "session",
        "channel": "voice",
        "direction": "inbound",
        "started_us": 10,
        "ended_us": 20,
    }
    return Interaction(key=key, **{**facts, **kwargs})


@given(st.lists(INTERACTIONS, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_parts_in_any_order_and_repeated_give_the_same_contact(parts, chance):
    shuffled = [*parts, chance.choice(parts)]
    chance.shuffle(shuffled)
    assert consolidate(shuffled) == consolidate(parts)


@given(st.lists(INTERACTIONS, min_size=2, max_size=4))
def test_merging_what_was_merged_before_gives_the_same_contact(parts):
    before = consolidate(parts[:-1]).interactions
    assert consolidate([*before, parts[-1]]) == consolidate(parts)


@given(INTERACTIONS, INTERACTIONS, INTERACTIONS)
def test_merging_is_a_join(one, two, three):
    if not one.key == two.key == three.key:
        return
    assert merge(one, two) == merge(two, one)
    assert merge(merge(one, two), three) == merge(one, merge(two, three))
    assert merge(merge(one, one), merge(one, one)) == merge(one, one)


def test_a_contact_spans_from_the_first_start_to_the_last_end():
    transfer = call("i2", started_us=20, ended_us=90, direction="outbound")
    contact = consolidate([transfer, call()])
    assert (contact.started_us, contact.ended_us) == (10, 90)
    assert contact.direction == "inbound"
    assert [part.key for part in contact.interactions] == ["i1", "i2"]


def test_each_item_of_an_interaction_adds_its_media():
    audio = MediaRef(key="m1", kind=MediaKind.AUDIO, file_name="a.mp3", media_type="audio/mpeg")
    text = MediaRef(key="m2", kind=MediaKind.TEXT, file_name="t.json", media_type="")
    contact = consolidate([call(media=(text,)), call(media=(audio,)), call(media=(audio,))])
    assert [media.key for media in contact.interactions[0].media] == ["m1", "m2"]


def test_a_party_of_two_interactions_is_one_party_of_the_contact():
    before = Party(key="p", role="consultant", name="", joined_us=12, left_us=14)
    after = Party(key="p", role="agent", name="Ann", number="+49", joined_us=20, left_us=30)
    contact = consolidate([call(parties=(before,)), call("i2", parties=(after,))])
    assert contact.parties == (
        Party(key="p", role="agent", name="Ann", number="+49", joined_us=12, left_us=30),
    )


def test_segments_of_all_interactions_make_one_timeline():
    late = Segment(key="s1", started_us=50, ended_us=60)
    early = Segment(key="s2", started_us=5, ended_us=9)
    unknown = Segment(key="s0", started_us=None, ended_us=None)
    contact = consolidate([call(segments=(late, unknown)), call("i2", segments=(early,))])
    assert [segment.key for segment in contact.segments] == ["s2", "s1", "s0"]
    assert contact.started_us == 5
    assert contact.ended_us == 60


def test_the_root_speaks_for_the_contact_although_a_room_began_first():
    room = call("room", started_us=5, channel="room", direction="unknown", subject="Room 1")
    root = call("session", channel="meeting", subject="All hands")
    for parts in ([root, room], [room, root]):
        contact = consolidate(parts)
        assert (contact.channel, contact.subject) == ("meeting", "All hands")
        assert [part.key for part in contact.interactions] == ["room", "session"]
        assert contact.started_us == 5


def test_a_root_that_knows_nothing_leaves_it_to_the_earliest():
    room = call("room", started_us=15, subject="Room 1")
    other = call("other", started_us=12, subject="Room 2")
    root = call("session", channel="", direction="unknown", subject="")
    contact = consolidate([root, room, other])
    assert (contact.channel, contact.direction) == ("voice", "inbound")
    assert contact.subject == "Room 2"


def test_a_contact_without_times_is_placed_by_its_files_and_parties():
    audio = MediaRef("m", MediaKind.AUDIO, "", "", started_us=7_000, duration_ms=2)
    endless = MediaRef("n", MediaKind.AUDIO, "", "", started_us=9_000)
    party = Party(key="p", role="agent", joined_us=6_000, left_us=8_500)
    silent = call(started_us=None, ended_us=None, media=(audio, endless), parties=(party,))
    contact = consolidate([silent])
    assert (contact.started_us, contact.ended_us) == (6_000, 9_000)
    known = consolidate([silent, call("i2", started_us=50, ended_us=60)])
    assert (known.started_us, known.ended_us) == (50, 60)


def test_an_absurd_duration_stays_an_instant():
    absurd = MediaRef("m", MediaKind.AUDIO, "", "", started_us=INSTANT_US_MAX, duration_ms=2**53)
    contact = consolidate([call(started_us=None, ended_us=None, media=(absurd,))])
    assert contact.ended_us == INSTANT_US_MAX


def test_media_found_later_outweigh_a_reason_why_there_were_none():
    audio = MediaRef(key="m", kind=MediaKind.AUDIO, file_name="", media_type="")
    merged = merge(call(not_recordable="no_media"), call(media=(audio,)))
    assert merged.not_recordable == ""
    assert merge(call(not_recordable="no_media"), call()).not_recordable == "no_media"


def test_interactions_of_two_sessions_are_never_one_contact():
    with pytest.raises(AssertionError, match="one session"):
        consolidate([call(), call("i2", session_key="another")])


def test_contact_ids_are_stable_and_differ_by_source_and_session():
    assert contact_id("zoom", "s1") == "fcfc354939845871a4736f66de0ab863"
    names = [("a", "bc"), ("ab", "c"), ("a:b", "c"), ("a", "b:c"), ("", "abc")]
    for one, other in itertools.combinations(names, 2):
        assert contact_id(*one) != contact_id(*other)
