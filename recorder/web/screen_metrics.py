"""Metrics of the recording of screens, as this node knows it."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from cluster.board import Board
from recorder.scn.recorder_status import ScreenRecorderStatus


def screen_metrics(board: Board) -> Iterator[Metric]:
    """What the screen recorder says."""
    status = board.read("screens", ScreenRecorderStatus)
    if status is None:
        return
    streaming = sum(one.streaming for one in status.desktops)
    parts = GaugeMetricFamily("tandem_screen_parts", "In the call buffer.", labels=["state"])
    parts.add_metric(["open"], status.open)
    parts.add_metric(["undecided"], status.undecided)
    parts.add_metric(["waiting"], status.waiting)
    yield parts
    for name, what, value in (
        ("tandem_desktops", "Connected to this node.", len(status.desktops)),
        ("tandem_desktops_streaming", "That send a screen.", streaming),
        ("tandem_screen_buffer_bytes", "Of finished parts.", status.buffer_bytes),
        ("tandem_screen_free_bytes", "That screens may still use.", status.free_bytes),
        ("tandem_screens_stopped", "1 while none is recorded.", bool(status.stopped)),
    ):
        yield GaugeMetricFamily(name, what, value=float(value))
    if status.frame_age_s is not None:
        yield GaugeMetricFamily(
            "tandem_screen_frame_age_seconds", "The longest.", value=status.frame_age_s
        )
    for name, what, value in (
        ("tandem_screen_packets", "Written here.", status.packets),
        ("tandem_screen_bytes", "Written here.", status.bytes),
        ("tandem_screen_parts_archived", "By this node.", status.archived),
        ("tandem_screen_parts_deleted", "By this node.", status.deleted),
        ("tandem_screen_parts_masked", "Rewritten by this node.", status.masked),
    ):
        yield CounterMetricFamily(name, what, value=value)
