"""Feeds what the role model printed to the real lease row, belief, terms and role machine, and compares."""

from copy import deepcopy
from dataclasses import dataclass
from types import SimpleNamespace

from cluster.frames import Role
from cluster.messages import DescribeSelf, LeaseAnswered, PeerSaid, StateSaved
from cluster.ports import NodeState
from cluster.role import RoleMachine
from cluster.roles.detector import PeerState
from cluster.roles.io import SaveState
from cluster.roles.lease_belief import LeaseBelief
from cluster.roles.memory import Candidacy, HandOver, PeerFacts, Phase, Way
from cluster.roles.terms import ask_above, next_unwitnessed
from cluster.settings import PairSettings
from sim.stand_ins.lease import SimLeaseTable
from tests.cluster.pair_parts import beat_of
from tests.simulation.spin_watermark import Diverged

S = 1_000_000_000
TICK = 2 * S
NODES = "ab"
SETTINGS = PairSettings(
    lease_s=6, lease_believed_s=4, lease_renew_s=2, lease_call_timeout_s=1, dead_s=5
)
CALLS = ("", "acquire", "acquire", "renew", "transfer", "release")
ACQUIRE, EARLY = 1, 2
ROLES = (Role.SECONDARY, Role.CANDIDATE, Role.PRIMARY, Role.HANDING_OVER, Role.HANDING_OVER)
UNDOING = 4


@dataclass(frozen=True)
class State:
    """What the model prints of a node."""

    role: int
    reign: int
    seen: int
    saved: int
    b_term: int
    b_left: int
    doubt: int
    duty: int


class RoleReplay:
    """Two nodes and the witness. `compared` counts what agreed, by kind of event."""

    def __init__(self):
        self.now_ns = 1000 * S
        self.table = SimLeaseTable(clock_ns=lambda: self.now_ns, lease_s=SETTINGS.lease_s)
        self.leases = [self.table.lease(name) for name in NODES]
        self.beliefs = [LeaseBelief(settings=SETTINGS) for _ in NODES]
        self.states = [None, None]
        self.sent_ns = [0, 0]
        self.args = [(0, 0), (0, 0)]
        self.views = [None, None]
        self.machines = [None, None]
        self.compared = {}

    def tell(self, line):
        self.now_ns += 1  # of two things in one tick the later one is later
        said, _, after = line.partition(" = ")
        what, *numbers = said.split()
        after = tuple(map(int, after.split()))
        getattr(self, what)(*map(int, numbers), *([after] if after else []))

    def agree(self, what, mine, theirs):
        if mine != theirs:
            raise Diverged(f"{what}: the code has {mine}, the model {theirs}")
        self.compared[what] = self.compared.get(what, 0) + 1

    # --- the witness ---

    def begin(self, term):
        self.beliefs[0].sending("acquire", self.now_ns)
        view = self.leases[0].acquire(term - 1, peer_is_dead=False)
        self.beliefs[0].answered(LeaseAnswered("acquire", self.now_ns, view), self.now_ns)
        self.states = [
            State(2, term, term, term, term, 2, 0, 2),
            State(0, 0, term, term, 0, 0, 0, 0),
        ]

    def asks(self, node, kind, arg, after):
        self.beliefs[node].sending(CALLS[kind], self.now_ns)
        self.sent_ns[node], self.args[node] = self.now_ns, (kind, arg)
        if kind == ACQUIRE:
            self.agree("ask_above", ask_above(self.states[node].seen), arg)
        self.check(node, after)

    def acts(self, node, kind, arg, row):
        self.views[node] = self.at_witness(node, kind, arg, row)

    def late(self, node, kind, arg, row):
        self.at_witness(node, kind, arg, row)

    def at_witness(self, node, kind, arg, row):
        ok, holder, term, left = row
        lease, peer = self.leases[node], NODES[1 - node]
        match CALLS[kind]:
            case "acquire":
                view = lease.acquire(arg, peer_is_dead=kind == EARLY)
            case "renew":
                view = lease.renew(arg)
            case "transfer":
                view = lease.transfer(arg, peer)
            case _:
                view = lease.release(arg)
        name, number, ends_ns = self.table.row
        mine = (NODES.index(name) + 1, number, max(0, round((ends_ns - self.now_ns) / TICK)))
        self.agree("row", mine, (holder, term, left))
        if CALLS[kind] != "release":
            self.agree("granted", view.granted, bool(ok))
        return view

    # --- a node ---

    def before(self, node, next_reign, term, state):
        """The whole role machine is put into the state of the model; the answer follows."""
        self.states[node] = State(*state)
        self.machines[node] = self.machine(node, next_reign, term)

    def machine(self, node, next_reign, term):
        state, (kind, arg) = self.states[node], self.args[node]
        machine = RoleMachine(node=NODES[node], settings=SETTINGS, now_ns=self.now_ns)
        m = machine.memory
        m.belief = deepcopy(self.beliefs[node])
        m.loaded, m.first_view_read, m.peer_name = True, True, NODES[1 - node]
        m.role, m.reign, m.next_reign, m.seen = (
            ROLES[state.role],
            state.reign,
            next_reign,
            state.seen,
        )
        m.saved = NodeState(term=state.saved, peer=m.peer_name)
        if m.role is Role.CANDIDATE:
            m.candidacy = Candidacy(Way.ACQUIRE, "", asked=True, term=term)
            if CALLS[kind] == "renew":
                m.candidacy.way, m.candidacy.row_term = Way.CONFIRM, arg
        if m.role is Role.HANDING_OVER:
            phase = Phase.ENDING
            if state.role == UNDOING:
                phase = Phase.UNDOING
            elif CALLS[kind] == "transfer":
                phase = Phase.TRANSFERRING
            m.hand_over = HandOver(m.peer_name, "", phase, self.now_ns + 100 * S)
        return machine

    def reply(self, node, kind, age):
        assert age >= 0
        event = LeaseAnswered(CALLS[kind], self.sent_ns[node], self.views[node])
        self.beliefs[node].answered(event, self.now_ns)
        if self.states[node].role and CALLS[kind] != "release":
            self.machines[node].step(event, self.now_ns)
        else:
            self.machines[node] = None

    def answer(self, node, next_reign, term, after):
        self.check(node, after)
        if self.machines[node] is not None:
            self.same_machine(node, next_reign, term)

    def same_machine(self, node, next_reign, term):
        """The model lets a durable term wait for a step of its own; the code takes it at once."""
        state, m = self.states[node], self.machines[node].memory
        if state.role == 1 and 0 < term <= state.saved:
            self.agree("crowned at once", (m.role, m.reign), (Role.PRIMARY, term))
        elif 0 < next_reign <= state.saved:
            self.agree("next reign at once", (m.role, m.reign), (Role.PRIMARY, next_reign))
        else:
            mine = (m.role, m.reign, m.next_reign, m.seen, m.candidacy.term if m.candidacy else 0)
            theirs = (ROLES[state.role], state.reign, next_reign, state.seen, term)
            self.agree("role machine, answer", mine, theirs)
            left = 0 if state.doubt or state.b_term != state.reign else state.b_left
            if state.role == 2 and left:
                self.agree("leased duty", round((m.duty_until_ns - self.now_ns) / TICK), state.duty)

    def crown(self, node, _, __, after):
        self.args[node] = (0, 0)
        if after[1] == 0:
            raise Diverged("a reign has a term")
        machine = self.machine(node, 0, after[1])
        machine.step(StateSaved(machine.memory.saved), self.now_ns)
        mine = (machine.role, machine.memory.reign)
        self.agree("role machine, crown", mine, (Role.PRIMARY, after[1]))
        self.check(node, after)

    def crown_next(self, node, _, __, after):
        machine = self.machine(node, after[1], 0)
        machine.step(StateSaved(machine.memory.saved), self.now_ns)
        mine = (machine.role, machine.memory.reign)
        self.agree("role machine, next reign", mine, (Role.PRIMARY, after[1]))
        self.check(node, after)

    def save(self, node, *rest):
        machine = self.machine(node, 0, 0) if self.states[node].role == 0 else None
        if machine is not None:
            wanted = [e.state.term for e in machine.tick(self.now_ns) if isinstance(e, SaveState)]
            self.agree("role machine, save", wanted[:1], [self.states[node].seen])
        self.check(node, rest[-1])

    def alone(self, node, _, term, after):
        seen, peer = self.states[node].seen, NODES[1 - node]
        self.agree("alone", next_unwitnessed(seen, node=NODES[node], peer=peer), term)
        self.check(node, after)

    def give(self, node, term, leased, after):
        if not leased:
            mine = next_unwitnessed(self.states[node].seen, node=NODES[1 - node], peer=NODES[node])
            self.agree("term of a commit", mine, term)
        self.check(node, after)

    def unknown(self, node, _, __, after):
        belief = self.beliefs[node]
        belief.answered(LeaseAnswered(belief.busy, self.sent_ns[node], None), self.now_ns)
        self.check(node, after)

    def wake(self, node, _, __, after):
        self.beliefs[node].on_pause(self.now_ns)
        self.check(node, after)

    def crash(self, node, _, __, after):
        self.beliefs[node] = LeaseBelief(settings=SETTINGS)
        self.check(node, after)

    def meet(self, node, term, _, after):
        """A frame of the peer says that it acts in a higher term."""
        machine, peer = self.machine(node, 0, 0), NODES[1 - node]
        m = machine.memory
        m.peer = PeerFacts(node=peer, boot="", role=Role.PRIMARY, term=term)
        m.verdict = PeerState.ALIVE
        m.detector.on_link_up(self.now_ns)
        facts = DescribeSelf(
            term=term,
            role=Role.PRIMARY,
            sees_data_center=True,
            paused=False,
            paused_revision=0,
            priority=100,
        )
        beat = beat_of(SimpleNamespace(machine=machine, facts=facts, seq=1))
        machine.step(PeerSaid(beat, self.now_ns), self.now_ns)
        self.agree("role machine, meeting", (m.role, m.reign), (Role.SECONDARY, 0))
        self.check(node, after)

    def tick(self):
        self.now_ns += TICK

    def other(self, node, _, __, after):
        self.check(node, after)

    hand_over = take = stop = start = evident = other

    def check(self, node, after):
        """The belief in the lease; a node that is secondary dropped it."""
        state = State(*after)
        belief = self.beliefs[node]
        if state.role == 0:
            belief.drop()
        left = round((belief.until_ns(state.b_term) - self.now_ns) / TICK)
        self.agree("belief", max(0, left), 0 if state.doubt else state.b_left)
        self.states[node] = state
