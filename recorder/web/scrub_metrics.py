"""Metrics of the integrity scrub, as the node that reads knows them."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from cluster.board import Board
from recorder.records.scrub import ScrubStatus


def scrub_metrics(board: Board) -> Iterator[Metric]:
    """What was read here, and what the archive looks like."""
    status = board.read("scrub", ScrubStatus)
    if status is None:
        return
    yield CounterMetricFamily("tandem_scrub_objects_read", "Here.", value=status.objects_read)
    yield CounterMetricFamily("tandem_scrub_bytes_read", "Here.", value=status.bytes_read)
    yield GaugeMetricFamily(
        "tandem_scrub_waiting", "1 while away.", value=status.state == "waiting"
    )
    summary = status.summary
    objects = GaugeMetricFamily("tandem_scrub_objects", "In the archive.", labels=["state"])
    for state, count in (
        ("known", summary.objects),
        ("unread", summary.unread),
        ("damaged", summary.damaged),
        ("missing", summary.missing),
        ("stray", summary.stray),
    ):
        objects.add_metric([state], count)
    yield objects
    if summary.oldest_read_us is not None:
        yield GaugeMetricFamily(
            "tandem_scrub_oldest_read_timestamp_seconds",
            "Every object was read since.",
            value=summary.oldest_read_us / 1e6,
        )
