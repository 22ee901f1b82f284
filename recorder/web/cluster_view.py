"""The pair as one node sees it: its own snapshots, and the peer's last heartbeat."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel

from cluster.status import PairStatus, PeerStatus
from recorder.desk.control import NodeControl
from recorder.figures import figures
from recorder.instants import to_text
from recorder.web.health import liveness
from recorder.web.open_findings import open_findings
from recorder.web.views import FindingView


class NodeView(BaseModel):
    """One node. Numbers of the peer are as old as its last heartbeat."""

    node: str
    url: str
    state: str
    """running, degraded, silent or unknown."""
    role: str | None = None
    role_number: int | None = None
    term: int | None = None
    paused: bool | None = None
    since: str | None = None
    lag_seconds: float | None = None
    queue_depth: int | None = None
    queue_depth_max: int | None = None
    archived: int | None = None
    found: int | None = None
    heard_seconds_ago: float | None = None
    build: str | None = None
    problems: list[str] = []


class ClusterView(BaseModel):
    """The pair, as seen by `seen_by`."""

    cluster: str
    seen_by: str
    primary: str | None = None
    term: int | None = None
    paused: bool
    peer_link: str
    """alive, suspect, dead or unknown."""
    takeover_ms: float | None = None
    nodes: list[NodeView]
    findings: list[FindingView]


def cluster_view(control: NodeControl) -> ClusterView:
    """Both nodes in one answer, without a word to an actor or a database."""
    board, now_ns = control.board, control.clock.monotonic_ns()
    pair = board.read("pair", PairStatus)
    peer = board.read("peer", PeerStatus)
    nodes = [_own(control, pair, now_ns)]
    if peer is not None and peer.node:
        nodes.append(_peer(peer, pair, now_ns))
    nodes.sort(key=lambda node: node.node)
    primary = next((node.node for node in nodes if node.role in {"primary", "handing_over"}), None)
    return ClusterView(
        cluster=control.cluster,
        seen_by=control.node,
        primary=primary,
        term=pair.term if pair else None,
        paused=pair.paused if pair else False,
        peer_link=pair.peer if pair else "unknown",
        takeover_ms=pair.takeover_ms if pair else None,
        nodes=nodes,
        findings=[FindingView.of(finding) for finding in open_findings(control)],
    )


def _own(control: NodeControl, pair: PairStatus | None, now_ns: int) -> NodeView:
    problems = [*liveness(control.board, now_ns).reasons, *(pair.problems if pair else ())]
    view = NodeView(
        node=control.node,
        url=control.web_url,
        state="degraded" if problems else "running",
        role=pair.role.value if pair else None,
        role_number=pair.role.number if pair else None,
        term=pair.term if pair else None,
        paused=pair.paused if pair else None,
        since=to_text(pair.since_us) if pair else None,
        build=control.build,
        problems=list(dict.fromkeys(problems)),
    )
    return _with_figures(view, figures(control.board, control.clock.wall_us()))


def _peer(peer: PeerStatus, pair: PairStatus | None, now_ns: int) -> NodeView:
    beat = peer.last_beat
    silent = pair is not None and pair.peer in {"dead", "unknown"}
    numbers = dict(beat.figures) if beat else {}
    since_us = numbers.get("since_us")
    view = NodeView(
        node=peer.node,
        url=peer.web_url,
        state="silent" if silent else ("running" if beat and beat.healthy else "degraded"),
        role=None if silent or beat is None else beat.role.value,
        role_number=None if silent or beat is None else beat.role.number,
        term=beat.term if beat else None,
        paused=beat.paused if beat else None,
        since=None if silent or since_us is None else to_text(int(since_us)),
        heard_seconds_ago=None if peer.heard_ns is None else (now_ns - peer.heard_ns) / 1e9,
        build=peer.build or None,
        problems=list(beat.problems) if beat else [],
    )
    return _with_figures(view, numbers)


def _with_figures(view: NodeView, numbers: Mapping[str, float]) -> NodeView:
    known = {
        "lag_seconds": numbers.get("lag_s"),
        "queue_depth": numbers.get("queue_depth"),
        "queue_depth_max": numbers.get("queue_depth_max"),
        "archived": numbers.get("archived"),
        "found": numbers.get("found"),
    }
    whole = {name for name in known if name != "lag_seconds"}
    return view.model_copy(
        update={
            name: int(value) if name in whole else value
            for name, value in known.items()
            if value is not None
        }
    )
