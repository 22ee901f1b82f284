"""Trace files as they are read: what ends a row, and what is no trace."""

import pytest

from recorder.errors import ConfigError
from recorder.tracing.rows import (
    TraceHeader,
    TraceKind,
    TraceRow,
    header_text,
    read_trace,
    row_text,
)

HEADER = TraceHeader(origin="alpha", build="1.2", began_us=10**15)


def row(number, text="fine"):
    return TraceRow(number, number, "alpha", TraceKind.ITEM, "found", data={"key": text})


@pytest.fixture
def written(tmp_path):
    def write(content):
        path = tmp_path / "alpha.trace"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.mark.parametrize("text", ["\u2028", "\u2029", "\x85", "\x0b\x0c", "\x1c", "\r\n"])
def test_a_text_with_whatever_ends_lines_elsewhere_tears_no_row(written, text):
    rows = [row(1, f"one{text}two"), row(2)]
    path = written(header_text(HEADER) + "".join(map(row_text, rows)))
    header, found = read_trace(path)
    assert (header, list(found)) == (HEADER, rows)


def test_a_last_row_that_is_torn_within_a_character_ends_the_trace(written):
    torn = row_text(row(2, "\u00e4")).encode()
    torn = torn[: torn.index("\u00e4".encode()) + 1]
    _, found = read_trace(written(header_text(HEADER).encode() + row_text(row(1)).encode() + torn))
    assert list(found) == [row(1)]


def test_a_trace_of_another_format_is_refused_with_the_version_that_wrote_it(written):
    path = written('{"format": 2, "build": "9.1", "whose": "alpha"}\n' + row_text(row(1)))
    with pytest.raises(ConfigError) as refused:
        read_trace(path)
    assert str(refused.value) == f"{path}: a trace of format 2, this program reads 1"
    assert "9.1" in refused.value.hint


def test_a_file_that_is_not_there_is_named_once(tmp_path):
    with pytest.raises(ConfigError) as refused:
        read_trace(tmp_path / "none")
    assert str(refused.value) == f"{tmp_path / 'none'}: cannot be read: No such file or directory"


def test_what_is_no_text_is_no_trace_in_plain_words(written):
    path = written(b"\xff\x00\x80")
    with pytest.raises(ConfigError) as refused:
        read_trace(path)
    assert str(refused.value) == f"{path}: line 1 is no header of a trace"


def test_a_row_that_is_no_text_is_told_by_its_number(written):
    content = header_text(HEADER).encode() + b"\xff\n" + row_text(row(1)).encode()
    with pytest.raises(ConfigError, match="line 2 is no row of a trace"):
        list(read_trace(written(content))[1])
