"""The only printer of the command line: data to stdout, messages and questions to stderr."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence

_GAP = "  "
_BOLD, _RED, _YELLOW, _PLAIN = "\x1b[1m", "\x1b[31m", "\x1b[33m", "\x1b[0m"
_COLOURS = {"error": _RED, "warning": _YELLOW}
_CLEAR = "\x1b[H\x1b[2J"
_CONTROLS = dict.fromkeys(
    (*range(32), 127, *range(128, 160), *range(0x2028, 0x202F), *range(0x2066, 0x206A)), "�"
)
"""What a service names its things must not move the cursor of a terminal, nor turn a line around."""


def print_json(value: object, *, one_line: bool = False) -> None:
    """One JSON document on stdout."""
    text = json.dumps(value, indent=None if one_line else 2, ensure_ascii=False)
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def print_line(text: str, level: str = "") -> None:
    """One line of data on stdout; `level` error or warning gives it a colour on a terminal."""
    line = text.translate(_CONTROLS)
    colour = _COLOURS.get(level)
    sys.stdout.write(f"{colour}{line}{_PLAIN}\n" if colour and _is_colourful() else f"{line}\n")
    sys.stdout.flush()


def complain(text: str, hint: str) -> None:
    """What went wrong and what to do next, on stderr; every line after the first stands under it."""
    lines = [*text.split("\n"), *filter(None, hint.split("\n"))]
    say("tandem: " + "\n        ".join(lines))


def say(text: str) -> None:
    """A message for a person, on stderr; it may have several lines."""
    lines = (line.translate(_CONTROLS) for line in text.split("\n"))
    sys.stderr.write("\n".join(lines) + "\n")
    sys.stderr.flush()


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Columns as wide as their widest cell, two spaces between; the last may be of any length."""
    cells = [[cell.translate(_CONTROLS) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
    for number, row in enumerate([list(columns), *cells]):
        padded = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        line = _GAP.join(padded).rstrip()
        is_head = number == 0 and _is_colourful()
        sys.stdout.write(f"{_BOLD}{line}{_PLAIN}\n" if is_head else f"{line}\n")
    sys.stdout.flush()


def clear_screen() -> None:
    """Begin at the top of a terminal; nothing where stdout is none."""
    if sys.stdout.isatty():
        sys.stdout.write(_CLEAR)


def short_instant(text: str | None) -> str:
    """An RFC 3339 instant of the API for a table: `2026-11-21 09:30`, `?` when unknown."""
    return "?" if text is None else text[:16].replace("T", " ")


def confirm(question: str) -> bool:
    """Ask on a terminal. The caller must know that there is one."""
    return ask(f"{question} [y/N] ").lower() in {"y", "yes"}


def ask(question: str) -> str:
    """A line typed by a person, without the spaces around it."""
    sys.stderr.write(question)
    sys.stderr.flush()
    return sys.stdin.readline().strip()


def is_interactive() -> bool:
    """Whether a person can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def _is_colourful() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")
