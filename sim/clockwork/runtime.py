"""The actor runtime of the simulator: pykka's own receive loop, turned one message at a time.

A cell is the same pykka actor as on threads, but its loop runs in events of the kernel: a message told
is handled after a short seeded delay, so actors interleave differently under every seed while each
mailbox stays first in, first out. There are no threads, hence nothing here blocks.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import pykka  # noqa: TID251 - this is one of the two runtimes

from cluster.cell import CellBody
from cluster.errors import ReplyTimeout
from cluster.ports import Address, Behaviour
from sim.clockwork.kernel import Deadlock, Epoch, Kernel

M = TypeVar("M")

_NS = 1_000_000_000
_TURN_DELAY_NS_MAX = 50_000


class _Mailbox:
    """What pykka takes envelopes from; every put asks for one more turn."""

    def __init__(self) -> None:
        self.envelopes: deque[Any] = deque()
        self.wake: Callable[[], None] = lambda: None

    def put(self, envelope: Any, /) -> None:
        self.envelopes.append(envelope)
        self.wake()

    def get(self) -> Any:
        if not self.envelopes:
            raise Deadlock("a turn without a message")
        return self.envelopes.popleft()

    def empty(self) -> bool:
        return not self.envelopes


class _Gate(threading.Event):
    """Stands in for `actor_stopped` before pykka's loop: lets it run exactly one turn per `open`."""

    def __init__(self, stopped: threading.Event) -> None:
        super().__init__()
        self._stopped = stopped
        self._turns = 0

    def open(self) -> None:
        self._turns += 1

    def set(self) -> None:
        self._stopped.set()

    def is_set(self) -> bool:
        if self._stopped.is_set() or not self._turns:
            return True
        self._turns -= 1
        return False


class _Future(pykka.Future[Any]):
    """Nobody can wait here: whatever would wake the waiter runs on the same thread."""

    def get(self, *, timeout: float | None = None) -> Any:
        raise Deadlock(
            f"waiting for another actor (timeout {timeout}) is forbidden; tell it instead"
        )

    def set(self, value: Any | None = None) -> None:
        """Drop it: only `get` could read it."""

    def set_exception(self, exc_info: Any = None) -> None:
        """Drop it: only `get` could read it."""


class _Cell(CellBody, pykka.Actor):
    """Hosts one behaviour."""

    actor_inbox: _Mailbox  # pyright: ignore[reportIncompatibleVariableOverride] - ours, narrower

    def __init__(self, name: str, label: str, runtime: SimRuntime) -> None:
        super().__init__()
        self.name = name
        self.label = label
        self.hosted = False
        self.ended = False
        self.stopped = self.actor_stopped
        self._gate = _Gate(self.stopped)
        self.actor_stopped: threading.Event = self._gate
        self.actor_urn = self.actor_ref.actor_urn = f"urn:actor:{name}"  # instead of a random one
        self._runtime = runtime

    @staticmethod
    def _create_actor_inbox() -> _Mailbox:
        return _Mailbox()

    @staticmethod
    def _create_future() -> _Future:
        return _Future()

    def begin(self, behaviour: Behaviour[Any]) -> None:
        """Start with an event of its own, as a thread would."""
        self.behaviour = behaviour
        self.hosted = True
        self._start_actor_loop()

    def _start_actor_loop(self) -> None:
        self._runtime.soon(self, self._first_turn)

    def _first_turn(self) -> None:
        self._actor_loop_setup()
        self.actor_inbox.wake = self._wake
        for _ in self.actor_inbox.envelopes:
            self._wake()
        self._end_if_stopped()

    def _wake(self) -> None:
        self._runtime.soon(self, self._turn)

    def _turn(self) -> None:
        if not self.ended:
            self._gate.open()
            self._actor_loop_running()
            self._end_if_stopped()

    def _end_if_stopped(self) -> None:
        if self.stopped.is_set():
            self.end()
            if self.error is not None:
                self._runtime.crashed(self.name, self.error)

    def lose(self) -> None:
        """Count one message that arrived too late."""
        self._runtime.lose(1)

    def end(self) -> None:
        """Count what is left in the mailbox as dead letters."""
        self.ended = True
        self.stopped.set()
        self._runtime.lose(len(self.actor_inbox.envelopes))
        self.actor_inbox.envelopes.clear()


class _CellAddress:
    """The address of a cell."""

    __slots__ = ("cell",)

    def __init__(self, cell: _Cell) -> None:
        self.cell = cell

    @property
    def name(self) -> str:
        return self.cell.name

    def tell(self, message: Any) -> None:
        try:
            self.cell.actor_ref.tell(message)
        except pykka.ActorDeadError:
            self.cell.lose()

    def __repr__(self) -> str:
        return f"<address of {self.name}>"


class _ReplyAddress:
    """Where the one answer to a question arrives; whatever comes later is a dead letter."""

    name = "reply"

    def __init__(self, runtime: SimRuntime) -> None:
        self._runtime = runtime
        self._closed = False
        self.answers: list[Any] = []

    def tell(self, message: Any) -> None:
        if self._closed or self.answers:
            self._runtime.lose(1)
        else:
            self.answers.append(message)

    def close(self) -> None:
        self._closed = True


class SimRuntime:
    """Implements `cluster.ports.Runtime` for one life of one simulated node.

    `on_crash(name, error)` is called exactly once for an actor that raised; what it raises comes out
    of the kernel. KeyboardInterrupt and a test framework's own signals (any BaseException but
    SystemExit) are no crash of the actor: they come out of the kernel as they are.
    """

    def __init__(
        self, *, kernel: Kernel, epoch: Epoch, on_crash: Callable[[str, BaseException], None]
    ) -> None:
        self._kernel = kernel
        self._epoch = epoch
        self._on_crash = on_crash
        self._cells: dict[str, _Cell] = {}
        self._dead_letters = 0
        self._delays = kernel.streams.stream("turns", epoch.node)

    def reserve(self, name: str) -> Address[Any]:
        """Give out an address; what is told to it waits for `start`. Raises ValueError when taken."""
        if name in self._cells:
            raise ValueError(f"an actor named {name} exists already")
        cell = self._cells[name] = _Cell(name, f"{self._epoch.node}/{name}", self)
        return _CellAddress(cell)

    def start(self, address: Address[M], behaviour: Behaviour[M]) -> None:
        """Start the actor; `on_start`, then what was told so far, runs in events to come."""
        cell = self._cell_of(address)
        assert not cell.hosted, f"{cell.name} was started before"
        assert not cell.ended, f"{cell.name} was stopped before it started"
        cell.begin(behaviour)

    def stop(self, address: Address[Any], timeout_s: float = 5.0) -> None:
        """Run the world until the actor finished its mailbox and `on_stop`. Raises ReplyTimeout."""
        self._assert_outside_events("stop")
        cell = self._cell_of(address)
        if not cell.hosted:
            cell.end()
        elif not cell.stopped.is_set():
            cell.stop()
        if not self._pump(lambda: cell.ended, timeout_s):
            raise ReplyTimeout(
                f"the actor {cell.name} did not end within {timeout_s} s",
                hint="It is stuck in one message, or its node was crashed.",
            )
        if self._cells.get(cell.name) is cell:
            del self._cells[cell.name]

    def stop_all(self, timeout_s: float = 5.0) -> None:
        """Stop every actor of this runtime, the last reserved first, each within `timeout_s`."""
        for cell in reversed(tuple(self._cells.values())):
            self.stop(_CellAddress(cell), timeout_s)

    # Any, because pyright finds no generic answer type equal to the protocol's, even an identical one.
    def ask(
        self, address: Address[M], question: Callable[[Address[Any]], M], timeout_s: float
    ) -> Any:
        """Tell `question(reply_address)` and run the world until the answer. Raises ReplyTimeout."""
        self._assert_outside_events("ask")
        if self._cell_of(address).stopped.is_set():
            raise ReplyTimeout(f"the actor {address.name} has stopped and cannot answer")
        reply = _ReplyAddress(self)
        address.tell(question(reply))
        answered = self._pump(lambda: bool(reply.answers), timeout_s)
        reply.close()
        if not answered:
            raise ReplyTimeout(
                f"the actor {address.name} did not answer within {timeout_s} s",
                hint="It is busy, stuck or stopping; whether it acts on the question is unknown.",
            )
        return reply.answers[0]

    def mailbox_depths(self) -> Mapping[str, int]:
        """Messages waiting, by actor name, in the order of reservation."""
        return {name: len(cell.actor_inbox.envelopes) for name, cell in self._cells.items()}

    def dead_letters(self) -> int:
        """Messages told to stopped or crashed actors, or as a second answer, so far."""
        return self._dead_letters

    # -- for the cells ----

    def soon(self, cell: _Cell, action: Callable[[], None]) -> None:
        """Run `action` in an event of its own after a short seeded delay."""
        self._kernel.schedule(
            int(self._delays.random() * _TURN_DELAY_NS_MAX),
            action,
            label=cell.label,
            epoch=self._epoch,
        )

    def lose(self, letters: int) -> None:
        """Count messages nobody will handle."""
        self._dead_letters += letters

    def crashed(self, name: str, error: BaseException) -> None:
        """Report a crash, or hand on what was not the actor's fault."""
        if not isinstance(error, (Exception, SystemExit)):
            raise error
        self._on_crash(name, error)

    def _assert_outside_events(self, what: str) -> None:
        if self._kernel.busy:
            raise Deadlock(f"{what} inside an actor or a job would wait for itself")

    def _pump(self, until: Callable[[], bool], timeout_s: float) -> bool:
        return self._kernel.pump(until, self._kernel.now_ns + round(timeout_s * _NS))

    @staticmethod
    def _cell_of(address: Address[Any]) -> _Cell:
        assert isinstance(address, _CellAddress), f"{address!r} is no address of this runtime"
        return address.cell
