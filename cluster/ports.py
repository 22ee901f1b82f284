"""What the cluster needs from the world, as protocols.

Behaviours, job functions and pure decisions touch the world only through these. Each port has a
real implementation (this package or `recorder/adapters/`), a simulated one (`sim/`), and one
contract test in `tests/contract/` that runs against both.

Units: instants of the monotonic clock are integer nanoseconds (`*_ns`); instants of the calendar are
integer microseconds since 1970 UTC (`*_us`); durations in settings are seconds (`*_s`, float).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, Protocol, TypeAlias, TypeVar

M = TypeVar("M")
M_contra = TypeVar("M_contra", contravariant=True)
T = TypeVar("T")
R = TypeVar("R")


class Address(Protocol[M_contra]):
    """Where to send messages for one actor."""

    @property
    def name(self) -> str:
        """The actor's name, unique within its node."""
        ...

    def tell(self, message: M_contra) -> None:
        """Put `message` into the actor's mailbox. Never blocks and never raises.

        A message for a stopped actor becomes a counted dead letter. A message sent between
        `Runtime.reserve` and `Runtime.start` waits and is delivered first.
        """
        ...


class Behaviour(Protocol[M_contra]):
    """What an actor does. Runs one message at a time, never blocks, never waits for another actor."""

    def on_start(self) -> None:
        """Run once before the first message."""
        ...

    def on_message(self, message: M_contra) -> None:
        """Handle one message. Any exception is fatal for the whole node (crash-only)."""
        ...

    def on_stop(self) -> None:
        """Run once after the last message, not after a crash."""
        ...


class Runtime(Protocol):
    """Hosts actors: on pykka threads for real, on one seeded heap in the simulator."""

    def reserve(self, name: str) -> Address[Any]:
        """Give out an address before its actor exists, so that actors can know each other.

        Raises ValueError when the name is taken.
        """
        ...

    def start(self, address: Address[M], behaviour: Behaviour[M]) -> None:
        """Start the actor behind a reserved address; `on_start` runs in the actor's own context."""
        ...

    def stop(self, address: Address[Any], timeout_s: float = 5.0) -> None:
        """Let the actor handle what is in its mailbox, run `on_stop`, and wait for that.

        Must not be called from inside an actor. Raises ReplyTimeout when it does not end in time.
        """
        ...

    def ask(self, address: Address[M], question: Callable[[Address[R]], M], timeout_s: float) -> R:
        """Tell `question(reply_address)` and wait for the one message told to that address.

        For surfaces (web, CLI) and tests only, never inside an actor. Raises ReplyTimeout.
        """
        ...

    def mailbox_depths(self) -> Mapping[str, int]:
        """Messages waiting, by actor name."""
        ...

    def dead_letters(self) -> int:
        """Messages told to stopped actors so far."""
        ...


class Timer(Protocol):
    """A message on its way to the future."""

    def cancel(self) -> None:
        """Do not deliver. Harmless when already delivered (the message may be in the mailbox)."""
        ...


class Clock(Protocol):
    """The two clocks of a node, and its timers."""

    def monotonic_ns(self) -> int:
        """Nanoseconds since an arbitrary start; never goes back; runs on while a process is stopped."""
        ...

    def wall_us(self) -> int:
        """Microseconds since 1970 UTC. For display and records, never for a decision."""
        ...

    def call_later(self, delay_s: float, address: Address[M], message: M) -> Timer:
        """Tell `message` to `address` after `delay_s` seconds."""
        ...


class Randomness(Protocol):
    """The only source of chance."""

    def uniform(self, low: float, high: float) -> float:
        """A number in [low, high)."""
        ...

    def token(self) -> str:
        """32 hexadecimal digits nobody can guess: boot ids, request ids."""
        ...


@dataclass(frozen=True, slots=True)
class Done(Generic[T]):
    """A job ended and returned `value`."""

    value: T


@dataclass(frozen=True, slots=True)
class Failed:
    """A job raised `error`. An AssertionError or another bug never arrives here: it is fatal."""

    error: Exception


Outcome: TypeAlias = Done[T] | Failed


class Workers(Protocol):
    """Runs blocking job functions away from the actors; one instance per lane of work."""

    def submit(
        self,
        job: Callable[[], T],
        reply_to: Address[M],
        then: Callable[[Outcome[T]], M],
    ) -> None:
        """Run `job` as soon as a worker is free; tell `then(outcome)` to `reply_to`.

        `job` is a plain blocking function with frozen arguments (functools.partial). Jobs share no
        mutable state with each other or with actors. Exceptions become `Failed`, but for
        AssertionError, which is a broken invariant and ends the node.
        """
        ...

    def waiting(self) -> int:
        """Jobs submitted and not yet running."""
        ...


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A host (name or address) and a TCP port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Connection(Protocol):
    """One open byte stream to a peer."""

    @property
    def number(self) -> int:
        """Unique in this process."""
        ...

    @property
    def inbound(self) -> bool:
        """True when the other side dialled."""
        ...

    @property
    def remote_host(self) -> str:
        """The address the peer speaks from."""
        ...

    def send(self, data: bytes) -> None:
        """Queue bytes. Never blocks, never raises; a peer that does not read is closed."""
        ...

    def close(self, reason: str) -> None:
        """Close after what is queued was written. One `Closed` event follows, on each side."""
        ...


@dataclass(frozen=True, slots=True)
class Opened:
    """A connection is ready for bytes, after TLS where configured."""

    connection: Connection


@dataclass(frozen=True, slots=True)
class Received:
    """Bytes arrived, cut anywhere."""

    connection: Connection
    data: bytes


@dataclass(frozen=True, slots=True)
class Closed:
    """The connection is gone. No event of it follows."""

    connection: Connection
    reason: str


@dataclass(frozen=True, slots=True)
class DialFailed:
    """No connection came about. `refused`: the host answered that nobody listens there."""

    endpoint: Endpoint
    refused: bool
    reason: str


@dataclass(frozen=True, slots=True)
class HandshakeFailed:
    """This node and whoever is at `remote_host` do not agree on TLS; nothing came of a connection.

    A dial that ended so is told as `DialFailed` or `Closed` besides. `what` completes "the node at …:".
    """

    remote_host: str
    what: str
    hint: str


TransportEvent: TypeAlias = Opened | Received | Closed | DialFailed | HandshakeFailed


class Transport(Protocol):
    """Byte streams between the two nodes."""

    def listen(self, events: Address[TransportEvent]) -> Endpoint:
        """Accept connections on the configured endpoint and report them; returns what was bound.

        Raises OSError with the endpoint in its text when the port is taken.
        """
        ...

    def dial(self, endpoint: Endpoint, events: Address[TransportEvent]) -> None:
        """Try once to connect (3 s); `Opened` or `DialFailed` follows."""
        ...

    def stop(self) -> None:
        """Close the listener and every connection."""
        ...


@dataclass(frozen=True, slots=True)
class PeerSeen:
    """Discovery heard where a node of our cluster listens. Not a sign of life."""

    node: str
    endpoint: Endpoint


class Discovery(Protocol):
    """Finds the peer on a local network."""

    def start(self, found: Address[PeerSeen]) -> None:
        """Announce this node and report others of the same cluster, repeatedly or not."""
        ...

    def stop(self) -> None:
        """Withdraw the announcement."""
        ...


OTHER_INSTANCE: Final = "another instance"
"""Stands for a holder with the caller's own node id that is not the caller. No node is called so."""


@dataclass(frozen=True, slots=True)
class LeaseView:
    """What the witness said in one answer; every age is on the witness's own clock."""

    granted: bool
    """True when this call made or kept the caller the holder."""
    term: int
    """The term in the row after this call; 0 when the row never existed."""
    holder: str
    """Node id of the holder; empty when there is none. OTHER_INSTANCE while the lease runs under the
    caller's own node id in another installation."""
    expires_in_s: float
    """Seconds until the lease ends; zero or less when it ended."""
    peer_age_s: float | None
    """Seconds since the other node last wrote its row; None when it never did."""


class Lease(Protocol):
    """One row per pair at the witness, changed in one conditional statement on its clock.

    Calls block, are meant for jobs, and raise LeaseUnavailable when the outcome is unknown.
    Every call also writes the caller's own node row (the "beat" seen in `peer_age_s`). The row knows in
    which installation (instance id) its holder runs: a lease that runs is nobody else's, not even of a node
    with the same id; a lease that was transferred is of the first installation of that node to take it up.
    """

    def look(self) -> LeaseView:
        """Write the own node row and read; `granted` tells whether the caller holds it unexpired."""
        ...

    def acquire(self, seen_term: int, *, peer_is_dead: bool) -> LeaseView:
        """Take the lease if it is free, expired or already ours, with a term above all seen.

        The new term is max(row, seen_term) + 1. `peer_is_dead` takes it although unexpired: only on
        evidence of process death, with the holder's consent, or by an operator's order. Evidence is
        about reigns the caller has seen: an unexpired row with a term above `seen_term` is never taken.
        """
        ...

    def renew(self, term: int) -> LeaseView:
        """Extend, if the row still says (caller, term); never changes the term."""
        ...

    def transfer(self, term: int, to_node: str) -> LeaseView:
        """Give it to the peer with term + 1, if the row still says (caller, term).

        `granted` tells that the transfer happened; `term` is then the new one.
        """
        ...

    def release(self, term: int) -> LeaseView:
        """End it now, if the row still says (caller, term)."""
        ...


@dataclass(frozen=True, slots=True)
class NodeState:
    """What a node must know after a restart."""

    term: int = 0
    """Highest term seen."""
    paused: bool = False
    paused_revision: int = 0
    """Grows with every pause and resume; the higher one wins between nodes."""
    peer: str = ""
    """Node id of the peer once heard: it decides which terms this node may take unwitnessed."""


class NodeStateStore(Protocol):
    """The node state on disk."""

    def load(self) -> NodeState | None:
        """None when this node never ran. Raises ClusterError with a hint when unreadable."""
        ...

    def save(self, state: NodeState) -> None:
        """Durable (fsync) when it returns. Blocks: call it in a job. Raises OSError."""
        ...
