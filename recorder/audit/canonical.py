"""The bytes a record is hashed as, the same in every program and for ever. Pure.

A record is one line of JSON: keys sorted, no blanks, UTF-8, as `jq -cS` writes it. Its hash is the SHA-256
of that line without the key `hash`. The line names the hash of the record before, so that each hash
stands for everything up to it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Final, cast

from recorder.records.audit import AuditEntry, AuditRecord

TEXT_CHARS_MAX: Final = 4_000
ENTRIES_MAX: Final = 1_000
_DEPTH_MAX: Final = 6
_INT_MAX: Final = 2**53
"""Whole numbers beyond are not the same in every reader of JSON; they are written as text."""
_KEYS: Final = ("actor", "at_us", "detail", "hash", "node", "number", "previous", "record_id", "subject", "what")  # fmt: skip


def plain(entry: AuditEntry) -> AuditEntry:
    """The same entry as it can be stored, hashed and read again; whatever was in it."""
    return replace(
        entry,
        record_id=_text(entry.record_id),
        node=_text(entry.node),
        actor=_text(entry.actor),
        what=_text(entry.what),
        subject=_text(entry.subject),
        detail=cast("Mapping[str, object]", _value(entry.detail, 0)),
    )


def chained(entry: AuditEntry, number: int, previous: str) -> AuditRecord:
    """The record of a plain entry, after the one with the hash `previous`."""
    unsealed = AuditRecord(number, entry, previous, "")
    return replace(unsealed, hash=hash_of(unsealed))


def hash_of(record: AuditRecord) -> str:
    """What the record's hash must be."""
    fields = _fields(record)
    del fields["hash"]
    return hashlib.sha256(_json(fields).encode("utf-8", "replace")).hexdigest()


def to_line(record: AuditRecord) -> str:
    """One line of JSON, without its end."""
    return _json(_fields(record))


def from_line(line: str) -> AuditRecord:
    """Raises ValueError when it is not exactly the line of a record: `to_line` gives it back."""
    try:
        found = cast("object", json.loads(line))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(found, dict):
        raise ValueError("no JSON object")  # noqa: TRY004 - what a reader of lines expects
    fields = cast("dict[str, object]", found)
    if tuple(sorted(fields)) != _KEYS:
        raise ValueError(f"it has other keys than {', '.join(_KEYS)}")
    record = _record(fields)
    if to_line(record) != line:
        raise ValueError("not written as a record is")
    return record


def detail_text(entry: AuditEntry) -> str:
    """How the detail is stored."""
    return _json(dict(entry.detail))


def detail_of(text: str) -> Mapping[str, object]:
    """What `detail_text` gave; what it never gives comes back as `{"unreadable": text}`."""
    try:
        found = cast("object", json.loads(text or "{}"))
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict) and _json(cast("object", found)) == text:
        return cast("dict[str, object]", found)
    return {"unreadable": text}


def _fields(record: AuditRecord) -> dict[str, object]:
    entry = record.entry
    return {
        "actor": entry.actor,
        "at_us": entry.at_us,
        "detail": dict(entry.detail),
        "hash": record.hash,
        "node": entry.node,
        "number": record.number,
        "previous": record.previous,
        "record_id": entry.record_id,
        "subject": entry.subject,
        "what": entry.what,
    }


def _record(fields: Mapping[str, object]) -> AuditRecord:
    detail = fields["detail"]
    if not isinstance(detail, dict):
        raise ValueError("detail is no object")  # noqa: TRY004 - as above
    return AuditRecord(
        number=_whole(fields, "number"),
        entry=AuditEntry(
            record_id=_word(fields, "record_id"),
            at_us=_whole(fields, "at_us"),
            node=_word(fields, "node"),
            actor=_word(fields, "actor"),
            what=_word(fields, "what"),
            subject=_word(fields, "subject"),
            detail=cast("dict[str, object]", detail),
        ),
        previous=_word(fields, "previous"),
        hash=_word(fields, "hash"),
    )


def _whole(fields: Mapping[str, object], key: str) -> int:
    value = fields[key]
    if type(value) is not int:
        raise ValueError(f"{key} is no whole number")
    return value


def _word(fields: Mapping[str, object], key: str) -> str:
    value = fields[key]
    if not isinstance(value, str):
        raise ValueError(f"{key} is no text")  # noqa: TRY004 - as above
    return value


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _text(text: str) -> str:
    cleaned = text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()
    if len(cleaned) <= TEXT_CHARS_MAX:
        return cleaned
    return cleaned[: TEXT_CHARS_MAX - 1] + "…"


def _value(value: object, depth: int) -> object:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and -_INT_MAX <= value <= _INT_MAX:
        return int(value)
    if depth < _DEPTH_MAX and isinstance(value, Mapping):
        pairs = cast("Mapping[object, object]", value).items()
        named = sorted(((_text(str(name)), one) for name, one in pairs), key=lambda pair: pair[0])
        return {name: _value(one, depth + 1) for name, one in named[:ENTRIES_MAX]}
    if depth < _DEPTH_MAX and isinstance(value, list | tuple):
        return [_value(one, depth + 1) for one in cast("list[object]", value)[:ENTRIES_MAX]]
    return _text(str(value))
