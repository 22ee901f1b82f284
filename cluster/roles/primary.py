"""The state PRIMARY: keep the lease, meet the peer, and see when the role is better placed there.

A primary stops at once when the witness says that another node holds the lease or a higher term, and
when it meets a peer that acts in a higher term (equal terms: the lower node id stays).
"""

from __future__ import annotations

from cluster.frames import HandOverAbort, HandOverPlease, Role
from cluster.messages import LeaseAnswered, PeerSaid
from cluster.ports import LeaseView
from cluster.roles.hand_over import begin, lost_to
from cluster.roles.io import Event, NoteRoleChange, Send
from cluster.roles.memory import Memory
from cluster.roles.terms import is_unwitnessed


def lease_answered(m: Memory, event: Event, now_ns: int) -> None:
    """The row is the authority: stop, or act on under it."""
    assert isinstance(event, LeaseAnswered)
    view = event.view
    if view is None:
        return
    if lost_to(m, view):
        if not _will_yield(m, view, now_ns):
            reason = f"lost the lease to {view.holder} in term {view.term}"
            m.step_down(reason, now_ns, release=False)
    elif event.call == "acquire" and view.granted and _is_above_reign(m, view.term):
        m.next_reign = view.term
        use_next_reign(m, event, now_ns)


def use_next_reign(m: Memory, event: Event, now_ns: int) -> None:
    """A higher term granted while primary counts once it is durable."""
    del event, now_ns
    if not m.next_reign or m.saved.term < m.next_reign:
        return
    m.reign, m.next_reign = m.next_reign, 0
    m.spent = max(m.spent, m.reign)
    m.do(NoteRoleChange(Role.PRIMARY, Role.PRIMARY, m.reign, "the lease was granted"))


def meet(m: Memory, event: Event, now_ns: int) -> None:
    """Two nodes act: the lower-ranked steps down."""
    del event
    if m.peer_outranks() and m.peer is not None:
        m.step_down(f"{m.peer.node} is primary in term {m.peer.term}", now_ns, release=True)


def asked_to_hand_over(m: Memory, event: Event, now_ns: int) -> None:
    """The peer asks for the role, for its operator or by preference."""
    assert isinstance(event, PeerSaid)
    assert isinstance(event.frame, HandOverPlease)
    if m.peer_is_ready():
        begin(m, event.frame.reason, now_ns, by_operator=event.frame.by_operator)
    else:
        m.do(Send(HandOverAbort(m.reign, f"{m.node} does not find {m.peer_name} ready")))


def tick(m: Memory, event: Event, now_ns: int) -> None:
    """Hand over by itself when the peer can do what this node cannot."""
    use_next_reign(m, event, now_ns)
    _compare_sight(m, now_ns)
    if m.paused or now_ns < m.hand_over_again_ns or not m.may_move_in_need(now_ns):
        return
    reason = _better_there(m, now_ns)
    if reason and m.peer_is_ready():
        begin(m, reason, now_ns)


def _is_above_reign(m: Memory, term: int) -> bool:
    """A term to go on in. One at or below the reign was asked for in an earlier one."""
    return term > m.reign and not is_unwitnessed(term)


def _will_yield(m: Memory, view: LeaseView, now_ns: int) -> bool:
    """The holder is a peer of lower rank, heard again after both reigned alone: it stops, or did.

    So this node goes on with the piece of duty it has, and no longer.
    """
    on_duty = m.duty_until_ns is not None and now_ns < m.duty_until_ns
    return on_duty and view.term < m.reign and m.peer_lives() and not m.peer_outranks()


def _compare_sight(m: Memory, now_ns: int) -> None:
    peer = m.peer
    blind = m.belief.sees_witness(now_ns) is False and peer is not None and peer.sees_data_center
    if not blind:
        m.blind_since_ns = None
    elif m.blind_since_ns is None:
        m.blind_since_ns = now_ns


def _better_there(m: Memory, now_ns: int) -> str:
    if not m.healthy:
        return "not healthy: " + ", ".join(m.problems)
    for reason, since_ns in m.failing.values():
        if now_ns >= m.after(since_ns, m.settings.duty_failing_s):
            return reason
    if m.blind_since_ns is not None and now_ns >= m.after(m.blind_since_ns, _notice_s(m)):
        return "does not see the Data Center, the peer does"
    return ""


def _notice_s(m: Memory) -> float:
    """Longer than the peer may take to notice the same outage, or this node its end."""
    return m.settings.lease_s + m.settings.lease_call_timeout_s
