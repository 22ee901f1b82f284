"""What is told about jobs: to the distributor, to the worker of a node, and to whoever distributes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from cluster.frames import JobFrame, Role
from cluster.ports import Address


@dataclass(frozen=True, slots=True)
class Job:
    """A unit of work the cluster shares out without knowing what it is."""

    key: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Distribute:
    """Give this job to the freer node. Repeating a key that is under way changes nothing."""

    job: Job
    attempt: int
    reply_to: Address[JobNews]


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Forget jobs that are not under way yet, and cancel those that are."""

    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PairChanged:
    """Role, term or what is known of the peer changed."""

    role: Role
    term: int
    peer: str
    """alive, suspect, dead or unknown."""
    peer_free_capacity: int
    alone: bool
    """Partitioned without a witness: own hash half at once, the other half later."""
    peer_node: str = ""
    """Empty while no peer was ever heard."""
    peer_boot: str = ""
    """The peer's boot id: a new one means that its old process, and what it had in hand, is gone."""
    peer_healthy: bool = True
    """By its last beat; an unhealthy one gets nothing that this node can take."""
    peer_free_by_group: Mapping[str, int] = field(default_factory=dict[str, int])
    """By group of jobs; empty from a peer that knows of no groups."""


@dataclass(frozen=True, slots=True)
class PeerJobFrame:
    """A frame about jobs arrived from the peer."""

    frame: JobFrame


@dataclass(frozen=True, slots=True)
class WorkerReady:
    """The worker of this node announces itself and its free capacity (again whenever it changes)."""

    worker: Address[RunJob]
    free_capacity: int
    taken: int
    """How many orders this reckons with: the giver knows of those still on their way."""
    free_by_group: Mapping[str, int] = field(default_factory=dict[str, int])
    """Of each group of jobs it knows; of any other `free_capacity` counts."""


@dataclass(frozen=True, slots=True)
class WorkMoved:
    """The worker moved bytes on a claim, or holds the result safely on disk."""

    claim: str
    bytes_total: int
    held: bool


@dataclass(frozen=True, slots=True)
class WorkDone:
    """The worker committed the job in the Data Center. `claim` may be empty: work from before a crash."""

    claim: str
    key: str
    completed_at_us: int
    body: bytes


@dataclass(frozen=True, slots=True)
class WorkFailed:
    """The worker gave up on a claim."""

    claim: str
    key: str
    body: bytes


@dataclass(frozen=True, slots=True)
class ClaimsDue:
    """Time to look for expired claims."""


DistributorMessage: TypeAlias = (
    Distribute
    | Withdraw
    | PairChanged
    | PeerJobFrame
    | WorkerReady
    | WorkMoved
    | WorkDone
    | WorkFailed
    | ClaimsDue
)


@dataclass(frozen=True, slots=True)
class RunJob:
    """To the worker: do this job; answer with WorkMoved, WorkDone or WorkFailed."""

    claim: str
    job: Job
    attempt: int
    from_node: str
    ask_first: bool = False
    """Another node may have done it already: look before fetching."""


@dataclass(frozen=True, slots=True)
class JobAssigned:
    """A node took the job."""

    key: str
    node: str
    claim: str
    attempt: int


@dataclass(frozen=True, slots=True)
class JobFinished:
    """The job is committed, by `node`. May come twice, or for a key never distributed here."""

    key: str
    node: str
    completed_at_us: int
    body: bytes


@dataclass(frozen=True, slots=True)
class JobBroken:
    """A node gave up; distribute again when and if you like."""

    key: str
    node: str
    body: bytes


JobNews: TypeAlias = JobAssigned | JobFinished | JobBroken
