"""The JSON of the API: field names are a contract.

Instants are RFC 3339 in UTC, numbers carry their unit in the name, what is unknown is absent. New
fields may appear; clients ignore what they do not know.
"""

from __future__ import annotations

from pydantic import BaseModel

from recorder.budgets import BudgetFigures
from recorder.figures import source_lag_s
from recorder.instants import to_text
from recorder.model import Finding, ItemEvent, Window
from recorder.records.contacts import HistoryRow, ItemRow
from recorder.status import SourceStatus


def instant(value_us: int | None) -> str | None:
    """RFC 3339, or None for an unknown instant."""
    return None if value_us is None else to_text(value_us)


class FindingView(BaseModel):
    """Something an operator should know."""

    code: str
    level: str
    subject: str
    what: str
    hint: str
    since: str

    @staticmethod
    def of(finding: Finding) -> FindingView:
        """From the model."""
        return FindingView(
            code=finding.code,
            level=finding.level.value,
            subject=finding.subject,
            what=finding.what,
            hint=finding.hint,
            since=to_text(finding.since_us),
        )


class PeriodView(BaseModel):
    """A half-open period."""

    begin: str
    end: str

    @staticmethod
    def of(window: Window) -> PeriodView:
        """From the model."""
        return PeriodView(begin=to_text(window.from_us), end=to_text(window.to_us))


class BudgetView(BaseModel):
    """How the request budget of a source is spent on this node, since its process began."""

    used: int
    """In the last `per_seconds`."""
    limit: int
    per_seconds: float
    waits: int
    throttled: int
    quiet_seconds: float

    @staticmethod
    def of(figures: BudgetFigures) -> BudgetView:
        """From an adapter's figures."""
        return BudgetView(
            used=figures.used,
            limit=figures.limit,
            per_seconds=figures.per_s,
            waits=figures.waits,
            throttled=figures.throttled,
            quiet_seconds=round(figures.quiet_s, 3),
        )


class SourceView(BaseModel):
    """One data source as this node sees it."""

    source: str
    kind: str
    state: str
    watermark: str | None = None
    epoch: int | None = None
    lag_seconds: float | None = None
    pending: int = 0
    failed: int = 0
    parked: int = 0
    found: int = 0
    polls: int = 0
    last_poll_seconds_ago: float | None = None
    late_escapes: int = 0
    lateness_p999_seconds: float | None = None
    clock_offset_ms: float | None = None
    coverage: list[PeriodView] = []
    budget: BudgetView | None = None
    last_error: str | None = None
    next_step: str | None = None

    @staticmethod
    def of(
        status: SourceStatus, budget: BudgetFigures | None, now_ns: int, now_us: int
    ) -> SourceView:
        """From a snapshot, and what the adapter says of its budget."""
        ago = None if status.last_poll_ns is None else (now_ns - status.last_poll_ns) / 1e9
        return SourceView(
            source=status.name,
            kind=status.kind,
            state=status.state,
            watermark=instant(status.watermark_us),
            epoch=status.epoch,
            lag_seconds=source_lag_s(status, now_us),
            pending=status.pending,
            failed=status.failed,
            parked=status.parked,
            found=status.found,
            polls=status.polls,
            last_poll_seconds_ago=ago,
            late_escapes=status.late_escapes,
            lateness_p999_seconds=status.lateness_p999_s,
            clock_offset_ms=status.clock_offset_ms,
            coverage=[PeriodView.of(window) for window in status.coverage],
            budget=None if budget is None else BudgetView.of(budget),
            last_error=status.last_error or None,
            next_step=status.next_step or None,
        )


class ItemView(BaseModel):
    """An item as the Data Center knows it."""

    source: str
    item: str
    state: str
    """As on record, or `assigned`, `fetching`, `buffered` while a node has it in hand."""
    in_hand_of: str | None = None
    reason: str | None = None
    parked: bool = False
    attempts: int
    changed: str
    found: str
    found_by: str
    archived: str | None = None
    archived_by: str | None = None
    retry_at: str | None = None
    late_seconds: float
    session: str
    contact: str | None = None
    size_bytes: int

    @staticmethod
    def of(row: ItemRow, in_hand_of: str = "") -> ItemView:
        """From a row, and the node that has the item in hand."""
        return ItemView(
            in_hand_of=in_hand_of or None,
            source=row.ref.source,
            item=row.ref.key,
            state=row.state,
            reason=row.reason or None,
            parked=row.parked,
            attempts=row.attempts,
            changed=to_text(row.ref.changed_us),
            found=to_text(row.found_us),
            found_by=row.found_by,
            archived=instant(row.archived_us),
            archived_by=row.archived_by or None,
            retry_at=instant(row.retry_at_us),
            late_seconds=row.late_s,
            session=row.ref.session_key,
            contact=row.contact_id,
            size_bytes=row.size_bytes,
        )


class EventView(BaseModel):
    """One step of an item's story."""

    at: str
    node: str
    what: str
    term: int | None = None
    detail: str | None = None

    @staticmethod
    def of(event: ItemEvent) -> EventView:
        """From the model."""
        return EventView(
            at=to_text(event.at_us),
            node=event.node,
            what=event.what,
            term=event.term or None,
            detail=event.detail or None,
        )


class HistoryView(BaseModel):
    """A change of role on record."""

    at: str
    node: str
    old: str
    new: str
    term: int
    reason: str

    @staticmethod
    def of(row: HistoryRow) -> HistoryView:
        """From a row."""
        return HistoryView(
            at=to_text(row.at_us),
            node=row.node,
            old=row.old,
            new=row.new,
            term=row.term,
            reason=row.reason,
        )
