"""Two role machines in a small adversarial world: network, disks, processes, a witness, one clock.

Everything that takes time is drawn from one seeded stream, so a world is its seed and its faults.
After every event the world checks what must always hold.
"""

import heapq
import itertools
import random  # noqa: TID251 - seeded: a world is its seed and its faults
from dataclasses import replace

from cluster.errors import LeaseUnavailable
from cluster.frames import Role
from cluster.messages import (
    CommandAnswer,
    LeaseAnswered,
    PeerGone,
    PeerRefused,
    PeerSaid,
    PeerUp,
    SetPaused,
    StateSaved,
)
from cluster.ports import LeaseView, NodeState
from cluster.role import RoleMachine
from cluster.roles.io import (
    Announce,
    Answer,
    DrainMailbox,
    DutyOver,
    GrantDuty,
    LeaseCall,
    MailboxDrained,
    NoteRoleChange,
    SaveState,
    Send,
    StateLoaded,
    Tick,
    WithdrawDuty,
    WokeLate,
)
from cluster.settings import PairSettings
from sim.stand_ins.lease import SimLeaseTable
from tests.by_hand import Inbox
from tests.cluster.pair_faults import begin, end, tell_troubles
from tests.cluster.pair_parts import Process, ask, beat_of, hello_of

S = 1_000_000_000


class World:
    """`run_until` moves time; `faults` happen at their instants."""

    def __init__(self, *, seed=0, faults=(), settings=None, states=None, priorities=None):
        self.random = random.Random(seed)
        self.settings = settings or PairSettings()
        self.priorities = priorities or {}
        self.now_ns = 1000 * S
        self.heap = []
        self.number = itertools.count()
        self.rate = self.random.uniform(0.995, 1.005)
        self.table = SimLeaseTable(clock_ns=self._witness_ns, lease_s=self.settings.lease_s)
        self.leases = {name: self.table.lease(name) for name in "ab"}
        self.disks = dict(states or {"a": None, "b": None})
        self.processes = {}
        self.boots = {}
        self.active = []
        self.acted = {}
        self.announced = {"a": 0, "b": 0}
        self.changes = []
        self.answers = Inbox()
        self.effect_counts = {"a": 0, "b": 0}
        self.crash_at = {}
        self.overruled_until_ns = 0
        self.jitter_s = 0.02
        for fault in faults:
            self.at(fault.at_s, lambda fault=fault: self._begin(fault))
        for name in "ab":
            self.at(self.random.uniform(0, 0.3), lambda name=name: self.start(name))
        self.at(0.1, self._redial)

    # --- time ------------------------------------------------------------------------------------------

    def _witness_ns(self):
        return 77 * S + round(self.now_ns * self.rate)

    def at(self, delay_s, action):
        heapq.heappush(self.heap, (self.now_ns + round(delay_s * S), next(self.number), action))

    def run(self, seconds):
        end_ns = self.now_ns + round(seconds * S)
        while self.heap and self.heap[0][0] <= end_ns:
            self.now_ns, _, action = heapq.heappop(self.heap)
            action()
            self.check()
        self.now_ns = end_ns

    def run_until(self, condition, seconds, what):
        end_ns = self.now_ns + round(seconds * S)
        while not condition():
            assert self.heap[0][0] <= end_ns, f"not within {seconds} s: {what}"
            self.now_ns, _, action = heapq.heappop(self.heap)
            action()
            self.check()

    # --- what must always hold -----------------------------------------------------------------------

    def check(self):
        holders = [
            process.node
            for process in self.processes.values()
            if process.alive
            and process.duty is not None
            and process.duty.leased
            and self.now_ns < process.duty.until_ns
        ]
        overruled = self.now_ns < self.overruled_until_ns
        assert len(holders) <= 1 or overruled, f"two leased duties: {holders}"

    def _acts(self, node, term):
        assert self.acted.setdefault(term, node) == node, f"both nodes acted in term {term}"
        state = self.disks[node]
        assert state is not None, "acting without state on disk"
        assert state.term >= term, "a term was used before it was durable"

    def primaries(self):
        return [
            process.node
            for process in self.processes.values()
            if process.alive and process.machine.role in (Role.PRIMARY, Role.HANDING_OVER)
        ]

    def on_duty(self):
        return [
            process.node
            for process in self.processes.values()
            if process.alive and process.duty is not None and self.now_ns < process.duty.until_ns
        ]

    def end_pauses(self, within_s=10):
        """An operator resumes until no living node is paused."""
        for _ in range(within_s):
            paused = [p for p in self.processes.values() if p.alive and p.machine.memory.paused]
            if not paused:
                return
            self.deliver(paused[0], SetPaused(False, self.answers))
            self.run(1)
        raise AssertionError("the pair stays paused")

    def is_well(self):
        """Exactly one primary, and it is on duty."""
        return len(self.primaries()) == 1 and self.primaries() == self.on_duty()

    def roles(self):
        return {name: process.machine.role.value for name, process in self.processes.items()}

    # --- processes -----------------------------------------------------------------------------------

    def start(self, name):
        if name in self.processes and self.processes[name].alive:
            return
        self.boots[name] = self.boots.get(name, 0) + 1
        process = Process(
            node=name,
            boot=f"{name}{self.boots[name]}",
            machine=RoleMachine(node=name, settings=self._settings_of(name), now_ns=self.now_ns),
            planned_ns=self.now_ns,
        )
        self.processes[name] = process
        state = self.disks[name]
        self._later(process, 0.01, StateLoaded(state))
        tell_troubles(self, process)
        self._tick(process)
        self._beat(process)

    def _settings_of(self, name):
        return self.settings.model_copy(update={"priority": self.priorities.get(name, 100)})

    def crash(self, name):
        process = self.processes.get(name)
        if process is None or not process.alive:
            return
        process.alive, process.duty = False, None
        other = self._other(process)
        process.linked = False
        if other is not None and other.linked:
            other.linked = False
            if not self._is_cut():
                self._later(other, 0.001, PeerGone("closed"))
                self.at(0.05, lambda: self._refuse(name, other))

    def _refuse(self, name, other):
        if not self.processes[name].alive and not self._is_cut():
            self.deliver(other, PeerRefused())

    def tell(self, name, event):
        self.deliver(self.processes[name], event)

    def _later(self, process, delay_s, event):
        self.at(delay_s, lambda: self.deliver(process, event))

    def deliver(self, process, event):
        if not process.alive:
            return
        if process.stopped:
            process.mailbox.append(event)
            return
        late_s = (self.now_ns - process.planned_ns) / S
        if late_s > self.settings.pause_guard_s:
            process.planned_ns = self.now_ns
            self._carry_out(process, process.machine.step(WokeLate(late_s), self.now_ns))
        if isinstance(event, Tick):
            self._tick(process)
        self._carry_out(process, process.machine.step(event, self.now_ns))

    def _tick(self, process):
        process.planned_ns = self.now_ns + round(self.settings.tick_s * S)
        self._later(process, self.settings.tick_s, Tick())

    def resume(self, process):
        process.stopped = False
        waiting, process.mailbox = process.mailbox, []
        for event in waiting:
            self.deliver(process, event)
            self.check()

    def _other(self, process):
        return self.processes.get("b" if process.node == "a" else "a")

    # --- effects ---------------------------------------------------------------------------------------

    def _carry_out(self, process, effects):
        for effect in effects:
            if not process.alive:
                return
            self._carry_out_one(process, effect)
            self.effect_counts[process.node] += 1
            if self.effect_counts[process.node] == self.crash_at.get(process.node):
                self.crash(process.node)
                self.at(2.0, lambda: self.start(process.node))

    def _carry_out_one(self, process, effect):  # noqa: C901 - one case per effect
        match effect:
            case SaveState(state=state):
                slow_s = 2.0 if self.is_active("slow_disk", process.node) else 0.05
                self.at(self.random.uniform(0.001, slow_s), lambda: self._save(process, state))
            case LeaseCall():
                self._call(process, effect)
            case Send(frame=frame):
                self._send(process, frame)
            case Announce(facts=facts):
                assert facts.term >= self.announced[process.node], "an announced term went back"
                self.announced[process.node] = facts.term
                process.facts = facts
                if facts.at_once:
                    self._send_beat(process)
            case GrantDuty():
                self._acts(process.node, effect.term)
                process.duty = effect
            case WithdrawDuty():
                process.duty = None
                long_s = 8.0 if self.is_active("slow_duty", process.node) else 0.2
                self._later(process, self.random.uniform(0.001, long_s), DutyOver({}))
            case DrainMailbox():
                self._later(process, 0, MailboxDrained())
            case NoteRoleChange():
                if effect.new is Role.PRIMARY:
                    self._acts(process.node, effect.term)
                self.changes.append((self.now_ns, process.node, effect))
            case Answer():
                assert isinstance(effect.answer, CommandAnswer)
                effect.reply_to.tell(effect.answer)

    def _save(self, process, state):
        if process.alive or self.random.random() < 0.5:
            if self.is_active("disk_full", process.node):
                self.deliver(process, StateSaved(state, "no space left"))
                return
            old = self.disks[process.node] or NodeState()
            self.disks[process.node] = replace(state, term=max(old.term, state.term))
        self.deliver(process, StateSaved(state))

    def _call(self, process, call):
        lease = self.leases[process.node]
        sent_ns = self.now_ns
        slow = self.is_active("dc_slow", process.node)
        there_s = self.random.uniform(0.001, 2.0 if slow else 0.02)
        back_s = self.random.uniform(0.001, 1.0 if slow else 0.02)
        views: list[LeaseView | None] = []

        def act():
            if self.is_active("dc_cut", process.node):
                return
            try:
                views.append(ask(lease, call))
            except LeaseUnavailable:
                return

        def answer():
            in_time = there_s + back_s <= self.settings.lease_call_timeout_s
            cut = self.is_active("dc_cut", process.node) or self.is_active(
                "answer_lost", process.node
            )
            view = views[0] if views and in_time and not cut else None
            self.deliver(process, LeaseAnswered(call.kind, sent_ns, view))

        self.at(there_s, act)
        self.at(min(there_s + back_s, self.settings.lease_call_timeout_s), answer)

    # --- network -----------------------------------------------------------------------------------------

    def _is_cut(self):
        return self.is_active("cut", "a") or self.is_active("cut", "b")

    def _redial(self):
        self.at(0.3, self._redial)
        a, b = self.processes.get("a"), self.processes.get("b")
        if a is None or b is None or self._is_cut():
            return
        if a.alive and b.alive and not a.stopped and not b.stopped and not (a.linked and b.linked):
            for one, other in ((a, b), (b, a)):
                restarted = one.known_boot not in ("", other.boot)
                one.known_boot, one.linked = other.boot, True
                self.deliver(one, PeerUp(hello_of(other), restarted))

    def _beat(self, process):
        if not process.alive:
            return
        self.at(self.settings.heartbeat_s, lambda: self._beat(process))
        if not process.stopped:
            self._send_beat(process)

    def _send_beat(self, process):
        facts = process.facts
        if facts is None:
            return
        process.seq += 1
        if self.is_active("mute", process.node):
            return
        if self.is_active("loss", process.node) and self.random.random() < 0.2:
            return
        self._send(process, beat_of(process))

    def _send(self, process, frame):
        other = self._other(process)
        if not process.linked or other is None or not other.linked:
            return
        slow = 1.0 if self.is_active("jitter", process.node) else self.jitter_s
        boot = other.boot

        def arrive():
            if other.boot == boot and other.linked and not self.is_active("cut", process.node):
                self.deliver(other, PeerSaid(frame, self.now_ns))

        self.at(self.random.uniform(0.001, slow), arrive)

    def reset_links(self):
        """The connection breaks; both sides notice and dial again."""
        for process in self.processes.values():
            if process.linked:
                process.linked = False
                self._later(process, 0.001, PeerGone("reset"))

    # --- faults ------------------------------------------------------------------------------------------

    def is_active(self, kind, node):
        return any(fault.kind == kind and fault.node in (node, "ab") for fault in self.active)

    def _begin(self, fault):
        self.active.append(fault)
        begin(self, fault)
        self.at(fault.for_s, lambda: self._end(fault))

    def _end(self, fault):
        self.active.remove(fault)
        end(self, fault)
