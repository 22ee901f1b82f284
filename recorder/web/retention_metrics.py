"""Metrics of retention."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from cluster.board import Board
from recorder.keep.retention_parts import RetentionStatus


def retention_metrics(board: Board) -> Iterator[Metric]:
    """What the actor of this node says."""
    status = board.read("retention", RetentionStatus)
    if status is None:
        return
    yield GaugeMetricFamily("tandem_retention_policies", "Configured here.", value=status.policies)
    yield GaugeMetricFamily(
        "tandem_retention_refused", "1 while deletion is stopped.", value=bool(status.refused)
    )
    yield GaugeMetricFamily("tandem_retention_due", "Found in the last walk.", value=status.found)
    yield GaugeMetricFamily(
        "tandem_retention_held", "Old enough, and kept by a hold.", value=status.held
    )
    for name, what, value in (
        ("deleted", "Contacts deleted by this node.", status.deleted),
        ("deleted_bytes", "Of their files.", status.deleted_bytes),
        ("withdrawn", "Deletions that a hold or a rule stopped.", status.withdrawn),
    ):
        yield CounterMetricFamily(f"tandem_retention_{name}", what, value=value)
