"""Hints travel in heartbeats: a lost beat loses none, a repeated one adds none."""

from dataclasses import replace

import pytest

from cluster.frames import Heartbeat, Role
from cluster.links.beats import Beats
from cluster.links.wire import FrameDecoder, encode
from cluster.messages import DescribeSelf
from cluster.packing import pack, unpack

BEAT = Heartbeat(1, Role.PRIMARY, True, (), True, 3, {}, 1, 0, 0)


def beat(**hints):
    return replace(BEAT, hints=hints)


@pytest.fixture
def beats():
    return Beats()


def test_a_hint_is_said_in_every_beat_from_then_on(beats):
    beats.describe(DescribeSelf(hints={"crm": 1}))
    beats.describe(DescribeSelf(hints={"zoom": 4}))
    beats.describe(DescribeSelf(hints={"crm": 2}))
    assert [beats.next_beat(0).hints for _ in range(2)] == [{"crm": 2, "zoom": 4}] * 2


def test_only_what_grew_is_new(beats):
    assert beats.new_hints(beat()) == ()
    assert beats.new_hints(beat(crm=1, zoom=2)) == ("crm", "zoom")
    assert beats.new_hints(beat(crm=1, zoom=2)) == ()
    assert beats.new_hints(beat(crm=1, zoom=9)) == ("zoom",)
    assert beats.new_hints(beat(crm=1, zoom=3)) == (), "a beat that was overtaken"


def test_another_process_counts_from_one_again(beats):
    beats.new_hints(beat(crm=7))
    beats.forget_peer()
    assert beats.new_hints(beat(crm=1)) == ("crm",)


def test_a_beat_of_an_older_peer_hints_at_nothing(beats):
    raw = unpack(encode(BEAT)[4:])
    for name in ("hints", "free_by_group"):
        del raw[name]
    payload = pack(raw)
    (heard,) = FrameDecoder().feed(len(payload).to_bytes(4, "big") + payload)
    assert heard == BEAT
    assert beats.new_hints(heard) == ()


def test_a_count_beyond_any_capacity_still_travels():
    (heard,) = FrameDecoder().feed(encode(beat(crm=2**40)))
    assert heard.hints == {"crm": 2**40}
