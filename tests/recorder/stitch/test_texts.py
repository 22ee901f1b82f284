import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.stitch.texts import parse

NAMES = ("Ann Ames", "Cem C.")


def lines(data, **more):
    text = data.encode() if isinstance(data, str) else data
    return [(one.t_ms, one.end_ms, one.who, one.text) for one in parse(text, **more)]


def test_captions_of_one_speaker_become_one_turn():
    text = (
        "WEBVTT\n\n1\n00:00:01.000 --> 00:00:03.500\nAnn Ames: Good morning,\n\n"
        "2\n00:00:03.600 --> 00:00:05.000\nAnn Ames: how are you?\n\n"
        "3\n00:00:06.000 --> 00:00:07.000\nCem C.: Fine.\n"
    )

    assert lines(text, names=NAMES) == [
        (1_000, 5_000, "Ann Ames", "Good morning, how are you?"),
        (6_000, 7_000, "Cem C.", "Fine."),
    ]


@pytest.mark.parametrize(
    ("body", "who", "said"),
    [
        ("<v Ann Ames>Hello", "Ann Ames", "Hello"),
        ("<v.loud Ann Ames>Hello</v>", "Ann Ames", "Hello"),
        ("(Ann Ames)\nHello", "Ann Ames", "Hello"),
        ("Ann Ames: Hello", "Ann Ames", "Hello"),
        ("Note: the price is fixed", "", "Note: the price is fixed"),
        ("(laughs)\nHello", "", "(laughs)\nHello"),
        ("<i>a</i> &lt;b&gt; &amp;amp;", "", "a <b> &amp;"),
    ],
)
def test_names_are_found_in_every_form_and_only_those_of_participants(body, who, said):
    text = f"WEBVTT\n\n01:02.500 --> 01:03.000\n{body}\n"

    assert lines(text, names=NAMES) == [(62_500, 63_000, who, said)]


def test_without_participants_any_few_words_before_a_colon_are_a_name():
    text = "WEBVTT\n\n00:01.000 --> 00:02.000\nSomebody Else: Hello\n"

    assert lines(text) == [(1_000, 2_000, "Somebody Else", "Hello")]


def test_marks_of_byte_order_line_ends_notes_and_styles_do_no_harm():
    text = (
        "\ufeffWEBVTT - a title\r\n\r\nNOTE written by\r\nsomebody\r\n\r\nSTYLE\r\n::cue { color: red }\r\n\r\n"
        "7\r\n1:00:00.000 --> 1:00:01.000 align:left\r\nHello\r\n"
    )

    assert lines(text) == [(3_600_000, 3_601_000, "", "Hello")]
    assert lines(text.encode("utf-16")) == lines(text)


def test_a_chat_of_the_cloud_counts_from_the_recording_and_second_lines_go_on():
    text = "00:00:05\tAnn Ames:\tHello\nand a second line\n01:00:00\t Cem C. :\tBye\n"

    assert lines(text) == [
        (5_000, 5_000, "Ann Ames", "Hello\nand a second line"),
        (3_600_000, 3_600_000, "Cem C.", "Bye"),
    ]
    assert parse(text.encode())[0].kind == "chat"


def test_a_saved_chat_shows_the_clock_on_the_wall_also_over_midnight():
    text = "23:59:50 From Ann Ames to Everyone : Hello\n00:00:20 From  Cem C.  : Hi: there\n"
    began_ms = ((23 * 60 + 59) * 60 + 30) * 1000

    assert lines(text, wall_ms=began_ms) == [
        (20_000, 20_000, "Ann Ames", "Hello"),
        (50_000, 50_000, "Cem C.", "Hi: there"),
    ]
    assert [one.to for one in parse(text.encode(), wall_ms=began_ms)] == ["Everyone", ""]
    assert lines(text)[0][0] == 0


def test_chats_and_transcripts_come_as_json_too():
    chat = (
        b'{"messages": [{"msg_type": 1, "e_time": "00:00:05", "s_id": "ann@x", "content": "SGVsbG8gYWxs"},'
        b'{"msg_type": 1, "e_time": "00:00:07", "s_id": "cem@x", "content": "plain text"}, 7, {}]}'
    )
    spoken = (
        b'{"timeline": [{"ts": "00:00:09.000", "users": [{"username": "Cem"}], "text": "two"},'
        b'{"ts": "00:00:01.500", "users": [{"username": "Ann"}], "text": "one"}, {"text": "no time"}]}'
    )

    assert lines(chat) == [
        (5_000, 5_000, "ann@x", "Hello all"),
        (7_000, 7_000, "cem@x", "plain text"),
    ]
    assert lines(spoken) == [(1_500, 5_500, "Ann", "one"), (9_000, 11_000, "Cem", "two")]


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"{}", b"just words", b"\x00\xff" * 50, b'{"members": ["a"]}']
)
def test_what_holds_no_lines_gives_none(data):
    assert parse(data) == ()


@given(st.one_of(st.binary(max_size=300), st.text(max_size=300).map(str.encode)))
def test_any_bytes_are_read_without_an_error_and_in_order(data):
    found = parse(b"WEBVTT\n\n00:01.000 --> 00:00.500\n" + data)

    assert [one.t_ms for one in found] == sorted(one.t_ms for one in found)
    assert all(one.end_ms >= one.t_ms for one in found)
    parse(data)
