"""Between what is known of recoveries and their rows."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from recorder.adapters.contact_db.rows import AnyRow, Values
from recorder.adapters.contact_db.sql import strings, to_json
from recorder.model import ItemRef, Window
from recorder.records.recoveries import (
    Counts,
    Forecast,
    OnRecord,
    RecoveryItem,
    RecoveryKind,
    RecoveryRow,
    RecoveryStatus,
    Stage,
)

COUNTED = ("already_here", "recovered", "not_recordable", "gone", "failed", "pending")
"""Columns that make up `detected`."""


def recovery_values(row: RecoveryRow) -> Values:
    """A row of `recoveries`, for a request."""
    return {
        "recovery_id": row.recovery_id,
        "source": row.source,
        "kind": row.kind.value,
        "cause": row.cause,
        "from_us": None if row.window is None else row.window.from_us,
        "to_us": None if row.window is None else row.window.to_us,
        "dry_run": row.dry_run,
        "status": row.status.value,
        "reason": row.reason,
        "requested_us": row.requested_us,
        "requested_by": row.requested_by,
        "updated_us": row.updated_us,
        "listed": row.begin,
        "details": details_text(row.ids, row.forecast),
    }


def details_text(ids: tuple[str, ...], forecast: Forecast | None) -> str:
    """The column `details`."""
    told: dict[str, Any] = {}
    if ids:
        told["ids"] = list(ids)
    if forecast is not None:
        told["forecast"] = asdict(forecast)
    return to_json(told)


def ids_of(details: str) -> tuple[str, ...]:
    """From the column `details`."""
    told: dict[str, Any] = json.loads(details or "{}")
    return tuple(told.get("ids", ()))


def recovery_of(row: AnyRow) -> RecoveryRow:
    """From a row of `recoveries`."""
    details: dict[str, Any] = json.loads(row.details or "{}")
    forecast: dict[str, Any] | None = details.get("forecast")
    if forecast is not None:
        forecast = {**forecast, "too_late_keys": tuple(forecast["too_late_keys"])}
    return RecoveryRow(
        recovery_id=row.recovery_id,
        source=row.source,
        kind=RecoveryKind(row.kind),
        cause=row.cause,
        requested_us=row.requested_us,
        requested_by=row.requested_by,
        window=None if row.from_us is None else Window(row.from_us, row.to_us),
        ids=tuple(details.get("ids", ())),
        dry_run=bool(row.dry_run),
        status=RecoveryStatus(row.status),
        reason=row.reason,
        started_us=row.started_us,
        fetching_us=row.fetching_us,
        ended_us=row.ended_us,
        updated_us=row.updated_us,
        listed=row.listed,
        node=row.node,
        term=row.term,
        counts=Counts(row.detected, **{name: getattr(row, name) for name in COUNTED}),
        api_calls=row.api_calls,
        size_bytes=row.bytes,
        forecast=None if forecast is None else Forecast(**forecast),
    )


def item_values(item: RecoveryItem, recovery_id: str, stage: Stage, now_us: int) -> Values:
    """A row of `recovery_items`."""
    return {
        "recovery_id": recovery_id,
        "item_key": item.ref.key,
        "version": item.ref.version,
        "changed_us": item.ref.changed_us,
        "session_key": item.ref.session_key,
        "hints": to_json(dict(item.ref.hints)),
        "expires_us": item.expires_us,
        "state": stage.value,
        "reason": item.reason,
        "asked": item.asked,
        "updated_us": now_us,
    }


def ref_of(row: AnyRow, source: str) -> ItemRef:
    """The item of a row of `recovery_items`."""
    hints = strings(row.hints)
    return ItemRef(source, row.item_key, row.version, row.changed_us, row.session_key, hints)


def recovery_item_of(row: AnyRow, source: str) -> RecoveryItem:
    """From a row of `recovery_items`."""
    return RecoveryItem(
        ref=ref_of(row, source),
        expires_us=row.expires_us,
        stage=Stage(row.state),
        reason=row.reason,
        updated_us=row.updated_us,
        asked=row.asked,
    )


def on_record(row: AnyRow) -> OnRecord | None:
    """What a row joined with the ledger says of it, in columns that begin with `its_`."""
    if row.its_state is None:
        return None
    return OnRecord(
        version=row.its_version,
        changed_us=row.its_changed_us,
        state=row.its_state,
        parked=bool(row.its_parked),
        reason=row.its_reason,
        updated_us=row.its_updated_us,
        size_bytes=row.its_size_bytes,
    )
