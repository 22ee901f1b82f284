"""The pair actor with ports driven by hand."""

import pytest

from cluster.board import Board
from cluster.errors import ClusterError
from cluster.frames import Goodbye, HandOverAccept, HandOverCommit, Heartbeat, Hello, Mark, Role
from cluster.messages import (
    AlarmRaised,
    CommandAnswer,
    DescribeSelf,
    DutyEnded,
    DutyGranted,
    DutyWithdrawn,
    PeerSaid,
    PeerUp,
    Ping,
    Pong,
    RoleChanged,
    SendFrame,
    StepDownAndStop,
    Switchover,
    TickDue,
)
from cluster.pair import Pair
from cluster.ports import NodeState
from cluster.settings import PairSettings
from cluster.status import PairStatus
from cluster.work_messages import PairChanged
from sim.stand_ins.lease import SimLeaseTable
from tests.by_hand import HandClock, HandWorkers, Inbox


class Store:
    def __init__(self, state=None):
        self.state = state
        self.error = None

    def load(self):
        if self.error:
            raise self.error
        return self.state

    def save(self, state):
        if self.error:
            raise self.error
        self.state = state


class Node:
    """One pair actor and everything around it."""

    def __init__(self, *, state=None, holders=("one", "two"), error=None):
        self.clock = HandClock()
        self.workers = HandWorkers()
        self.store = Store(state)
        self.store.error = error
        self.board = Board()
        self.mailbox = Inbox("pair")
        self.link, self.distributor, self.observer = Inbox("link"), Inbox("dist"), Inbox("monitor")
        self.holders = [Inbox(name) for name in holders]
        self.operator = Inbox("operator")
        table = SimLeaseTable(clock_ns=self.clock.monotonic_ns, lease_s=6.0)
        self.lease, self.peer_lease = table.lease("a"), table.lease("b")
        self.pair = Pair(
            node="a",
            settings=PairSettings(),
            clock=self.clock,
            workers=self.workers,
            lease=self.lease,
            store=self.store,
            board=self.board,
            address=self.mailbox,
            link=self.link,
            distributor=self.distributor,
            observer=self.observer,
            duty_holders=self.holders,
        )
        self.pair.on_start()
        self.settle()

    def settle(self, *, jobs=True):
        """Handle messages, and run jobs, until nothing waits."""
        while self.mailbox.messages or (jobs and self.workers.jobs):
            if self.mailbox.messages:
                self.pair.on_message(self.mailbox.messages.pop(0))
            else:
                self.workers.run_one()

    def tell(self, message, *, jobs=True):
        self.mailbox.tell(message)
        self.settle(jobs=jobs)

    def run(self, seconds, *, jobs=True):
        self.clock.advance(seconds, lambda: self.settle(jobs=jobs))

    @property
    def status(self):
        return self.board.read("pair", PairStatus)

    def hear(self, role=Role.SECONDARY, term=0, marks=()):
        beat = Heartbeat(term, role, True, (), True, 4, dict(marks), 1, 0, 0)
        self.tell(PeerSaid(beat, self.clock.monotonic_ns()))

    def link_up(self, role=Role.SECONDARY, term=0):
        hello = Hello(1, 1, "c", "b", "ib", "b1", "1", 1, "", term, role)
        self.tell(PeerUp(hello, restarted=False))


@pytest.fixture
def node():
    node = Node()
    node.run(3.4)
    assert node.status.role is Role.PRIMARY
    return node


def test_a_lonely_node_becomes_primary_and_grants_the_duty_to_every_holder(node):
    for holder in node.holders:
        (first, *_) = holder.of(DutyGranted)
        assert (first.term, first.leased) == (1, True)
    assert node.store.state == NodeState(term=1)
    assert (node.status.term, node.status.leased, node.status.duty) == (1, True, True)
    assert [change.new for change in node.observer.of(RoleChanged)] == [
        Role.CANDIDATE,
        Role.PRIMARY,
    ]


def test_the_term_is_on_disk_before_anybody_hears_of_it():
    node = Node()
    saved = []
    node.store.save = saved.append
    node.run(3.0)
    while not saved:
        node.run(0.2, jobs=False)
        assert all(facts.term == 0 for facts in node.link.of(DescribeSelf))
        assert not node.holders[0].messages
        node.workers.run_one()
    node.settle(jobs=False)
    assert node.link.of(DescribeSelf)[-1].term == 1
    assert node.holders[0].of(DutyGranted)


def test_it_answers_pings_from_its_mailbox(node):
    reply = Inbox()
    node.tell(Ping(7, reply))
    assert reply.messages == [Pong("pair", 7)]


def test_the_duty_is_renewed_as_the_lease_is(node):
    node.holders[0].take()
    node.run(3.2)
    grants = node.holders[0].of(DutyGranted)
    assert len(grants) >= 2
    assert grants[-1].until_ns > node.clock.monotonic_ns()


def test_a_lease_call_that_hangs_lets_the_duty_run_out(node):
    until_ns = node.holders[0].of(DutyGranted)[-1].until_ns
    node.run(4.6, jobs=False)
    assert node.clock.monotonic_ns() > until_ns
    assert not node.status.leased
    assert len(node.workers.jobs) == 1


def test_marks_of_the_peer_reach_the_duty_holders_with_the_next_grant(node):
    node.link_up()
    node.hear(marks={"zoom": Mark(2, 9)}.items())
    node.run(2)
    assert node.holders[0].of(DutyGranted)[-1].peer_marks == {"zoom": Mark(2, 9)}


def test_a_switchover_waits_until_every_holder_ended_and_then_hands_over(node):
    node.link_up(Role.SECONDARY, 1)
    node.hear(Role.SECONDARY, 1)
    node.tell(Switchover("b", node.operator))
    node.tell(PeerSaid(HandOverAccept(1), node.clock.monotonic_ns()))
    (withdrawn,) = node.holders[0].of(DutyWithdrawn)
    withdrawn.reply_to.tell(DutyEnded("one", {"zoom": Mark(1, 5)}))
    withdrawn.reply_to.tell(DutyEnded("one", {"zoom": Mark(1, 5)}))
    node.settle()
    assert node.status.role is Role.HANDING_OVER
    withdrawn.reply_to.tell(DutyEnded("two", {"teams": Mark(1, 6)}))
    node.settle()
    commits = [sent.frame for sent in node.link.of(SendFrame)]
    assert commits[-1] == HandOverCommit(2, {"teams": Mark(1, 6), "zoom": Mark(1, 5)}, leased=True)
    assert node.status.role is Role.SECONDARY
    node.hear(Role.PRIMARY, 2)
    assert [answer.status for answer in node.operator.of(CommandAnswer)] == ["done"]


def test_a_node_without_duty_holders_ends_its_duty_at_once():
    node = Node(holders=())
    node.run(3.4)
    node.tell(StepDownAndStop(node.operator))
    assert [answer.status for answer in node.operator.messages] == ["done"]
    assert node.status.role is Role.SECONDARY


def test_a_goodbye_of_the_primary_is_followed_by_a_takeover_in_the_same_breath():
    node = Node()
    node.peer_lease.acquire(0, peer_is_dead=False)
    node.link_up(Role.PRIMARY, 1)
    node.hear(Role.PRIMARY, 1)
    node.run(1)
    node.tell(PeerSaid(Goodbye(1, "stopped"), node.clock.monotonic_ns()))
    assert node.status.role is Role.PRIMARY
    assert node.status.takeover_ms < 2000
    assert node.holders[0].of(DutyGranted)[-1].term == 2


def test_a_stopped_process_distrusts_its_lease_before_it_handles_anything_else(node):
    node.holders[0].take()
    node.workers.jobs.clear()
    node.clock.now_ns += 30_000_000_000
    node.peer_lease.acquire(1, peer_is_dead=False)
    node.tell(TickDue(0))
    assert not node.holders[0].of(DutyGranted)
    assert node.status.role is Role.SECONDARY


def test_silence_is_judged_after_the_mailbox_was_drained():
    node = Node()
    node.peer_lease.acquire(0, peer_is_dead=False)
    node.link_up(Role.PRIMARY, 1)
    node.run(4.8)
    assert node.status.peer == "suspect"
    node.clock.advance(0.3)  # the tick that would judge waits, and behind it a beat
    assert node.mailbox.of(TickDue)
    node.hear(Role.PRIMARY, 1)
    node.run(0.4)
    assert node.status.peer == "alive"
    node.run(5.4)
    assert node.status.peer == "dead"


def test_the_distributor_hears_of_changes_once(node):
    told = len(node.distributor.of(PairChanged))
    node.run(1)
    assert len(node.distributor.of(PairChanged)) == told
    node.link_up(Role.SECONDARY, 1)
    changed = node.distributor.of(PairChanged)[-1]
    assert (changed.role, changed.peer, changed.peer_node, changed.peer_boot, changed.alone) == (
        Role.PRIMARY,
        "alive",
        "b",
        "b1",
        False,
    )


def test_without_peer_and_witness_the_distributor_hears_that_it_is_alone(node):
    node.lease.unreachable = True
    node.run(6)
    assert node.distributor.of(PairChanged)[-1].alone
    assert [a.code for a in node.observer.of(AlarmRaised)] == ["no_witness"]


def test_an_unreadable_node_state_faults_the_node():
    node = Node(error=ClusterError("state.json is damaged", hint="Restore it."))
    assert node.status.role is Role.FAULTED
    assert "damaged" in node.observer.of(AlarmRaised)[0].what


def test_a_state_that_cannot_be_saved_is_told_and_tried_again(node):
    node.store.error = OSError(28, "No space left on device")
    node.link_up(Role.SECONDARY, 1)
    assert [a.code for a in node.observer.of(AlarmRaised)] == ["state_unsaved"]
    node.store.error = None
    node.run(1.4)
    assert node.store.state == NodeState(term=1, peer="b")
