"""The gap between what is and what was last asked for, closed by effects.

After every step, in this order: save what must survive a restart, answer commands whose outcome is
known, announce what is durable, grant the duty that is allowed, ask the witness what is due. Each
function compares; asking twice for the same thing never happens.
"""

from __future__ import annotations

from dataclasses import replace

from cluster.frames import Role
from cluster.messages import DescribeSelf
from cluster.ports import NodeState
from cluster.roles.alarms import settle_alarms
from cluster.roles.answers import answer_finished
from cluster.roles.detector import PeerState
from cluster.roles.io import Announce, GrantDuty, LeaseCall, SaveState
from cluster.roles.memory import ACTING, NS, Memory, Phase, Way
from cluster.roles.terms import ask_above, is_unwitnessed


def settle(m: Memory, now_ns: int) -> None:
    """Append the effects that are due."""
    if m.role is Role.FAULTED:
        m.withdraw()
        announce(m, now_ns)
        answer_finished(m, now_ns)
        settle_alarms(m, now_ns)
        return
    _save(m, now_ns)
    announce(m, now_ns)
    answer_finished(m, now_ns)
    _grant(m, now_ns)
    _ask_witness(m, now_ns)
    settle_alarms(m, now_ns)


def announce(m: Memory, now_ns: int) -> None:
    """Tell the peer where this node stands; at once when role or term changed."""
    if not m.loaded and m.role is not Role.FAULTED:
        return
    term = m.reign if m.role in ACTING else m.saved.term
    facts = DescribeSelf(
        term=term,
        role=m.role,
        sees_data_center=m.belief.sees_witness(now_ns) is True,
        paused=m.saved.paused,
        paused_revision=m.saved.paused_revision,
        priority=m.settings.priority,
    )
    old = m.announced
    if facts == old:
        return
    m.announced = facts
    urgent = old is None or (old.term, old.role, old.paused) != (
        facts.term,
        facts.role,
        facts.paused,
    )
    m.do(Announce(replace(facts, at_once=urgent)))


def _save(m: Memory, now_ns: int) -> None:
    if not m.loaded or m.saving is not None:
        return
    wanted = NodeState(
        term=m.seen, paused=m.paused, paused_revision=m.paused_revision, peer=m.peer_name
    )
    # After an error even what is saved is saved again: it shows whether the disk works.
    due = now_ns >= m.save_again_ns if m.save_error else wanted != m.saved
    if due:
        m.saving = wanted
        m.do(SaveState(wanted))


def _grant(m: Memory, now_ns: int) -> None:
    """Duty as long as the lease is believed; without a witness in short pieces, while allowed."""
    offered = m.hand_over is not None and m.hand_over.phase is Phase.OFFERED
    if m.role is not Role.PRIMARY and not offered:
        return
    until_ns = m.belief.until_ns(m.reign)
    if now_ns < until_ns:
        if until_ns != m.duty_until_ns or not m.duty_leased:
            _give(m, until_ns, leased=True, now_ns=now_ns)
        return
    if m.belief.sees_witness(now_ns) is False:
        if m.peer_lives() or m.settings.when_alone == "record":
            until_ns = m.after(now_ns, m.settings.lease_believed_s)
            if m.duty_until_ns is None or until_ns - m.duty_until_ns >= m.settings.tick_s * NS:
                _give(m, until_ns, leased=False, now_ns=now_ns)
        else:
            m.withdraw()
    elif m.duty_until_ns is not None and now_ns >= m.duty_until_ns:
        m.withdraw()


def _give(m: Memory, until_ns: int, *, leased: bool, now_ns: int) -> None:
    assert m.reign, "no duty outside a reign"
    assert m.saved.term >= m.reign, "a term is durable before it is used"
    if m.takeover_from_ns is not None:
        m.takeover_ms = (now_ns - m.takeover_from_ns) / 1e6
        m.takeover_from_ns = None
    m.duty_until_ns, m.duty_leased = until_ns, leased
    m.do(GrantDuty(m.reign, until_ns, leased))


def _ask_witness(m: Memory, now_ns: int) -> None:
    if m.belief.busy or not m.loaded:
        return
    call = _wanted_call(m, now_ns)
    if call is not None:
        m.belief.sending(call.kind, now_ns)
        m.do(call)


def _wanted_call(m: Memory, now_ns: int) -> LeaseCall | None:
    """The one call to make now; None when nothing is due."""
    if m.release_term is not None:
        return LeaseCall("release", m.release_term)
    if m.role is Role.CANDIDATE:
        return _candidates_call(m, now_ns)
    if m.role is Role.HANDING_OVER:
        return _call_of_hand_over(m, now_ns)
    if m.role is Role.PRIMARY:
        return _primarys_call(m, now_ns)
    hurry = m.verdict is not PeerState.ALIVE
    return LeaseCall("look") if m.belief.is_due(now_ns, hurry=hurry) else None


def _call_of_hand_over(m: Memory, now_ns: int) -> LeaseCall | None:
    assert m.hand_over is not None
    match m.hand_over.phase:
        case Phase.OFFERED | Phase.ENDING:
            return _primarys_call(m, now_ns)
        case Phase.TRANSFERRING:
            return LeaseCall("transfer", m.reign, to_node=m.hand_over.target)
        case Phase.RELEASING:
            return LeaseCall("release", m.reign)
        case Phase.UNDOING:
            due = m.belief.is_due(now_ns, hurry=True)
            return LeaseCall("acquire", ask_above(m.seen)) if due else None


def _candidates_call(m: Memory, now_ns: int) -> LeaseCall | None:
    candidacy = m.candidacy
    assert candidacy is not None
    if candidacy.term or candidacy.way is Way.ALONE:
        return None
    if candidacy.asked and not m.belief.is_due(now_ns, hurry=True):
        return None
    candidacy.asked = True
    if candidacy.way is Way.CONFIRM and not is_unwitnessed(candidacy.row_term):
        return LeaseCall("renew", candidacy.row_term)
    if candidacy.early:
        return LeaseCall("acquire", ask_above(candidacy.seen), peer_is_dead=True)
    return LeaseCall("acquire", ask_above(m.seen))


def _primarys_call(m: Memory, now_ns: int) -> LeaseCall | None:
    """Renew what the row gave; take what it did not give yet."""
    if not m.belief.is_due(now_ns, hurry=not m.belief.holds(m.reign, now_ns)):
        return None
    if m.next_reign:
        return LeaseCall("renew", m.next_reign)
    if m.row_is_ours():
        return LeaseCall("renew", m.reign)
    if m.role is Role.HANDING_OVER:
        return LeaseCall("look")
    if m.row_is_of_a_reign_that_is_over():
        return LeaseCall("acquire", ask_above(m.over_term), peer_is_dead=True)
    return LeaseCall("acquire", ask_above(m.seen))
