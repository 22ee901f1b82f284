"""What the table of claims is about: a job given to a node, and the other node. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cluster.jobs.capacity import Capacity
from cluster.work_messages import Job


@dataclass(frozen=True, slots=True)
class Peer:
    """What the primary knows of the other node. `state`: alive, suspect, dead or unknown."""

    node: str = ""
    boot: str = ""
    state: str = "unknown"
    free_capacity: int = 0
    healthy: bool = True
    free_by_group: Mapping[str, int] = field(default_factory=dict[str, int])

    @property
    def capacity(self) -> Capacity:
        """How many more jobs it takes, by its last beat."""
        return Capacity(self.free_capacity, self.free_by_group)


@dataclass(frozen=True, slots=True)
class Claim:
    """One job given to one node until `deadline_ns`."""

    id: str
    seq: int
    job: Job
    attempt: int
    node: str
    queued_ns: int
    deadline_ns: int
    bytes_total: int = 0
    held: bool = False
    answered: bool = True
    ask_first: bool = False
    """Another node may have done it already: given again, or of the other node's half."""
