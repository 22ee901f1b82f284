"""Prometheus metrics, made from the snapshots at each scrape; a registry per node."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from cluster.frames import Role
from cluster.status import DistributorStatus, PairStatus, PeerStatus
from recorder.desk.control import NodeControl
from recorder.figures import source_lag_s, sources
from recorder.status import ArchiveStatus, BufferStatus, IngestStatus, RecoveryStatus
from recorder.web.agent_metrics import agent_metrics
from recorder.web.audit_metrics import audit_metrics
from recorder.web.finding_metrics import finding_metrics
from recorder.web.health import liveness, readiness
from recorder.web.open_findings import open_findings
from recorder.web.replay_metrics import replay_metrics
from recorder.web.retention_metrics import retention_metrics
from recorder.web.screen_metrics import screen_metrics
from recorder.web.scrub_metrics import scrub_metrics
from recorder.web.webhook_tally import WebhookTally


class NodeCollector(Collector):
    """Turns the board of one node into metrics."""

    def __init__(self, control: NodeControl, tally: WebhookTally) -> None:
        self._control = control
        self._tally = tally

    def collect(self) -> Iterator[Metric]:
        """One scrape."""
        yield from self._node()
        yield from self._pair()
        yield from self._sources()
        yield from self._budgets()
        yield from self._webhooks()
        yield from self._work()
        yield from self._recoveries()
        yield from finding_metrics(self._control.board)
        yield from audit_metrics(self._control.board)
        yield from scrub_metrics(self._control.board)
        yield from replay_metrics(self._control.board)
        yield from retention_metrics(self._control.board)
        yield from screen_metrics(self._control.board)
        yield from agent_metrics(self._control.board)
        yield from self._actors()

    def _node(self) -> Iterator[Metric]:
        control, now_ns = self._control, self._control.clock.monotonic_ns()
        info = GaugeMetricFamily(
            "tandem_build_info", "Always 1; the labels tell.", labels=["node", "cluster", "build"]
        )
        info.add_metric([control.node, control.cluster, control.build], 1)
        yield info
        yield _gauge(
            "tandem_live", "1 when every actor answers.", liveness(control.board, now_ns).ok
        )
        yield _gauge(
            "tandem_ready",
            "1 when this node could be primary.",
            readiness(control.board, now_ns).ok,
        )
        findings = open_findings(control)
        counted = GaugeMetricFamily("tandem_findings", "Open findings.", labels=["level"])
        for level in ("error", "warning", "info"):
            counted.add_metric([level], sum(finding.level == level for finding in findings))
        yield counted

    def _pair(self) -> Iterator[Metric]:
        pair = self._control.board.read("pair", PairStatus)
        if pair is not None:
            role = GaugeMetricFamily("tandem_role", "1 for the role of this node.", labels=["role"])
            for name in Role:
                role.add_metric([name.value], pair.role is name)
            yield role
            yield _gauge("tandem_term", "Term this node is in.", pair.term)
            yield _gauge("tandem_paused", "1 while no role changes by itself.", pair.paused)
            yield _gauge("tandem_data_center_up", "1 when it answers.", pair.sees_data_center)
            yield _gauge("tandem_polling", "1 while this node may poll.", pair.duty)
            yield _counter("tandem_role_changes", "Role changes of this node.", pair.role_changes)
            if pair.takeover_ms is not None:
                yield _gauge(
                    "tandem_takeover_seconds",
                    "Last takeover: from the peer's last sign to polling here.",
                    pair.takeover_ms / 1000,
                )
        peer = self._control.board.read("peer", PeerStatus)
        if peer is not None:
            yield _gauge("tandem_peer_connected", "1 while the link is up.", peer.connected)
            if peer.heard_ns is not None:
                age_s = (self._control.clock.monotonic_ns() - peer.heard_ns) / 1e9
                yield _gauge("tandem_peer_heard_seconds", "Since its last frame.", age_s)
            if peer.round_trip_ms is not None:
                yield _gauge(
                    "tandem_peer_round_trip_seconds", "Of frames.", peer.round_trip_ms / 1e3
                )

    def _sources(self) -> Iterator[Metric]:
        every = sources(self._control.board)
        for name, help_text, values in (
            (
                "lag_seconds",
                "Source's now minus watermark.",
                [source_lag_s(s, self._control.clock.wall_us()) for s in every],
            ),
            (
                "watermark_timestamp_seconds",
                "Everything up to it is archived.",
                [None if s.watermark_us is None else s.watermark_us / 1e6 for s in every],
            ),
            ("pending_items", "Found, not final.", [s.pending for s in every]),
            ("failed_items", "Failed for now.", [s.failed for s in every]),
            ("parked_items", "Failed, not holding the watermark.", [s.parked for s in every]),
        ):
            gauge = GaugeMetricFamily(f"tandem_source_{name}", help_text, labels=["source"])
            for source, value in zip(every, values, strict=True):
                if value is not None:
                    gauge.add_metric([source.name], value)
            yield gauge
        state = GaugeMetricFamily(
            "tandem_source_state", "1 for the state of a source.", labels=["source", "state"]
        )
        states = [(s.name, s.state) for s in every]
        states += [(problem.name, problem.state) for problem in self._control.problems]
        for source_name, its_state in states:
            state.add_metric([source_name, its_state], 1)
        yield state
        for name, help_text, counts in (
            ("polls", "Complete polls.", [s.polls for s in every]),
            ("found", "Items found.", [s.found for s in every]),
            ("late_escapes", "Items only a late look-back found.", [s.late_escapes for s in every]),
        ):
            counter = CounterMetricFamily(f"tandem_source_{name}", help_text, labels=["source"])
            for source, count in zip(every, counts, strict=True):
                counter.add_metric([source.name], count)
            yield counter

    def _budgets(self) -> Iterator[Metric]:
        known = {name: self._control.budget(name) for name in sorted(self._control.sources)}
        told = {name: figures for name, figures in known.items() if figures is not None}
        for name, help_text, values in (
            ("budget_used", "Requests in the budget's period.", [b.used for b in told.values()]),
            ("budget_limit", "Requests allowed in it.", [b.limit for b in told.values()]),
            ("quiet_seconds", "So long nothing is asked.", [b.quiet_s for b in told.values()]),
        ):
            gauge = GaugeMetricFamily(f"tandem_source_{name}", help_text, labels=["source"])
            for source, value in zip(told, values, strict=True):
                gauge.add_metric([source], value)
            yield gauge
        for name, help_text, counts in (
            ("budget_waits", "Requests put off by the budget.", [b.waits for b in told.values()]),
            ("throttled", "Asked for patience.", [b.throttled for b in told.values()]),
        ):
            counter = CounterMetricFamily(f"tandem_source_{name}", help_text, labels=["source"])
            for source, count in zip(told, counts, strict=True):
                counter.add_metric([source], count)
            yield counter

    def _webhooks(self) -> Iterator[Metric]:
        heard = CounterMetricFamily(
            "tandem_webhooks",
            "Messages that services sent by themselves.",
            labels=["source", "result"],
        )
        for (source, result), count in self._tally.counts().items():
            heard.add_metric([source, result.value], count)
        yield heard

    def _work(self) -> Iterator[Metric]:
        board = self._control.board
        ingest = board.read("ingest", IngestStatus)
        if ingest is not None:
            yield _gauge("tandem_downloads", "Running.", ingest.downloading)
            yield _gauge("tandem_ingest_queue_depth", "Taken, waiting.", ingest.queued)
            yield _gauge(
                "tandem_ingest_free_capacity", "Items it would take.", ingest.free_capacity
            )
            yield from _by_source(ingest)
            yield _counter("tandem_ingested_items", "Fetched here.", ingest.items_done)
            yield _counter("tandem_ingest_failures", "Given back here.", ingest.items_failed)
            yield _counter("tandem_ingested_bytes", "Fetched here.", ingest.bytes_done)
        archive = board.read("archive", ArchiveStatus)
        if archive is not None:
            yield _gauge("tandem_archive_waiting", "Fetched, not committed.", archive.waiting)
            yield _counter("tandem_archived_items", "Committed here.", archive.archived)
            yield _counter("tandem_archived_again", "Were there already.", archive.already)
            yield _gauge(
                "tandem_archive_failing", "1 while it fails.", archive.failing_since_us is not None
            )
        buffer = board.read("buffer", BufferStatus)
        if buffer is not None:
            yield _gauge("tandem_buffer_files", "Sealed files.", buffer.files)
            yield _gauge("tandem_buffer_free_bytes", "Until the reserve.", buffer.free_bytes)
        work = board.read("distributor", DistributorStatus)
        if work is not None:
            yield _gauge("tandem_jobs_waiting", "For a node with capacity.", work.waiting)
            yield _gauge("tandem_claims_here", "Under way here.", work.claimed_here)
            yield _gauge("tandem_claims_peer", "Under way on the peer.", work.claimed_by_peer)
            yield _counter("tandem_claims_expired", "Without progress.", work.expired)

    def _recoveries(self) -> Iterator[Metric]:
        snapshot = self._control.board.read("recovery", RecoveryStatus)
        rows = () if snapshot is None else snapshot.running
        running = GaugeMetricFamily(
            "tandem_source_recoveries", "Recoveries that run; 0 on a standby.", labels=["source"]
        )
        pending = GaugeMetricFamily(
            "tandem_source_recovery_pending", "Items they still have to do.", labels=["source"]
        )
        for name in sorted(self._control.pollers):
            own = [row for row in rows if row.source == name]
            running.add_metric([name], len(own))
            pending.add_metric([name], sum(row.counts.pending for row in own))
        yield running
        yield pending

    def _actors(self) -> Iterator[Metric]:
        depth = GaugeMetricFamily("tandem_mailbox_depth", "Messages waiting.", labels=["actor"])
        for actor, waiting in sorted(self._control.runtime.mailbox_depths().items()):
            depth.add_metric([actor], waiting)
        yield depth
        yield _counter(
            "tandem_dead_letters",
            "Messages to stopped actors.",
            self._control.runtime.dead_letters(),
        )


def _by_source(ingest: IngestStatus) -> Iterator[Metric]:
    for name, help_text, values in (
        ("downloads", "Running.", {s: w.downloading for s, w in ingest.by_source.items()}),
        ("queue_depth", "Taken, waiting.", {s: w.queued for s, w in ingest.by_source.items()}),
        (
            "free_capacity",
            "Items this node would take.",
            {s: w.free_capacity for s, w in ingest.by_source.items()},
        ),
    ):
        gauge = GaugeMetricFamily(f"tandem_source_{name}", help_text, labels=["source"])
        for source, value in values.items():
            gauge.add_metric([source], value)
        yield gauge


def _gauge(name: str, help_text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, help_text, value=float(value))


def _counter(name: str, help_text: str, value: float) -> Metric:
    return CounterMetricFamily(name, help_text, value=float(value))


def metrics_registry(control: NodeControl, tally: WebhookTally) -> CollectorRegistry:
    """What one node tells: its own metrics, and those of its process."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(NodeCollector(control, tally))
    ProcessCollector(registry=registry)
    return registry
