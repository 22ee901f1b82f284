"""The pair actor: hands every message to the role machine and carries out what it answers.

It decides nothing. It keeps the time (ticks, and notices when this process was stopped), runs lease
calls and state saves as jobs, and tells the others of the node what changed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias, assert_never

from cluster.board import Board
from cluster.errors import ClusterError
from cluster.messages import (
    DutyEnded,
    DutyGranted,
    DutyMessage,
    DutyWithdrawn,
    LeaseAnswered,
    LinkMessage,
    ObserverMessage,
    PairMessage,
    Ping,
    Pong,
    RoleChanged,
    SendFrame,
    StateSaved,
    TickDue,
)
from cluster.ports import (
    Address,
    Clock,
    Done,
    Failed,
    Lease,
    NodeState,
    NodeStateStore,
    Outcome,
    Workers,
)
from cluster.role import RoleMachine
from cluster.roles.io import (
    Announce,
    Answer,
    ClearAlarm,
    DrainMailbox,
    DutyOver,
    Effect,
    Event,
    GrantDuty,
    LeaseCall,
    MailboxDrained,
    NoteRoleChange,
    RaiseAlarm,
    SaveState,
    Send,
    StateLoaded,
    WithdrawDuty,
    WokeLate,
)
from cluster.roles.view import pair_changed, pair_status
from cluster.settings import PairSettings
from cluster.status import PairStatus
from cluster.work_messages import DistributorMessage, PairChanged

_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class StateRead:
    """To itself: the node state was read, or could not be."""

    outcome: Outcome[NodeState | None]


@dataclass(frozen=True, slots=True)
class Drained:
    """To itself: what waited in the mailbox when this was sent has been handled."""


PairInbox: TypeAlias = PairMessage | Ping | StateRead | Drained


class Pair:
    """One node's half of the pair, as a behaviour.

    `workers` is the control lane: a lease call must never wait behind other work. The duty is granted
    to every one of `duty_holders`; it has ended when each of them said so.
    """

    def __init__(
        self,
        *,
        node: str,
        settings: PairSettings,
        clock: Clock,
        workers: Workers,
        lease: Lease,
        store: NodeStateStore,
        board: Board,
        address: Address[PairInbox],
        link: Address[LinkMessage],
        distributor: Address[DistributorMessage],
        observer: Address[ObserverMessage],
        duty_holders: Sequence[Address[DutyMessage]],
    ) -> None:
        self._node = node
        self._settings = settings
        self._clock = clock
        self._workers = workers
        self._lease = lease
        self._store = store
        self._board = board
        self._address = address
        self._link = link
        self._distributor = distributor
        self._observer = observer
        self._duty_holders = tuple(duty_holders)
        now_ns = clock.monotonic_ns()
        self._machine = RoleMachine(node=node, settings=settings, now_ns=now_ns)
        self._planned_ns = now_ns
        self._since_us = clock.wall_us()
        self._ended: set[str] | None = None
        self._published: PairStatus | None = None
        self._told: PairChanged | None = None

    def on_start(self) -> None:
        """Read the node state and begin to tick."""
        self._workers.submit(self._store.load, self._address, StateRead)
        self._plan_tick()
        self._publish()

    def on_message(self, message: PairInbox) -> None:
        """Everything but pings goes through the role machine."""
        self._notice_own_pause()
        match message:
            case Ping():
                message.reply_to.tell(Pong(self._address.name, message.number))
                return
            case TickDue():
                self._plan_tick()
                self._effects(self._machine.tick(self._clock.monotonic_ns()))
            case StateRead():
                self._step(_state_loaded(message.outcome))
            case Drained():
                self._step(MailboxDrained())
            case DutyEnded():
                self._duty_ended(message)
            case _:
                self._step(message)
        self._publish()

    def on_stop(self) -> None:
        """Nothing: `StepDownAndStop` came before."""

    def _step(self, event: Event) -> None:
        self._effects(self._machine.step(event, self._clock.monotonic_ns()))

    def _effects(self, effects: tuple[Effect, ...]) -> None:
        waiting = deque(effects)
        while waiting:
            follow_up = self._carry_out(waiting.popleft())
            if follow_up is not None:
                waiting.extend(self._machine.step(follow_up, self._clock.monotonic_ns()))

    def _carry_out(self, effect: Effect) -> Event | None:
        """Carry out one effect; some are answered at once by an event."""
        match effect:
            case SaveState() | LeaseCall():
                self._submit(effect)
            case Send(frame=frame):
                self._link.tell(SendFrame(frame))
            case Announce(facts=facts):
                self._link.tell(facts)
            case GrantDuty() | WithdrawDuty():
                return self._duty(effect)
            case DrainMailbox():
                self._address.tell(Drained())
            case RaiseAlarm(alarm=alarm) | ClearAlarm(alarm=alarm):
                self._observer.tell(alarm)
            case NoteRoleChange():
                self._note(effect)
            case Answer():
                effect.reply_to.tell(effect.answer)
            case _:
                assert_never(effect)
        return None

    def _submit(self, effect: SaveState | LeaseCall) -> None:
        match effect:
            case SaveState(state=state):
                then = partial(_state_saved, state)
                self._workers.submit(partial(self._store.save, state), self._address, then)
            case LeaseCall():
                job = partial(_ask_witness, self._lease, self._clock, effect)
                asked_ns = self._clock.monotonic_ns()
                self._workers.submit(job, self._address, partial(_answered, effect, asked_ns))

    def _duty(self, effect: GrantDuty | WithdrawDuty) -> Event | None:
        if isinstance(effect, WithdrawDuty):
            self._ended = set()
            for holder in self._duty_holders:
                holder.tell(DutyWithdrawn(self._address))
            return self._over_if_all_ended()
        self._ended = None
        marks = dict(self._machine.memory.marks)
        for holder in self._duty_holders:
            holder.tell(DutyGranted(effect.term, effect.until_ns, effect.leased, marks))
        return None

    def _duty_ended(self, message: DutyEnded) -> None:
        self._machine.memory.merge_marks(message.marks)
        if self._ended is None:
            return
        self._ended.add(message.name)
        over = self._over_if_all_ended()
        if over is not None:
            self._step(over)

    def _over_if_all_ended(self) -> DutyOver | None:
        if self._ended is None or len(self._ended) < len(self._duty_holders):
            return None
        self._ended = None
        return DutyOver({})

    def _note(self, change: NoteRoleChange) -> None:
        self._since_us = self._clock.wall_us()
        self._observer.tell(
            RoleChanged(
                node=self._node,
                old=change.old,
                new=change.new,
                term=change.term,
                reason=change.reason,
                at_us=self._since_us,
            )
        )

    def _plan_tick(self) -> None:
        tick_s = self._settings.tick_s
        self._planned_ns = self._clock.monotonic_ns() + round(tick_s * _NS)
        self._clock.call_later(tick_s, self._address, TickDue(self._planned_ns))

    def _notice_own_pause(self) -> None:
        """Before anything else after a stop of this process, whatever message comes first."""
        now_ns = self._clock.monotonic_ns()
        late_s = (now_ns - self._planned_ns) / _NS
        if late_s > self._settings.pause_guard_s:
            self._planned_ns = now_ns
            self._step(WokeLate(late_s))

    def _publish(self) -> None:
        now_ns = self._clock.monotonic_ns()
        memory = self._machine.memory
        status = pair_status(memory, now_ns=now_ns, since_us=self._since_us)
        if status != self._published:
            self._published = status
            self._board.publish("pair", status)
        changed = pair_changed(memory, now_ns=now_ns)
        if changed != self._told:
            self._told = changed
            self._distributor.tell(changed)


def _ask_witness(lease: Lease, clock: Clock, call: LeaseCall) -> LeaseAnswered:
    """The job: one call, with the instant before it was sent."""
    sent_ns = clock.monotonic_ns()
    try:
        match call.kind:
            case "look":
                view = lease.look()
            case "acquire":
                view = lease.acquire(call.term, peer_is_dead=call.peer_is_dead)
            case "renew":
                view = lease.renew(call.term)
            case "transfer":
                view = lease.transfer(call.term, call.to_node)
            case "release":
                view = lease.release(call.term)
            case _:
                raise AssertionError(f"no such lease call: {call.kind}")
    except ClusterError as error:
        return LeaseAnswered(call.kind, sent_ns, None, str(error))
    return LeaseAnswered(call.kind, sent_ns, view)


def _answered(call: LeaseCall, asked_ns: int, outcome: Outcome[LeaseAnswered]) -> LeaseAnswered:
    match outcome:
        case Done(value=answer):
            return answer
        case Failed(error=error):
            return LeaseAnswered(call.kind, asked_ns, None, str(error))


def _state_saved(state: NodeState, outcome: Outcome[None]) -> StateSaved:
    return StateSaved(state, str(outcome.error) if isinstance(outcome, Failed) else "")


def _state_loaded(outcome: Outcome[NodeState | None]) -> StateLoaded:
    match outcome:
        case Done(value=state):
            return StateLoaded(state)
        case Failed(error=error):
            return StateLoaded(None, str(error) or type(error).__name__)
