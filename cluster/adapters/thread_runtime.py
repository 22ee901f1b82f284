"""The actor runtime of a real node: every actor is a pykka cell on a thread of its own.

pykka gives the mailbox, the receive loop and orderly stopping. What it would do badly is kept from
it: cells are never in its global registry, nobody calls `ask` or uses a proxy, and no exception of a
behaviour reaches it (see `cluster/cell.py`).

Invariant: a message told is handled once or counted as a dead letter once, never both, never neither.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

import pykka  # noqa: TID251 - this is one of the two runtimes
from pykka import messages  # noqa: TID251

from cluster.cell import CellBody
from cluster.errors import ReplyTimeout
from cluster.ports import Address, Behaviour

M = TypeVar("M")

OnCrash = Callable[[str, BaseException], None]


class _CellThread(threading.Thread):  # noqa: TID251 - this file is the port
    """Marks the threads of actors, where waiting for another actor is forbidden."""


class _DeadLetters:
    """Counts messages nobody will handle."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.count = 0

    def add(self, letters: int) -> None:
        if letters:
            with self._lock:
                self.count += letters

    def add_all_of(self, mailbox: queue.SimpleQueue[Any]) -> None:
        """Empty `mailbox`; several threads may do so at once, each message counts once."""
        letters = 0
        while True:
            try:
                envelope = mailbox.get_nowait()
            except queue.Empty:
                break
            stop = isinstance(getattr(envelope, "message", None), messages._ActorStop)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
            letters += not stop
        self.add(letters)


class _Cell(CellBody, pykka.ThreadingActor):
    """Hosts one behaviour. Exists, mailbox and all, from `reserve` on; its thread from `start` on."""

    def __init__(self, name: str, dead_letters: _DeadLetters, on_crash: OnCrash) -> None:
        super().__init__()
        self.name = name
        self.mailbox = cast("queue.SimpleQueue[Any]", self.actor_inbox)
        self.thread: _CellThread | None = None
        self.stop_asked = False
        self._dead_letters = dead_letters
        self._on_crash = on_crash

    @staticmethod
    def _create_actor_inbox() -> queue.SimpleQueue[Any]:
        return queue.SimpleQueue()

    def begin(self, behaviour: Behaviour[Any]) -> None:
        """Start the thread. pykka's own `start` would enter the cell into its global registry."""
        self.behaviour = behaviour
        # Daemon: an actor that is wedged must not keep the process from ending.
        self.thread = _CellThread(target=self._actor_loop, name=self.name, daemon=True)
        self.thread.start()

    def bury(self) -> None:
        """Count what is left in the mailbox, and will never be handled, as dead letters."""
        self._dead_letters.add_all_of(self.mailbox)

    def lose(self) -> None:
        """Count one message that arrived too late."""
        self._dead_letters.add(1)

    def _actor_loop_teardown(self) -> None:
        self.bury()
        if self.error is not None:
            self._on_crash(self.name, self.error)


class _CellAddress:
    """The address of a cell."""

    __slots__ = ("_ref", "_stopped", "cell")

    def __init__(self, cell: _Cell) -> None:
        self.cell = cell
        self._ref = cell.actor_ref
        self._stopped = cell.actor_stopped.is_set

    @property
    def name(self) -> str:
        return self.cell.name

    def tell(self, message: Any) -> None:
        try:
            self._ref.tell(message)
        except pykka.ActorDeadError:
            self.cell.lose()
            return
        # The actor may have stopped, and emptied its mailbox, between the look and the put.
        if self._stopped():
            self.cell.bury()

    def __repr__(self) -> str:
        return f"<address of {self.name}>"


class _ReplyAddress:
    """Where the one answer to a question arrives; whatever comes later is a dead letter."""

    name = "reply"

    def __init__(self, dead_letters: _DeadLetters) -> None:
        self._dead_letters = dead_letters
        self._answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._closed = False

    def tell(self, message: Any) -> None:
        self._answers.put(message)
        if self._closed:
            self._dead_letters.add_all_of(self._answers)

    def wait(self, timeout_s: float) -> Any:
        """The answer. Raises queue.Empty when there is none in time."""
        try:
            return self._answers.get(timeout=max(0.0, timeout_s))
        finally:
            self._closed = True
            self._dead_letters.add_all_of(self._answers)


def _assert_outside_actors(what: str) -> None:
    here = threading.current_thread()
    assert not isinstance(here, _CellThread), f"{what} inside the actor {here.name} would block it"


class ThreadRuntime:
    """Implements `cluster.ports.Runtime`.

    `on_crash(name, error)` is called exactly once for an actor that raised, on the actor's thread,
    after its mailbox was closed; a node ends its process there. Other actors go on undisturbed.
    """

    def __init__(self, *, on_crash: OnCrash) -> None:
        self._on_crash = on_crash
        self._dead_letters = _DeadLetters()
        self._lock = threading.Lock()
        self._cells: dict[str, _Cell] = {}
        """Reserved and not yet stopped, in the order of reservation."""

    def reserve(self, name: str) -> Address[Any]:
        """Give out an address; what is told to it waits for `start`. Raises ValueError when taken."""
        with self._lock:
            if name in self._cells:
                raise ValueError(f"an actor named {name} exists already")
            cell = _Cell(name, self._dead_letters, self._on_crash)
            self._cells[name] = cell
        return _CellAddress(cell)

    def start(self, address: Address[M], behaviour: Behaviour[M]) -> None:
        """Start the actor's thread; `on_start`, then what was told so far, runs there."""
        cell = self._cell_of(address)
        with self._lock:
            assert cell.thread is None, f"{cell.name} was started before"
            assert not cell.actor_stopped.is_set(), f"{cell.name} was stopped before it started"
            cell.begin(behaviour)

    def stop(self, address: Address[Any], timeout_s: float = 5.0) -> None:
        """Let the actor finish its mailbox and `on_stop`, then free its name.

        Nothing happens to an actor that stopped or crashed before. Raises ReplyTimeout when it does
        not end in time; it is still asked to, and may be stopped again.
        """
        _assert_outside_actors("stop")
        cell = self._cell_of(address)
        with self._lock:
            first, cell.stop_asked = not cell.stop_asked, True
            if cell.thread is None:
                cell.actor_stopped.set()
        if cell.thread is None:
            cell.bury()
        else:
            if first and not cell.actor_stopped.is_set():
                self._ask_to_stop(cell)
            cell.thread.join(max(0.0, timeout_s))
            if cell.thread.is_alive():
                raise ReplyTimeout(
                    f"the actor {cell.name} did not end within {timeout_s} s",
                    hint="It is stuck in one message: a dump of the threads shows where.",
                )
        with self._lock:
            if self._cells.get(cell.name) is cell:
                del self._cells[cell.name]

    def stop_all(self, timeout_s: float = 5.0) -> None:
        """Stop every actor of this runtime, the last reserved first, each within `timeout_s`."""
        with self._lock:
            cells = tuple(self._cells.values())
        for cell in reversed(cells):
            self.stop(_CellAddress(cell), timeout_s)

    # Any, because pyright finds no generic answer type equal to the protocol's, even an identical one.
    def ask(
        self, address: Address[M], question: Callable[[Address[Any]], M], timeout_s: float
    ) -> Any:
        """Tell `question(reply_address)` and wait for the answer. Raises ReplyTimeout."""
        _assert_outside_actors("ask")
        if self._cell_of(address).actor_stopped.is_set():
            raise ReplyTimeout(f"the actor {address.name} has stopped and cannot answer")
        reply = _ReplyAddress(self._dead_letters)
        address.tell(question(reply))
        try:
            return reply.wait(timeout_s)
        except queue.Empty:
            raise ReplyTimeout(
                f"the actor {address.name} did not answer within {timeout_s} s",
                hint="It is busy, stuck or stopping; whether it acts on the question is unknown.",
            ) from None

    def mailbox_depths(self) -> Mapping[str, int]:
        """Messages waiting, by actor name, in the order of reservation."""
        with self._lock:
            return {name: cell.mailbox.qsize() for name, cell in self._cells.items()}

    def dead_letters(self) -> int:
        """Messages told to stopped or crashed actors, or as a second answer, so far."""
        return self._dead_letters.count

    @staticmethod
    def _ask_to_stop(cell: _Cell) -> None:
        try:
            cell.stop()
        except pykka.ActorDeadError:
            return  # it crashed just now
        if cell.actor_stopped.is_set():
            cell.bury()

    @staticmethod
    def _cell_of(address: Address[Any]) -> _Cell:
        assert isinstance(address, _CellAddress), f"{address!r} is no address of this runtime"
        return address.cell
