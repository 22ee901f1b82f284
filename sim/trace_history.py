"""The rows of a trace that led to one of them: its causes, and what concerns the same items, roles and lives."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

from recorder.tracing.rows import TraceKind, TraceRow

LINES_MAX: Final = 20
_CAUSES_MAX: Final = 8
_STORY_MAX: Final = 5
_STORY: Final = frozenset({TraceKind.LIFE, TraceKind.FAULT, TraceKind.ROLE})
_NAMES: Final = ("key", "part", "stream", "agent", "call")
"""What a row may be about."""
_SHOWN: Final = (*_NAMES, "term", "outcome", "epoch", "watermark_us", "phase", "reason", "frame")


def history_of(rows: Sequence[TraceRow], last: TraceRow, items: Collection[str]) -> tuple[str, ...]:
    """At most LINES_MAX lines, in order. `rows` are numbered from 1 on without gaps."""
    chosen = {last.number: last}
    cause = last.cause
    while cause is not None and len(chosen) <= _CAUSES_MAX:
        row = rows[cause - 1]
        chosen[row.number] = row
        cause = row.cause
    before = rows[: last.number]
    story = [row for row in before if row.kind in _STORY][-_STORY_MAX:]
    chosen |= {row.number: row for row in story}
    wanted = set(items)
    for row in reversed(before):
        if len(chosen) >= LINES_MAX:
            break
        if wanted and row.number not in chosen and _concerns(row, wanted):
            chosen[row.number] = row
    return tuple(line_of(chosen[number]) for number in sorted(chosen))


def line_of(row: TraceRow) -> str:
    """A row for people."""
    facts = [f"{name} {row.data[name]}" for name in _SHOWN if row.data.get(name) not in {None, ""}]
    actor = f" ({row.actor})" if row.actor else ""
    to = f" > {row.to}" if row.to else ""
    return f"{row.at_ns / 1e9:.3f} s  {row.lane}{to}: {row.kind} {row.what}{actor} {', '.join(facts)}".rstrip()


def _concerns(row: TraceRow, wanted: set[str]) -> bool:
    if any(row.data.get(name) in wanted for name in _NAMES):
        return True
    items: Any = (*row.data.get("items", ()), *row.data.get("agents", ()))
    return any(item in wanted for item in items)
