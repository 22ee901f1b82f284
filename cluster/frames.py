"""What the two nodes say to each other: one frozen dataclass per frame.

`wire.py` turns them into bytes and validates what arrives. A field added later needs a default, so
that the two nodes can be upgraded one after the other; a newer peer's unknown fields are ignored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

PROTOCOL_MIN = 1
PROTOCOL_MAX = 2
PROTOCOL_OF_SHARES = 2
"""A peer that speaks an older one does not know `Share`, and would take it for an offence."""
PRIORITY_USUAL = 100
"""Of two nodes the one with the higher priority is preferred, then the one with the lower id."""


class Role(StrEnum):
    """What a node is for the pair. `number` never changes: dashboards store it."""

    STARTING = "starting"
    SECONDARY = "secondary"
    CANDIDATE = "candidate"
    PRIMARY = "primary"
    HANDING_OVER = "handing_over"
    FAULTED = "faulted"

    @property
    def number(self) -> int:
        """Frozen: 0 starting, 1 secondary, 2 candidate, 3 primary, 4 handing over, 5 faulted."""
        return list(Role).index(self)


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A progress mark: comparing (epoch, at_us) makes merging by maximum order-free.

    The cluster does not know what it marks; the recorder uses it for watermarks.
    """

    epoch: int
    at_us: int


Marks: TypeAlias = Mapping[str, Mark]


@dataclass(frozen=True, slots=True)
class Hello:
    """First frame in each direction, the dialler's before the other. Nothing else is accepted before it."""

    protocol_min: int
    protocol_max: int
    cluster: str
    node: str
    instance: str
    """Made once with the data directory: two instances under one node id are a cloned node."""
    boot: str
    """Made at every start: a new one under a known instance is a restart."""
    build: str
    listen_port: int
    """Where this node accepts connections, on the host it speaks from."""
    web_url: str
    term: int
    role: Role
    paused: bool = False
    paused_revision: int = 0
    marks: Marks = field(default_factory=dict[str, Mark])


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Every second, and at once after a change of role, term or health."""

    term: int
    role: Role
    healthy: bool
    """False: this node must not be given the primary role (problems says why)."""
    problems: tuple[str, ...]
    sees_data_center: bool
    free_capacity: int
    """How many more jobs this node takes now, of whatever group: the credit grant."""
    marks: Marks
    seq: int
    echo_seq: int
    """Highest `seq` heard from the receiver; 0 for none."""
    echo_age_ms: int
    """How long ago that was; a one-way link shows here on both ends."""
    paused: bool = False
    paused_revision: int = 0
    figures: Mapping[str, float] = field(default_factory=dict[str, float])
    """Small numbers for people: lag, queue, archived."""
    priority: int = PRIORITY_USUAL
    free_by_group: Mapping[str, int] = field(default_factory=dict[str, int])
    """The same for each group of jobs it knows; empty from a node that knows of no groups."""
    hints: Mapping[str, int] = field(default_factory=dict[str, int])
    """By name, how often this process was told that something is new; said again in every beat."""


@dataclass(frozen=True, slots=True)
class JobOffer:
    """Primary to peer: take this job under this claim."""

    claim: str
    key: str
    body: bytes
    attempt: int
    ask_first: bool = False
    """Another node may have done it already: look before fetching."""
    again: bool = False
    """Offered before and taken: refuse what is not in hand any more, start nothing."""


@dataclass(frozen=True, slots=True)
class JobAnswer:
    """Peer to primary: taken or not, with the capacity left."""

    claim: str
    accepted: bool
    free_capacity: int
    reason: str = ""
    free_by_group: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True, slots=True)
class JobProgress:
    """Bytes moved, or the job is safely held on disk: extends the claim. Stalled bytes do not."""

    claim: str
    bytes_total: int
    held: bool = False


@dataclass(frozen=True, slots=True)
class JobDone:
    """After the commit in the Data Center, whoever did it. `claim` is empty for the primary's own."""

    claim: str
    key: str
    completed_at_us: int
    body: bytes
    free_capacity: int
    free_by_group: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True, slots=True)
class JobFailed:
    """The node could not do it; `body` carries the recorder's account of why."""

    claim: str
    key: str
    body: bytes
    free_capacity: int
    free_by_group: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True, slots=True)
class JobCancel:
    """Advisory: the claim is not wanted any more; a late result stays welcome."""

    claim: str


@dataclass(frozen=True, slots=True)
class MarksMoved:
    """Marks that advanced; both nodes persist them. Also in every heartbeat."""

    marks: Marks


@dataclass(frozen=True, slots=True)
class HandOverPlease:
    """Secondary to primary: an operator or a preference asks for the role."""

    reason: str
    by_operator: bool = False


@dataclass(frozen=True, slots=True)
class HandOverOffer:
    """Primary to secondary: prove that you are ready."""

    term: int
    marks: Marks
    by_operator: bool = False
    """An operator wants the change: it does not count as flapping."""


@dataclass(frozen=True, slots=True)
class HandOverAccept:
    """Secondary to primary: ready, go on."""

    term: int


@dataclass(frozen=True, slots=True)
class HandOverRefuse:
    """Secondary to primary: not ready, and why."""

    term: int
    reason: str


@dataclass(frozen=True, slots=True)
class HandOverCommit:
    """Primary to secondary: you are primary in this new term; I no longer am."""

    term: int
    marks: Marks
    leased: bool
    """True when the lease row was transferred too."""


@dataclass(frozen=True, slots=True)
class HandOverAbort:
    """Primary to secondary: forget the offer."""

    term: int
    reason: str


@dataclass(frozen=True, slots=True)
class Goodbye:
    """This process stops on purpose. Evidence of its end, sent last."""

    term: int
    reason: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """In place of a hello, to a dialler whose node id another installation uses that is connected here.

    Heeded only where the receiver dialled an endpoint it was told, and has no peer connected.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class Share:
    """Something that one node learnt and the other wants to know. The cluster does not know what it means.

    May be lost with the link: whoever shares says everything again when the peer listens anew.
    """

    topic: str
    body: bytes


Frame: TypeAlias = (
    Hello
    | Heartbeat
    | JobOffer
    | JobAnswer
    | JobProgress
    | JobDone
    | JobFailed
    | JobCancel
    | MarksMoved
    | HandOverPlease
    | HandOverOffer
    | HandOverAccept
    | HandOverRefuse
    | HandOverCommit
    | HandOverAbort
    | Goodbye
    | Refusal
    | Share
)

JobFrame: TypeAlias = JobOffer | JobAnswer | JobProgress | JobDone | JobFailed | JobCancel
HandOverFrame: TypeAlias = (
    HandOverPlease
    | HandOverOffer
    | HandOverAccept
    | HandOverRefuse
    | HandOverCommit
    | HandOverAbort
)
