"""The heart of the simulator: one heap of events, one virtual clock, one seed, one thread.

Nothing happens but events, and an event takes no virtual time. Blocking code runs as a *task* on a
greenlet of its own and lets virtual time pass through `Kernel.block_for`, never otherwise.

Invariant: the same seed and the same calls give the same events at the same instants, in any process
and under any hash seed.
"""

from __future__ import annotations

import heapq
import random  # noqa: TID251 - this file is where chance comes from, seeded
from collections.abc import Callable
from itertools import count
from typing import TypeAlias

from greenlet import GreenletExit, getcurrent, greenlet

_NS = 1_000_000_000

Trace: TypeAlias = Callable[[int, str], None]
Chance = random.Random
"""The type of a seeded stream."""


class Deadlock(AssertionError):
    """Raised where simulated code would block although nothing could ever wake it.

    An AssertionError, because it is a bug of the caller and must end the node like any other.
    """


class Streams:
    """Named random streams, so that removing one fault or actor does not re-roll all others."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._streams: dict[tuple[str, ...], random.Random] = {}

    def stream(self, *name: str) -> random.Random:
        """The stream called `name`, for example `stream("net", "a", "b")`; one and the same each time."""
        stream = self._streams.get(name)
        if stream is None:
            # Seeding by text goes through SHA-512: equal in every process.
            stream = random.Random(f"{self._seed}/{'/'.join(name)}")
            self._streams[name] = stream
        return stream


class Fuse:
    """Burns down with every effect of a life, and then blows."""

    __slots__ = ("blow", "left")

    def __init__(self, left: int, blow: Callable[[], None]) -> None:
        self.left = left
        self.blow = blow


class Epoch:
    """One life of a node, from its start to its crash. Events of an ended epoch vanish."""

    __slots__ = (
        *("_fuses", "deferred", "ended", "free_ns", "held", "node", "number"),
        *("paused", "plain", "turn_ns"),
    )

    def __init__(self, node: str, number: int) -> None:
        self.node = node
        self.number = number
        self.ended = False
        self.plain = True
        """Neither ended nor about to end: new events need no second look."""
        self.held = False
        """Paused or slow: events that come due need a second look."""
        self.paused = False
        self.deferred: list[Event] = []
        """What came due while paused, in order."""
        self.turn_ns = 0
        """What each of its events takes."""
        self.free_ns = 0
        """Until when it is busy with the last one."""
        self._fuses: list[Fuse] = []

    def end(self) -> None:
        """Nothing of it happens any more."""
        self.ended = True
        self.plain = False
        self._fuses.clear()

    def blow_after(self, effects: int, blow: Callable[[], None]) -> Fuse:
        """Call `blow` in the middle of whatever causes the effect number `effects` from now on."""
        assert effects > 0, "nothing blows before it is lit"
        fuse = Fuse(effects, blow)
        if not self.ended:
            self._fuses.append(fuse)
            self.plain = False
        return fuse

    def put_out(self, fuse: Fuse) -> None:
        """Let it not blow. Harmless when it did."""
        if fuse in self._fuses:
            self._fuses.remove(fuse)
            self.plain = not self._fuses

    def effect(self) -> None:
        """The node did something that lasts: scheduled, or sent."""
        for fuse in tuple(self._fuses):
            fuse.left -= 1
            if fuse.left == 0:
                self.put_out(fuse)
                fuse.blow()

    def look_again(self) -> None:
        """After a change of `paused` or `turn_ns`."""
        self.held = self.paused or self.turn_ns > 0


class Event:
    """Something that will happen, unless cancelled."""

    __slots__ = ("action", "epoch", "label")

    def __init__(self, action: Callable[[], object], epoch: Epoch | None, label: str) -> None:
        self.action: Callable[[], object] | None = action
        self.epoch = epoch
        self.label = label

    def cancel(self) -> None:
        """Let it not happen. Harmless when it did."""
        self.action = None


class Kernel:
    """Runs events in the order of their instants; equal instants in the order of scheduling.

    `trace(now_ns, label)` is called before every event. What an event raises comes out of the method
    that ran it.
    """

    def __init__(self, *, seed: int, trace: Trace | None = None) -> None:
        self.now_ns = 0
        self.streams = Streams(seed)
        self._trace = trace
        self._heap: list[tuple[int, int, Event]] = []
        self._numbers = count()
        self._epochs: dict[str, Epoch] = {}
        self._tasks: dict[greenlet, Epoch | None] = {}
        """Greenlets not at their end. Those of a crashed node stay for ever: collecting one would
        run its `finally` blocks, which a power cut does not do."""
        self._closed = False
        self.busy = False
        """True while an event runs."""
        self.events = 0
        """Events run so far."""

    def watch(self, trace: Trace) -> None:
        """Tell `trace` of every event from now on, instead of whom was told before."""
        self._trace = trace

    # -- lives of nodes ----

    def begin_epoch(self, node: str) -> Epoch:
        """Start a new life of `node`, ending the one before."""
        self.end_epoch(node)
        old = self._epochs.get(node)
        epoch = self._epochs[node] = Epoch(node, 1 if old is None else old.number + 1)
        return epoch

    def end_epoch(self, node: str) -> None:
        """Crash `node`: nothing of its present life happens any more. Harmless when it has none."""
        epoch = self._epochs.get(node)
        if epoch is not None:
            epoch.end()

    def pause_epoch(self, node: str) -> None:
        """Stop `node` (SIGSTOP): what comes due for it waits until `resume_epoch`."""
        epoch = self._epochs.get(node)
        if epoch is not None:
            epoch.paused = True
            epoch.look_again()

    def resume_epoch(self, node: str) -> None:
        """Let `node` go on: everything that waited happens now, in the order it came due."""
        epoch = self._epochs.get(node)
        if epoch is not None and epoch.paused:
            epoch.paused = False
            epoch.look_again()
            deferred, epoch.deferred = epoch.deferred, []
            for event in deferred:
                heapq.heappush(self._heap, (self.now_ns, next(self._numbers), event))

    def slow_epoch(self, node: str, turn_s: float) -> None:
        """From now on every event of `node` takes `turn_s`, one after the other; 0 ends it."""
        epoch = self._epochs.get(node)
        if epoch is not None:
            epoch.turn_ns = round(turn_s * _NS)
            epoch.look_again()

    # -- events ----

    def schedule(
        self, delay_ns: int, action: Callable[[], object], *, label: str, epoch: Epoch | None = None
    ) -> Event:
        """Run `action` after `delay_ns` (at once, but never inline, when zero or negative)."""
        event = Event(action, epoch, label)
        if epoch is None or epoch.plain:
            due_ns = self.now_ns + max(0, delay_ns)
            heapq.heappush(self._heap, (due_ns, next(self._numbers), event))
        elif not epoch.ended:
            due_ns = self.now_ns + max(0, delay_ns)
            heapq.heappush(self._heap, (due_ns, next(self._numbers), event))
            epoch.effect()
        return event

    def next_ns(self) -> int | None:
        """The instant of the next event; None when nothing will ever happen again."""
        while self._heap:
            due_ns, _, event = self._heap[0]
            if event.action is not None and (event.epoch is None or not event.epoch.ended):
                return due_ns
            heapq.heappop(self._heap)
        return None

    def step(self) -> bool:
        """Run the next event; False when there is none."""
        due_ns = self.next_ns()
        if due_ns is None:
            return False
        self._run_next()
        return True

    def _run_next(self) -> None:
        """Run the event that `next_ns` left on top of the heap."""
        if self.busy:
            raise Deadlock("an event cannot run the kernel: it would wait for itself")
        due_ns, _, event = heapq.heappop(self._heap)
        assert due_ns >= self.now_ns, "time never goes back"
        self.now_ns = due_ns
        if event.epoch is not None and event.epoch.held and self._holds(event, event.epoch):
            return
        action, event.action = event.action, None
        assert action is not None, "next_ns leaves a live event on top"
        self.events += 1
        if self._trace is not None:
            self._trace(due_ns, event.label)
        self.busy = True
        try:
            action()
        finally:
            self.busy = False

    def _holds(self, event: Event, epoch: Epoch) -> bool:
        """Put off what a stopped or a busy node cannot do now."""
        if epoch.paused:
            epoch.deferred.append(event)
            return True
        if self.now_ns < epoch.free_ns:
            heapq.heappush(self._heap, (epoch.free_ns, next(self._numbers), event))
            return True
        epoch.free_ns = self.now_ns + epoch.turn_ns
        return False

    def run_until(self, instant_ns: int) -> None:
        """Run every event up to and including `instant_ns`; then it is that instant.

        As `pump`, but for the question after every event: nearly all events of a world run here.
        """
        if self.busy:
            raise Deadlock("an event cannot run the kernel: it would wait for itself")
        heap, pop = self._heap, heapq.heappop
        self.busy = True
        try:
            while heap and heap[0][0] <= instant_ns:
                due_ns, _, event = pop(heap)
                action, epoch = event.action, event.epoch
                if action is None or (epoch is not None and epoch.ended):
                    continue
                self.now_ns = due_ns
                if epoch is not None and epoch.held and self._holds(event, epoch):
                    continue
                event.action = None
                self.events += 1
                if self._trace is not None:
                    self._trace(due_ns, event.label)
                action()
        finally:
            self.busy = False
        self.now_ns = max(self.now_ns, instant_ns)

    def run_for(self, seconds: float) -> None:
        """As `run_until`, from now on."""
        self.run_until(self.now_ns + round(seconds * _NS))

    def pump(self, until: Callable[[], bool], deadline_ns: int) -> bool:
        """Run events until `until()` holds; False, at `deadline_ns`, when it never did."""
        while not until():
            due_ns = self.next_ns()
            if due_ns is None or due_ns > deadline_ns:
                if self.busy:
                    raise Deadlock("an event cannot run the kernel: it would wait for itself")
                self.now_ns = max(self.now_ns, deadline_ns)
                return False
            self._run_next()
        return True

    # -- blocking code ----

    def run_task(self, body: Callable[[], None], epoch: Epoch | None) -> None:
        """Run `body`, which may block, until its end or its first blocking call. In an event only."""
        assert self.busy, "a task begins in an event"
        self._switch_to(greenlet(body), epoch)

    def block_for(self, seconds: float) -> None:
        """Let virtual time pass: what a simulated port calls where the real one would block.

        For code inside a task only; anywhere else it raises Deadlock, as an actor must not block.
        Does not return when the node crashes meanwhile.
        """
        task = getcurrent()
        if task not in self._tasks:
            raise Deadlock("this would block outside a job: actors never block, jobs may")
        epoch = self._tasks[task]
        if self._closed:
            raise GreenletExit
        label = "resume" if epoch is None else f"{epoch.node} resume"
        self.schedule(
            round(seconds * _NS), lambda: self._switch_to(task, epoch), label=label, epoch=epoch
        )
        self._leave(task)

    def in_task(self) -> bool:
        """Whether the caller is code inside a task, which may block."""
        return getcurrent() in self._tasks

    def park(self) -> None:
        """Never return: for code inside a task of a node that has just died. Raises Deadlock elsewhere."""
        task = getcurrent()
        if task not in self._tasks:
            raise Deadlock("only a job can end in the middle of itself")
        self._leave(task)

    def _leave(self, task: greenlet) -> None:
        kernel_side = task.parent
        assert kernel_side is not None, "a task has a parent"
        try:
            kernel_side.switch()
        except GreenletExit:
            self._closed = True  # the interpreter collects a whole dead world
            raise

    def _switch_to(self, task: greenlet, epoch: Epoch | None) -> None:
        self._tasks[task] = epoch
        task.parent = getcurrent()
        try:
            task.switch()
        finally:
            if task.dead:
                del self._tasks[task]
