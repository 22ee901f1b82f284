"""How a reign begins: the wish, the grant, the durable term, and only then the role.

Who must move first: the witness (or this node's own digit) gives the term, the disk keeps it, the
peer hears of it, and then the work is granted. Nothing is granted in a term that is not durable.
"""

from __future__ import annotations

from cluster.frames import Role
from cluster.messages import Failover, LeaseAnswered, StateSaved, Switchover
from cluster.roles.answers import refuse_waiting
from cluster.roles.io import Event
from cluster.roles.memory import Candidacy, Memory, Way
from cluster.roles.terms import is_unwitnessed, next_unwitnessed

_AGAIN_AFTER_SAVE_S = 5.0


def run_for(m: Memory, candidacy: Candidacy, now_ns: int) -> None:
    """Become a candidate. The first effect is a lease call, or saving the term when alone."""
    assert not m.stopping, "a stopping node begins no reign"
    if now_ns < m.candidate_again_ns:
        return
    m.evidence_term = None
    m.become(Role.CANDIDATE, candidacy.reason, now_ns)
    m.candidacy = candidacy
    if candidacy.way is Way.ALONE:
        _go_alone(m, candidacy)


def may_go_alone(m: Memory) -> bool:
    """Without the witness: only knowing the past, and facing no peer only when so configured."""
    return m.knows_the_past() and (m.peer_lives() or m.settings.when_alone == "record")


def lease_answered(m: Memory, event: Event, now_ns: int) -> None:
    """The witness answered a candidate."""
    assert isinstance(event, LeaseAnswered)
    candidacy = _candidacy(m)
    if candidacy.way is Way.ALONE or candidacy.term or not candidacy.asked:
        return  # the answer to a call from before the candidacy
    view = event.view
    if view is None:
        _witness_silent(m, candidacy, now_ns)
    elif not view.granted:
        _lose(m, f"the lease is held by {view.holder or 'nobody'} in term {view.term}", now_ns)
    elif is_unwitnessed(view.term) or view.term < m.seen:
        candidacy.way, candidacy.early, candidacy.asked = Way.ACQUIRE, False, False
    else:
        candidacy.term = view.term
        m.spent = max(m.spent, view.term)
        _crown_if_durable(m, candidacy, now_ns)


def state_saved(m: Memory, event: Event, now_ns: int) -> None:
    """The disk answered a candidate."""
    assert isinstance(event, StateSaved)
    candidacy = _candidacy(m)
    if event.error and candidacy.term:
        m.candidate_again_ns = m.after(now_ns, _AGAIN_AFTER_SAVE_S)
        _lose(m, f"the term could not be saved: {event.error}", now_ns)
    else:
        _crown_if_durable(m, candidacy, now_ns)


def hear_peer(m: Memory, event: Event, now_ns: int) -> None:
    """A candidate without a lease gives way to a peer that acts; one that asked awaits the answer."""
    del event
    candidacy = _candidacy(m)
    if m.peer_acts() and candidacy.way is Way.ALONE:
        _lose(m, "the peer is primary", now_ns)


def tick(m: Memory, event: Event, now_ns: int) -> None:
    """A candidate that is about to stop, stops trying."""
    del event
    if m.stopping:
        _lose(m, "this node stops", now_ns)


def _go_alone(m: Memory, candidacy: Candidacy) -> None:
    candidacy.way = Way.ALONE
    candidacy.term = next_unwitnessed(m.seen, node=m.node, peer=m.peer_name)
    m.seen = candidacy.term


def _witness_silent(m: Memory, candidacy: Candidacy, now_ns: int) -> None:
    """Ask again until the witness counts as out of sight; then go on without it, if allowed."""
    if m.belief.sees_witness(now_ns) is not False:
        return
    if may_go_alone(m) and not m.peer_acts():
        _go_alone(m, candidacy)
    else:
        _lose(m, "the Data Center does not answer", now_ns)


def _lose(m: Memory, reason: str, now_ns: int) -> None:
    candidacy = _candidacy(m)
    if candidacy.term and candidacy.way is not Way.ALONE:
        m.release_term = candidacy.term
    m.belief.drop()
    refuse_waiting(m, reason, (Switchover, Failover))
    m.become(Role.SECONDARY, reason, now_ns)


def _crown_if_durable(m: Memory, candidacy: Candidacy, now_ns: int) -> None:
    if not candidacy.term or m.saved.term < candidacy.term:
        return
    if m.peer_acts() and m.peer is not None and m.peer.term > candidacy.term:
        _lose(m, f"the peer is primary in the higher term {m.peer.term}", now_ns)
        return
    m.takeover_from_ns = candidacy.last_sign_ns
    m.reign = candidacy.term
    m.over_term = candidacy.seen if candidacy.early else 0
    m.become(Role.PRIMARY, candidacy.reason, now_ns)


def _candidacy(m: Memory) -> Candidacy:
    assert m.candidacy is not None, "a candidate has a candidacy"
    return m.candidacy
