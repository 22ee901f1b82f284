"""What a world must know of a kind of source: how nodes are configured for it, and how its service comes to life."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import httpx

from recorder.plugins import DataSourcePlugin
from sim.ucaas.fake import FakeService, OnArrival
from sim.ucaas.faults import FaultKind, Manners
from sim.ucaas.sending import Posting
from sim.world.incident import Workload


@dataclass(frozen=True, slots=True)
class Birth:
    """What a service is born with."""

    source: str
    seed: int
    nodes: Sequence[str]
    workload: Workload
    now_us: Callable[[], int]
    monotonic_ns: Callable[[], int]
    on_arrival: OnArrival


@dataclass(frozen=True, slots=True)
class Talk:
    """A call that somebody else tells of as well."""

    key: str
    """Its session key."""
    end_us: int
    seconds: float
    sounds: Sequence[int]
    """Its recordings: numbers of the bank."""
    late_s: float
    """After its end the last recording appears."""


class Born(Protocol):
    """A service and its calls."""

    @property
    def posting(self) -> Posting | None:
        """Where its webhooks are; None when it sends none."""
        ...

    @property
    def fake(self) -> FakeService[Any]:
        """Who answers."""
        ...

    def begin(self) -> None:
        """Let calls end at random instants from now on."""
        ...

    def end(self) -> None:
        """No new calls; those placed come to their end."""
        ...

    def record(self, talk: Talk) -> bool:
        """A call of which agents' events tell ends, recorded. False where calls cannot be given a name."""
        ...


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of source."""

    name: str
    """The word in the configuration."""
    plugin: DataSourcePlugin
    table: Callable[[str, str], Mapping[str, Any]]
    """The table of a source in the configuration of a node."""
    born: Callable[[Birth], Born]
    serves: Callable[[str, httpx.URL], bool]
    """Whether the service of a source answers at this address."""
    manners: Manners
    """What its service makes of faults."""


def with_true_bytes(manners: Manners) -> Manners:
    """But for bytes that are altered on their way: where a service tells no hash of a file nobody could know."""
    hits = {kind: hit for kind, hit in manners.hits.items() if kind is not FaultKind.WRONG_BYTES}
    return replace(manners, hits=hits)


def client_id(node: str) -> str:
    """The application of a node at every service."""
    return f"client-{node}"


def hook_secret(source: str) -> str:
    """By which its webhooks are signed."""
    return f"secret-of-hooks-of-{source}"


def client_secret(node: str) -> str:
    """Its secret."""
    return f"secret-of-{node}"
