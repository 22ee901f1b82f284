"""Files with ids: whatever people and spreadsheets make of them, each id is read and nothing stops the others."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.recover import id_lists
from recorder.recover.id_lists import BYTES_MAX, CHARS_MAX, IdRow, read_ids

GUIDS = st.uuids().map(str)
ZOOM = st.binary(min_size=16, max_size=16).map(lambda raw: base64.b64encode(raw).decode())
NUMBERS = st.integers(10**9, 10**12).map(str)
IDS = st.one_of(GUIDS, NUMBERS, ZOOM.filter(lambda one: any(c.isdigit() for c in one)))
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252")
HEADERS = (
    "id",
    "Meeting ID",
    "meeting_uuid",
    "UUID",
    "Conversation Id",
    "recordingId",
    "msdyn_ocrecordingid",
    "Besprechungs-ID",
)


@st.composite
def files(draw):
    """An id list, and the bytes of a file with it in some dress."""
    ids = draw(st.lists(IDS, min_size=1, max_size=30))
    delimiter = draw(st.sampled_from(",;\t|"))
    newline = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    quoted = draw(st.booleans())
    more = draw(st.integers(0, 2))
    lines = [] if not draw(st.booleans()) else [f"sep={delimiter}"]
    if draw(st.booleans()):
        lines.append(delimiter.join([draw(st.sampled_from(HEADERS)), *["note"] * more]))
    for one in ids:
        if draw(st.booleans()):
            lines.append(draw(st.sampled_from(["", "   ", "# a comment, of somebody"])))
        text = f'"{one}"' if quoted else one
        lines.append(delimiter.join([text, *["sale été"] * more]))
    body = newline.join(lines) + (newline if draw(st.booleans()) else "")
    return ids, body.encode(draw(st.sampled_from(ENCODINGS)))


@given(files())
def test_ids_are_read_in_whatever_dress_they_come(file):
    ids, body = file
    found = read_ids(body)
    assert [row.text for row in found.rows] == ids
    assert found.bad == ()
    assert list(found.ids) == list(dict.fromkeys(ids))


@given(st.binary(max_size=2000))
def test_no_file_is_an_error(body):
    found = read_ids(body)
    for row in found.rows:
        assert row.text.isprintable()
        assert 0 < len(row.text) <= CHARS_MAX
        assert row.line > 0


@given(st.lists(IDS, min_size=2, max_size=20), st.integers(0, 18), st.text(max_size=40))
def test_a_bad_row_never_hides_another(ids, place, rubbish):
    place = min(place, len(ids) - 1) + 1
    rubbish = "".join(one for one in rubbish if one not in "\r\n")
    lines = [*ids[:place], rubbish, *ids[place:]]
    found = read_ids("\n".join(lines).encode("utf-8", "replace"))
    read = [row.text for row in found.rows if row.line != place + 1]
    assert [one for one in read if one in ids] == read
    if not any(one in rubbish for one in ",;\t|"):
        assert read == ids


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("8.57E+10", "rounded"),
        ("8,57E+10", "rounded"),
        ("x1" * CHARS_MAX, "too long"),
        ("a1\x07b", "characters"),
        (";second", "no id"),
    ],
)
def test_a_bad_row_says_what_is_wrong_with_it(row, reason):
    found = read_ids(f"id;note\n1234567890;x\n{row};y\n".encode())
    assert found.rows == (IdRow(2, "1234567890"),)
    (bad,) = found.bad
    assert bad.line == 3
    assert reason in bad.reason


def test_the_column_that_is_called_so_holds_the_ids():
    body = b"Topic,Start,Meeting ID,UUID\nSales 1,2026,85746065002,abcdEFGH12345678ijklmn==\n"
    assert read_ids(body).ids == ("abcdEFGH12345678ijklmn==",)


def test_what_a_spreadsheet_puts_around_a_number_is_taken_away():
    body = '="85746065002"\n"=""85746065003"""\n\'85746065004\n857\N{NO-BREAK SPACE}4606 5005\n'.encode()
    assert read_ids(body).ids == ("85746065002", "85746065003", "85746065004", "857 4606 5005")


def test_a_quote_that_never_closes_costs_its_own_row_only():
    found = read_ids(b'"1234567890\n1234567891\n1234567892\n')
    assert [row.text for row in found.rows][-2:] == ["1234567891", "1234567892"]


def test_a_first_row_that_is_neither_id_nor_header_is_told():
    found = read_ids(b"hello\n1234567890\n")
    assert found.ids == ("1234567890",)
    assert [(row.line, row.text) for row in found.bad] == [(1, "hello")]


def test_a_uuid_that_begins_with_slashes_is_no_comment():
    assert read_ids(b"//Qm9abcdefgh12345678A==\n").ids == ("//Qm9abcdefgh12345678A==",)


def test_an_empty_file_holds_nothing():
    assert read_ids(b"") == read_ids(b"\xef\xbb\xbf\r\n\r\n") == id_lists.IdList(())


def test_a_file_that_is_too_large_is_refused_as_a_whole(monkeypatch):
    monkeypatch.setattr(id_lists, "ROWS_MAX", 3)
    found = read_ids(b"1234567890\n" * 5)
    assert (found.rows, found.bad[0].line) == ((), 0)
    assert "more than 3 rows" in found.bad[0].reason
    assert "larger" in read_ids(bytes(BYTES_MAX + 1)).bad[0].reason


def test_thousands_of_rows_are_read_at_once():
    body = "id\n" + "".join(f"{number}\n" for number in range(10**9, 10**9 + 20_000))
    assert len(read_ids(body.encode()).ids) == 20_000


def test_a_row_of_megabytes_is_reported_and_stops_none_of_the_others():
    long = b"," * 2_000_000
    found = read_ids(b"id,note\nm-1,x\n" + long + b"\nm-2,x\n")
    assert found.ids == ("m-1", "m-2")
    ((line, text, reason),) = [(bad.line, bad.text, bad.reason) for bad in found.bad]
    assert (line, reason) == (3, "this row is too long")
    assert len(text) == CHARS_MAX


def test_an_id_of_ten_thousand_characters_is_reported_and_cut_short():
    found = read_ids(b"id\n" + b"a1" * 5_000 + b"\nm-2\n")
    assert found.ids == ("m-2",)
    (bad,) = found.bad
    assert (bad.line, bad.reason) == (2, "this is too long for an id")
    assert len(bad.text) == CHARS_MAX


def test_a_line_break_in_quotes_makes_rows_of_their_own_and_loses_none():
    found = read_ids(b'id,note\nm-1,"first\nsecond"\nm-2,x\n')
    assert {"m-1", "m-2"} <= set(found.ids)


def test_a_file_cut_off_in_the_middle_of_a_character_is_read_up_to_there():
    found = read_ids("id\nm-1\nm-2\n".encode("utf-16") + b"x")
    assert found.ids == ("m-1", "m-2")
    assert [bad.line for bad in found.bad] == [4]
