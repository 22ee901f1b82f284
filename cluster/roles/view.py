"""What others are shown of the role machine: pure functions of its memory."""

from __future__ import annotations

from cluster.roles.memory import ACTING, Memory
from cluster.status import PairStatus
from cluster.work_messages import PairChanged


def pair_status(m: Memory, *, now_ns: int, since_us: int) -> PairStatus:
    """The snapshot for the board."""
    view = m.belief.view
    return PairStatus(
        node=m.node,
        role=m.role,
        term=_term(m),
        since_us=since_us,
        reason=m.reason,
        paused=m.paused,
        peer=m.verdict,
        sees_data_center=m.belief.sees_witness(now_ns) is True,
        lease_holder=view.holder if view is not None else "",
        lease_term=view.term if view is not None else 0,
        leased=m.reign > 0 and m.belief.holds(m.reign, now_ns),
        duty=m.duty_until_ns is not None and now_ns < m.duty_until_ns,
        healthy=m.healthy,
        problems=m.problems,
        role_changes=m.change_count,
        takeover_ms=m.takeover_ms,
    )


def pair_changed(m: Memory, *, now_ns: int) -> PairChanged:
    """What the distributor needs to know."""
    peer = m.peer
    takes = peer is not None and m.peer_lives()
    return PairChanged(
        role=m.role,
        term=_term(m),
        peer=m.verdict,
        peer_free_capacity=peer.free_capacity if peer is not None and takes else 0,
        alone=m.belief.sees_witness(now_ns) is False and not m.peer_lives(),
        peer_node=m.peer_name,
        peer_boot=peer.boot if peer is not None else "",
        peer_healthy=peer is None or peer.healthy,
        peer_free_by_group=peer.free_by_group if peer is not None and takes else {},
    )


def _term(m: Memory) -> int:
    return m.reign if m.role in ACTING else m.saved.term
