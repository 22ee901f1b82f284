"""What every event teaches, whatever the state: facts only, no decision."""

from __future__ import annotations

from cluster.frames import Goodbye, HandOverCommit, Heartbeat, Hello, MarksMoved, Role
from cluster.messages import (
    AlarmRaised,
    DutyFailing,
    HealthChanged,
    LeaseAnswered,
    PeerGone,
    PeerRefused,
    PeerRejected,
    PeerSaid,
    PeerUp,
    StateSaved,
)
from cluster.ports import OTHER_INSTANCE, LeaseView, NodeState
from cluster.roles.alarms import cloned
from cluster.roles.detector import PeerState, Reason
from cluster.roles.io import (
    DrainMailbox,
    DutyOver,
    Event,
    MailboxDrained,
    PeerBack,
    PeerDied,
    PeerSuspected,
    SelfEvent,
    StateLoaded,
    WokeLate,
)
from cluster.roles.memory import ACTING, NS, Memory, PeerFacts

_REASON_CHARS = 120
_SAVE_RETRY_S = 1.0


def learn(m: Memory, event: Event, now_ns: int) -> None:
    """Update the facts. Called before the state's own rule sees the event."""
    match event:
        case StateLoaded() | StateSaved() | LeaseAnswered() | WokeLate():
            _learn_of_this_node(m, event, now_ns)
        case PeerUp() | PeerSaid() | PeerGone() | PeerRefused() | PeerRejected():
            _learn_of_the_peer(m, event, now_ns)
        case MailboxDrained():
            m.draining = False
        case DutyOver():
            m.merge_marks(event.marks)
        case DutyFailing():
            _duty_failing(m, event, now_ns)
        case HealthChanged():
            m.healthy, m.problems = event.healthy, event.problems
        case _:
            pass


def _learn_of_this_node(
    m: Memory, event: StateLoaded | StateSaved | LeaseAnswered | WokeLate, now_ns: int
) -> None:
    match event:
        case StateLoaded(state=NodeState() as state):
            m.loaded = True
            m.saved = state
            _merge(m, state.term, state.paused, state.paused_revision)
            _name_peer(m, m.peer_name or state.peer)
        case StateLoaded():
            m.loaded = not event.error
        case StateSaved():
            _state_saved(m, event, now_ns)
        case LeaseAnswered():
            _lease_answered(m, event, now_ns)
        case WokeLate():
            m.detector.on_pause(now_ns)
            m.belief.on_pause(now_ns)


def _learn_of_the_peer(
    m: Memory, event: PeerUp | PeerSaid | PeerGone | PeerRefused | PeerRejected, now_ns: int
) -> None:
    match event:
        case PeerUp():
            _peer_up(m, event, now_ns)
        case PeerSaid():
            _peer_said(m, event)
        case PeerGone():
            m.detector.on_link_down()
        case PeerRefused():
            _evidence(m)
        case PeerRejected():
            m.rejected = _rejection(m, event)


def change_of_verdict(m: Memory, event: Event, now_ns: int) -> SelfEvent | None:
    """What the detector newly says. Silence is judged only after the mailbox was drained."""
    verdict = m.detector.verdict(now_ns)
    old = m.verdict
    silent = verdict.state is PeerState.DEAD and verdict.reason is Reason.SILENCE
    if verdict.state is old or (verdict.state is PeerState.SUSPECT and old is PeerState.DEAD):
        return None  # only a sign of life raises the dead
    if silent and not isinstance(event, MailboxDrained):
        if not m.draining:
            m.draining = True
            m.do(DrainMailbox())
        return None
    m.verdict = verdict.state
    if verdict.state is PeerState.DEAD:
        m.last_sign_ns = m.detector.heard_ns
        return PeerDied(verdict.reason)
    assert verdict.state is not PeerState.UNKNOWN, "a peer once heard is never unknown again"
    return PeerBack() if verdict.state is PeerState.ALIVE else PeerSuspected()


def _peer_up(m: Memory, event: PeerUp, now_ns: int) -> None:
    hello = event.hello
    if event.restarted:
        m.evidence_term = _highest_reign_of_peer(m, told=hello.term)
        m.last_sign_ns = m.detector.heard_ns
    _name_peer(m, hello.node)
    m.detector.on_link_up(now_ns)
    m.rejected = None
    m.goodbye = ""
    m.peer = _facts(hello)
    _merge(m, hello.term, hello.paused, hello.paused_revision)
    m.merge_marks(hello.marks)
    _void_evidence(m)


def _facts(hello: Hello) -> PeerFacts:
    return PeerFacts(node=hello.node, boot=hello.boot, role=hello.role, term=hello.term)


def _peer_said(m: Memory, event: PeerSaid) -> None:
    frame = event.frame
    m.detector.on_beat(event.received_ns)
    match frame:
        case Heartbeat():
            if m.peer is not None:
                m.peer.role, m.peer.term = frame.role, frame.term
                m.peer.healthy = frame.healthy
                m.peer.sees_data_center = frame.sees_data_center
                m.peer.free_capacity = frame.free_capacity
                m.peer.free_by_group = frame.free_by_group
            m.peer_priority = frame.priority
            m.detector.judge_second(second=m.judges_second())
            _merge(m, frame.term, frame.paused, frame.paused_revision)
            m.merge_marks(frame.marks)
            _void_evidence(m)
        case HandOverCommit() | MarksMoved():
            m.merge_marks(frame.marks)
        case Goodbye():
            m.seen = max(m.seen, frame.term)
            _evidence(m, told=frame.term)
            m.goodbye = f"{m.peer_name} said goodbye: {frame.reason[:_REASON_CHARS]}"
        case _:
            pass


def _evidence(m: Memory, *, told: int | None = None) -> None:
    """The peer's process is gone, and with it every reign of it known so far."""
    m.detector.on_refused()
    m.evidence_term = _highest_reign_of_peer(m, told=told)


def _highest_reign_of_peer(m: Memory, *, told: int | None = None) -> int:
    """A later process of the peer can only reign above this, so evidence never reaches it.

    `told`: the highest term in the words that are the evidence. They may have been on their way for long, and a
    reign that they do not know of began meanwhile.
    """
    view = m.belief.view
    reign = m.peer.term if m.peer is not None and m.peer.role in ACTING else 0
    highest = max(reign, view.term if view is not None else 0)
    return highest if told is None else min(highest, told)


def _void_evidence(m: Memory) -> None:
    """A peer that acts shows that the evidence was about an older process."""
    if m.peer is not None and m.peer.role not in (Role.STARTING, Role.SECONDARY):
        m.evidence_term = None


def _merge(m: Memory, term: int, paused: bool, revision: int) -> None:  # noqa: FBT001 - three facts of one frame
    m.seen = max(m.seen, term)
    if revision > m.paused_revision:
        m.paused, m.paused_revision = paused, revision
    elif revision == m.paused_revision:
        m.paused = m.paused or paused  # both were changed at once: the careful one wins


def _name_peer(m: Memory, name: str) -> None:
    if not name:
        return
    m.peer_name = name
    m.detector.judge_second(second=m.judges_second())


def _lease_answered(m: Memory, event: LeaseAnswered, now_ns: int) -> None:
    m.belief.answered(event, now_ns)
    view = event.view
    if event.call == "release":
        m.release_term = None
    if view is None:
        return
    if not m.first_view_read:
        m.first_view_read = True
        if view.holder in (m.node, OTHER_INSTANCE) and event.call == "look":
            m.spent = max(m.spent, view.term)
    m.seen = max(m.seen, view.term)
    _look_for_a_twin(m, view)
    if view.holder not in ("", m.node, OTHER_INSTANCE) and not m.peer_name:
        _name_peer(m, view.holder)


def _look_for_a_twin(m: Memory, view: LeaseView) -> None:
    """A lease of this node's id that runs elsewhere: left by a lost disk, unless somebody renews it."""
    if view.holder != OTHER_INSTANCE:
        m.twin_ends_ns, m.twin_lives = None, False
        return
    ends_ns = m.belief.ends_ns
    first_ns = ends_ns if m.twin_ends_ns is None else min(m.twin_ends_ns, ends_ns)
    m.twin_ends_ns = first_ns
    # An answer that took long shifts the end by as much, and no more.
    m.twin_lives |= ends_ns - first_ns > round(m.settings.lease_call_timeout_s * NS)


def _state_saved(m: Memory, event: StateSaved, now_ns: int) -> None:
    m.saving = None
    m.save_error = event.error
    if event.error:
        m.save_again_ns = m.after(now_ns, _SAVE_RETRY_S)
    else:
        assert event.state.term >= m.saved.term, "a durable term never goes back"
        m.saved = event.state


def _duty_failing(m: Memory, event: DutyFailing, now_ns: int) -> None:
    known = m.failing.pop(event.name, None)
    if event.reason:
        m.failing[event.name] = (event.reason, known[1] if known else now_ns)


def _rejection(m: Memory, event: PeerRejected) -> AlarmRaised:
    if event.cloned:
        return cloned(m.node, event.reason)
    return AlarmRaised(
        code="peer_rejected",
        subject=m.peer_name or m.node,
        error=True,
        what=f"a node that cannot be the peer dialled in: {event.reason}",
        hint="Compare the cluster name, the node ids and the versions of both nodes.",
    )
