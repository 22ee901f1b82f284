"""Metrics of the audit trail."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric

from cluster.board import Board
from recorder.records.audit import AuditGuardStatus, AuditStatus


def audit_metrics(board: Board) -> Iterator[Metric]:
    """What the writer and the guard say of it."""
    writer = board.read("audit", AuditStatus)
    if writer is not None:
        yield _gauge("tandem_audit_records", "Newest this node knows.", writer.head.number)
        yield _gauge("tandem_audit_waiting", "Not in the Data Center yet.", writer.waiting)
    guard = board.read("audit_guard", AuditGuardStatus)
    if guard is not None:
        yield _gauge("tandem_audit_whole", "0 when it is not as it was written.", not guard.broken)
        if guard.checked_us is not None:
            yield _gauge(
                "tandem_audit_checked_timestamp_seconds",
                "Verified up to its end.",
                guard.checked_us / 1e6,
            )


def _gauge(name: str, help_text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, help_text, value=float(value))
