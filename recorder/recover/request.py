"""What may be asked for, and what a request is called. Pure."""

from __future__ import annotations

from dataclasses import replace

from recorder.instants import to_text
from recorder.model import Window
from recorder.records.recoveries import RecoveryRow

_DIGITS = 4


def new_id(now_us: int, token: str) -> str:
    """`R-20261121-7f3a`: the day, and four hexadecimal digits nobody has chosen."""
    return f"R-{to_text(now_us)[:10].replace('-', '')}-{token[:_DIGITS]}"


def with_id(row: RecoveryRow, now_us: int, token: str) -> RecoveryRow:
    """The request under a new id, made now."""
    return replace(row, recovery_id=new_id(now_us, token), requested_us=now_us, updated_us=now_us)


def why_not(window: Window, now_us: int) -> str:
    """What is wrong with a period; empty when nothing is."""
    if window.from_us < 0:
        return "it begins before 1970"
    if window.from_us >= now_us:
        return "it lies in the future"
    if window.from_us >= window.to_us:
        return "it ends before it begins"
    return ""
