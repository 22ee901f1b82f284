"""Turns what a node does into rows of a trace: messages handled, facts told, and what each came from.

A `Tracer` belongs to one node. Under it lie wrappers of the runtime and the workers here, and of the other
ports in recorder.tracing.ports. Nothing of this is made when no trace is wanted.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Protocol

from cluster.frames import Heartbeat
from cluster.messages import PeerSaid
from cluster.ports import Address, Behaviour, Outcome, Runtime, Workers
from recorder.tracing.facts import ROUTINE, facts_of
from recorder.tracing.rows import Note, TraceKind, TraceRow


class Cause(Protocol):
    """What the code that runs now came from."""

    row: int | None
    """The newest row that led here."""
    turn: tuple[str, Any] | None
    """The actor and the message in hand, while no row of them was written."""


class ThreadCause(threading.local):
    """The cause in a process of many threads: each has its own."""

    row: int | None = None
    turn: tuple[str, Any] | None = None


class Tracer:
    """Writes the rows of one lane. Any thread."""

    def __init__(
        self,
        *,
        lane: str,
        now_ns: Callable[[], int],
        number: Callable[[], int],
        cause: Cause,
        note: Note,
    ) -> None:
        self.lane = lane
        self.cause = cause
        self._now_ns = now_ns
        self._number = number
        self._note = note

    def now_ns(self) -> int:
        """The instant that a row written now would carry."""
        return self._now_ns()

    def row(self, kind: TraceKind, what: str, *, actor: str = "", to: str = "", **data: Any) -> int:
        """Write a row; what this thread writes next came from it. Returns its number."""
        cause = self.cause
        if cause.turn is not None:
            (actor_in_turn, message), cause.turn = cause.turn, None
            self._write(TraceKind.MESSAGE, type(message).__name__, actor_in_turn, "", {})
        return self._write(kind, what, actor, to, data)

    def _write(
        self, kind: TraceKind, what: str, actor: str, to: str, data: Mapping[str, Any]
    ) -> int:
        number, cause = self._number(), self.cause
        self._note(
            TraceRow(number, self._now_ns(), self.lane, kind, what, actor, to, cause.row, data)
        )
        cause.row = number
        return number

    def told(self, actor: str, message: Any) -> None:
        """Write the facts that are in a message on its way to `actor`."""
        for fact in facts_of(message):
            self.row(fact.kind, fact.what, actor=actor, **fact.data)

    def begin_turn(self, actor: str, message: Any) -> None:
        """The actor handles the message now. A routine one is written only if a row follows from it."""
        self.cause.turn = None
        if type(message).__name__ in ROUTINE or _is_beat(message):
            self.cause.turn = (actor, message)
        else:
            self._write(TraceKind.MESSAGE, type(message).__name__, actor, "", {})

    def end_turn(self) -> None:
        """It is handled."""
        self.cause.turn = None


def _is_beat(message: Any) -> bool:
    return isinstance(message, PeerSaid) and isinstance(message.frame, Heartbeat)


class TracedBehaviour:
    """A behaviour whose messages become rows."""

    def __init__(self, behaviour: Behaviour[Any], actor: str, tracer: Tracer) -> None:
        self._behaviour = behaviour
        self._actor = actor
        self._tracer = tracer

    def on_start(self) -> None:
        """As the behaviour does."""
        self._behaviour.on_start()

    def on_message(self, message: Any) -> None:
        """As the behaviour does, with a row before."""
        self._tracer.begin_turn(self._actor, message)
        try:
            self._behaviour.on_message(message)
        finally:
            self._tracer.end_turn()

    def on_stop(self) -> None:
        """As the behaviour does."""
        self._behaviour.on_stop()


def traced(behaviour: Behaviour[Any], actor: str, tracer: Tracer) -> Behaviour[Any]:
    """The behaviour of the actor `actor`, with a row for every message it handles."""
    return TracedBehaviour(behaviour, actor, tracer)


class _Mail(TracedBehaviour):
    """Knows for each message of its mailbox what it came from."""

    def __init__(
        self, behaviour: Behaviour[Any], actor: str, tracer: Tracer, causes: deque[int | None]
    ) -> None:
        super().__init__(behaviour, actor, tracer)
        self._causes = causes

    def on_message(self, message: Any) -> None:
        self._tracer.cause.row = self._causes.popleft()
        super().on_message(message)


class _TracedAddress:
    """Takes down what each message comes from. Mailboxes are first in, first out, and so is this."""

    def __init__(self, inner: Address[Any], tracer: Tracer) -> None:
        self.inner = inner
        self.causes: deque[int | None] = deque()
        self._tracer = tracer
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """Of the actor."""
        return self.inner.name

    def tell(self, message: Any) -> None:
        """As the address does."""
        self._tracer.told(self.name, message)
        with self._lock:
            self.causes.append(self._tracer.cause.row)
            self.inner.tell(message)


class TracedRuntime:
    """A runtime whose actors write rows."""

    def __init__(self, inner: Runtime, tracer: Tracer) -> None:
        self._inner = inner
        self._tracer = tracer

    def reserve(self, name: str) -> Address[Any]:
        """See Runtime."""
        return _TracedAddress(self._inner.reserve(name), self._tracer)

    def start(self, address: Address[Any], behaviour: Behaviour[Any]) -> None:
        """See Runtime."""
        assert isinstance(address, _TracedAddress), f"{address!r} is no address of this runtime"
        mail = _Mail(behaviour, address.name, self._tracer, address.causes)
        self._inner.start(address.inner, mail)

    def stop(self, address: Address[Any], timeout_s: float = 5.0) -> None:
        """See Runtime."""
        assert isinstance(address, _TracedAddress), f"{address!r} is no address of this runtime"
        self._inner.stop(address.inner, timeout_s)

    # Any, because pyright finds no generic answer type equal to the protocol's, even an identical one.
    def ask(
        self, address: Address[Any], question: Callable[[Address[Any]], Any], timeout_s: float
    ) -> Any:
        """See Runtime."""
        assert isinstance(address, _TracedAddress), f"{address!r} is no address of this runtime"

        def noted(reply_to: Address[Any]) -> Any:
            message = question(reply_to)
            address.causes.append(None)
            return message

        return self._inner.ask(address.inner, noted, timeout_s)

    def mailbox_depths(self) -> Mapping[str, int]:
        """See Runtime."""
        return self._inner.mailbox_depths()

    def dead_letters(self) -> int:
        """See Runtime."""
        return self._inner.dead_letters()


class TracedWorkers:
    """Workers whose jobs know what they came from."""

    def __init__(self, inner: Workers, tracer: Tracer) -> None:
        self._inner = inner
        self._tracer = tracer

    def submit(
        self,
        job: Callable[[], Any],
        reply_to: Address[Any],
        then: Callable[[Outcome[Any]], Any],
    ) -> None:
        """See Workers."""
        self._inner.submit(
            partial(_run, job, self._tracer.cause, self._tracer.cause.row), reply_to, then
        )

    def waiting(self) -> int:
        """See Workers."""
        return self._inner.waiting()


def _run(job: Callable[[], Any], cause: Cause, row: int | None) -> Any:
    cause.row, cause.turn = row, None
    return job()
