"""Which alarms are due, as a function of what is known; the difference to before is told."""

from __future__ import annotations

from collections.abc import Iterator

from cluster.frames import Role
from cluster.messages import AlarmCleared, AlarmRaised
from cluster.roles.detector import PeerState, Reason
from cluster.roles.io import ClearAlarm, RaiseAlarm
from cluster.roles.memory import ACTING, NS, Memory


def settle_alarms(m: Memory, now_ns: int) -> None:
    """Raise what is new or worded anew, clear what is over."""
    due = {(alarm.code, alarm.subject): alarm for alarm in _due(m, now_ns)}
    for key in [key for key in m.raised if key not in due]:
        del m.raised[key]
        m.do(ClearAlarm(AlarmCleared(*key)))
    for key, alarm in due.items():
        if m.raised.get(key) != alarm:
            m.raised[key] = alarm
            m.do(RaiseAlarm(alarm))


def _due(m: Memory, now_ns: int) -> Iterator[AlarmRaised]:
    if m.role is Role.FAULTED:
        yield AlarmRaised(
            code="node_faulted",
            subject=m.node,
            error=True,
            what=m.reason,
            hint="Mend the cause, then start this node again.",
        )
    yield from _of_the_peer(m, now_ns)
    yield from _of_the_witness(m, now_ns)
    yield from _of_the_role(m, now_ns)
    if m.save_error:
        yield AlarmRaised(
            code="state_unsaved",
            subject=m.node,
            error=True,
            what=f"the node state cannot be saved: {m.save_error}",
            hint="Make room on the disk: until then this node cannot become primary.",
        )
    for name, (reason, _) in m.failing.items():
        yield AlarmRaised(
            code="credentials_failing",
            subject=name,
            error=True,
            what=f"{name} cannot poll from {m.node}: {reason}",
            hint="Check the client id and secret of this node.",
        )


def cloned(node: str, how: str) -> AlarmRaised:
    """Two installations under one node id."""
    return AlarmRaised(
        code="cloned_node",
        subject=node,
        error=True,
        what=f"another instance runs under this node's id: {how}",
        hint="Stop one of the two and give it a node id and a data directory of its own.",
    )


def _of_the_peer(m: Memory, now_ns: int) -> Iterator[AlarmRaised]:
    if m.rejected is not None:
        yield m.rejected
    if m.twin_lives:
        yield cloned(m.node, "it holds and renews the lease in the Data Center")
    if m.verdict is not PeerState.DEAD:
        return
    sensed = m.detector.verdict(now_ns)
    # After a sleep of this process nothing is known that was not known before: what was said stands.
    slept = sensed.state is not PeerState.DEAD and ("link_down", m.peer_name) in m.raised
    if sensed.reason is Reason.SILENCE and (slept or _writes_unheard(m, now_ns)):
        yield AlarmRaised(
            code="link_down",
            subject=m.peer_name,
            error=False,
            what=f"{m.peer_name} writes to the Data Center but is not heard here",
            hint="Check the network between the two nodes.",
        )
    else:
        yield AlarmRaised(
            code="peer_dead",
            subject=m.peer_name,
            error=True,
            what=f"{m.goodbye or f'{m.peer_name} is down'}: this node has no partner",
            hint=f"Start {m.peer_name} again.",
        )


def _writes_unheard(m: Memory, now_ns: int) -> bool:
    """The peer wrote its row lately, and clearly later than it was last heard."""
    age_s, heard_ns = m.belief.peer_age_s(now_ns), m.detector.heard_ns
    if age_s is None or heard_ns is None:
        return False
    silent_s = (now_ns - heard_ns) / NS
    return age_s < m.settings.dead_s and silent_s - age_s > m.settings.suspect_s


def _of_the_witness(m: Memory, now_ns: int) -> Iterator[AlarmRaised]:
    if m.belief.sees_witness(now_ns) is not False:
        return
    yield AlarmRaised(
        code="no_witness",
        subject=m.node,
        error=False,
        what=f"{m.node} does not reach the Data Center",
        hint="Check the database of the Data Center and the network to it.",
    )
    if m.role is Role.STARTING and m.loaded and not m.knows_the_past():
        yield AlarmRaised(
            code="no_state",
            subject=m.node,
            error=True,
            what=f"{m.node} has neither own state nor the Data Center: it does not poll",
            hint="Bring the Data Center back; this node goes on by itself.",
        )


def _of_the_role(m: Memory, now_ns: int) -> Iterator[AlarmRaised]:
    idle = m.role is Role.PRIMARY and m.duty_until_ns is None
    if idle and m.settings.when_alone == "stop" and m.belief.sees_witness(now_ns) is False:
        yield AlarmRaised(
            code="alone_stopped",
            subject=m.node,
            error=True,
            what=f"{m.node} sees neither its peer nor the Data Center: it stopped listing",
            hint='This is `when_alone = "stop"`; downloads in hand go on.',
        )
    if (
        m.paused
        and m.role not in ACTING
        and not m.peer_acts()
        and m.verdict is not PeerState.SUSPECT
    ):
        yield AlarmRaised(
            code="paused_no_primary",
            subject=m.node,
            error=True,
            what="no node is known to be primary, and automatic role changes are paused",
            hint="Use `tandem resume`, or `tandem failover` on the node that shall be primary.",
        )
    if m.role in ACTING and m.peer_acts():
        yield AlarmRaised(
            code="two_primaries",
            subject=m.peer_name,
            error=False,
            what=f"{m.node} and {m.peer_name} are both primary",
            hint="The one in the lower term steps down by itself; nothing is stored twice.",
        )
    if not m.is_calm(now_ns):
        yield AlarmRaised(
            code="flapping",
            subject=m.node,
            error=False,
            what=f"{len(m.changes)} role changes within the hour: preferences are ignored, "
            "and a node that cannot work waits up to five minutes before it hands over",
            hint="See `tandem node history` for the reasons.",
        )
