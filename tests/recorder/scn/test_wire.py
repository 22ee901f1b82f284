"""What a desktop and a node say to each other arrives as it was meant, and nothing else arrives."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.errors import BadDesktopFrame
from recorder.scn.messages import (
    AskClock,
    ClockTold,
    DesktopHello,
    MaskScreen,
    NeedKeyFrame,
    PacketsCame,
    PacketsKept,
    Refused,
    StartScreen,
    StopScreen,
    StreamBegan,
    StreamEnded,
    Welcome,
)
from recorder.scn.model import ScreenPacket, ScreenStream
from recorder.scn.wire import (
    PACKET_BYTES_MAX,
    TEXT_CHARS_MAX,
    command_frame,
    packet_frame,
    read_command,
    read_saying,
    saying_frames,
)

STREAM = ScreenStream("s-1", "d-1", ("dynamics/ag-1", "zoom/7"), "vp9", 1920, 1080, 1_700_000_000)
HELLO = DesktopHello("d-1", ("dynamics/ag-1",), "pc-7", "1.0", None)

SAYINGS = (
    HELLO,
    DesktopHello("d-1", ("dynamics/ag-1",), "pc-7", "1.0", STREAM),
    DesktopHello("d-1", ("dynamics/ag-1",), "pc-7", "1.0", None, "5e1f0c58"),
    StreamBegan(STREAM),
    StreamEnded("s-1", 12, "stopped"),
    ClockTold(3, 1_700_000_000_000_000),
)
COMMANDS = (
    Welcome("alpha", 7, 1.0),
    Welcome("alpha", None, 1.0),
    Refused("no", "why", 5.0),
    StartScreen(5.0),
    StopScreen(),
    MaskScreen(on=True),
    NeedKeyFrame(),
    PacketsKept("s-1", 12),
    AskClock(3),
)


@pytest.mark.parametrize("saying", SAYINGS)
def test_what_a_desktop_says_arrives(saying):
    (frame,) = saying_frames(saying)
    assert read_saying(frame) == saying


def test_an_older_desktop_does_not_tell_of_its_life_and_a_strange_life_is_refused():
    told = json.loads(saying_frames(HELLO)[0])
    assert read_saying(json.dumps({**told, "life": "5e"})).life == "5e"
    del told["life"]
    assert read_saying(json.dumps(told)) == HELLO
    with pytest.raises(BadDesktopFrame, match="life is no id"):
        read_saying(json.dumps({**told, "life": "a b"}))


@pytest.mark.parametrize("command", COMMANDS)
def test_what_a_node_says_arrives(command):
    assert read_command(command_frame(command)) == command


packets = st.builds(
    ScreenPacket,
    seq=st.integers(0, 2**32 - 1),
    pts_ms=st.integers(0, 2**32 - 1),
    is_key=st.booleans(),
    data=st.binary(min_size=1, max_size=300),
)


@given(st.lists(packets, max_size=4), st.from_regex(r"[A-Za-z0-9._-]{1,64}", fullmatch=True))
def test_packets_arrive_one_by_one_and_in_order(sent, stream):
    frames = saying_frames(PacketsCame(stream, tuple(sent)))
    came = [read_saying(frame) for frame in frames]
    assert [one.packets[0] for one in came] == sent
    assert all(one.stream == stream for one in came)


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200)))
def test_whatever_comes_in_is_understood_or_a_bad_frame(frame):
    for read in (read_saying, read_command):
        with suppress(BadDesktopFrame):
            read(frame)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@given(st.data())
def test_a_message_with_any_field_replaced_is_understood_or_a_bad_frame(data):
    (frame,) = saying_frames(data.draw(st.sampled_from(SAYINGS)))
    told = json.loads(frame)
    told[data.draw(st.sampled_from(sorted(told)))] = data.draw(json_values)
    with suppress(BadDesktopFrame):
        read_saying(json.dumps(told))


def test_a_field_nobody_knows_is_ignored():
    (frame,) = saying_frames(HELLO)
    assert read_saying(json.dumps(json.loads(frame) | {"mood": "fine"})) == HELLO


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"say": "shutdown"}, "shutdown"),
        ({"say": 7}, "without the field say"),
        ({"agents": []}, "of no agent"),
        ({"agents": ["ag-1"]}, "SOURCE/KEY"),
        ({"agents": ["a/b"] * 17}, "too many"),
        ({"desktop": "../x"}, "no id"),
        ({"desktop": 5}, "desktop"),
        ({"host": "h" * 501}, "too long"),
        ({"host": "\x1b[2J"}, "people"),
        ({"build": "1\n2"}, "people"),
    ],
)
def test_a_bad_hello_is_refused_with_what_is_wrong(change, problem):
    (frame,) = saying_frames(HELLO)
    with pytest.raises(BadDesktopFrame, match=problem):
        read_saying(json.dumps(json.loads(frame) | change))


def test_a_screen_of_no_size_is_refused():
    (frame,) = saying_frames(StreamBegan(STREAM))
    told = json.loads(frame)
    told["stream"]["width"] = 0
    with pytest.raises(BadDesktopFrame, match="side of 0"):
        read_saying(json.dumps(told))


def test_what_is_too_long_is_refused_on_both_sides():
    large = ScreenPacket(0, 0, is_key=True, data=bytes(PACKET_BYTES_MAX + 1))
    with pytest.raises(BadDesktopFrame, match="at most"):
        packet_frame("s-1", large)
    whole = packet_frame("s-1", ScreenPacket(0, 0, is_key=True, data=bytes(PACKET_BYTES_MAX)))
    with pytest.raises(BadDesktopFrame, match="at most"):
        read_saying(whole + b"x")
    with pytest.raises(BadDesktopFrame, match="at most"):
        read_saying(" " * (TEXT_CHARS_MAX + 1))


def test_a_packet_of_nothing_or_with_unknown_flags_is_refused():
    whole = packet_frame("s-1", ScreenPacket(0, 0, is_key=True, data=b"x"))
    with pytest.raises(BadDesktopFrame, match="0 bytes"):
        read_saying(whole[:-1])
    with pytest.raises(BadDesktopFrame, match="flags"):
        read_saying(b"\x03" + whole[1:])


def test_a_node_sends_no_packets():
    with pytest.raises(BadDesktopFrame, match="no binary"):
        read_command(b"\x00")
