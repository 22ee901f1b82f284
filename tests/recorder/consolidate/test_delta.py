"""A step in what is known of an interaction can be taken back, and costs what it brought."""

from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from recorder.consolidate.contact import merge
from recorder.consolidate.delta import Before, before, taken_back
from recorder.model import Interaction, MediaKind, MediaRef, Party
from tests.recorder.consolidate.strategies import INTERACTIONS

CODEC = TypeAdapter(Before)
TALKS = INTERACTIONS.map(lambda one: replace(one, key="talk")).map(lambda one: merge(one, one))


@given(TALKS, TALKS)
def test_what_was_merged_can_be_taken_back(old, more):
    new = merge(old, more)
    step = CODEC.validate_json(CODEC.dump_json(before(old, new)))
    assert taken_back(new, step) == replace(old, media=new.media)


@given(TALKS, TALKS)
def test_any_step_can_be_taken_back(old, new):
    assert taken_back(new, before(old, new)) == replace(old, media=new.media)


@given(TALKS)
def test_nothing_different_is_nothing_to_keep(one):
    assert before(one, one) == Before()


@given(st.lists(TALKS, min_size=1, max_size=4))
def test_many_steps_are_taken_back_one_after_the_other(parts):
    states = [parts[0]]
    for part in parts[1:]:
        states.append(merge(states[-1], part))
    now = states[-1]
    for old, new in reversed(list(pairwise(states))):
        now = taken_back(now, before(old, new))
    assert now == replace(parts[0], media=states[-1].media)


def test_one_party_more_costs_one_party_however_many_there_are():
    crowd = tuple(Party(f"p{number:03d}", "agent", "A name") for number in range(500))
    many = Interaction("talk", "session", "meeting", "unknown", 1, 2, parties=crowd)
    fewer = replace(many, parties=crowd[1:])
    assert len(CODEC.dump_json(before(fewer, many))) < 200


def test_media_are_no_part_of_it():
    talk = Interaction("talk", "session", "meeting", "unknown", 1, 2)
    file = MediaRef("m", MediaKind.AUDIO, "a.mp3", "audio/mpeg")
    assert before(talk, replace(talk, media=(file,))) == Before()
