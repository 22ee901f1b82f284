"""What the link publishes of its peer."""

from __future__ import annotations

from cluster.links.beats import Beats
from cluster.links.state import LinkState
from cluster.status import PeerStatus


def peer_status(state: LinkState, beats: Beats, *, frames_in: int, frames_out: int) -> PeerStatus:
    """The part `peer` of the board."""
    peer, endpoint, trip_ns = state.peer, state.endpoint, beats.round_trip_ns
    return PeerStatus(
        node="" if peer is None else peer.node,
        connected=state.current is not None,
        endpoint="" if endpoint is None else str(endpoint),
        build="" if peer is None else peer.build,
        web_url="" if peer is None else peer.web_url,
        protocol=state.protocol,
        last_beat=beats.last_heard,
        heard_ns=state.heard_ns,
        round_trip_ms=None if trip_ns is None else trip_ns / 1_000_000,
        frames_in=frames_in,
        frames_out=frames_out,
    )
