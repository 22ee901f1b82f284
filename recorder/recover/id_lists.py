"""Files with ids, as people and spreadsheets write them. Pure.

A line is read by itself: one that is odd spoils no other. The delimiter, the encoding and whether there is a
header are found out; the id is in the column whose name says so, or in the first that is not empty.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

BYTES_MAX: Final = 32 * 1024**2
ROWS_MAX: Final = 100_000
CHARS_MAX: Final = 500
LINE_CHARS_MAX: Final = 20_000
_DELIMITERS: Final = (",", ";", "\t", "|")
_LOOKED_AT: Final = 200
_NEWLINE: Final = re.compile(r"\r\n|\r|\n")
_ROUNDED: Final = re.compile(r"[0-9][.,]?[0-9]*E\+?[0-9]+", re.IGNORECASE)
_INVISIBLE: Final = dict.fromkeys(map(ord, "\ufeff\u200b\u200c\u200d\u2060"))
_FORMULA: Final = re.compile(r'="?([^"]*)"?')
_HEADER_CHARS_MAX: Final = 20
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NAMES: Final = (
    "uuid",
    "meetinguuid",
    "recordingid",
    "msdynocrecordingid",
    "conversationid",
    "msdynliveworkitemid",
    "liveworkitemid",
    "activityid",
    "meetingid",
    "meetingnumber",
    "identifier",
    "id",
    "ids",
)
"""What a column with ids is called, the best first; letters only."""


@dataclass(frozen=True, slots=True)
class IdRow:
    """One id and where it stands."""

    line: int
    """Counted from 1."""
    text: str


@dataclass(frozen=True, slots=True)
class BadRow:
    """A line that holds no id."""

    line: int
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class IdList:
    """What a file holds, in its order."""

    rows: tuple[IdRow, ...]
    bad: tuple[BadRow, ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        """Each id once."""
        return tuple(dict.fromkeys(row.text for row in self.rows))


def read_ids(body: bytes) -> IdList:
    """Never raises: what cannot be read is told as bad rows, line 0 for the whole file."""
    if len(body) > BYTES_MAX:
        return IdList((), (BadRow(0, "", f"the file is larger than {BYTES_MAX} bytes"),))
    lines = [
        (number, line)
        for number, line in enumerate(_NEWLINE.split(_decoded(body)), start=1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    delimiter, lines = _delimiter(lines)
    if len(lines) > ROWS_MAX + 1:
        return IdList((), (BadRow(0, "", f"the file has more than {ROWS_MAX} rows"),))
    column: int | None = None
    odd = [
        BadRow(number, line[:CHARS_MAX], "this row is too long")
        for number, line in lines
        if len(line) > LINE_CHARS_MAX
    ]
    cells = [
        (number, _cells(line, delimiter)) for number, line in lines if len(line) <= LINE_CHARS_MAX
    ]
    if cells and _is_header(cells[0][1]):
        number, header = cells.pop(0)
        column = _column(header)
        if column is None:
            text = delimiter.join(map(_plain, header))[:CHARS_MAX]
            odd.append(BadRow(number, text, "this was taken for a header: it holds no id"))
    return _sorted_out(cells, column, odd)


def _sorted_out(
    cells: Iterable[tuple[int, Sequence[str]]], column: int | None, bad: list[BadRow]
) -> IdList:
    rows: list[IdRow] = []
    for number, parts in cells:
        text = _pick(parts, column)
        problem = problem_of(text)
        if problem is None:
            rows.append(IdRow(number, text))
        elif any(map(_plain, parts)):
            bad.append(BadRow(number, text[:CHARS_MAX], problem))
    return IdList(tuple(rows), tuple(bad))


def _decoded(body: bytes) -> str:
    for bom, encoding in _BOMS:
        if body.startswith(bom):
            return body[len(bom) :].decode(encoding, "replace")
    zeros = body[:1000].count(0)
    if zeros * 4 > len(body[:1000]):
        high = body[0:1000:2].count(0) > zeros // 2
        return body.decode("utf-16-be" if high else "utf-16-le", "replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body.decode("cp1252", "replace")


def _delimiter(lines: list[tuple[int, str]]) -> tuple[str, list[tuple[int, str]]]:
    """The one in most lines; a first line `sep=;` of a spreadsheet says it and is no row."""
    if lines and lines[0][1].strip().lower().startswith("sep="):
        said = lines[0][1].strip()[len("sep=") :]
        return said[:1] or "\t", lines[1:]
    some = [line for _, line in lines[:_LOOKED_AT]]
    return max(_DELIMITERS, key=lambda one: sum(one in line for line in some)), lines


def _cells(line: str, delimiter: str) -> list[str]:
    """As they are: only of the one with the id is taken off what is around it."""
    try:
        return next(csv.reader([line], delimiter=delimiter, skipinitialspace=True))
    except (csv.Error, StopIteration):
        return line.split(delimiter)


def _plain(cell: str) -> str:
    """Without what spreadsheets put around a text, and what nobody sees."""
    text = cell.translate(_INVISIBLE).replace("\N{NO-BREAK SPACE}", " ").strip()
    formula = _FORMULA.fullmatch(text)
    text = formula.group(1) if formula else text
    return text.strip().strip('"').strip("'").strip()


def _is_header(cells: Sequence[str]) -> bool:
    """It names a column of ids, or its first word is too short for an id and has no digit."""
    if any(_letters(cell) in _NAMES for cell in cells):
        return True
    first = _first(cells)
    return len(first) < _HEADER_CHARS_MAX and not any(one.isdigit() for one in first)


def _first(cells: Sequence[str]) -> str:
    return next((text for cell in cells if (text := _plain(cell))), "")


def _column(header: Sequence[str]) -> int | None:
    names = [_letters(cell) for cell in header]
    for wanted in _NAMES:
        if wanted in names:
            return names.index(wanted)
    return next((place for place, name in enumerate(names) if name.endswith("id")), None)


def _letters(cell: str) -> str:
    return "".join(one for one in cell.lower() if one.isalpha())


def _pick(cells: Sequence[str], column: int | None) -> str:
    if column is None:
        return _first(cells)
    return _plain(cells[column]) if column < len(cells) else ""


def problem_of(text: str) -> str | None:
    """Why this is no id of any source; None when it may be one."""
    if not text:
        return "there is no id in this row"
    if len(text) > CHARS_MAX:
        return "this is too long for an id"
    if not text.isprintable() or "\N{REPLACEMENT CHARACTER}" in text:
        return "this holds characters that no id has"
    if _ROUNDED.fullmatch(text):
        return "a spreadsheet rounded this number: format the column as text"
    return None
