"""What the cluster's actors tell each other and what the recorder's actors tell them.

One union per receiving actor; what concerns jobs is in `work_messages.py`. Commands are imperatives,
facts are past tense, timers end in `Due`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from cluster.frames import Frame, Hello, Mark, Role
from cluster.ports import (
    Address,
    LeaseView,
    NodeState,
    PeerSeen,
    TransportEvent,
)

# --- to the link ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SendFrame:
    """Send to the peer if connected, else forget: everything sent is repeated or harmless to lose."""

    frame: Frame


@dataclass(frozen=True, slots=True)
class DescribeSelf:
    """New facts for hello and heartbeat; None leaves a fact as it was. `at_once` sends a beat now."""

    term: int | None = None
    role: Role | None = None
    sees_data_center: bool | None = None
    paused: bool | None = None
    paused_revision: int | None = None
    free_capacity: int | None = None
    free_by_group: Mapping[str, int] | None = None
    marks: Mapping[str, Mark] | None = None
    figures: Mapping[str, float] | None = None
    hints: Mapping[str, int] | None = None
    """By name, how often this node heard that it is time to look: the one on duty looks when it grows."""
    priority: int | None = None
    at_once: bool = False


@dataclass(frozen=True, slots=True)
class WorkProven:
    """The supervisor heard every actor in time; the link beats only while this is fresh."""

    healthy: bool
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BeatDue:
    """Time for a heartbeat."""


@dataclass(frozen=True, slots=True)
class RedialDue:
    """Time to try the peer again."""


@dataclass(frozen=True, slots=True)
class StopLink:
    """Say goodbye and close."""

    reason: str


LinkMessage: TypeAlias = (
    TransportEvent
    | PeerSeen
    | SendFrame
    | DescribeSelf
    | WorkProven
    | BeatDue
    | RedialDue
    | StopLink
)

# --- to the pair ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PeerUp:
    """A link with a valid hello is up. `restarted`: same instance, new boot: the old process died."""

    hello: Hello
    restarted: bool


@dataclass(frozen=True, slots=True)
class PeerSaid:
    """A frame that is not about jobs arrived."""

    frame: Frame
    received_ns: int


@dataclass(frozen=True, slots=True)
class PeerGone:
    """The link went down; by itself no evidence of death."""

    reason: str


@dataclass(frozen=True, slots=True)
class PeerRefused:
    """The link broke and two immediate reconnects were refused: nobody listens there any more."""


@dataclass(frozen=True, slots=True)
class PeerRejected:
    """A hello that cannot be our peer. `cloned`: it has our node id under another instance."""

    reason: str
    cloned: bool


@dataclass(frozen=True, slots=True)
class LeaseAnswered:
    """A lease call ended. `view` is None when the witness was unreachable (outcome unknown)."""

    call: str
    """look, acquire, renew, transfer or release."""
    sent_ns: int
    view: LeaseView | None
    error: str = ""


@dataclass(frozen=True, slots=True)
class StateSaved:
    """The node state is durable, or could not be saved (`error`)."""

    state: NodeState
    error: str = ""


@dataclass(frozen=True, slots=True)
class TickDue:
    """Time to look at the clock."""

    planned_ns: int


@dataclass(frozen=True, slots=True)
class DutyEnded:
    """The duty holder finished its page in hand and stopped; these are its marks."""

    name: str
    marks: Mapping[str, Mark]


@dataclass(frozen=True, slots=True)
class DutyFailing:
    """Polling has been failing for reasons of this node alone (its credentials); empty when well."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class HealthChanged:
    """The supervisor's verdict on this node."""

    healthy: bool
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Switchover:
    """Operator: planned change. `to_node` empty means "to the other". Answered by CommandAnswer."""

    to_node: str
    reply_to: Address[CommandAnswer]


@dataclass(frozen=True, slots=True)
class Failover:
    """Operator: take the role now although the peer cannot agree. Answered by CommandAnswer."""

    without_peer: bool
    reply_to: Address[CommandAnswer]


@dataclass(frozen=True, slots=True)
class SetPaused:
    """Operator: stop or resume automatic role changes. Answered by CommandAnswer."""

    paused: bool
    reply_to: Address[CommandAnswer]


@dataclass(frozen=True, slots=True)
class StepDownAndStop:
    """This node is about to stop: hand over if possible. Answered by CommandAnswer when it may."""

    reply_to: Address[CommandAnswer]


@dataclass(frozen=True, slots=True)
class CommandAnswer:
    """What became of an operator's command."""

    status: str
    """done, already, refused or unknown."""
    message: str
    hint: str = ""


PairMessage: TypeAlias = (
    PeerUp
    | PeerSaid
    | PeerGone
    | PeerRefused
    | PeerRejected
    | LeaseAnswered
    | StateSaved
    | TickDue
    | DutyEnded
    | DutyFailing
    | HealthChanged
    | Switchover
    | Failover
    | SetPaused
    | StepDownAndStop
)

# --- to a duty holder: what only the primary does --------------------------------------------------


@dataclass(frozen=True, slots=True)
class DutyGranted:
    """Do the primary's work in this term, but start nothing after `until_ns` (monotonic).

    Renewed long before it ends while all is well. After a pause of the process the instant has
    passed, so nothing is started on a stale belief.
    """

    term: int
    until_ns: int
    leased: bool
    """False: granted without the witness; the Data Center may be away."""
    peer_marks: Mapping[str, Mark]
    """The highest marks known to the pair."""


@dataclass(frozen=True, slots=True)
class DutyWithdrawn:
    """Finish the page in hand, start nothing more, answer DutyEnded."""

    reply_to: Address[DutyEnded]


@dataclass(frozen=True, slots=True)
class MarksHeard:
    """The peer's marks; persist what is higher than the own."""

    marks: Mapping[str, Mark]


@dataclass(frozen=True, slots=True)
class HintsHeard:
    """The peer was told that something is new behind these names. Not to be relied on."""

    names: tuple[str, ...]


DutyMessage: TypeAlias = DutyGranted | DutyWithdrawn | MarksHeard | HintsHeard

# --- to who shares something with the other node -------------------------------------------------


@dataclass(frozen=True, slots=True)
class PeerListens:
    """A link to a peer that knows shares came up: what was sent before may be lost, say what matters again."""


@dataclass(frozen=True, slots=True)
class ShareHeard:
    """The peer shared something under a topic. Its body is the peer's: check it."""

    topic: str
    body: bytes


ShareMessage: TypeAlias = PeerListens | ShareHeard

# --- to the supervisor -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ping:
    """Answer with Pong from your own mailbox: proof that you still work."""

    number: int
    reply_to: Address[Pong]


@dataclass(frozen=True, slots=True)
class Pong:
    """`name` handled ping `number`; `problems` are reasons not to be primary."""

    name: str
    number: int
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PingDue:
    """Time for a round of pings."""


SupervisorMessage: TypeAlias = Pong | PingDue

# --- observers ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RoleChanged:
    """A change of role, for the history, hooks and logs."""

    node: str
    old: Role
    new: Role
    term: int
    reason: str
    at_us: int


@dataclass(frozen=True, slots=True)
class AlarmRaised:
    """The pair is degraded. Raising a raised alarm refreshes its text."""

    code: str
    """Stable and snake_case: link_down, no_witness, peer_dead, credentials_failing, …"""
    subject: str
    error: bool
    """True when someone must act, False when it should heal by itself."""
    what: str
    hint: str


@dataclass(frozen=True, slots=True)
class AlarmCleared:
    """It is well again; clearing what is not raised is harmless."""

    code: str
    subject: str


ObserverMessage: TypeAlias = RoleChanged | AlarmRaised | AlarmCleared
