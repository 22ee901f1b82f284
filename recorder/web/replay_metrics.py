"""Metrics of stitching, as this node knows it."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from cluster.board import Board
from recorder.stitch.stitch_status import StitchStatus


def replay_metrics(board: Board) -> Iterator[Metric]:
    """What was made here, what waits, and what it took."""
    status = board.read("stitch", StitchStatus)
    if status is None:
        return
    yield CounterMetricFamily("tandem_renditions_made", "Here.", value=status.made)
    yield CounterMetricFamily("tandem_renditions_failed", "Tries, here.", value=status.failed)
    waiting = GaugeMetricFamily("tandem_renditions_waiting", "To be made here.", labels=["because"])
    waiting.add_metric(["wanted"], len(status.wanted))
    waiting.add_metric(["ahead"], status.backlog)
    yield waiting
    yield GaugeMetricFamily("tandem_rendition_seconds", "The last.", value=status.last_seconds)
    yield GaugeMetricFamily(
        "tandem_rendition_memory_bytes", "The last, at most.", value=status.last_memory_bytes
    )
