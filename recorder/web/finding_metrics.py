"""Metrics of reconciliation."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric

from cluster.board import Board
from recorder.status import ReconciliationStatus


def finding_metrics(board: Board) -> Iterator[Metric]:
    """What the primary says: open findings, and how old the last comparison is."""
    status = board.read("reconciliation", ReconciliationStatus)
    if status is None or not status.on_duty:
        return
    labels = ["source", "severity", "cause"]
    found = GaugeMetricFamily("tandem_reconciliation_findings", "Open findings.", labels=labels)
    for (source, severity, cause), number in sorted(status.open_counts.items()):
        found.add_metric([source, severity, cause], number)
    yield found
    ended = GaugeMetricFamily(
        "tandem_reconciliation_ended_timestamp_seconds", "The last comparison.", labels=["source"]
    )
    items = GaugeMetricFamily(
        "tandem_reconciliation_items",
        "Of the last comparison, by what was found of them.",
        labels=["source", "result"],
    )
    for source, run in sorted(status.ended.items()):
        if run.ended_us is not None and not run.reason:
            ended.add_metric([source], run.ended_us / 1e6)
            for name in ("at_source", "here", "not_here", "on_the_way"):
                items.add_metric([source, name], run.counts.get(name, 0))
    yield ended
    yield items
    reached = GaugeMetricFamily(
        "tandem_reconciliation_share", "How far a comparison that runs is.", labels=["source"]
    )
    for run in status.running:
        share = (run.reached_us - run.from_us) / max(1, run.to_us - run.from_us)
        reached.add_metric([run.source], share)
    yield reached
