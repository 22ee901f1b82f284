"""Call detail records: rows of the call history, one for each leg of a call. Pure.

Columns have names for people, come and go without notice, and are empty as `""` or `"NA"`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from recorder.adapters.http.json_body import hash_of
from recorder.adapters.http.values import clean_text
from recorder.adapters.webex.ids import bare_id
from recorder.instants import from_text

REPORT_ID: Final = "Report ID"
USER: Final = "User UUID"
LOCAL_CALL: Final = "Local call ID"
KEPT: Final = (
    "Answer indicator",
    "Answered",
    "Called line ID",
    "Called number",
    "Calling line ID",
    "Calling number",
    "Call outcome",
    "Call outcome reason",
    "Call Recording Result",
    "Call Recording Trigger",
    "Call type",
    "Correlation ID",
    "Dialed digits",
    "Direction",
    "Duration",
    "Hold Duration",
    "Interaction ID",
    LOCAL_CALL,
    "Location",
    "Network call ID",
    "Original reason",
    "Queue Type",
    "Redirecting number",
    "Redirect reason",
    "Related reason",
    "Releasing party",
    REPORT_ID,
    "Ring duration",
    "User",
    "User number",
    "User type",
    USER,
)
"""Columns worth keeping; the rest of a row is forgotten at once."""
_EMPTY: Final = frozenset({"", "na", "n/a", "null", "none"})
_TEXT_MAX: Final = 200
_INT_MAX: Final = 2**53
_LATEST_US: Final = 7_258_118_400_000_000
_HASH_CHARS: Final = 32
_TRUE: Final = frozenset({"true", "yes", "yes-postredirection"})


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One leg of a call. `columns` holds only those that say something."""

    report_id: str
    columns: Mapping[str, str]
    started_us: int | None
    ended_us: int | None

    def get(self, column: str) -> str:
        """What a column says; empty when it says nothing."""
        return self.columns.get(column, "")

    @property
    def user_id(self) -> str:
        """Whose leg it is."""
        return bare_id(self.get(USER)) or ""

    @property
    def answered(self) -> bool:
        """Whether somebody took this leg."""
        return self.get("Answered").lower() in _TRUE


@dataclass(frozen=True, slots=True)
class Joined:
    """The records of a recording's call: the recorded leg, and all legs that were found."""

    rule: str
    """How they were found."""
    own: CallRecord
    records: tuple[CallRecord, ...]
    """With `own`, in order of their Report ID."""


def record_of(row: object, more: Collection[str] = ()) -> CallRecord | None:
    """A row as a record, with the columns `more` kept too; None when it is no row."""
    if not isinstance(row, dict):
        return None
    raw = cast("dict[str, Any]", row)
    columns = {
        name: text for name in dict.fromkeys((*KEPT, *more)) if (text := _text(raw.get(name)))
    }
    started_us = _instant(raw.get("Start time"))
    ended_us = _instant(raw.get("Release time"))
    if ended_us is None and started_us is not None:
        seconds = columns.get("Duration", "")
        ended_us = started_us + int(seconds) * 1_000_000 if _is_count(seconds) else None
    report_id = bare_id(raw.get(REPORT_ID)) or f"row-{hash_of(raw)}"
    return CallRecord(report_id, columns, started_us, ended_us)


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 7  # noqa: PLR2004 - a third of a year


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if abs(value) <= _INT_MAX else ""
    if not isinstance(value, str):
        return ""
    text = clean_text(value, _TEXT_MAX)
    return "" if text.lower() in _EMPTY else text


def _instant(value: object) -> int | None:
    """`2020-05-14T11:01:17.551Z`; also with a space and without a zone, which is UTC."""
    if not isinstance(value, str):
        return None
    for text in (value, f"{value}+00:00"):
        try:
            instant_us = from_text(text)
        except (ValueError, OverflowError):
            continue
        return instant_us if 0 <= instant_us <= _LATEST_US else None
    return None
