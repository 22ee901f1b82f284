"""Desktops come in over a WebSocket: by token, in words that are checked, and never more than can be written."""

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from recorder.adapters import desktop_links
from recorder.scn.desktop_tokens import desktop_token
from recorder.scn.messages import (
    AskClock,
    ClockTold,
    DesktopDenied,
    PacketsCame,
    PacketsKept,
    Refused,
    StartScreen,
    StreamBegan,
)
from recorder.scn.model import ScreenPacket
from recorder.scn.wire import (
    FRAME_BYTES_MAX,
    packet_frame,
    read_command,
    saying_frames,
)
from recorder.web import desktop_routes
from tests.recorder.desk_server import (
    DESKTOP_TOKEN,
    HELLO,
    SECRET,
    SHARED_TOKEN,
    say,
    served,
    why_closed,
)
from tests.recorder.fake_node import TOKEN
from tests.screens import a_stream, packets
from tests.waiting import wait_until


@pytest.fixture
def node():
    with served() as one:
        yield one


def test_what_a_desktop_says_reaches_the_recorder_in_order(node):
    with node.greeted() as desktop:
        say(desktop, StreamBegan(a_stream()))
        say(desktop, PacketsCame("s-1", packets(3)))
        say(desktop, ClockTold(1, 2))
        wait_until(lambda: len(node.recorder.sayings()) == 6, 5.0, "all of it came")
    said = node.recorder.sayings()
    assert said[:2] == [HELLO, StreamBegan(a_stream())]
    assert [one.packets[0] for one in said[2:5]] == list(packets(3))
    assert said[5] == ClockTold(1, 2)
    wait_until(node.recorder.gone, 5.0, "its end is told")
    assert len(node.recorder.connections()) == 1


def test_the_recorder_hears_where_a_hello_came_from(node):
    with node.greeted():
        assert node.recorder.addresses() == ["127.0.0.1"]


def test_what_the_recorder_says_reaches_the_desktop_in_order(node):
    with node.greeted() as desktop:
        (name,) = node.recorder.connections()
        told = [StartScreen(5.0), *(AskClock(number) for number in range(50))]
        for command in told:
            node.links.send(name, command)
        assert [read_command(desktop.recv(timeout=5)) for _ in told] == told


def test_a_connection_is_closed_with_its_reason_once_everything_was_said(node):
    with node.greeted() as desktop:
        (name,) = node.recorder.connections()
        node.links.send(name, AskClock(1))
        node.links.close(name, "enough")
        assert read_command(desktop.recv(timeout=5)) == AskClock(1)
        assert why_closed(desktop) == "enough"
    wait_until(node.recorder.gone, 5.0, "its end is told")
    assert node.recorder.gone() == ["enough"]
    node.links.send(name, AskClock(2))
    node.links.close(name, "again")


@pytest.mark.parametrize(
    ("token", "status", "words"),
    [
        ("", 401, "missing"),
        ("wrong", 401, "wrong"),
        ("the-replay-token", 403, "not the role desktop"),
        (SECRET, 403, "the secret behind"),
        (desktop_token("another-secret", "d-1"), 401, "wrong"),
        (DESKTOP_TOKEN.replace("d-1", "d-2"), 401, "wrong"),
        (DESKTOP_TOKEN + "0", 401, "wrong"),
        (desktop_token("the-replay-token", "d-1"), 401, "wrong"),
    ],
)
def test_who_may_not_come_in_is_told_why(node, token, status, words):
    with pytest.raises(InvalidStatus) as caught:
        node.connect(token)
    assert caught.value.response.status_code == status
    error = json.loads(caught.value.response.body)["error"]
    assert words in error["message"]
    assert error["hint"]
    assert node.recorder.connections() == []


@pytest.mark.parametrize("token", [TOKEN, SHARED_TOKEN])
def test_an_admin_and_a_shared_token_may_come_in_under_any_name(node, token):
    with node.connect(token) as desktop:
        say(desktop, replace(HELLO, desktop="whoever"))
        wait_until(node.recorder.sayings, 30.0, "the hello came")


def test_a_desktop_with_the_token_of_another_is_turned_away_and_it_is_told(node):
    with node.connect() as desktop:
        say(desktop, replace(HELLO, desktop="d-2"))
        answer = read_command(desktop.recv(timeout=30))
        assert isinstance(answer, Refused)
        assert "that of the desktop d-1, not of d-2" in answer.what
        assert "--desktop d-2" in answer.hint
        assert "not of d-2" in why_closed(desktop)
    assert node.recorder.sayings() == []
    assert node.recorder.denied() == [DesktopDenied("d-2", "d-1", "desk", "pc", "127.0.0.1")]


def test_what_a_desktop_made_under_an_earlier_id_is_its_own(node):
    old = a_stream("s-0", desktop="d-0")
    with node.connect() as desktop:
        say(desktop, replace(HELLO, streaming=old))
        say(desktop, StreamBegan(old))
        wait_until(lambda: len(node.recorder.sayings()) == 2, 30.0, "both came")
    hello, began = node.recorder.sayings()
    assert (hello.streaming.desktop, began.stream.desktop) == ("d-1", "d-1")


def test_a_node_that_records_no_screens_says_so():
    with served(enabled=False) as node, pytest.raises(InvalidStatus) as caught:
        node.connect()
    assert caught.value.response.status_code == 403
    assert "screens.enabled" in json.loads(caught.value.response.body)["error"]["hint"]


def test_only_so_many_may_come_in(node, monkeypatch):
    monkeypatch.setattr(desktop_routes, "DESKTOPS_MAX", 1)
    with node.greeted(), pytest.raises(InvalidStatus) as caught:
        node.connect()
    assert caught.value.response.status_code == 503


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        ("{", "no JSON"),
        ('{"say": "stream_ended", "stream": "s", "seq_last": 1, "reason": ""}', "hello"),
        (b"\x00", "binary frame of 1 bytes"),
    ],
)
def test_a_first_word_that_is_no_hello_ends_the_connection(node, frame, words):
    with node.connect() as desktop:
        desktop.send(frame)
        assert words in why_closed(desktop)
    assert node.recorder.sayings() == []


def test_a_desktop_that_says_nothing_is_hung_up_on(node, monkeypatch):
    monkeypatch.setattr(desktop_routes, "HELLO_WITHIN_S", 0.2)
    with node.connect() as desktop:
        assert "no hello" in why_closed(desktop)


def test_nonsense_after_the_hello_ends_the_connection(node):
    with node.greeted() as desktop:
        desktop.send('{"say": "shutdown"}')
        assert "shutdown" in why_closed(desktop)


def test_a_frame_larger_than_any_packet_ends_the_connection(node):
    with node.greeted() as desktop:
        with suppress(ConnectionClosed):
            desktop.send(bytes(FRAME_BYTES_MAX + 1))
        assert why_closed(desktop), "whatever the library calls it"
    wait_until(lambda: not node.links.count(), 30.0, "the connection is no more")
    wait_until(node.recorder.gone, 30.0, "its end is told")


def test_a_desktop_that_talks_too_much_is_hung_up_on(node):
    with node.greeted() as desktop:
        reason = flooded(desktop, saying_frames(ClockTold(1, 2))[0], 5000)
    assert "too much" in reason or reason == "without a word"
    assert len(node.recorder.sayings()) <= 1 + 10 * desktop_routes.WORDS_PER_S


def flooded(desktop, frame, count):
    try:
        for _ in range(count):
            desktop.send(frame)
    except ConnectionClosed as error:
        return error.rcvd.reason if error.rcvd else "without a word"
    return why_closed(desktop)


def test_of_a_flood_no_more_is_read_than_may_wait_and_what_is_kept_makes_room(node, monkeypatch):
    monkeypatch.setattr(desktop_links, "UNKEPT_BYTES_MAX", 100_000)
    monkeypatch.setattr(desktop_routes, "ROOM_WITHIN_S", 60.0)
    with node.greeted() as desktop, ThreadPoolExecutor(1) as pool:
        (name,) = node.recorder.connections()
        sent = pool.submit(send_all, desktop, 50, 20_000)
        wait_until(lambda: len(seqs(node)) == 5, 5.0, "so much is read")
        with node.connect(desktop_token(SECRET, "d-2")) as other:
            say(other, replace(HELLO, desktop="d-2"))
            wait_until(lambda: len(node.recorder.connections()) == 2, 5.0, "others are served")
        assert len(seqs(node)) == 5
        while len(seqs(node)) < 50:
            before = len(seqs(node))
            node.links.send(name, PacketsKept("s-1", seqs(node)[-1]))
            wait_until(lambda before=before: len(seqs(node)) > before, 5.0, "more is read")
        sent.result(5)
    assert seqs(node) == list(range(50))


def test_a_desktop_whose_packets_cannot_be_written_for_long_is_hung_up_on(node, monkeypatch):
    monkeypatch.setattr(desktop_links, "UNKEPT_BYTES_MAX", 50_000)
    monkeypatch.setattr(desktop_routes, "ROOM_WITHIN_S", 0.3)
    with node.greeted() as desktop:
        send_all(desktop, 4, 20_000)
        assert "more than can be written" in why_closed(desktop)


def test_a_desktop_that_does_not_read_is_hung_up_on_and_stops_nobody(node, monkeypatch):
    monkeypatch.setattr(desktop_links, "WAITING_MAX", 50)
    with node.greeted() as deaf, node.connect(desktop_token(SECRET, "d-2")) as other:
        say(other, replace(HELLO, desktop="d-2"))
        wait_until(lambda: len(node.recorder.connections()) == 2, 5.0, "both are there")
        first, second = node.recorder.connections()
        for number in range(2000):
            node.links.send(first, AskClock(number))
        node.links.send(second, AskClock(7))
        assert read_command(other.recv(timeout=5)) == AskClock(7)
        assert "does not read" in why_closed(deaf)


def seqs(node):
    return [one.packets[0].seq for one in node.recorder.sayings() if isinstance(one, PacketsCame)]


def send_all(desktop, count, size):
    for seq in range(count):
        packet = ScreenPacket(seq, seq * 200, seq == 0, bytes(size))
        desktop.send(packet_frame("s-1", packet))
