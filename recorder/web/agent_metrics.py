"""Metrics of agents' events and legs."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from cluster.board import Board
from recorder.scn.ris_status import RisStatus


def agent_metrics(board: Board) -> Iterator[Metric]:
    """What the RIS of this node says."""
    status = board.read("ris", RisStatus)
    if status is None:
        return
    events = CounterMetricFamily(
        "tandem_agent_events", "Events of agents, by how they came here.", labels=["how"]
    )
    for how, count in (
        ("heard", status.heard),
        ("told", status.told),
        ("doubled", status.doubled),
        ("refused", status.refused),
        ("lost", status.lost),
    ):
        events.add_metric([how], count)
    yield events
    yield CounterMetricFamily("tandem_agent_shares", "Sent to the peer.", value=status.shared)
    for name, what, value in (
        ("events_at_hand", "Events of agents that this node works with.", status.events),
        ("events_waiting", "Events that the Data Center does not have.", status.waiting),
        ("legs", "Legs that last.", sum(one.lasting for one in status.agents.values())),
        (
            "recording",
            "Agents to be recorded now.",
            sum(bool(a.lasting) for a in status.agents.values()),
        ),
        (
            "masked",
            "Agents of whom nothing is shown now.",
            sum(a.masked for a in status.agents.values()),
        ),
    ):
        yield GaugeMetricFamily(f"tandem_agent_{name}", what, value=float(value))
