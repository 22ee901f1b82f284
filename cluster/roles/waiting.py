"""The states that wait: STARTING decides what to be, SECONDARY watches whether it is needed.

A secondary takes the role, in this order of certainty:
1. the lease row names it (a commit frame was lost);
2. the primary's process died, with evidence: the lease is taken early;
3. the primary is silent: when the witness answers, as soon as the lease has ended; when it does not,
   by `when_alone`. A fresh row of the peer at the witness is a lease that has not ended;
4. both nodes are heard and neither is primary: the preferred one first, the other later.
Paused, a node does none of this unless the row says that it was the holder already.
"""

from __future__ import annotations

from cluster.frames import (
    HandOverAbort,
    HandOverAccept,
    HandOverCommit,
    HandOverOffer,
    HandOverPlease,
    HandOverRefuse,
    Role,
)
from cluster.messages import PeerRejected, PeerSaid
from cluster.roles.answers import refuse_waiting
from cluster.roles.candidate import may_go_alone, run_for
from cluster.roles.detector import PeerState
from cluster.roles.io import Event, Send, StateLoaded
from cluster.roles.memory import ACTING, Candidacy, Memory, Way

_LATER = 3
"""The node that is not preferred waits so many heartbeats when nobody is primary."""

# --- STARTING --------------------------------------------------------------------------------------


def loaded(m: Memory, event: Event, now_ns: int) -> None:
    """The node state was read: listen from now on. Unreadable: this node must not guess."""
    assert isinstance(event, StateLoaded)
    if event.error:
        m.become(Role.FAULTED, event.error, now_ns)
    m.started_ns = now_ns


def rejected(m: Memory, event: Event, now_ns: int) -> None:
    """Another instance under the own node id: the one that starts is the clone."""
    assert isinstance(event, PeerRejected)
    if event.cloned:
        m.become(Role.FAULTED, event.reason, now_ns)


def decide(m: Memory, event: Event, now_ns: int) -> None:
    """Cold start: who is heard decides; nobody heard, the lease; no witness, `when_alone`."""
    del event
    if m.twin_lives:
        reason = f"another installation holds the lease under node id {m.node}"
        m.become(Role.FAULTED, f"{reason}: give each node its own id and data", now_ns)
        return
    if not m.loaded or m.stopping:
        return
    peer = m.peer
    if peer is not None and m.peer_lives() and peer.role is not Role.FAULTED:
        if peer.role is not Role.STARTING:
            m.become(Role.SECONDARY, f"{peer.node} is {peer.role}", now_ns)
        elif not _starts_before_peer(m):
            m.become(Role.SECONDARY, f"{peer.node} starts too and goes first", now_ns)
        else:
            _start_reign(m, "both start and this node goes first", now_ns)
    elif now_ns >= m.after(m.started_ns, m.settings.start_grace_s):
        _start_reign(m, "no other node was heard", now_ns)


def _starts_before_peer(m: Memory) -> bool:
    peer = m.peer
    assert peer is not None
    mine, other = (m.healthy, m.saved.term), (peer.healthy, peer.term)
    return mine > other or (mine == other and m.node < peer.node)


def _start_reign(m: Memory, reason: str, now_ns: int) -> None:
    if not m.may_change_by_itself():
        if m.belief.sees_witness(now_ns):
            m.become(Role.SECONDARY, "paused: no automatic role change", now_ns)
        return
    match m.belief.sees_witness(now_ns):
        case None:
            pass
        case True if m.lease_is_free(now_ns):
            run_for(m, Candidacy(Way.ACQUIRE, reason), now_ns)
        case True:
            m.become(Role.SECONDARY, "the other node holds the lease", now_ns)
        case False:
            if may_go_alone(m):
                run_for(m, Candidacy(Way.ALONE, reason), now_ns)


# --- SECONDARY -------------------------------------------------------------------------------------


def watch(m: Memory, event: Event, now_ns: int) -> None:
    """Take the role when it is this node's turn."""
    del event
    if now_ns < m.candidate_again_ns or _take_what_the_row_says(m, now_ns):
        return
    if m.peer_acts():
        m.leaderless_since_ns = None
        _ask_for_return(m, now_ns)
        return
    m.equal_since_ns = None
    if not m.may_change_by_itself():
        return
    if m.peer_process_died():
        _replace(m, m.goodbye or f"the process of {m.peer_name} died", now_ns, early=True)
    elif now_ns < m.offered_until_ns:
        return
    elif _is_peer_absent(m, now_ns):
        _replace(m, f"{m.peer_name or 'the other node'} is silent", now_ns, early=False)
    elif m.peer_lives() and m.peer is not None and m.peer.role is not Role.CANDIDATE:
        _fill_the_gap(m, now_ns)


def _take_what_the_row_says(m: Memory, now_ns: int) -> bool:
    view = m.belief.view
    if view is None or not m.belief.names(m.node, now_ns) or m.release_term is not None:
        return False
    if m.stopping or (m.peer_acts() and m.peer is not None and m.peer.term >= view.term):
        m.release_term = view.term
        return False
    if view.term <= m.spent:
        return False
    candidacy = Candidacy(Way.CONFIRM, "the lease names this node", row_term=view.term)
    candidacy.by_operator = m.offered_by_operator and view.term == m.offered_term + 1
    run_for(m, candidacy, now_ns)
    return True


def _is_peer_absent(m: Memory, now_ns: int) -> bool:
    if m.peer is not None and m.peer_lives():
        return m.peer.role is Role.FAULTED
    if m.verdict is PeerState.UNKNOWN:
        return now_ns >= m.after(m.started_ns, m.settings.start_grace_s)
    return True


def _replace(m: Memory, reason: str, now_ns: int, *, early: bool) -> None:
    candidacy = Candidacy(Way.ACQUIRE, reason, early=early, last_sign_ns=m.last_sign_ns)
    if early:
        assert m.evidence_term is not None
        candidacy.seen = m.evidence_term
    if m.belief.sees_witness(now_ns) is False:
        if may_go_alone(m):
            candidacy.way = Way.ALONE
            run_for(m, candidacy, now_ns)
    elif early or (m.belief.sees_witness(now_ns) and m.lease_is_free(now_ns)):
        run_for(m, candidacy, now_ns)


def _fill_the_gap(m: Memory, now_ns: int) -> None:
    """Both are heard and neither is primary."""
    if m.leaderless_since_ns is None:
        m.leaderless_since_ns = now_ns
    beats = 1 if _starts_before_peer(m) else _LATER
    if now_ns < m.after(m.leaderless_since_ns, beats * m.settings.heartbeat_s):
        return
    match m.belief.sees_witness(now_ns):
        case None:
            pass
        case True:
            if m.lease_is_free(now_ns):
                run_for(m, Candidacy(Way.ACQUIRE, "neither node is primary"), now_ns)
        case False:
            if may_go_alone(m):
                run_for(m, Candidacy(Way.ALONE, "neither node is primary"), now_ns)


def _ask_for_return(m: Memory, now_ns: int) -> None:
    """The preferred node asks for the role when both have been equally well for long enough."""
    peer = m.peer
    equal = (
        m.settings.return_to_primary == "when_equal"
        and peer is not None
        and m.verdict is PeerState.ALIVE
        and m.is_preferred()
        and m.healthy
        and peer.healthy
        and not m.failing
        and not m.save_error
        and not m.paused
        and not m.stopping
        and m.is_calm(now_ns)
        and peer.sees_data_center == (m.belief.sees_witness(now_ns) is True)
    )
    if not equal:
        m.equal_since_ns = None
    elif m.equal_since_ns is None:
        m.equal_since_ns = now_ns
    elif now_ns >= m.after(m.equal_since_ns, m.settings.return_after_s):
        m.equal_since_ns = now_ns
        m.do(Send(HandOverPlease("return to the preferred node")))


def answer_offer(m: Memory, event: Event, now_ns: int) -> None:
    """Prove readiness: healthy, not stopping, and seeing the witness unless the peer does not either."""
    assert isinstance(event, PeerSaid)
    offer = event.frame
    assert isinstance(offer, HandOverOffer)
    peer = m.peer
    reason = ""
    if m.stopping:
        reason = "it is stopping"
    elif not m.healthy:
        reason = "it is not healthy: " + ", ".join(m.problems)
    elif m.save_error:
        reason = f"it cannot save its state: {m.save_error}"
    elif m.belief.sees_witness(now_ns) is not True and peer is not None and peer.sees_data_center:
        reason = "it does not see the Data Center"
    if reason:
        m.do(Send(HandOverRefuse(offer.term, f"{m.node} is not ready: {reason}")))
    else:
        m.offered_until_ns = m.after(now_ns, 2 * m.settings.hand_over_timeout_s)
        m.offered_term, m.offered_by_operator = offer.term, offer.by_operator
        m.do(Send(HandOverAccept(offer.term)))


def refuse_offer(m: Memory, event: Event, now_ns: int) -> None:
    """A node that is no secondary takes no offer."""
    del now_ns
    assert isinstance(event, PeerSaid)
    assert isinstance(event.frame, HandOverOffer)
    m.do(Send(HandOverRefuse(event.frame.term, f"{m.node} is {m.role}")))


def take_commit(m: Memory, event: Event, now_ns: int) -> None:
    """The primary is none any more: take its role. Its consent allows to take the lease early."""
    assert isinstance(event, PeerSaid)
    commit = event.frame
    assert isinstance(commit, HandOverCommit)
    if m.stopping or commit.term < m.seen:
        return
    offered_term, m.offered_term, m.offered_until_ns = m.offered_term, 0, 0
    consented = offered_term > 0  # its consent is about this reign, not about a later one
    if m.peer is not None and m.peer.role in ACTING:
        m.peer.role = Role.SECONDARY
    candidacy = Candidacy(Way.ACQUIRE, f"{m.peer_name} handed over")
    candidacy.early, candidacy.seen = consented, offered_term
    candidacy.by_operator = consented and m.offered_by_operator
    if commit.leased:
        candidacy.way, candidacy.row_term = Way.CONFIRM, commit.term
        candidacy.early = False
    elif m.belief.sees_witness(now_ns) is False:
        m.seen = max(m.seen, commit.term - 1)  # so that the term of the commit is ours to take
        candidacy.way = Way.ALONE
    run_for(m, candidacy, now_ns)


def refuse_request(m: Memory, event: Event, now_ns: int) -> None:
    """A node that is not primary has no role to give."""
    del now_ns
    assert isinstance(event, PeerSaid)
    m.do(Send(HandOverAbort(m.saved.term, f"{m.node} is {m.role}")))


def offer_withdrawn(m: Memory, event: Event, now_ns: int) -> None:
    """The primary goes on: an abort, or its no to a request."""
    del now_ns
    assert isinstance(event, PeerSaid)
    assert isinstance(event.frame, HandOverAbort)
    m.offered_until_ns = 0
    refuse_waiting(m, event.frame.reason)
