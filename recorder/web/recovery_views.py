"""The JSON of recoveries: field names are a contract, as in `views.py`."""

from __future__ import annotations

from pydantic import BaseModel

from recorder.instants import to_text
from recorder.records.recoveries import Forecast, RecoveryItem, RecoveryRow
from recorder.recover.progress import progress_of
from recorder.web.views import PeriodView, instant


class CountsView(BaseModel):
    """detected = recovered + already_here + not_recordable + gone + failed + pending, at all times."""

    detected: int
    recovered: int
    already_here: int
    not_recordable: int
    gone: int
    failed: int
    pending: int


class ProgressView(BaseModel):
    """How far it is; what cannot be said yet is absent."""

    phase: str
    """waiting, listing, fetching or over."""
    share: float
    items_per_second: float | None = None
    left_seconds: float | None = None


class ForecastView(BaseModel):
    """What a dry run says."""

    to_fetch: int
    size_bytes: int
    size_is_estimate: bool
    api_calls: int
    """About so many, those of the dry run's own listing not among them."""
    minutes: float
    deleted_before_their_turn: int
    deleted_before_their_turn_items: list[str]
    """The first hundred of them."""

    @staticmethod
    def of(forecast: Forecast, pending: int) -> ForecastView:
        """From the model."""
        return ForecastView(
            to_fetch=pending,
            size_bytes=forecast.size_bytes,
            size_is_estimate=forecast.is_estimate,
            api_calls=forecast.api_calls,
            minutes=forecast.minutes,
            deleted_before_their_turn=forecast.too_late,
            deleted_before_their_turn_items=list(forecast.too_late_keys),
        )


class RecoveryView(BaseModel):
    """A recovery."""

    recovery: str
    source: str
    kind: str
    cause: str
    status: str
    dry_run: bool
    reason: str | None = None
    period: PeriodView | None = None
    ids: int | None = None
    """How many were asked for."""
    requested: str
    requested_by: str
    started: str | None = None
    ended: str | None = None
    listed_to: str | None = None
    node: str | None = None
    counts: CountsView
    size_bytes: int
    api_calls: int
    progress: ProgressView
    waits_because: str | None = None
    """Why nothing is fetched just now, as the primary says."""
    forecast: ForecastView | None = None

    @staticmethod
    def of(row: RecoveryRow, now_us: int, waits_because: str = "") -> RecoveryView:
        """From a row, as of now."""
        counts, progress = row.counts, progress_of(row, now_us)
        return RecoveryView(
            recovery=row.recovery_id,
            source=row.source,
            kind=row.kind.value,
            cause=row.cause,
            status=row.status.value,
            dry_run=row.dry_run,
            reason=row.reason or None,
            period=None if row.window is None else PeriodView.of(row.window),
            ids=len(row.ids) or None,
            requested=to_text(row.requested_us),
            requested_by=row.requested_by,
            started=instant(row.started_us),
            ended=instant(row.ended_us),
            listed_to=None if row.window is None else to_text(row.listed),
            node=row.node or None,
            counts=CountsView(
                detected=counts.detected,
                recovered=counts.recovered,
                already_here=counts.already_here,
                not_recordable=counts.not_recordable,
                gone=counts.gone,
                failed=counts.failed,
                pending=counts.pending,
            ),
            size_bytes=row.size_bytes,
            api_calls=row.api_calls,
            progress=ProgressView(
                phase=progress.phase,
                share=round(progress.share, 4),
                items_per_second=_rounded(progress.per_s, 2),
                left_seconds=_rounded(progress.left_s, 0),
            ),
            waits_because=waits_because or None,
            forecast=None
            if row.forecast is None
            else ForecastView.of(row.forecast, counts.pending),
        )


class RecoveryItemView(BaseModel):
    """An item that was missing, and what became of it."""

    item: str
    state: str
    """pending, given, recovered, already_here, not_recordable, gone or failed."""
    changed: str | None = None
    deleted_at_source: str | None = None
    reason: str | None = None
    asked: str | None = None
    """The id it was found by."""

    @staticmethod
    def of(item: RecoveryItem) -> RecoveryItemView:
        """From the model."""
        return RecoveryItemView(
            item=item.ref.key,
            state=item.stage.value,
            changed=to_text(item.ref.changed_us) if item.ref.changed_us else None,
            deleted_at_source=instant(item.expires_us),
            reason=item.reason or None,
            asked=item.asked or None,
        )


class RecoveriesView(BaseModel):
    """A page of recoveries; `next` is absent on the last."""

    recoveries: list[RecoveryView]
    next: str | None = None


class RecoveryItemsView(BaseModel):
    """A page of items; `next` is absent on the last."""

    items: list[RecoveryItemView]
    next: str | None = None


class StartedView(BaseModel):
    """What became of a request."""

    status: str
    """done, or already for one that runs."""
    message: str
    recovery: RecoveryView


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
