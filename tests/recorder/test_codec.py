"""What a peer or a journal may hand in as an item, and what not."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.packing import pack
from recorder.codec import BUFFERED, DONE, FAIL, JOB, DoneBody, FailBody, JobBody
from recorder.errors import RecorderError
from recorder.model import (
    BufferedItem,
    Interaction,
    ItemEvent,
    ItemRef,
    ItemState,
    MediaKind,
    MediaRef,
    Party,
    StoredMedia,
)

REF = ItemRef("crm", "k", "1", 1_700_000_000_000_000, "s", {"hint": "x"})
EVENT = ItemEvent("crm", "k", "alpha", "boot", 1, 1_700_000_000_000_000, "found", 3, "d")
MEDIA = MediaRef("m", MediaKind.AUDIO, "a.wav", "audio/wav", 10, "0" * 64, 1, 2)
TALK = Interaction(
    "k", "s", "voice", "inbound", 1, 2, parties=(Party("p", "agent"),), media=(MEDIA,)
)
BODIES = [
    (JOB, JobBody(REF, 1, (EVENT,))),
    (DONE, DoneBody(REF, 10, 1, 2)),
    (FAIL, FailBody(REF, ItemState.FAILED, "code", "text", 3, 1.5, (EVENT,))),
    (BUFFERED, BufferedItem(REF, TALK, (StoredMedia(MEDIA, 10, "0" * 64, "audio/wav", "b"),), 1, 2, 3, (EVENT,))),
]  # fmt: skip
IDS = [type(body).__name__ for _, body in BODIES]


def plain(codec, body):
    return codec._adapter.dump_python(body, mode="json")


def numbers(raw, path=()):
    """The path of every number in a plain value."""
    if isinstance(raw, dict | list):
        for key, one in raw.items() if isinstance(raw, dict) else enumerate(raw):
            yield from numbers(one, (*path, key))
    elif type(raw) in (int, float):
        yield path


def changed(raw, path, value):
    if not path:
        return value
    copy = dict(raw) if isinstance(raw, dict) else list(raw)
    copy[path[0]] = changed(copy[path[0]], path[1:], value)
    return copy


PLACES = [(codec, plain(codec, body), path) for codec, body in BODIES
          for path in numbers(plain(codec, body))]  # fmt: skip
ODD = [math.inf, -math.inf, math.nan, 1e300, -1e300, 2**63 - 1, 2**64 - 1, -(2**63), "9" * 40, True]


@pytest.mark.parametrize(("codec", "body"), BODIES, ids=IDS)
def test_every_body_survives_the_way(codec, body):
    assert codec.decode(codec.encode(body)) == body


@pytest.mark.parametrize("odd", ODD[:-1], ids=repr)
@pytest.mark.parametrize(
    ("codec", "raw", "path"), PLACES, ids=[".".join(map(str, path)) for _, _, path in PLACES]
)
def test_an_absurd_number_is_refused_wherever_it_stands(codec, raw, path, odd):
    with pytest.raises(RecorderError):
        codec.decode(pack(changed(raw, path, odd)))


@given(
    st.sampled_from(PLACES), st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text() | st.none()
)
def test_any_number_gives_a_value_that_a_database_takes_or_a_refusal(place, value):
    codec, raw, path = place
    try:
        body = codec.decode(pack(changed(raw, path, value)))
    except RecorderError:
        return
    for where in numbers(plain(codec, body)):
        one = plain(codec, body)
        for key in where:
            one = one[key]
        assert abs(one) < 2**63


@given(st.binary(max_size=200))
def test_foreign_bytes_are_refused(data):
    for codec, _ in BODIES:
        with pytest.raises(RecorderError):
            codec.decode(data)


@pytest.mark.parametrize("state", list(ItemState))
def test_a_failure_can_only_be_a_failed_gone_or_not_recordable_item(state):
    raw = plain(*BODIES[2]) | {"state": str(state)}
    if state in (ItemState.FAILED, ItemState.GONE, ItemState.NOT_RECORDABLE):
        assert FAIL.decode(pack(raw)).state is state
    else:
        with pytest.raises(RecorderError):
            FAIL.decode(pack(raw))


@pytest.mark.parametrize("attempts", [-1, 1_000_001])
def test_attempts_are_bounded(attempts):
    with pytest.raises(RecorderError):
        FAIL.decode(FAIL.encode(replace(BODIES[2][1], attempts=attempts)))


def test_texts_and_stories_of_a_peer_are_bounded():
    fail = BODIES[2][1]
    assert FAIL.decode(FAIL.encode(replace(fail, message="x" * 65_536)))
    for odd in (
        replace(fail, message="x" * 65_537),
        replace(fail, events=(EVENT,) * 1001),
        replace(fail, events=(replace(EVENT, detail="x" * 65_537),)),
        replace(fail, ref=replace(REF, hints={"x" * 65_537: ""})),
    ):
        with pytest.raises(RecorderError):
            FAIL.decode(FAIL.encode(odd))


def test_what_this_node_wrote_itself_is_not_refused_for_its_length():
    item = replace(BODIES[3][1], events=(EVENT,) * 1001)
    assert BUFFERED.decode(BUFFERED.encode(item)) == item
