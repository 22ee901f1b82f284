"""What happened in a node or in a simulated world, as rows.

One schema for both, so that the same checkers judge them and the same picture shows them. A trace file is JSON lines: a header, then one row per line in the order things happened.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, TypeAlias, cast

from pydantic import TypeAdapter, ValidationError

from recorder.errors import ConfigError

FORMAT: Final = 1


class TraceKind(StrEnum):
    """What a row is about."""

    LIFE = "life"
    """`what`: started, crashed, powered_off, paused, resumed, stopped."""
    FAULT = "fault"
    """`what`: the kind of fault; `data`: phase (begin, end), target, text, number (pairs begin and end)."""
    MESSAGE = "message"
    """An actor handled a message; `what` is its type."""
    ROLE = "role"
    """`what`: the new role; `data`: term, old, reason."""
    SENT = "sent"
    """A frame left for the peer; `what` is its type; `data`: frame (pairs it with its arrival), term."""
    RECEIVED = "received"
    """A frame arrived; `data`: frame."""
    LOST = "lost"
    """A frame that will never arrive; `data`: frame, why."""
    REQUEST = "request"
    """To a service; `what`: token, list, sas, blob, …; `data`: status, began_ns, item, bytes."""
    CALL = "call"
    """To the Data Center; `what`: commit, renew, …; `data`: outcome (ok, failed, unknown), began_ns."""
    ITEM = "item"
    """`what`: offered, listed, found, assigned, buffered, archived, failed, gone, …; `data`: source, key."""
    WATERMARK = "watermark"
    """`data`: source, epoch, watermark_us."""
    AGENT = "agent"
    """What a platform said of an agent, as it is heard; `what`: the kind of event; `data`: agent, call, at_us, event."""
    SCREEN = "screen"
    """`what`: legs (verdicts and masks, as they change), desktop, gone, stream, ended; start, stop, mask, unmask, refused,
    hung_up (to a desktop); first, sealed, kept, copied, fetched, found, deleted (a part); archived, forgotten."""
    VIOLATION = "violation"
    """A broken promise; `what` names it; `data`: text, items."""


@dataclass(frozen=True, slots=True)
class TraceHeader:
    """Whose trace it is. `origin` is `world` or the node id; instants of a world begin at 0."""

    origin: str
    build: str
    began_us: int
    """Wall clock at `at_ns` = `began_ns`, microseconds since 1970 UTC."""
    began_ns: int = 0
    incident: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Of a world: what was run."""
    format: int = FORMAT


@dataclass(frozen=True, slots=True)
class TraceRow:
    """One thing that happened."""

    number: int
    """Position in the trace; other rows name it as their cause."""
    at_ns: int
    """Virtual time in a world; the node's monotonic clock in a node."""
    lane: str
    """Where: a node id, `service`, `data_center` or `world`."""
    kind: TraceKind
    what: str
    actor: str = ""
    to: str = ""
    """The other lane, where there is one."""
    cause: int | None = None
    """The row without which this one would not be; None when unknown."""
    data: Mapping[str, Any] = field(default_factory=dict[str, Any])


Note: TypeAlias = Callable[[TraceRow], None]
"""Takes one row. Any thread; never blocks for long."""

_ROW: Final = TypeAdapter(TraceRow)
_HEADER: Final = TypeAdapter(TraceHeader)


def row_text(row: TraceRow) -> str:
    """One line, with its end."""
    return _ROW.dump_json(row, exclude_defaults=True).decode() + "\n"


def header_text(header: TraceHeader) -> str:
    """The first line, with its end."""
    return _HEADER.dump_json(header).decode() + "\n"


def read_trace(path: Path) -> tuple[TraceHeader, Iterator[TraceRow]]:
    """The header, and the rows as they are read; a torn last line ends them.

    Raises ConfigError naming the line that is no row, or a format that this program does not read.
    """
    hint = "`tandem node run --trace FILE` and `tandem sim run --trace FILE` write traces."
    try:
        # Only "\n" ends a row: texts may hold other characters that end lines elsewhere.
        lines = path.read_bytes().removesuffix(b"\n").split(b"\n")
        _check_format(path, lines[0])
        header = _HEADER.validate_json(lines[0])
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}", hint=hint) from error
    except ValidationError as error:
        raise ConfigError(f"{path}: line 1 is no header of a trace", hint=hint) from error
    return header, _rows(path, iter(lines[1:]), hint)


def _check_format(path: Path, line: bytes) -> None:
    """Before all else: the header of a newer program may not look like one to this one."""
    tree = _parsed(line)
    known = cast("dict[str, object]", tree) if isinstance(tree, dict) else {}
    found = known.get("format", FORMAT)
    if isinstance(found, int) and found != FORMAT:
        build = known.get("build", "unknown")
        raise ConfigError(
            f"{path}: a trace of format {found}, this program reads {FORMAT}",
            hint=f"Use the version of tandem that wrote it: {build}.",
        )


def _rows(path: Path, lines: Iterator[bytes], hint: str) -> Iterator[TraceRow]:
    waiting: tuple[int, bytes] | None = None
    for number, line in enumerate(lines, 2):
        if waiting is not None:
            yield _row(path, *waiting, hint)
        waiting = (number, line)
    if waiting is not None and _parsed(waiting[1]) is not None:
        yield _row(path, *waiting, hint)


def _parsed(line: bytes) -> object:
    """None for what is no JSON: torn, or something else altogether."""
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _row(path: Path, number: int, line: bytes, hint: str) -> TraceRow:
    try:
        return _ROW.validate_json(line)
    except ValidationError as error:
        raise ConfigError(f"{path}: line {number} is no row of a trace", hint=hint) from error
