import math
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.errors import WireError
from cluster.frames import Frame, Goodbye, Heartbeat, JobOffer, JobProgress, Mark, MarksMoved, Role
from cluster.links.wire import (
    BODY_BYTES_MAX,
    FRAME_BYTES_MAX,
    FrameDecoder,
    encode,
    frame_names,
    is_mark,
)
from cluster.packing import pack, unpack
from tests.cluster.frame_strategies import FRAMES

BEAT = Heartbeat(
    term=7,
    role=Role.PRIMARY,
    healthy=True,
    problems=("disk",),
    sees_data_center=True,
    free_capacity=3,
    marks={"crm": Mark(1, 2)},
    seq=4,
    echo_seq=5,
    echo_age_ms=6,
    figures={"lag_s": 1.5},
)


def framed(value: object) -> bytes:
    payload = pack(value)
    return len(payload).to_bytes(4, "big") + payload


def fields_of(frame: Frame) -> dict[str, object]:
    raw = unpack(encode(frame)[4:])
    assert isinstance(raw, dict)
    return raw


def refuses(data: bytes) -> WireError:
    decoder = FrameDecoder()
    with pytest.raises(WireError) as caught:
        decoder.feed(data)
    with pytest.raises(WireError):
        decoder.feed(encode(BEAT))
    return caught.value


@given(st.lists(FRAMES, min_size=1, max_size=5), st.lists(st.integers(0, 4000), max_size=12))
def test_every_frame_survives_the_wire_cut_at_arbitrary_places(frames, cuts):
    stream = b"".join(encode(frame) for frame in frames)
    places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    decoder = FrameDecoder()
    heard = []
    for begin, end in pairwise(places):
        heard += decoder.feed(stream[begin:end])
    assert heard == frames


@given(
    FRAMES, st.dictionaries(st.text(min_size=2, max_size=9), st.none() | st.binary(), max_size=4)
)
def test_unknown_fields_of_a_newer_peer_are_ignored(frame, extra):
    raw = fields_of(frame)
    assert FrameDecoder().feed(framed({f"new_{k}": v for k, v in extra.items()} | raw)) == [frame]


@given(st.binary(max_size=300))
def test_foreign_bytes_give_nothing_or_a_wire_error(data):
    decoder = FrameDecoder()
    try:
        assert decoder.feed(data) == []
    except WireError:
        with pytest.raises(WireError):
            decoder.feed(b"")


@given(st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.binary(), inner),
    max_leaves=8,
))  # fmt: skip
def test_a_well_formed_value_that_is_no_frame_is_refused(value):
    refuses(framed(value))


@given(FRAMES, st.data())
def test_damage_in_a_frame_gives_frames_or_a_wire_error_and_nothing_else(frame, data):
    stream = bytearray(encode(frame) * 2)
    for _ in range(data.draw(st.integers(1, 4))):
        stream[data.draw(st.integers(0, len(stream) - 1))] = data.draw(st.integers(0, 255))
    decoder = FrameDecoder()
    with suppress(WireError):
        for one in decoder.feed(bytes(stream)):
            assert encode(one)


JUNK = (
    None,
    -1,
    2**64 - 1,
    1.5,
    math.nan,
    math.inf,
    "x",
    "7",
    b"x",
    [],
    [1],
    {},
    {"a": 1},
    {"a": "b"},
)


@pytest.mark.parametrize("name", sorted(fields_of(BEAT)))
@pytest.mark.parametrize("junk", JUNK, ids=repr)
def test_a_field_of_another_type_is_refused(name, junk):
    counts = ({}, {"a": 1})
    fitting = {"problems": ([],), "marks": ({},), "figures": counts}
    fitting |= dict.fromkeys(("free_by_group", "hints"), counts)
    if junk in fitting.get(name, ()):
        return
    refuses(framed(fields_of(BEAT) | {name: junk}))


@pytest.mark.parametrize("name", ["term", "role", "healthy", "marks", "seq", "t"])
def test_a_missing_field_is_refused(name):
    raw = fields_of(BEAT)
    del raw[name]
    refuses(framed(raw))


def test_a_missing_field_with_a_default_gets_its_default():
    raw = fields_of(BEAT)
    del raw["figures"], raw["paused"]
    assert FrameDecoder().feed(framed(raw)) == [replace(BEAT, figures={})]


@pytest.mark.parametrize(
    "mark", [None, [1, 2], {"epoch": 1}, {"epoch": "1", "at_us": 2}, {"epoch": -1, "at_us": 2}]
)
def test_a_mark_that_is_none_is_refused(mark):
    refuses(framed(fields_of(BEAT) | {"marks": {"crm": mark}}))


ABSURD = st.integers(2**53 + 1, 2**64 - 1) | st.integers(-(2**63), -1)


@given(
    st.sampled_from([name for name, value in fields_of(BEAT).items() if type(value) is int]), ABSURD
)
def test_an_absurd_number_is_refused_in_every_field_of_a_beat(name, number):
    refuses(framed(fields_of(BEAT) | {name: number}))


@given(ABSURD, st.sampled_from(["goodbye", "hand_over_accept"]))
def test_an_absurd_term_is_refused_in_every_frame(term, name):
    refuses(framed({"t": name, "term": term, "reason": "x"}))


@given(
    st.tuples(
        st.just(1), st.integers(253_402_300_800_000_000, 2**64 - 1) | st.integers(-(2**63), -1)
    )
    | st.tuples(st.integers(2**31 + 1, 2**64 - 1), st.just(1))
)
def test_a_mark_outside_the_calendar_or_of_an_absurd_epoch_is_refused(mark):
    raw = {"epoch": mark[0], "at_us": mark[1]}
    refuses(framed({"t": "marks_moved", "marks": {"crm": raw}}))
    assert not is_mark(Mark(*mark))


def test_a_newer_peers_mark_with_more_fields_is_understood():
    mark = {"epoch": 1, "at_us": 2, "kind": "new"}
    assert FrameDecoder().feed(framed({"t": "marks_moved", "marks": {"crm": mark}})) == [
        MarksMoved({"crm": Mark(1, 2)})
    ]


def test_an_unknown_frame_name_is_refused_by_name():
    assert "hello_dolly" in str(refuses(framed({"t": "hello_dolly"})))


@pytest.mark.parametrize("size", [0, FRAME_BYTES_MAX + 1, 2**32 - 1])
def test_an_absurd_length_is_refused_before_its_bytes_arrive(size):
    assert str(size) in str(refuses(size.to_bytes(4, "big")))


def test_a_fault_does_not_show_the_peers_bytes():
    error = refuses(framed({"t": "job_cancel", "claim": 5, "x": "hush-hush"}))
    assert "JobCancel.claim" in str(error)
    assert "hush" not in str(error)


def test_the_decoder_holds_no_more_than_the_bytes_not_yet_complete():
    decoder = FrameDecoder()
    stream = encode(BEAT) * 1000
    assert len(decoder.feed(stream[:-1])) == 999
    assert len(decoder._waiting) == len(encode(BEAT)) - 1


@pytest.mark.parametrize(
    "frame",
    [
        JobOffer("c", "k", b"x" * (BODY_BYTES_MAX + 1), 1),
        JobProgress("c" * 5000, 1),
        JobProgress("c", -1),
        JobProgress("c", 2**63),
        Goodbye(1, "\ud800"),
        replace(BEAT, figures={"a": math.nan}),
        replace(BEAT, problems=("x" * 4000,) * 500),
        replace(BEAT, free_capacity=10**9),
    ],
)
def test_a_frame_the_peer_would_refuse_is_not_sent(frame):
    with pytest.raises(WireError):
        encode(frame)


def test_the_names_of_frames_never_change():
    assert frame_names() == (
        "hello", "heartbeat", "job_offer", "job_answer", "job_progress", "job_done", "job_failed",
        "job_cancel", "marks_moved", "hand_over_please", "hand_over_offer", "hand_over_accept",
        "hand_over_refuse", "hand_over_commit", "hand_over_abort", "goodbye", "refusal", "share",
    )  # fmt: skip
