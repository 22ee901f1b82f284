"""Operators' commands: taken or refused by the state; `roles/answers.py` answers what was taken.

`switchover` is planned and needs both nodes. `failover` takes the role from a peer that cannot agree,
and never works around one that lives. `pause` stops automatic role changes only. Stopping hands over.
"""

from __future__ import annotations

from cluster.frames import HandOverPlease
from cluster.messages import Failover, SetPaused, StepDownAndStop, Switchover
from cluster.roles.candidate import run_for
from cluster.roles.candidate import tick as candidate_tick
from cluster.roles.detector import PeerState
from cluster.roles.hand_over import begin, begin_to_nobody
from cluster.roles.io import Event, Send
from cluster.roles.memory import Candidacy, Memory, Way

_BY_OPERATOR = "an operator asked for a switchover"
_NODE_LIST = "See `tandem node list` for the state of both."
_USE_FAILOVER = "If the peer is lost for good, `tandem failover` takes the role without it."


def refuse(m: Memory, event: Event, now_ns: int) -> None:
    """Not in this state."""
    del now_ns
    assert isinstance(event, (Switchover, Failover, SetPaused))
    m.answer(event, "refused", f"{m.node} is {m.role}: {m.reason}", _NODE_LIST)


def switchover_away(m: Memory, event: Event, now_ns: int) -> None:
    """The primary is asked: to the peer, which must be ready."""
    assert isinstance(event, Switchover)
    to_node = event.to_node or m.peer_name
    if to_node == m.node:
        m.answer(event, "already", f"{m.node} is primary in term {m.reign}")
    elif not to_node or to_node != m.peer_name:
        m.answer(event, "refused", f"there is no node {to_node or 'but this one'}", _NODE_LIST)
    elif not m.peer_is_ready():
        m.answer(event, "refused", f"{to_node} is not a healthy secondary now", _NODE_LIST)
    else:
        command = Switchover(to_node, event.reply_to)
        m.wait_for(command, 3 * m.settings.hand_over_timeout_s, now_ns)
        begin(m, _BY_OPERATOR, now_ns, by_operator=True)


def switchover_here(m: Memory, event: Event, now_ns: int) -> None:
    """The secondary is asked: it asks the primary."""
    assert isinstance(event, Switchover)
    to_node = event.to_node or m.node
    if to_node == m.peer_name and m.peer_acts():
        m.answer(event, "already", f"{to_node} is primary")
    elif to_node != m.node:
        m.answer(event, "refused", f"{to_node} is no secondary known here", _NODE_LIST)
    elif not m.peer_acts():
        m.answer(event, "refused", "the primary cannot be asked", _USE_FAILOVER)
    else:
        command = Switchover(to_node, event.reply_to)
        m.wait_for(command, 3 * m.settings.hand_over_timeout_s, now_ns)
        m.do(Send(HandOverPlease(_BY_OPERATOR, by_operator=True)))


def failover(m: Memory, event: Event, now_ns: int) -> None:
    """Take the role although the peer cannot agree."""
    assert isinstance(event, Failover)
    sees = m.belief.sees_witness(now_ns)
    died = m.peer_process_died()
    free = sees is True and m.lease_is_free(now_ns)
    if not m.loaded or m.stopping:
        refuse(m, event, now_ns)
    elif m.peer_acts() and (m.verdict is PeerState.ALIVE or not event.without_peer):
        m.answer(
            event, "refused", f"{m.peer_name} is alive and primary", "Use `tandem switchover`."
        )
    elif not (died or free or event.without_peer):
        m.answer(
            event,
            "refused",
            f"{m.peer_name or 'the other node'} may be at work: nothing proves that it died, "
            "and the lease is not known to be free",
            "Make sure that it is stopped, then use `tandem failover --without-peer`.",
        )
    elif sees is False and not m.knows_the_past():
        m.answer(
            event,
            "refused",
            "neither own state nor the Data Center tells where the pair stood",
            "Bring the Data Center back first.",
        )
    else:
        m.wait_for(event, 2 * m.settings.hand_over_timeout_s, now_ns)
        way = Way.ALONE if sees is False else Way.ACQUIRE
        m.candidate_again_ns = 0
        seen = m.evidence_term if died and m.evidence_term is not None else m.seen
        reason = "an operator asked for a failover"
        candidacy = Candidacy(way, reason, early=not free, seen=seen, by_operator=True)
        run_for(m, candidacy, now_ns)


def failover_under_way(m: Memory, event: Event, now_ns: int) -> None:
    """A candidate is on its way already."""
    assert isinstance(event, Failover)
    m.wait_for(event, 2 * m.settings.hand_over_timeout_s, now_ns)


def already_primary(m: Memory, event: Event, now_ns: int) -> None:
    """Nothing to do."""
    del now_ns
    assert isinstance(event, Failover)
    m.answer(event, "already", f"{m.node} is primary in term {m.reign}")


def set_paused(m: Memory, event: Event, now_ns: int) -> None:
    """Pause or resume; done once durable here. The peer hears of it in every heartbeat."""
    assert isinstance(event, SetPaused)
    if not m.loaded:
        refuse(m, event, now_ns)
    elif event.paused == m.paused:
        m.answer(event, "already", "automatic role changes are " + _paused_or_not(m))
    else:
        m.paused = event.paused
        m.paused_revision += 1
        m.wait_for(event, m.settings.hand_over_timeout_s, now_ns, m.paused_revision)


def stop(m: Memory, event: Event, now_ns: int) -> None:
    """Do no primary's work any more; begin no reign."""
    assert isinstance(event, StepDownAndStop)
    m.stopping = True
    m.wait_for(event, 4 * m.settings.hand_over_timeout_s, now_ns)


def stop_candidate(m: Memory, event: Event, now_ns: int) -> None:
    """Give the candidacy up, then as `stop`."""
    stop(m, event, now_ns)
    candidate_tick(m, event, now_ns)


def stop_primary(m: Memory, event: Event, now_ns: int) -> None:
    """Hand over if the peer is ready, else end the lease."""
    stop(m, event, now_ns)
    if m.peer_is_ready():
        begin(m, "this node stops", now_ns, by_operator=True)
    else:
        begin_to_nobody(m, "this node stops", now_ns)


def _paused_or_not(m: Memory) -> str:
    return "paused" if m.paused else "not paused"
