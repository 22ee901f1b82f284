"""What goes into the role machine and what comes out.

In: the pair's messages, the peer's frames, and the events defined here. Out: effects, to be carried
out in the order given. `SaveState` and `LeaseCall` are answered by events (`StateSaved`,
`LeaseAnswered`); the machine never relies on their outcome before that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from cluster.frames import (
    Frame,
    HandOverAbort,
    HandOverAccept,
    HandOverCommit,
    HandOverOffer,
    HandOverPlease,
    HandOverRefuse,
    Heartbeat,
    Mark,
    MarksMoved,
    Role,
)
from cluster.messages import (
    AlarmCleared,
    AlarmRaised,
    CommandAnswer,
    DescribeSelf,
    DutyFailing,
    Failover,
    HealthChanged,
    LeaseAnswered,
    PeerGone,
    PeerRefused,
    PeerRejected,
    PeerSaid,
    PeerUp,
    SetPaused,
    StateSaved,
    StepDownAndStop,
    Switchover,
)
from cluster.ports import Address, NodeState
from cluster.roles.detector import Reason

# --- events ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StateLoaded:
    """The node state was read; `state` is None when this node never ran. `error` when unreadable."""

    state: NodeState | None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Tick:
    """Time passed."""


@dataclass(frozen=True, slots=True)
class WokeLate:
    """This process was stopped for longer than the pause guard allows."""

    late_s: float


@dataclass(frozen=True, slots=True)
class MailboxDrained:
    """Everything that waited when `DrainMailbox` was asked has been handled."""


@dataclass(frozen=True, slots=True)
class DutyOver:
    """Every duty holder stopped; these are their marks."""

    marks: Mapping[str, Mark]


@dataclass(frozen=True, slots=True)
class PeerBack:
    """The detector's verdict became alive."""


@dataclass(frozen=True, slots=True)
class PeerSuspected:
    """The detector's verdict became suspect."""


@dataclass(frozen=True, slots=True)
class PeerDied:
    """The detector's verdict became dead."""

    reason: Reason


SelfEvent: TypeAlias = PeerBack | PeerSuspected | PeerDied
"""Raised by the machine itself, when the detector changes its verdict; nobody else sends them."""

PeerFrame: TypeAlias = (
    Heartbeat
    | MarksMoved
    | HandOverPlease
    | HandOverOffer
    | HandOverAccept
    | HandOverRefuse
    | HandOverCommit
    | HandOverAbort
)
"""Frames with a row of their own in the table. A goodbye is evidence of death: `PeerDied` follows."""

Command: TypeAlias = Switchover | Failover | SetPaused | StepDownAndStop

Event: TypeAlias = (
    StateLoaded
    | StateSaved
    | LeaseAnswered
    | PeerUp
    | PeerSaid
    | PeerGone
    | PeerRefused
    | PeerRejected
    | MailboxDrained
    | WokeLate
    | DutyOver
    | DutyFailing
    | HealthChanged
    | Tick
    | SelfEvent
    | Command
)

# --- effects ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SaveState:
    """Make the state durable, then step with `StateSaved`."""

    state: NodeState


@dataclass(frozen=True, slots=True)
class LeaseCall:
    """Ask the witness, then step with `LeaseAnswered` of the same `kind`. One at a time."""

    kind: str
    """look, acquire, renew, transfer or release."""
    term: int = 0
    """The term of renew, transfer and release; `seen_term` of acquire."""
    peer_is_dead: bool = False
    to_node: str = ""


@dataclass(frozen=True, slots=True)
class Send:
    """Send to the peer."""

    frame: Frame


@dataclass(frozen=True, slots=True)
class Announce:
    """Tell the link what hello and heartbeat shall say. Only durable terms are announced."""

    facts: DescribeSelf


@dataclass(frozen=True, slots=True)
class GrantDuty:
    """Do the primary's work in `term`; start nothing after `until_ns`."""

    term: int
    until_ns: int
    leased: bool


@dataclass(frozen=True, slots=True)
class WithdrawDuty:
    """Stop the primary's work, then step with `DutyOver`."""


@dataclass(frozen=True, slots=True)
class DrainMailbox:
    """Handle everything that waits now, then step with `MailboxDrained`."""


@dataclass(frozen=True, slots=True)
class RaiseAlarm:
    """The pair is degraded, or its text changed."""

    alarm: AlarmRaised


@dataclass(frozen=True, slots=True)
class ClearAlarm:
    """It is well again."""

    alarm: AlarmCleared


@dataclass(frozen=True, slots=True)
class NoteRoleChange:
    """For the history: the role or the term of the reign changed."""

    old: Role
    new: Role
    term: int
    reason: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer a command."""

    reply_to: Address[CommandAnswer]
    answer: CommandAnswer


Effect: TypeAlias = (
    SaveState
    | LeaseCall
    | Send
    | Announce
    | GrantDuty
    | WithdrawDuty
    | DrainMailbox
    | RaiseAlarm
    | ClearAlarm
    | NoteRoleChange
    | Answer
)
