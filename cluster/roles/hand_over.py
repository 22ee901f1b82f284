"""A planned end of a reign: offer, accept, withdraw, transfer, commit.

Who must move first: the peer proves that it is ready; then this node's duty ends, to the last page;
then the lease changes hands in one update; then the peer is told. Until the duty was withdrawn the
whole thing can be called off and this node simply goes on. After the transfer was asked for and its
outcome is unknown, this node never goes on in the old term: it takes a higher one, or is secondary.
A lost commit is no loss: the row names the peer, which looks.
"""

from __future__ import annotations

from cluster.frames import (
    HandOverAbort,
    HandOverAccept,
    HandOverCommit,
    HandOverOffer,
    HandOverRefuse,
    Role,
)
from cluster.messages import LeaseAnswered, PeerSaid
from cluster.ports import LeaseView
from cluster.roles.answers import refuse_waiting
from cluster.roles.io import Event, Send
from cluster.roles.memory import HandOver, Memory, Phase
from cluster.roles.terms import is_unwitnessed, next_unwitnessed

_AGAIN_S = 10.0
"""After a hand-over that came to nothing, one by itself is not tried again for so long."""


def begin(m: Memory, reason: str, now_ns: int, *, by_operator: bool = False) -> None:
    """Offer the role to the peer. Duty goes on until it accepts."""
    deadline_ns = m.after(now_ns, m.settings.hand_over_timeout_s)
    m.become(Role.HANDING_OVER, reason, now_ns)
    m.hand_over = HandOver(m.peer_name, reason, Phase.OFFERED, deadline_ns, by_operator)
    m.do(Send(HandOverOffer(m.reign, dict(m.marks), by_operator)))


def begin_to_nobody(m: Memory, reason: str, now_ns: int) -> None:
    """End the reign without a peer to take it: finish the page in hand, then end the lease."""
    if m.role is not Role.HANDING_OVER:
        m.become(Role.HANDING_OVER, reason, now_ns)
    m.hand_over = HandOver("", reason, Phase.ENDING, 0, by_operator=True)
    _end_duty(m, m.hand_over, now_ns)


def frame(m: Memory, event: Event, now_ns: int) -> None:
    """The peer accepts or refuses. An answer to another offer means nothing."""
    assert isinstance(event, PeerSaid)
    hand_over = _hand_over(m)
    if hand_over.phase is not Phase.OFFERED:
        return
    match event.frame:
        case HandOverAccept(term=m.reign):
            _end_duty(m, hand_over, now_ns)
        case HandOverRefuse(term=m.reign, reason=reason):
            call_off(m, reason, now_ns)
        case _:
            pass


def duty_over(m: Memory, event: Event, now_ns: int) -> None:
    """Nothing is started any more: the lease may change hands."""
    del event
    hand_over = _hand_over(m)
    if hand_over.phase is Phase.ENDING:
        _after_duty(m, hand_over, now_ns)


def lease_answered(m: Memory, event: Event, now_ns: int) -> None:
    """The witness answered while the role is being handed over."""
    assert isinstance(event, LeaseAnswered)
    hand_over = _hand_over(m)
    match hand_over.phase, event.call:
        case Phase.TRANSFERRING, "transfer":
            _transferred(m, hand_over, event.view, now_ns)
        case Phase.UNDOING, "acquire":
            _undone(m, hand_over, event.view, now_ns)
        case Phase.RELEASING, "release":
            m.become(Role.SECONDARY, hand_over.reason, now_ns)
        case ((Phase.OFFERED | Phase.ENDING), _) if event.view is not None:
            if lost_to(m, event.view):
                m.step_down(f"lost the lease to {event.view.holder}", now_ns, release=False)
        case _:
            pass


def tick(m: Memory, event: Event, now_ns: int) -> None:
    """No answer in time: an offer is called off; what was begun is brought to an end."""
    del event
    hand_over = _hand_over(m)
    if now_ns < hand_over.deadline_ns:
        return
    match hand_over.phase:
        case Phase.OFFERED:
            m.do(Send(HandOverAbort(m.reign, "no answer in time")))
            call_off(m, f"{hand_over.target} did not answer in time", now_ns)
        case Phase.ENDING:
            _after_duty(m, hand_over, now_ns)
        case Phase.UNDOING:
            _commit(m, hand_over, None, now_ns)
        case Phase.TRANSFERRING | Phase.RELEASING:
            pass  # the answer of the witness comes, if only to say that it is unknown


def peer_died(m: Memory, event: Event, now_ns: int) -> None:
    """Nobody is there to take the role: go on, unless the lease may be on its way already."""
    del event
    hand_over = _hand_over(m)
    if hand_over.target and hand_over.phase in (Phase.OFFERED, Phase.ENDING):
        call_off(m, f"{hand_over.target} died", now_ns)


def call_off(m: Memory, reason: str, now_ns: int) -> None:
    """Go on as primary; a node about to stop ends its reign anyway."""
    refuse_waiting(m, reason)
    if m.stopping:
        begin_to_nobody(m, f"{_hand_over(m).reason}; {reason}", now_ns)
        return
    m.hand_over_again_ns = m.after(now_ns, _AGAIN_S)
    m.become(Role.PRIMARY, f"hand-over called off: {reason}", now_ns)


def lost_to(m: Memory, view: LeaseView) -> bool:
    """The row says that another node reigns, or has reigned after us."""
    other = view.holder not in ("", m.node) and view.term > m.over_term
    return other and (view.expires_in_s > 0 or view.term > m.reign)


def _end_duty(m: Memory, hand_over: HandOver, now_ns: int) -> None:
    granted = m.duty_until_ns is not None
    m.withdraw()
    hand_over.phase = Phase.ENDING
    hand_over.deadline_ns = m.after(now_ns, m.settings.hand_over_timeout_s)
    if not granted:
        _after_duty(m, hand_over, now_ns)


def _after_duty(m: Memory, hand_over: HandOver, now_ns: int) -> None:
    if not hand_over.target:
        if m.row_is_ours():
            hand_over.phase = Phase.RELEASING
        else:
            m.become(Role.SECONDARY, hand_over.reason, now_ns)
    elif m.belief.holds(m.reign, now_ns):
        hand_over.phase = Phase.TRANSFERRING
    else:
        _commit(m, hand_over, None, now_ns)


def _transferred(m: Memory, hand_over: HandOver, view: LeaseView | None, now_ns: int) -> None:
    if view is None:
        hand_over.phase = Phase.UNDOING
        hand_over.deadline_ns = m.after(now_ns, m.settings.hand_over_timeout_s)
    elif view.granted:
        _commit(m, hand_over, view.term, now_ns)
    elif lost_to(m, view):
        m.step_down(f"lost the lease to {view.holder}", now_ns, release=False)
    else:
        call_off(m, "the lease could not be transferred", now_ns)


def _undone(m: Memory, hand_over: HandOver, view: LeaseView | None, now_ns: int) -> None:
    if view is None:
        return
    if view.granted:
        if not is_unwitnessed(view.term):
            m.next_reign = view.term
            call_off(m, "the transfer of the lease was not confirmed", now_ns)
    elif view.holder == hand_over.target:
        _commit(m, hand_over, view.term, now_ns)
    else:
        m.step_down("lost the lease", now_ns, release=False)


def _commit(m: Memory, hand_over: HandOver, row_term: int | None, now_ns: int) -> None:
    """Tell the peer that it is primary. `row_term` None: the lease was not transferred for certain."""
    term = row_term
    if term is None:
        term = next_unwitnessed(m.seen, node=hand_over.target, peer=m.node)
    m.do(Send(HandOverCommit(term, dict(m.marks), leased=row_term is not None)))
    m.belief.drop()
    m.offered_until_ns = m.after(now_ns, m.settings.hand_over_timeout_s)
    m.become(Role.SECONDARY, f"handed over to {hand_over.target}: {hand_over.reason}", now_ns)


def _hand_over(m: Memory) -> HandOver:
    assert m.hand_over is not None, "a node that hands over knows to whom"
    return m.hand_over
