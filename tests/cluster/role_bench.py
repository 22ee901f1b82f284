"""One role machine on a bench: node `a`, its disk, its witness and its duty answer at once.

What is in `hold` is kept in `held` instead, so that a test can look at the time between.
"""

from cluster.errors import LeaseUnavailable
from cluster.frames import Heartbeat, Hello, Role
from cluster.messages import LeaseAnswered, PeerSaid, PeerUp, StateSaved
from cluster.ports import NodeState
from cluster.role import RoleMachine
from cluster.roles.io import (
    Answer,
    DrainMailbox,
    DutyOver,
    GrantDuty,
    LeaseCall,
    MailboxDrained,
    NoteRoleChange,
    RaiseAlarm,
    SaveState,
    Send,
    StateLoaded,
    Tick,
    WithdrawDuty,
)
from cluster.settings import PairSettings
from sim.stand_ins.lease import SimLeaseTable
from tests.by_hand import Inbox
from tests.cluster.pair_parts import ask

S = 1_000_000_000
NEVER_RAN = object()


class Bench:
    def __init__(self, *, node="a", peer="b", state=NEVER_RAN, loaded=True, **settings):
        self.node, self.peer = node, peer
        self.settings = PairSettings(**settings)
        self.now_ns = 500 * S
        self.witness = SimLeaseTable(clock_ns=lambda: self.now_ns, lease_s=self.settings.lease_s)
        self.mine, self.theirs = self.witness.lease(node), self.witness.lease(peer)
        self.disk_error = ""
        self.hold = ()
        self.held = []
        self.log = []
        self.inbox = Inbox()
        self.beats = 0
        self.machine = RoleMachine(node=node, settings=self.settings, now_ns=self.now_ns)
        if loaded:
            self.step(StateLoaded(None if state is NEVER_RAN else state))

    # --- driving ---------------------------------------------------------------------------------------

    def step(self, event):
        effects = self.machine.step(event, self.now_ns)
        self.log.extend(effects)
        for effect in effects:
            if isinstance(effect, self.hold):
                self.held.append(effect)
            else:
                self.answer(effect)
        return effects

    def answer(self, effect):
        """Answer an effect as a well world would."""
        match effect:
            case SaveState(state=state):
                self.step(StateSaved(state, self.disk_error))
            case LeaseCall():
                self.answer_lease(effect)
            case WithdrawDuty():
                self.step(DutyOver({}))
            case DrainMailbox():
                self.step(MailboxDrained())
            case Answer(reply_to=reply_to, answer=answer):
                reply_to.tell(answer)
            case _:
                pass

    def answer_lease(self, call, sent_ns=None):
        try:
            view = ask(self.mine, call)
        except LeaseUnavailable:
            view = None
        self.step(LeaseAnswered(call.kind, self.now_ns if sent_ns is None else sent_ns, view))

    def release(self, kind):
        """Answer the oldest held effect of this kind."""
        effect = next(effect for effect in self.held if isinstance(effect, kind))
        self.held.remove(effect)
        self.answer(effect)
        return effect

    def run(self, seconds, beat=None):
        """Tick for so long; `beat` is what the peer's heartbeats say meanwhile."""
        for number in range(round(seconds / self.settings.tick_s)):
            self.now_ns += round(self.settings.tick_s * S)
            if beat is not None and number % 4 == 0:
                self.hear(**beat)
            self.step_tick()

    def step_tick(self):
        self.step(Tick())

    # --- the peer -----------------------------------------------------------------------------------

    def link(self, role=Role.STARTING, term=0, *, boot="b1", restarted=False, **more):
        self.step(
            PeerUp(
                Hello(
                    protocol_min=1,
                    protocol_max=1,
                    cluster="c",
                    node=self.peer,
                    instance=self.peer,
                    boot=boot,
                    build="1",
                    listen_port=1,
                    web_url="",
                    term=term,
                    role=role,
                    **more,
                ),
                restarted,
            )
        )

    def hear(self, role=Role.SECONDARY, term=0, *, healthy=True, sees=True, **more):
        self.beats += 1
        self.say(
            Heartbeat(
                term=term,
                role=role,
                healthy=healthy,
                problems=(),
                sees_data_center=sees,
                free_capacity=4,
                marks={},
                seq=self.beats,
                echo_seq=0,
                echo_age_ms=0,
                **more,
            )
        )

    def say(self, frame):
        self.step(PeerSaid(frame, self.now_ns))

    # --- looking ------------------------------------------------------------------------------------

    @property
    def role(self):
        return self.machine.role

    @property
    def memory(self):
        return self.machine.memory

    def of(self, kind):
        return [effect for effect in self.log if isinstance(effect, kind)]

    def frames(self, kind):
        return [effect.frame for effect in self.of(Send) if isinstance(effect.frame, kind)]

    def grants(self):
        return self.of(GrantDuty)

    def changes(self):
        return [effect.new for effect in self.of(NoteRoleChange)]

    def alarms(self):
        return {code for code, _ in self.memory.raised}

    def alarms_ever(self):
        return {effect.alarm.code for effect in self.of(RaiseAlarm)}

    def answers(self):
        return [answer.status for answer in self.inbox.messages]

    def on_duty(self):
        until_ns = self.memory.duty_until_ns
        return until_ns is not None and self.now_ns < until_ns

    def cut_witness(self, *, cut=True):
        self.mine.unreachable = cut


def primary(**more):
    """A bench whose node is primary in term 2, with a healthy secondary beside it."""
    bench = Bench(state=NodeState(term=1, peer="b"), **more)
    bench.link(Role.STARTING, 0)
    bench.step_tick()
    assert bench.role is Role.PRIMARY
    bench.hear(Role.SECONDARY, bench.memory.reign)
    return bench


def secondary(*, term=4, **more):
    """A bench whose node is secondary; the peer is primary and holds the lease in `term`."""
    bench = Bench(state=NodeState(term=term - 1, peer="b"), **more)
    bench.theirs.acquire(term - 1, peer_is_dead=False)
    bench.link(Role.PRIMARY, term)
    bench.hear(Role.PRIMARY, term)
    bench.run(2, beat={"role": Role.PRIMARY, "term": term})
    bench.theirs.renew(term)
    assert bench.role is Role.SECONDARY
    return bench
